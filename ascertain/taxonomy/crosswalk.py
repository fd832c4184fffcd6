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
import hashlib
import io
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ascertain.domain.canonical import canonical_json
from ascertain.domain.crosswalks import ConceptKind, Link, Relation
from ascertain.domain.overlays import Moves
from ascertain.domain.skills import JobProfile
from ascertain.errors import ConfigError, InputError, IntegrityError, NotFoundError
from ascertain.taxonomy.artefacts import write_once
from ascertain.taxonomy.concepts import ConceptStore
from ascertain.taxonomy.formats.tables import Row, read_table
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
_PREAMBLE = 40
"""Lines in which the header is looked for."""


class StoredCrosswalk:
    """Implements ``domain.crosswalks.Crosswalk`` in memory."""

    def __init__(self, id: str, source: str, target: str, kind: ConceptKind, links: Sequence[Link]) -> None:
        self.id = id
        self.source = source
        self.target = target
        self.kind = kind
        self.links = tuple(links)
        self._forth: dict[str, list[Link]] = defaultdict(list)
        self._back: dict[str, list[Link]] = defaultdict(list)
        for link in links:
            self._forth[link.source].append(link)
            self._back[link.target].append(Link(link.target, link.source, link.relation.inverse))

    def targets(self, concept_id: str) -> Sequence[Link]:
        """Links that lead from a concept of the source taxonomy, the nearest first."""
        return sorted(self._forth.get(concept_id, ()), key=_nearest)

    def sources(self, concept_id: str) -> Sequence[Link]:
        """Links that lead back from a concept of the target taxonomy, the nearest first."""
        return sorted(self._back.get(concept_id, ()), key=_nearest)

    def between(self, name: str, concept_id: str) -> Sequence[Link]:
        """Links to the taxonomy called ``name`` from a concept of the other one."""
        return [
            *(self.targets(concept_id) if self.target == name else ()),
            *(self.sources(concept_id) if self.source == name else ()),
        ]


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
        known: Callable[[str, ConceptKind], Collection[str] | None] = lambda name, kind: None,
    ) -> CrosswalkReport:
        """Read a crosswalk and keep it; the same content is kept once.

        Args:
            source: name of the taxonomy that the file's first ids are of; ``target`` of its second ones.
            kind: what it is about; occupations for the official file, else skills.
            known: ids of a taxonomy's concepts of a kind, None where it is not there; for the report alone.

        Raises:
            InputError: when no row can be used; single bad rows are in the report's ``problems``.
            ConfigError: when the folder cannot be written.
        """
        if source == target:
            raise InputError("a crosswalk leads from one taxonomy to another", field="to", remedy="name two")
        found, links, problems = read_crosswalk(file, source, target)
        kind = kind or found
        if not links:
            reason = f": {problems[0]}" if problems else ""
            raise InputError(f"holds no usable link{reason}", where=file.name, remedy="correct the file")
        rows = sorted([link.source, link.target, link.relation.value] for link in links)
        raw = canonical_json({"source": source, "target": target, "kind": kind.value, "links": rows}).encode("ascii")
        id_ = f"{kind.value}-{source}-{target}+{hashlib.sha256(raw).hexdigest()[:12]}"
        try:
            write_once(self._folder / f"{id_}{SUFFIX}", raw)
        except OSError as e:
            raise ConfigError(
                f"cannot write crosswalks to {self._folder}: {e.strerror}",
                remedy="point ASCERTAIN_HOME at a folder that this user may write",
            ) from None
        return CrosswalkReport(
            id_,
            source,
            target,
            kind,
            len(links),
            tuple(problems),
            _unknown({k.source for k in links}, known(source, kind)),
            _unknown({k.target for k in links}, known(target, kind)),
        )

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
        raw = (self._folder / f"{full}{SUFFIX}").read_bytes()
        if hashlib.sha256(raw).hexdigest()[:12] != full.rpartition("+")[2]:
            raise IntegrityError(
                f"{full}{SUFFIX} is not what its name says", remedy="delete the file and import the crosswalk again"
            )
        doc = json.loads(raw)
        links = [Link(a, b, Relation(relation)) for a, b, relation in doc["links"]]
        return StoredCrosswalk(full, doc["source"], doc["target"], ConceptKind(doc["kind"]), links)

    def newest(self) -> list[StoredCrosswalk]:
        """The newest crosswalk of each kind between each two taxonomies."""
        first = {id_.rpartition("+")[0]: id_ for id_ in reversed(self.ids())}
        return [self.open(id_) for id_ in sorted(first.values())]

    def links_to(self, name: str, concept_id: str) -> list[Link]:
        """What a concept corresponds to in the taxonomy called ``name``, through any crosswalk, the nearest first."""
        found = {link for walk in self.newest() for link in walk.between(name, concept_id)}
        return sorted(found, key=_nearest)


def skill_links(
    store: ConceptStore, crosswalks: CrosswalkLibrary, moves: Moves | None = None
) -> Callable[[str], Link | None]:
    """Where the newest crosswalks of skills lead the ids of other taxonomies in this one: the nearest link to a skill
    that it has, also where a change of the taxonomy (``moves``) led that one to another. Read once, for many ids."""
    name = store.version.partition("-")[0]
    walks = [w for w in crosswalks.newest() if w.kind is ConceptKind.SKILL and name in (w.source, w.target)]

    def led(ident: str) -> Link | None:
        every = {k for w in walks for k in w.between(name, ident)}
        found = [replace(k, target=to[0]) for k in every if len(to := (moves or {}).get(k.target, (k.target,))) == 1]
        return min((k for k in found if store.skill(k.target) is not None), key=_nearest, default=None)

    return led


def read_crosswalk(file: Path, source: str, target: str) -> tuple[ConceptKind, list[Link], list[Problem]]:
    """(kind, links, problems) of a file of either layout, each pair once.

    Raises:
        InputError: when it cannot be read or has the columns of neither layout.
    """
    try:
        raw = file.read_bytes()
    except OSError as e:
        raise InputError(f"cannot read it: {e.strerror}", where=str(file), remedy="check the path") from None
    skipped, official = _header(raw, file.name)
    problems: list[Problem] = []
    rows = _rows(raw, file.name, skipped, _OFFICIAL if official else _OWN, problems)
    if official:
        if ("onet" in source) == ("onet" in target):
            raise InputError(
                "this is the crosswalk between O*NET and ESCO",
                where=file.name,
                field="from",
                remedy="write --from onet --to esco (or the names you gave them: O*NET's holds 'onet')",
            )
        links = _links(rows, _OFFICIAL, _MATCHES, problems)
        if "onet" in target:
            links = [Link(k.target, k.source, k.relation.inverse) for k in links]
        return ConceptKind.OCCUPATION, links, problems
    return ConceptKind.SKILL, _links(rows, _OWN, {r.value: r for r in Relation}, problems), problems


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
    rows: Iterator[Row], columns: Sequence[str], relations: dict[str, Relation], problems: list[Problem]
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


def _unknown(ids: set[str], known: Collection[str] | None) -> int | None:
    return None if known is None else len(ids.difference(known))


def _nearest(link: Link) -> tuple[int, str, str]:
    return link.relation.rank, link.source, link.target
