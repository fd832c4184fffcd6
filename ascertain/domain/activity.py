"""What ingest keeps beside evidence: single uses of content, which fold into one piece, and jobs that an HRIS has."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Engagement:
    """One use of one piece of content. ``evidence_id`` is the piece of evidence that it is counted in."""

    ref: str
    learner_id: str
    evidence_id: str
    verb: str
    minutes: float | None = None
    progress: float | None = None
    used_on: date | None = None


@dataclass(frozen=True, slots=True)
class EngagementFold:
    """All uses of one piece of content by one person: how many, on how many minutes in all, how far, when last."""

    uses: int
    verbs: tuple[str, ...]
    minutes: float | None
    progress: float | None
    last_on: date | None


class Engagements(Protocol):
    """Kept so that the same use is never counted twice (``ascertain.store``)."""

    def put(self, rows: Iterable[Engagement]) -> None:
        """Insert, or replace the use with that reference."""

    def drop(self, refs: Collection[str]) -> frozenset[str]:
        """Forget uses; the evidence ids that lost some."""

    def folds(self, evidence_ids: Collection[str]) -> dict[str, EngagementFold]:
        """By evidence id; without those that no use is left of."""


@dataclass(frozen=True, slots=True)
class JobProposal:
    """A job as a system describes it, with the skills it names. ``accepted_as`` is the job profile that somebody made
    of it; until then it asks nothing of anybody."""

    ref: str
    connection: str
    code: str
    title: str
    summary: str
    department: str
    skills: tuple[str, ...]
    active: bool
    seen_at: datetime
    accepted_as: str | None = None


class JobProposals(Protocol):
    """Jobs that systems describe (``ascertain.store``)."""

    def all(self) -> list[JobProposal]:
        """By connection and code."""

    def put(self, rows: Iterable[JobProposal]) -> tuple[int, int, int]:
        """(new, changed, unchanged). What was accepted stays accepted."""

    def accept(self, ref: str, profile_id: str) -> bool:
        """Note which profile was made of it; ``False`` if there is no such proposal."""
