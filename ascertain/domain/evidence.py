"""Evidence: one thing a learner did, or that was said of their work, as it stood in a source system."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ascertain.domain.skills import Level


class EvidenceKind(StrEnum):
    """What sort of trace it is; reliability per kind stands in the policy."""

    COMPLETION = "completion"
    ASSESSMENT = "assessment"
    CERTIFICATION = "certification"
    BADGE = "badge"
    EXTERNAL_TRAINING = "external_training"
    MANAGER_REVIEW = "manager_review"
    PEER_FEEDBACK = "peer_feedback"
    SELF_ASSESSMENT = "self_assessment"
    PROJECT = "project"
    TICKET = "ticket"
    PROFILE = "profile"
    ENGAGEMENT = "engagement"
    DOCUMENT = "document"
    MESSAGE = "message"


FREE_TEXT_KINDS = frozenset(
    {
        EvidenceKind.MANAGER_REVIEW,
        EvidenceKind.PEER_FEEDBACK,
        EvidenceKind.SELF_ASSESSMENT,
        EvidenceKind.PROJECT,
        EvidenceKind.TICKET,
        EvidenceKind.DOCUMENT,
    }
)
"""Kinds whose skills are read out of what somebody wrote, not out of a course's tags."""

RESULT_KINDS = frozenset(
    {
        EvidenceKind.COMPLETION,
        EvidenceKind.ASSESSMENT,
        EvidenceKind.CERTIFICATION,
        EvidenceKind.BADGE,
        EvidenceKind.EXTERNAL_TRAINING,
    }
)
"""Kinds that a system of record states an outcome of: no agent's reading turns a passed one against the person."""

PASSED = 0.5
"""Score from which on a result speaks for the person, where the source does not say so itself."""

SENSITIVE_KINDS = frozenset({EvidenceKind.MANAGER_REVIEW, EvidenceKind.PEER_FEEDBACK, EvidenceKind.MESSAGE})
"""Kinds that need the person's consent and, for anything they support, a human."""


@dataclass(frozen=True, slots=True)
class SkillCode:
    """A skill by its id in another taxonomy. ``framework``: that taxonomy in the source's words, empty where it says
    none; ``label``: the source's name for the skill."""

    code: str
    framework: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece of evidence.

    Attributes:
        id: stable, made from system and source reference.
        origin: what really happened; a completion, its badge and the mail about it share one origin and
            count once.
        text: what may be quoted: normalised, and masked before any brain sees it.
        content_id: the course or other content it is about, if any.
        occurred_on: when it happened; ``None`` when the source does not say.
        score: 0..1, already brought to that scale; ``None`` when unscored.
        passed: what the source itself concluded, if it did.
        level: the level that the activity asks for, if the source says.
        codes: skills that the source names by ids of other taxonomies; crosswalks lead them.
    """

    id: str
    learner_id: str
    kind: EvidenceKind
    system: str
    source_ref: str
    origin: str
    title: str
    text: str
    content_id: str | None = None
    occurred_on: date | None = None
    score: float | None = None
    passed: bool | None = None
    level: Level | None = None
    codes: tuple[SkillCode, ...] = ()

    @property
    def sensitive(self) -> bool:
        """True where somebody's opinion of a colleague is the source."""
        return self.kind in SENSITIVE_KINDS


@dataclass(frozen=True, slots=True)
class Trace:
    """Which record a piece of evidence was made of, without the piece."""

    id: str
    learner_id: str
    source_ref: str

    @property
    def entity(self) -> str:
        """The kind of record."""
        return self.source_ref.split(":", 2)[1]
