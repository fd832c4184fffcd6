"""Openings: roles, projects and gigs that people of the organisation could take on.

They come in from a file or another system, which stays the place where they are decided about. Here they are compared
with what people have shown, as a suggestion.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from ascertain.domain.skills import JobProfile, Requirement


class OpeningKind(StrEnum):
    """A job; work for some months beside or instead of it; a few hours."""

    ROLE = "role"
    PROJECT = "project"
    GIG = "gig"


@dataclass(frozen=True, slots=True)
class Opening:
    """Something to take on, and what it asks for.

    Attributes:
        id: the source's own; unique over all sources.
        source: where it comes from: whoever sends a complete list closes what is no longer in it, of the same source.
        hours_per_week: ``None`` where the source does not say.
        closes_on: the last day on which one can say that one is interested; ``None`` without an end.
        manager_id: id of the learner who looks for somebody; empty where the source names nobody.
        requirements: from the document itself, or of the job profile that it names.
        closed_because: empty while it is open.
    """

    id: str
    kind: OpeningKind
    title: str
    requirements: tuple[Requirement, ...]
    source: str
    summary: str = ""
    department: str = ""
    location: str = ""
    timezone: str = ""
    hours_per_week: float | None = None
    starts_on: date | None = None
    closes_on: date | None = None
    manager_id: str = ""
    job_profile_id: str = ""
    closed_because: str = ""
    closed_at: datetime | None = None

    def open_on(self, today: date) -> bool:
        """Whether it is open on that day."""
        return not self.closed_because and (self.closes_on is None or today <= self.closes_on)

    @property
    def profile(self) -> JobProfile:
        """As the gaps compare a person with it."""
        return JobProfile(self.id, self.title, self.requirements, department=self.department)


class Openings(Protocol):
    """``ascertain.store.openings``."""

    def get(self, opening_id: str) -> Opening | None: ...
    def all(self) -> list[Opening]:
        """Closed ones too, by id."""

    def put(self, opening: Opening) -> None:
        """Insert, or replace the one of that id."""
