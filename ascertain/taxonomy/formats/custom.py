"""A company's own taxonomy: a folder of JSON files, or one CSV file.

JSON: every ``*.json`` of the folder follows ``config/schemas/taxonomy.schema.json``; job profiles stand in a
subfolder ``roles`` (or one given) and follow ``config/schemas/roles.schema.json``.

CSV: columns ``id, label, kind, family, synonyms, definition`` in any order; only ``id`` and ``label`` are needed;
synonyms are separated by ``|``; kind is ``knowledge`` or ``skill`` (the default), family one of ``fast, technical,
professional`` (the default) and ``durable``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
from jsonschema.protocols import Validator

from ascertain.domain.skills import JobProfile, Level, Requirement, Skill, SkillFamily
from ascertain.errors import ConfigError, InputError
from ascertain.taxonomy.formats.tables import read_table
from ascertain.taxonomy.loaded import LoadedTaxonomy, Problem

_REFERENCES = ("esco", "onet")


def load_custom(
    path: Path,
    *,
    schemas: Path,
    name: str = "custom",
    release: str = "1",
    language: str = "en",
    roles: Path | None = None,
    validate: bool = True,
) -> LoadedTaxonomy:
    """Read a taxonomy from a folder of JSON files or a CSV file.

    Args:
        schemas: folder of the JSON Schemas.
        roles: folder of job profiles; ``path/roles`` by default.
        validate: skip the schema check for files known to have passed it.

    Raises:
        InputError: when nothing usable is there.
        ConfigError: when a schema cannot be read.
    """
    if path.is_dir():
        skills, problems = _json_skills(path, schemas if validate else None)
        profiles, more = _json_profiles(roles or path / "roles", schemas if validate else None, {s.id for s in skills})
        problems += more
    elif path.suffix.lower() == ".csv":
        skills, problems = _csv_skills(path)
        profiles = []
    else:
        raise InputError(
            "neither a folder of JSON files nor a .csv file", where=str(path), remedy="see the format custom in docs/"
        )
    if not skills:
        reason = f": {problems[0]}" if problems else ""
        raise InputError(f"holds no usable skill{reason}", where=path.name, remedy="correct the file and import again")
    return LoadedTaxonomy(name, release, language, tuple(skills), tuple(profiles), tuple(problems))


def _json_skills(folder: Path, schemas: Path | None) -> tuple[list[Skill], list[Problem]]:
    skills: dict[str, Skill] = {}
    problems: list[Problem] = []
    names: dict[str, str] = {}
    check = _validator(schemas / "taxonomy.schema.json", "skill") if schemas else None
    for file in sorted(folder.glob("*.json")):
        doc, text = _read(file, problems)
        if doc is None:
            continue
        if not isinstance(doc.get("skills"), list):
            problems.append(Problem(file.name, 1, "skills", "must be a list"))
            continue
        for i, raw in enumerate(doc["skills"]):
            where = _place(file.name, text, raw, i)
            found = list(_faults(raw, check, where))
            if found or not isinstance(raw, dict):
                problems += found or [Problem(*where, "skills", "must be an object")]
                continue
            if raw["id"] in skills:
                problems.append(Problem(*where, "id", f"{raw['id']!r} stands in the taxonomy already"))
                continue
            label = str(raw["label"])
            if (owner := names.setdefault(label.casefold(), raw["id"])) != raw["id"]:
                problems.append(Problem(*where, "label", f"{label!r} is the name of {owner!r} already"))
                continue
            skills[raw["id"]] = _skill(raw)
    known = set(skills)
    for id_, s in list(skills.items()):
        dangling = [r for r in (*s.broader, *s.related) if r not in known]
        if dangling:
            problems.append(Problem(folder.name, 0, "broader/related", f"{id_}: no skill {', '.join(dangling)}"))
            skills[id_] = _relinked(s, known)
    return list(skills.values()), problems


def _skill(raw: dict[str, Any]) -> Skill:
    return Skill(
        id=raw["id"],
        label=raw["label"],
        kind=raw.get("kind", "skill"),
        family=SkillFamily(raw.get("family", "professional")),
        synonyms=tuple(raw.get("synonyms", ())),
        definition=raw.get("definition", ""),
        broader=tuple(raw.get("broader", ())),
        related=tuple(raw.get("related", ())),
        references={k: raw[k] for k in _REFERENCES if k in raw},
    )


def _relinked(s: Skill, known: set[str]) -> Skill:
    return Skill(
        s.id,
        s.label,
        s.kind,
        s.family,
        s.synonyms,
        s.definition,
        tuple(b for b in s.broader if b in known),
        tuple(r for r in s.related if r in known),
        s.references,
    )


def _json_profiles(folder: Path, schemas: Path | None, known: set[str]) -> tuple[list[JobProfile], list[Problem]]:
    profiles: dict[str, JobProfile] = {}
    problems: list[Problem] = []
    if not folder.is_dir():
        return [], []
    check = _validator(schemas / "roles.schema.json", None) if schemas else None
    for file in sorted(folder.glob("*.json")):
        doc, text = _read(file, problems)
        if doc is None:
            continue
        if faults := list(_faults(doc, check, (file.name, 1))):
            problems += faults
            continue
        if doc["id"] in profiles:
            problems.append(Problem(file.name, 1, "id", f"{doc['id']!r} is another job profile's id already"))
            continue
        requirements: dict[str, Requirement] = {}
        for i, r in enumerate(doc["requirements"]):
            line = _line(text, f'"skill": "{r["skill"]}"')
            if r["skill"] not in known:
                problems.append(Problem(file.name, line, f"requirements.{i}.skill", f"no skill {r['skill']!r}"))
            elif r["skill"] in requirements:
                problems.append(
                    Problem(file.name, line, f"requirements.{i}.skill", f"{r['skill']!r} is required twice")
                )
            else:
                requirements[r["skill"]] = Requirement(
                    r["skill"],
                    Level(r["level"]),
                    float(r["importance"]),
                    bool(r.get("essential", True)),
                    bool(r.get("critical", False)),
                    r.get("why", ""),
                    bool(r.get("compliance", False)),
                )
        profiles[doc["id"]] = JobProfile(
            id=doc["id"],
            title=doc["title"],
            requirements=tuple(requirements.values()),
            department=doc.get("department", ""),
            summary=doc.get("summary", ""),
            references={k: doc[k] for k in _REFERENCES if k in doc},
        )
    return list(profiles.values()), problems


def _csv_skills(file: Path) -> tuple[list[Skill], list[Problem]]:
    skills: dict[str, Skill] = {}
    problems: list[Problem] = []
    with file.open("rb") as stream:
        for row in read_table(stream, file.name, needed=("id", "label"), problems=problems):
            id_, label = row["id"].strip(), row["label"].strip()
            if not id_ or not label:
                problems.append(row.problem("id" if not id_ else "label", "is empty"))
            elif id_ in skills:
                problems.append(row.problem("id", f"{id_!r} stands in the file already"))
            elif (kind := row["kind"].strip().lower() or "skill") not in ("skill", "knowledge"):
                problems.append(row.problem("kind", f"{kind!r} is neither 'skill' nor 'knowledge'"))
            elif (family := row["family"].strip().lower() or "professional") not in set(SkillFamily):
                problems.append(row.problem("family", f"{family!r} is none of {', '.join(SkillFamily)}"))
            else:
                skills[id_] = Skill(
                    id=id_,
                    label=label,
                    kind=kind,
                    family=SkillFamily(family),
                    synonyms=tuple(dict.fromkeys(s.strip() for s in row["synonyms"].split("|") if s.strip())),
                    definition=row["definition"].strip(),
                )
    return list(skills.values()), problems


def _read(file: Path, problems: list[Problem]) -> tuple[dict[str, Any] | None, str]:
    try:
        text = file.read_text(encoding="utf-8-sig")
        doc = json.loads(text)
    except json.JSONDecodeError as e:
        problems.append(Problem(file.name, e.lineno, "", f"not valid JSON: {e.msg}"))
        return None, ""
    except (OSError, UnicodeDecodeError) as e:
        problems.append(Problem(file.name, 0, "", f"cannot be read: {e}"))
        return None, ""
    if not isinstance(doc, dict):
        problems.append(Problem(file.name, 1, "", "must be an object"))
        return None, ""
    return doc, text


def _validator(schema: Path, part: str | None) -> Validator:
    try:
        doc = json.loads(schema.read_text(encoding="utf-8"))
        whole = {"$schema": doc["$schema"], "$defs": doc["$defs"], "$ref": f"#/$defs/{part}"} if part else doc
        return jsonschema.Draft202012Validator(whole)
    except (OSError, ValueError, KeyError) as e:
        raise ConfigError(f"schemas/{schema.name} cannot be used: {e!r}", remedy="restore the shipped file") from None


def _faults(raw: object, check: Validator | None, where: tuple[str, int]) -> Iterator[Problem]:
    if check is None:
        return
    for e in sorted(check.iter_errors(raw), key=lambda e: list(map(str, e.absolute_path))):  # type: ignore[arg-type]
        yield Problem(*where, ".".join(map(str, e.absolute_path)) or "(whole)", e.message[:200])


def _place(file: str, text: str, raw: object, number: int) -> tuple[str, int]:
    id_ = raw.get("id") if isinstance(raw, dict) else None
    if isinstance(id_, str):
        return file, _line(text, rf'"id": "{id_}"')
    return file, 0


def _line(text: str, needle: str) -> int:
    """Line of the first place where ``needle`` stands (white space after the colon may differ); 0 if nowhere."""
    m = re.search(re.escape(needle).replace(r":\ ", r":\s*"), text)
    return text.count("\n", 0, m.start()) + 1 if m else 0
