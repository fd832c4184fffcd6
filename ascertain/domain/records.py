"""What connectors hand over: a source system's rows brought to common names, still with the source's own ids.

Scores are 0..1, times are aware UTC, HTML is already text, zero dates are ``None``. Only allow-listed fields exist
here, so nothing else (a national id, say) can enter.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ascertain.domain.evidence import EvidenceKind, SkillCode
from ascertain.domain.skills import Level


class Entity(StrEnum):
    """What can be pulled."""

    USER = "user"
    COURSE = "course"
    ENROLMENT = "enrolment"
    AWARD = "award"
    WORKER = "worker"
    REVIEW = "review"
    PROJECT = "project"
    TICKET = "ticket"
    ASSESSMENT = "assessment"
    ENGAGEMENT = "engagement"
    JOB_PROFILE = "job_profile"
    DOCUMENT = "document"
    MESSAGE = "message"
    STATEMENT = "statement"


class EnrolmentStatus(StrEnum):
    """An enrolment's state in common words."""

    ENROLLED = "enrolled"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class SourceRef:
    """Where a record comes from; ``str()`` is unique over all systems."""

    system: str
    entity: Entity
    id: str

    def __str__(self) -> str:
        return f"{self.system}:{self.entity.value}:{self.id}"


@dataclass(frozen=True, slots=True)
class UserRecord:
    """An LMS account. ``job_profile_id`` is the connection's mapping of ``job_code``; ``employee_id`` is the HRIS's."""

    ref: SourceRef
    email: str
    name: str
    language: str = "en"
    active: bool = True
    department: str = ""
    job_code: str = ""
    job_profile_id: str | None = None
    employee_id: str = ""
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WorkerRecord:
    """A worker in the HRIS. ``job_profile_id`` is the connection's mapping of ``job_code``. ``reviews_consent`` and
    ``messages_consent`` are ``None`` where the system does not say."""

    ref: SourceRef
    employee_id: str
    email: str
    name: str
    job_title: str = ""
    job_code: str = ""
    job_profile_id: str | None = None
    department: str = ""
    manager_employee_id: str | None = None
    hired_at: datetime | None = None
    hours_per_week: float = 40.0
    location: str = ""
    timezone: str = "UTC"
    active: bool = True
    reviews_consent: bool | None = None
    messages_consent: bool | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CourseRecord:
    """A catalogue item. ``prerequisites`` are course codes of the same system; ``hours`` is ``None`` if unknown."""

    ref: SourceRef
    code: str
    title: str
    description: str
    level: Level | None = None
    hours: float | None = None
    modality: str = "elearning"
    language: str = "en"
    category: str = ""
    prerequisites: tuple[str, ...] = ()
    mandatory: bool = False
    active: bool = True
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class EnrolmentRecord:
    """One learner's attempt at one course. ``is_assessment`` says that a score came out of a graded test."""

    ref: SourceRef
    user_id: str
    course_id: str
    status: EnrolmentStatus
    attempt: int = 1
    score: float | None = None
    enrolled_at: datetime | None = None
    completed_at: datetime | None = None
    due_at: datetime | None = None
    is_assessment: bool = False
    is_certification: bool = False
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AwardRecord:
    """A badge or training from elsewhere. ``course_id`` or ``course_code`` is set when it was given for a course of
    this LMS; ``skills``: what it is aligned with, by ids of other taxonomies."""

    ref: SourceRef
    user_id: str
    title: str
    kind: EvidenceKind = EvidenceKind.BADGE
    provider: str = ""
    course_id: str | None = None
    course_code: str | None = None
    approved: bool = True
    score: float | None = None
    awarded_at: datetime | None = None
    updated_at: datetime | None = None
    skills: tuple[SkillCode, ...] = ()


@dataclass(frozen=True, slots=True)
class TextRecord:
    """Something written about a person's work: review, peer feedback, project submission, ticket.

    ``subject`` identifies the learner by ``employee:<id>`` or ``email:<address>``. ``score`` is a rating on 0..1.
    ``skills``: what it is about, by ids of other taxonomies.
    """

    ref: SourceRef
    subject: str
    kind: EvidenceKind
    title: str
    text: str
    author: str = ""
    score: float | None = None
    occurred_at: datetime | None = None
    updated_at: datetime | None = None
    course_code: str | None = None
    skills: tuple[SkillCode, ...] = ()


@dataclass(frozen=True, slots=True)
class AssessmentRecord:
    """The result of one graded item inside a course (a quiz, an exam), beside the enrolment's own score.

    ``user_id`` is the account's, or ``employee:<id>``, ``email:<address>`` or ``mbox_sha1sum:<hash>``. ``course_id``
    may be empty where the item belongs to no course of the catalogue; ``text`` says what it asked for, if known.
    """

    ref: SourceRef
    user_id: str
    title: str
    course_id: str = ""
    text: str = ""
    attempt: int = 1
    score: float | None = None
    passed: bool | None = None
    taken_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class EngagementRecord:
    """Content that somebody used without finishing or being graded: read, watched, took part.

    ``verb`` is a past tense in plain words; ``minutes`` is time on it, ``progress`` 0..1.
    """

    ref: SourceRef
    user_id: str
    title: str
    verb: str = "used"
    course_id: str = ""
    text: str = ""
    minutes: float | None = None
    progress: float | None = None
    occurred_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class JobProfileRecord:
    """A job as the HRIS describes it. ``skills`` are the names it lists, to be mapped; nothing here is a requirement
    before somebody has accepted it."""

    ref: SourceRef
    code: str
    title: str
    summary: str = ""
    department: str = ""
    skills: tuple[str, ...] = ()
    active: bool = True
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MessageRecord:
    """Something that somebody wrote to colleagues. The text is never stored: ingest keeps only which skills it shows.

    ``subject`` is the writer, as in ``TextRecord``; ``channel`` names where (never a private conversation)."""

    ref: SourceRef
    subject: str
    text: str = dataclasses.field(repr=False)
    channel: str = ""
    occurred_at: datetime | None = None
    updated_at: datetime | None = None


Record = (
    UserRecord
    | WorkerRecord
    | CourseRecord
    | EnrolmentRecord
    | AwardRecord
    | TextRecord
    | AssessmentRecord
    | EngagementRecord
    | JobProfileRecord
    | MessageRecord
)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that could not be used: kept in quarantine with its reason and its allow-listed raw fields."""

    ref: str
    reason: str
    field: str = ""
    raw: dict[str, object] = dataclasses.field(default_factory=dict)
