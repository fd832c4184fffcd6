"""Learners and what the product must know of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ascertain.domain.evidence import Evidence, EvidenceKind


@dataclass(frozen=True, slots=True)
class Learner:
    """A person in the organisation. ``id`` is the product's own; source ids are kept apart.

    ``reviews_consent`` False keeps colleagues' opinions of the person out of every run. What the person wrote to
    colleagues is looked at only while ``messages_consent`` is True.
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
    reviews_consent: bool = True
    messages_consent: bool = False

    def allows(self, evidence: Evidence) -> bool:
        """Whether the person's consent covers a piece of evidence."""
        if evidence.kind is EvidenceKind.MESSAGE:
            return self.messages_consent
        return self.reviews_consent or not evidence.sensitive
