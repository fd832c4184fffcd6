"""Crosswalks between taxonomies: reading them, keeping them by content, looking up both ways.

Two layouts, told apart by their columns:

* The official ESCO-O*NET crosswalk of occupations: some lines about the mapping project, then the columns *O*NET Id*,
  *ESCO or ISCO URI* and *Type of Match*. A match is said of the O*NET occupation there: *broadMatch* where it is the
  broader one ("Chief Executives" and "airport chief executive"), so that the ESCO concept is the narrower one.
* A CSV of one's own: ``from``, ``to`` and ``relation``, which is what *to* is to *from*: exact, close, broader or
  narrower. Of a draft (``crosswalk_draft``), which has a column ``decision``, the rows that somebody wrote *yes* in.

Files of the folder: ``<kind>-<from>-<to>+<hash>.crosswalk.json``, none changed after it was written.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ascertain.domain.crosswalks import (
    ConceptKind,
    Link,
    Relation,
    StoredCrosswalk,
    crosswalk_from,
    crosswalk_of,
    nearest,
)
from ascertain.domain.denied import DenyList
from ascertain.domain.overlays import Moves
from ascertain.domain.skills import JobProfile
from ascertain.errors import ConfigError, InputError, NotFoundError
from ascertain.taxonomy.artefacts import write_once
from ascertain.taxonomy.concepts import ConceptStore
from ascertain.taxonomy.formats.tables import Row, read_table
from ascertain.taxonomy.leading import Leading
from ascertain.taxonomy.loaded import Problem

SUFFIX = ".crosswalk.json"
_OFFICIAL = ("O*NET Id", "ESCO or ISCO URI", "Type of Match")
_OWN = ("from", "to", "relation")
_MATCHES = {
    "exactMatch": Relation.EXACT,
    "exactISCO": Relation.EXACT,
    "closeMatch": Relation.CLOSE,
    "broadMatch": Relation.NARROWER,
    "narrowMatch": Relation.BROADER,
}
_YES, _NO = "yes", "no"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
Known = Callable[[str, ConceptKind], Mapping[str, str] | None]
"""Labels by id of a taxonomy's concepts of a kind; None where that taxonomy is not there."""
Refused = Callable[[str, str, Mapping[str, str]], str]
"""Why a link between two ids can never be, out of the cells of its row; empty where it can."""
_PREAMBLE = 40
"""Lines in which the header is looked for."""


@dataclass(frozen=True, slots=True)
class CrosswalkReport:
    """What an import did. ``links`` is a count; ``unknown_sources`` and ``unknown_targets`` count ids that the imported
    taxonomy of that name does not have, None where none is imported."""

    id: str
    source: str
    target: str
    kind: ConceptKind
    links: int
    problems: tuple[Problem, ...]
    unknown_sources: int | None = None
    unknown_targets: int | None = None


class CrosswalkLibrary:
    """The crosswalks in a folder of artefacts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def import_crosswalk(
        self,
        file: Path,
        source: str,
        target: str,
        kind: ConceptKind | None = None,
        known: Known = lambda name, kind: None,
        deny: DenyList | None = None,
    ) -> CrosswalkReport:
        """Read a crosswalk and keep it; the same content is kept once.

        Raises:
            InputError: when no row can be used; single bad rows are in the report's ``problems``.
            ConfigError: when the folder cannot be written.
        """
        try:
            raw = file.read_bytes()
        except OSError as e:
            raise InputError(f"cannot read it: {e.strerror}", where=str(file), remedy="check the path") from None
        walk, report = read_whole(raw, file.name, source, target, kind, known, deny)
        try:
            write_once(self._folder / f"{walk.id}{SUFFIX}", walk.document.encode("ascii"))
        except OSError as e:
            raise ConfigError(
                f"cannot write crosswalks to {self._folder}: {e.strerror}",
                remedy="point ASCERTAIN_HOME at a folder that this user may write",
            ) from None
        return report

    def ids(self) -> list[str]:
        """Ids of all crosswalks, the newest first."""
        if not self._folder.is_dir():
            return []
        files = sorted(self._folder.glob(f"*{SUFFIX}"), key=lambda f: (-f.stat().st_mtime_ns, f.name))
        return [f.name.removesuffix(SUFFIX) for f in files]

    def open(self, id: str) -> StoredCrosswalk:
        """The crosswalk with that id, or the beginning of its hash.

        Raises:
            NotFoundError: when there is none, naming those there are.
            IntegrityError: when its file is not what its name says.
        """
        ids = self.ids()
        full = next((i for i in ids if id == i or (len(id) >= 4 and i.rpartition("+")[2].startswith(id))), None)
        if full is None:
            raise NotFoundError(
                f"there is no crosswalk {id!r}",
                remedy=f"use one of {', '.join(ids)}" if ids else "import one: ascertain taxonomy crosswalk import",
            )
        return crosswalk_from(full, (self._folder / f"{full}{SUFFIX}").read_text(encoding="utf-8"))

    def newest(self) -> list[StoredCrosswalk]:
        """The newest crosswalk of each kind between each two taxonomies."""
        first = {id_.rpartition("+")[0]: id_ for id_ in reversed(self.ids())}
        return [self.open(id_) for id_ in sorted(first.values())]

    def links_to(self, name: str, concept_id: str) -> list[Link]:
        """What a concept corresponds to in the taxonomy called ``name``, through any crosswalk, the nearest first."""
        found = {link for walk in self.newest() for link in walk.between(name, concept_id)}
        return sorted(found, key=nearest)


def skill_links(
    store: ConceptStore, walks: Iterable[StoredCrosswalk], moves: Moves | None = None
) -> Callable[[str], Link | None]:
    """Where crosswalks of skills lead the ids of other taxonomies in this one (``leading``). Read once, for many."""
    leading = Leading(store.version.partition("-")[0], walks, moves or {}, lambda ident: store.skill(ident) is not None)
    return leading.skill


def read_whole(
    raw: bytes,
    name: str,
    source: str,
    target: str,
    kind: ConceptKind | None = None,
    known: Known = lambda name, kind: None,
    deny: DenyList | None = None,
) -> tuple[StoredCrosswalk, CrosswalkReport]:
    """A crosswalk out of the bytes of a file of either layout, and what was found in it.

    Args:
        source: name of the taxonomy that the file's first ids are of; ``target`` of its second ones.
        kind: what it is about; occupations for the official file, else skills.
        known: labels by id of a taxonomy's concepts of a kind, None where it is not there: ids that are not among them
            are counted, and a link of skills is left out where ``deny`` refuses a name of either end.

    Raises:
        InputError: when no row can be used; single bad rows are in the report's ``problems``.
    """
    if source == target:
        raise InputError("a crosswalk leads from one taxonomy to another", field="to", remedy="name two")
    for field, given in (("from", source), ("to", target)):
        if not _NAME.fullmatch(given):
            raise InputError(
                f"{given!r} is no name of a taxonomy",
                field=field,
                remedy="small letters and digits, such as onet",
            )
    theirs = known(source, ConceptKind.SKILL) or {}
    ours = known(target, ConceptKind.SKILL) or {}

    def refused(a: str, b: str, cells: Mapping[str, str]) -> str:
        names = (a, cells.get("label", ""), theirs.get(a, ""), b, cells.get("target", ""), ours.get(b, ""))
        for told in names:
            if deny is not None and told and (group := deny.refuses(told)) is not None:
                return f"{told!r} can never be a skill ({group.id}): {group.why}"
        return ""

    found, links, problems = _read(raw, name, source, target, refused if kind is not ConceptKind.OCCUPATION else None)
    kind = kind or found
    if not links:
        reason = f": {problems[0]}" if problems else ""
        raise InputError(f"holds no usable link{reason}", where=name, remedy="correct the file")
    walk = crosswalk_of(source, target, kind, links)
    return walk, CrosswalkReport(
        walk.id,
        source,
        target,
        kind,
        len(links),
        tuple(problems),
        _unknown({k.source for k in links}, known(source, kind)),
        _unknown({k.target for k in links}, known(target, kind)),
    )


def read_crosswalk(file: Path, source: str, target: str) -> tuple[ConceptKind, list[Link], list[Problem]]:
    """(kind, links, problems) of a file of either layout, each pair once.

    Raises:
        InputError: when it cannot be read or has the columns of neither layout.
    """
    try:
        raw = file.read_bytes()
    except OSError as e:
        raise InputError(f"cannot read it: {e.strerror}", where=str(file), remedy="check the path") from None
    return _read(raw, file.name, source, target, None)


def _read(
    raw: bytes, name: str, source: str, target: str, refused: Refused | None
) -> tuple[ConceptKind, list[Link], list[Problem]]:
    skipped, official = _header(raw, name)
    problems: list[Problem] = []
    rows = _rows(raw, name, skipped, _OFFICIAL if official else _OWN, problems)
    if official:
        if ("onet" in source) == ("onet" in target):
            raise InputError(
                "this is the crosswalk between O*NET and ESCO",
                where=name,
                field="from",
                remedy="write --from onet --to esco (or the names you gave them: O*NET's holds 'onet')",
            )
        links = _links(rows, _OFFICIAL, _MATCHES, problems, None)
        if "onet" in target:
            links = [Link(k.target, k.source, k.relation.inverse) for k in links]
        return ConceptKind.OCCUPATION, links, problems
    return ConceptKind.SKILL, _links(rows, _OWN, {r.value: r for r in Relation}, problems, refused), problems


def _header(raw: bytes, file: str) -> tuple[int, bool]:
    """(lines before the header, whether the layout is the official one)."""
    lines = raw.decode("utf-8-sig", "replace").splitlines()[:_PREAMBLE]
    for number, line in enumerate(lines):
        cells = [c.strip() for c in next(csv.reader([line]), [])]
        if set(_OFFICIAL) <= set(cells):
            return number, True
        if set(_OWN) <= set(cells):
            return number, False
    raise InputError(
        f"has neither the columns {', '.join(_OWN)} nor {', '.join(_OFFICIAL)}",
        where=f"{file}:1",
        remedy="write a CSV with from, to and relation (exact, close, broader or narrower), or use the official file",
    )


def _rows(raw: bytes, file: str, skipped: int, needed: Sequence[str], problems: list[Problem]) -> Iterator[Row]:
    body = raw.removeprefix(b"\xef\xbb\xbf")
    for _ in range(skipped):
        body = body.partition(b"\n")[2]
    for row in read_table(io.BytesIO(body), file, needed=needed, problems=problems):
        yield Row(row.file, row.line + skipped, row.cells)


def _links(
    rows: Iterator[Row],
    columns: Sequence[str],
    relations: dict[str, Relation],
    problems: list[Problem],
    refused: Refused | None,
) -> list[Link]:
    found: dict[tuple[str, str], tuple[Link, int]] = {}
    from_, to, relation = columns
    for row in rows:
        a, b, said = row[from_].strip(), row[to].strip(), row[relation].strip()
        decision = row.cells.get("decision", _YES).strip().casefold()
        if decision in ("", _NO):
            continue
        if decision != _YES:
            problems.append(row.problem("decision", f"{decision!r} is neither {_YES} nor {_NO}"))
        elif not a or not b:
            problems.append(row.problem(to if a else from_, "is empty"))
        elif said not in relations:
            problems.append(row.problem(relation, f"{said!r} is none of {', '.join(relations)}"))
        elif (a, b) in found:
            problems.append(row.problem(to, f"{a} and {b} stand in line {found[a, b][1]} already"))
        elif why := refused(a, b, row.cells) if refused else "":
            problems.append(row.problem(from_, why))
        else:
            found[a, b] = Link(a, b, relations[said]), row.line
    return [link for link, _ in found.values()]


def profiles_for(
    store: ConceptStore, name: str, code: str, crosswalks: CrosswalkLibrary
) -> list[tuple[JobProfile, Link | None]]:
    """Job profiles of the taxonomy called ``name`` that a code stands for: by their own id or a reference of theirs
    (link None), else through the crosswalks, the nearest first."""
    own = [p for p in store.job_profiles() if code == p.id or code in p.references.values()]
    if own:
        return [(p, None) for p in own]
    links = crosswalks.links_to(name, code)
    profiles = ((store.job_profile(link.target), link) for link in links)
    return [(p, link) for p, link in profiles if p]


def _unknown(ids: set[str], known: Mapping[str, str] | None) -> int | None:
    return None if known is None else len(ids.difference(known))
