"""Crosswalks: which concept of one taxonomy corresponds to which of another, or of another version of the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


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
