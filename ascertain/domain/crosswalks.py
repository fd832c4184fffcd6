"""Crosswalks: which concept of one taxonomy corresponds to which of another, or of another version of the same."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from ascertain.domain.canonical import canonical_json
from ascertain.errors import IntegrityError


class Relation(StrEnum):
    """What the target is to the source, as in SKOS: ``BROADER`` means that the target is the wider concept."""

    EXACT = "exact"
    CLOSE = "close"
    BROADER = "broader"
    NARROWER = "narrower"

    @property
    def inverse(self) -> Relation:
        """What the source is to the target."""
        return _INVERSE.get(self, self)

    @property
    def rank(self) -> int:
        """0 for the nearest kind of correspondence, 3 for the furthest."""
        return list(Relation).index(self)


_INVERSE = {Relation.BROADER: Relation.NARROWER, Relation.NARROWER: Relation.BROADER}


class ConceptKind(StrEnum):
    """What a crosswalk is about."""

    OCCUPATION = "occupation"
    SKILL = "skill"


@dataclass(frozen=True, slots=True)
class Link:
    """``target`` is ``relation`` (the same as, close to, broader or narrower than) ``source``; both are ids."""

    source: str
    target: str
    relation: Relation


class Crosswalk(Protocol):
    """A crosswalk (``ascertain.taxonomy.crosswalk``). ``id`` names its content by hash."""

    @property
    def id(self) -> str: ...
    @property
    def source(self) -> str:
        """Name of the taxonomy that links lead from, such as ``onet``."""

    @property
    def target(self) -> str:
        """Name of the taxonomy that links lead to, such as ``esco``."""

    @property
    def kind(self) -> ConceptKind: ...
    def targets(self, concept_id: str) -> Sequence[Link]:
        """Links that lead from a concept of the source taxonomy, the nearest first."""

    def sources(self, concept_id: str) -> Sequence[Link]:
        """Links that lead back from a concept of the target taxonomy: turned round, the nearest first."""


SAME = (Relation.EXACT, Relation.CLOSE)
"""Relations by which one concept may stand in place of another: a wider or narrower one is something else."""


class StoredCrosswalk:
    """Implements ``Crosswalk`` in memory."""

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
        return sorted(self._forth.get(concept_id, ()), key=nearest)

    def sources(self, concept_id: str) -> Sequence[Link]:
        """Links that lead back from a concept of the target taxonomy, the nearest first."""
        return sorted(self._back.get(concept_id, ()), key=nearest)

    def between(self, name: str, concept_id: str) -> Sequence[Link]:
        """Links to the taxonomy called ``name`` from a concept of the other one."""
        return [
            *(self.targets(concept_id) if self.target == name else ()),
            *(self.sources(concept_id) if self.source == name else ()),
        ]

    def other(self, name: str) -> str:
        """The taxonomy that it brings to the one called ``name``."""
        return self.source if self.target == name else self.target

    def towards(self, name: str) -> list[Link]:
        """All its links, turned so that they lead to the taxonomy called ``name``."""
        if self.target == name:
            return list(self.links)
        return [Link(k.target, k.source, k.relation.inverse) for k in self.links]

    @property
    def relations(self) -> dict[str, int]:
        """How many links of which relation."""
        return dict(sorted(Counter(k.relation.value for k in self.links).items()))

    @property
    def document(self) -> str:
        """As it is kept: canonical JSON, whose hash stands in its id."""
        return crosswalk_document(self.source, self.target, self.kind, self.links)


def crosswalk_document(source: str, target: str, kind: ConceptKind, links: Sequence[Link]) -> str:
    """The canonical text of a crosswalk; the order of its links does not matter."""
    rows = sorted([link.source, link.target, link.relation.value] for link in links)
    return canonical_json({"source": source, "target": target, "kind": kind.value, "links": rows})


def crosswalk_of(source: str, target: str, kind: ConceptKind, links: Sequence[Link]) -> StoredCrosswalk:
    """A crosswalk under the id that its content has."""
    raw = crosswalk_document(source, target, kind, links).encode("ascii")
    ident = f"{kind.value}-{source}-{target}+{hashlib.sha256(raw).hexdigest()[:12]}"
    return StoredCrosswalk(ident, source, target, kind, links)


def crosswalk_from(ident: str, document: str) -> StoredCrosswalk:
    """Read what ``document`` wrote.

    Raises:
        IntegrityError: it is not what its id says.
    """
    if hashlib.sha256(document.encode()).hexdigest()[:12] != ident.rpartition("+")[2]:
        raise IntegrityError(
            f"the crosswalk {ident} is not what its name says", remedy="import it again, or restore it from a backup"
        )
    doc = json.loads(document)
    links = [Link(a, b, Relation(relation)) for a, b, relation in doc["links"]]
    return StoredCrosswalk(ident, doc["source"], doc["target"], ConceptKind(doc["kind"]), links)


def nearest(link: Link) -> tuple[int, str, str]:
    """Sorts links, the nearest kind of correspondence first."""
    return link.relation.rank, link.source, link.target


@dataclass(frozen=True, slots=True)
class Renamed:
    """A skill whose id stayed and whose label changed."""

    id: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Succession:
    """A skill that is gone, and the one of the newer version that goes by its name (``by`` label or synonym)."""

    id: str
    label: str
    successor: str
    by: str


@dataclass(frozen=True, slots=True)
class VersionDiff:
    """What became of a taxonomy's skills: ``gone``, ``new``, ``moved`` (that stand under other skills now) and
    ``redefined`` (kept under other words) are (id, label); ``succeeded`` are among the gone."""

    before: str
    after: str
    kept: int
    gone: tuple[tuple[str, str], ...]
    new: tuple[tuple[str, str], ...]
    renamed: tuple[Renamed, ...]
    succeeded: tuple[Succession, ...]
    moved: tuple[tuple[str, str], ...] = ()
    redefined: tuple[tuple[str, str], ...] = ()
