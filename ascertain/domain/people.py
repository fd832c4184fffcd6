"""Learners and what the product must know of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from ascertain.domain.consent import Consents
from ascertain.domain.evidence import Evidence

PAGE = 500
"""People who are read at a time, where all of them would be too many."""


@dataclass(frozen=True, slots=True)
class Learner:
    """A person in the organisation. ``id`` is the product's own; source ids are kept apart.

    ``consents`` is what the person and the organisation allow at the time of reading; storing a learner does not store
    it (``ascertain.pipeline.consent`` does). ``restricted``: what is held is kept and not used, since the person asked
    for that or a rollout does not reach them (``outside``). No source says either, so two readings of a person do not
    differ by them.
    """

    id: str
    name: str
    email: str
    department: str = ""
    job_title: str = ""
    job_profile_id: str | None = None
    manager_id: str | None = None
    hired_on: date | None = None
    hours_per_week: float = 40.0
    language: str = "en"
    timezone: str = "UTC"
    location: str = ""
    active: bool = True
    consents: Consents = field(default_factory=Consents, compare=False)
    restricted: bool = field(default=False, compare=False)

    def allows(self, evidence: Evidence) -> bool:
        """Whether the person and the organisation allow a piece of evidence to be used, and the rollout reaches it."""
        return self.consents.admits(evidence)

    @property
    def outside(self) -> bool:
        """Whether a rollout is in force that does not reach this person."""
        return self.consents.reach.outside
