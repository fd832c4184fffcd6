"""What the files of a folder mean: the mapping file, checked by ``config/schemas/files.schema.json`` and by what the
product's entities need."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import jsonschema
import yaml

from ascertain.connectors.files_fields import FIELDS, NEEDED, TEXTS
from ascertain.domain.canonical import digest
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.records import Entity
from ascertain.domain.scale_crosswalk import Scale
from ascertain.errors import ConfigError, InputError
from ascertain.paths import CONFIG_DIR
from ascertain.policy.scales import scale_called

_PLACES = frozenset(("employee", "email", "title", "author", "date"))
_KINDS = {
    "certificate": (Entity.AWARD, EvidenceKind.EXTERNAL_TRAINING),
    "project": (Entity.PROJECT, EvidenceKind.PROJECT),
    "peer_feedback": (Entity.REVIEW, EvidenceKind.PEER_FEEDBACK),
    "manager_review": (Entity.REVIEW, EvidenceKind.MANAGER_REVIEW),
    "self_assessment": (Entity.REVIEW, EvidenceKind.SELF_ASSESSMENT),
    "document": (Entity.DOCUMENT, EvidenceKind.DOCUMENT),
}


@dataclass(frozen=True)
class TableRule:
    """Files with rows. ``columns`` is the allow-list: product field → column. ``mark`` changes with the rule."""

    entity: Entity
    files: re.Pattern[str]
    columns: Mapping[str, str]
    mark: str
    newest: bool = False
    constants: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    only: Mapping[str, frozenset[str]] = field(default_factory=dict)
    people: str = "employee"
    dates: tuple[str, ...] = ()
    zone: ZoneInfo | None = None
    decimal: str = "."
    score: tuple[float, float] = (0.0, 100.0)
    scale: Scale | None = None
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    header: int = 1

    @property
    def read(self) -> frozenset[str]:
        """Every column that is looked at."""
        return frozenset(self.columns.values()) | frozenset(self.only)


@dataclass(frozen=True)
class DocumentRule:
    """Files that are each one document. ``named`` finds people and titles in paths, ``index`` is a CSV file."""

    entity: Entity
    kind: EvidenceKind
    files: re.Pattern[str]
    mark: str
    named: re.Pattern[str] | None = None
    index: str = ""


@dataclass(frozen=True)
class FilesMapping:
    """The whole file."""

    tables: tuple[TableRule, ...]
    documents: tuple[DocumentRule, ...]

    @property
    def entities(self) -> tuple[Entity, ...]:
        """What can be pulled."""
        return tuple(dict.fromkeys([*(r.entity for r in self.tables), *(r.entity for r in self.documents)]))


def read_mapping(file: Path) -> FilesMapping:
    """The mapping in a file.

    Raises:
        ConfigError: naming file and field.
    """
    try:
        raw = _keyed(yaml.load(file.read_text(encoding="utf-8"), _Loader))
    except OSError as e:
        raise ConfigError(
            f"cannot read the mapping {file.name}: {e.strerror}",
            remedy="write one (docs/connectors/files.md), or name it under options.mapping of the connection",
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as e:
        raise ConfigError(f"{file.name} is not valid YAML: {e}") from None
    error = jsonschema.exceptions.best_match(_validator().iter_errors(raw))
    if error is not None:
        raise _wrong(file, ".".join(map(str, error.absolute_path)) or "the mapping", error.message[:200])
    return FilesMapping(
        tuple(_table(file, f"tables.{i}", t) for i, t in enumerate(raw.get("tables", []))),
        tuple(_documents(file, f"documents.{i}", d) for i, d in enumerate(raw.get("documents", []))),
    )


def path_pattern(text: str) -> re.Pattern[str]:
    """A path with ``*``, ``**`` and ``{names}`` as an expression over the whole path.

    >>> path_pattern("certificates/{employee}/*.pdf").fullmatch("certificates/FL1/x.pdf")["employee"]
    'FL1'
    """
    made = ""
    for part in re.split(r"(\*\*/|\*\*|\*|\?|\{[a-z]+\})", text):
        if part == "**/":
            made += "(?:[^/]+/)*"
        elif part == "**":
            made += ".*"
        elif part == "*":
            made += "[^/]*"
        elif part == "?":
            made += "[^/]"
        elif re.fullmatch(r"\{[a-z]+\}", part):
            made += f"(?P<{part[1:-1]}>[^/]+?)"
        else:
            made += re.escape(part)
    return re.compile(made)


class _Loader(yaml.SafeLoader):
    """YAML 1.2's idea of yes and no: ``Yes`` and ``No`` are words, and often words of an export."""


_BOOL = "tag:yaml.org,2002:bool"
_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in resolvers if tag != _BOOL]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_BOOL, re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


def _keyed(node: Any) -> Any:
    """Every key a text: ``1: completed`` means the text 1."""
    if isinstance(node, dict):
        return {str(k).lower() if isinstance(k, bool) else str(k): _keyed(v) for k, v in node.items()}
    return [_keyed(v) for v in node] if isinstance(node, list) else node


@cache
def _validator() -> jsonschema.Draft202012Validator:
    file = CONFIG_DIR / "schemas" / "files.schema.json"
    return jsonschema.Draft202012Validator(json.loads(file.read_text(encoding="utf-8")))


def _table(file: Path, where: str, raw: Mapping[str, Any]) -> TableRule:
    entity = Entity(raw["entity"])
    columns, constants = raw["columns"], raw.get("constants", {})
    known = FIELDS[entity]
    for part in ("columns", "constants", "values"):
        if strange := sorted(set(raw.get(part, {})) - known):
            remedy = f"choose among {', '.join(sorted(known))}"
            raise _wrong(file, f"{where}.{part}.{strange[0]}", f"is not a field of {entity.value}", remedy)
    if missing := sorted(NEEDED[entity] - set(columns) - set(constants)):
        raise _wrong(file, f"{where}.columns.{missing[0]}", f"is needed for {entity.value}")
    people = raw.get("people", "employee")
    if people == "account" and entity in TEXTS:
        raise _wrong(file, f"{where}.people", f"{entity.value} needs people by employee or email")
    score = raw.get("score", {"low": 0, "high": 100})
    if not score["low"] < score["high"]:
        raise _wrong(file, f"{where}.score", "low has to be less than high")
    try:
        scale = scale_called(raw["scale"]) if "scale" in raw else None
    except InputError as e:
        raise _wrong(file, f"{where}.scale", f"there is no scale {raw['scale']!r}", e.remedy or "") from None
    zone = raw.get("timezone")
    try:
        if encoding := raw.get("encoding", ""):
            codecs.lookup(encoding)
        found = ZoneInfo(zone) if zone else None
    except LookupError as e:  # ZoneInfoNotFoundError is one too
        name = "timezone" if isinstance(e, ZoneInfoNotFoundError) else "encoding"
        raise _wrong(file, f"{where}.{name}", f"{raw[name]!r} is not known") from None
    except ValueError:
        raise _wrong(file, f"{where}.timezone", f"{zone!r} is not known") from None
    return TableRule(
        entity=entity,
        files=path_pattern(raw["files"]),
        columns=columns,
        mark=digest(raw, length=12),
        newest=raw.get("newest", False),
        constants=constants,
        values={f: {str(k): v for k, v in m.items()} for f, m in raw.get("values", {}).items()},
        only={c: frozenset(v) for c, v in raw.get("only", {}).items()},
        people=people,
        dates=tuple(raw.get("dates", ())),
        zone=found,
        decimal=raw.get("decimal", "."),
        score=(float(score["low"]), float(score["high"])),
        scale=scale,
        encoding=encoding,
        delimiter=raw.get("delimiter", ""),
        sheet=raw.get("sheet", ""),
        header=raw.get("header", 1),
    )


def _documents(file: Path, where: str, raw: Mapping[str, Any]) -> DocumentRule:
    entity, kind = _KINDS[raw["kind"]]
    if "counts_as" in raw:
        if raw["kind"] != "certificate":
            raise _wrong(file, f"{where}.counts_as", "is for certificates only")
        kind = EvidenceKind(raw["counts_as"])
    named = None
    if "named" in raw:
        places = re.findall(r"\{([a-z]+)\}", raw["named"])
        if strange := sorted(set(places) - _PLACES):
            raise _wrong(file, f"{where}.named", f"{{{strange[0]}}} is none of {', '.join(sorted(_PLACES))}")
        if len(set(places)) != len(places):
            raise _wrong(file, f"{where}.named", "has a name twice")
        if "index" not in raw and not {"employee", "email"} & set(places):
            raise _wrong(file, f"{where}.named", "needs {employee} or {email}, or an index that names people")
        named = path_pattern(raw["named"])
    return DocumentRule(entity, kind, path_pattern(raw["files"]), digest(raw, length=12), named, raw.get("index", ""))


def _wrong(file: Path, where: str, reason: str, remedy: str = "correct it in the mapping file") -> ConfigError:
    return ConfigError(f"{file.name}: {where}: {reason}", remedy=remedy)
