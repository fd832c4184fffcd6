"""Docebo's rows as records: which columns are read by default, and what their words mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ascertain.connectors.connection import Connection, Pattern
from ascertain.connectors.parsing import FieldError, FieldMap, Row
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.records import (
    AwardRecord,
    CourseRecord,
    EnrolmentRecord,
    EnrolmentStatus,
    Entity,
    Record,
    SourceRef,
    UserRecord,
    WorkerRecord,
)
from ascertain.domain.scales import level_of

_USER: FieldMap = {
    "id": "user_id",
    "email": "email",
    "name": "fullname",
    "language": "lang_code",
    "active": "status",
    "expired": "expired",
    "updated": "last_update",
    # No native columns: an additional field of the tenant, field_<id>.
    "department": "",
    "job_code": "",
    "employee_id": "",
}
DEFAULT_FIELDS: Mapping[Entity, FieldMap] = {
    Entity.USER: _USER,
    # The same people as an HRIS would hand them over (option workers).
    Entity.WORKER: {
        **_USER,
        "managers": "managers",
        "timezone": "timezone",
        "job_title": "",
        "location": "",
        "hired": "",
    },
    Entity.COURSE: {
        "id": "id_course",
        "code": "code",
        "title": "name",
        "description": "description",
        "duration": "duration",
        "type": "course_type",
        "language": "lang_code",
        "category": "category",
        "updated": "date_last_updated",
        "level": "",
        "prerequisites": "",
        "mandatory": "",
        "modality": "",
    },
    Entity.ENROLMENT: {
        "course_id": "id",
        "user_id": "user_id",
        "title": "name",
        "code": "code",
        "type": "type",
        "status": "status",
        "role": "level",
        "score": "score",
        "completed": "course_complete_date",
        "enrolled": "enroll_begin_date",
        "due": "enroll_end_date",
        "updated": "date_last_updated",
    },
    Entity.AWARD: {
        "id": "id",
        "user_id": "user_id",
        "kind": "training_type",
        "title": "title",
        "provider": "provider",
        "awarded": "date_to",
        "score": "score",
        "status": "status",
        "course_code": "course_code",
        "updated": "date_last_updated",
    },
}
"""Product field → Docebo column. What stands here may be read, and nothing else; empty means not mapped."""

_STATUS = {
    "subscribed": EnrolmentStatus.ENROLLED,
    "waiting": EnrolmentStatus.ENROLLED,
    "overbooking": EnrolmentStatus.ENROLLED,
    "suspended": EnrolmentStatus.ENROLLED,
    "in_progress": EnrolmentStatus.IN_PROGRESS,
    "completed": EnrolmentStatus.COMPLETED,
    "failed": EnrolmentStatus.FAILED,
    "expired": EnrolmentStatus.EXPIRED,
    # The numbers of older platforms.
    "-2": EnrolmentStatus.ENROLLED,
    "-1": EnrolmentStatus.ENROLLED,
    "0": EnrolmentStatus.ENROLLED,
    "1": EnrolmentStatus.IN_PROGRESS,
    "2": EnrolmentStatus.COMPLETED,
    "3": EnrolmentStatus.ENROLLED,
}
_APPROVED = frozenset(("approved", "completed", "active", "1", ""))
_AWARD_KINDS = {
    "badge": EvidenceKind.BADGE,
    "certification": EvidenceKind.CERTIFICATION,
    "certificate": EvidenceKind.EXTERNAL_TRAINING,
}
_MINUTES = {"seconds": 1 / 60, "minutes": 1.0, "hours": 60.0}


class DoceboOptions(BaseModel):
    """Options of a Docebo connection.

    ``duration_unit``: no public source names the unit of a course's duration. ``certification``: a regular expression;
    an enrolment whose course title or code it matches is a certification. ``max_score``: what full marks are.
    ``skills_field``: id of the additional user field that accepted skills are written to; without it nothing is
    written. ``skills_field_length``: characters it holds. ``skills_lag_seconds``: how long the old value may show.
    ``learning_plans``: approved paths and onboarding plans become learning plans.

    ``workers``: hand people over as an HRIS would, with their managers; for companies without one. ``managers``: they
    stand in the user list, or each user is asked. ``branches``: the department is the org chart's branch where no
    field says it; ``branch_level`` 1 is the first below the root, 0 the user's own. ``materials``: names of a course's
    learning objects go into its description (one call a course). ``reports``: saved report by entity, read in bulk in
    place of the list; ``report_wait_seconds`` and ``report_patience_minutes`` say how long an export may take.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    grant: Literal["client_credentials", "password"] = "client_credentials"
    page_size: Annotated[int, Field(ge=1, le=200)] = 200
    overlap_minutes: Annotated[int, Field(ge=0, le=10_080)] = 5
    duration_unit: Literal["seconds", "minutes", "hours"] = "minutes"
    max_score: Annotated[float, Field(gt=0)] = 100.0
    certification: Pattern = r"(?i)\b(certification|certificate exam|proctored)\b"
    award_kinds: dict[str, EvidenceKind] = Field(default_factory=dict)
    skills_field: Annotated[int, Field(ge=1)] | None = None
    skills_field_length: Annotated[int, Field(ge=100)] = 255
    skills_lag_seconds: Annotated[float, Field(ge=0, le=86_400)] = 0.0
    learning_plans: bool = False
    workers: bool = False
    managers: Literal["list", "each"] = "list"
    branches: bool = False
    branch_level: Annotated[int, Field(ge=0, le=20)] = 0
    materials: bool = False
    reports: dict[Entity, Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]] = Field(default_factory=dict)
    report_page_size: Annotated[int, Field(ge=1, le=1000)] = 1000
    report_wait_seconds: Annotated[int, Field(ge=1, le=3600)] = 60
    report_patience_minutes: Annotated[int, Field(ge=1, le=1440)] = 30

    @field_validator("reports")
    @classmethod
    def _readable(cls, value: dict[Entity, str]) -> dict[Entity, str]:
        if strange := [e.value for e in value if e not in DEFAULT_FIELDS or e is Entity.WORKER]:
            raise ValueError(f"{strange[0]} cannot come from a report")
        return value


class Besides(Protocol):
    """What rows do not say by themselves; looked up only where the options ask for it."""

    def branch(self, row: Row) -> str:
        """The name of the user's branch."""

    def manager(self, row: Row) -> str:
        """The employee number of the user's manager."""

    def materials(self, row: Row) -> str:
        """The names of the course's learning objects, as one line."""


class DoceboRows:
    """Parses rows of one tenant."""

    def __init__(self, connection: Connection, options: DoceboOptions) -> None:
        self._connection = connection
        self._options = options
        self._certification = re.compile(options.certification)
        self._award_kinds = _AWARD_KINDS | {k.lower(): v for k, v in options.award_kinds.items()}
        # A report has captions of its own, so none of the list's columns is taken for granted there.
        self.fields = {
            e: connection.field_map(e, dict.fromkeys(defaults, "") if e in options.reports else defaults)
            for e, defaults in DEFAULT_FIELDS.items()
        }

    def identify(self, entity: Entity, row: Row) -> SourceRef:
        """The reference of a row. Attempts at one course are told apart by when they began; a worker is named by the
        employee number, as managers name them, or by the account where there is none."""
        if entity is Entity.ENROLMENT:
            begun = re.sub(r"\D", "", row.text("enrolled"))
            key = f"{row.required('course_id')}-{row.required('user_id')}-{begun or 0}"
        elif entity is Entity.WORKER:
            key = row.text("employee_id") or row.required("id")
        else:
            key = row.required("id")
        return SourceRef(self._connection.name, entity, key)

    def parse(self, entity: Entity, row: Row, ref: SourceRef, besides: Besides) -> Record | None:
        """The record of a row with what was looked up besides; ``None`` for a row that is no learner's course."""
        match entity:
            case Entity.USER:
                return self._user(row, ref, besides)
            case Entity.WORKER:
                return self._worker(row, ref, besides)
            case Entity.COURSE:
                return self._course(row, ref, besides)
            case Entity.ENROLMENT:
                return self._enrolment(row, ref)
            case _:
                return self._award(row, ref)

    def _user(self, row: Row, ref: SourceRef, besides: Besides) -> UserRecord:
        code = row.text("job_code")
        email = row.address("email")
        return UserRecord(
            ref=ref,
            email=email,
            name=row.text("name") or email,
            language=row.text("language").lower()[:2] or "en",
            active=row.flag("active", True) and not row.flag("expired"),
            department=row.text("department") or besides.branch(row),
            job_code=code,
            job_profile_id=self._connection.job_profile(code),
            employee_id=row.text("employee_id"),
            updated_at=row.moment("updated"),
        )

    def _worker(self, row: Row, ref: SourceRef, besides: Besides) -> WorkerRecord:
        code = row.text("job_code")
        return WorkerRecord(
            ref=ref,
            employee_id=ref.id,
            email=row.required("email"),
            name=row.text("name") or row.required("email"),
            job_title=row.text("job_title"),
            job_code=code,
            job_profile_id=self._connection.job_profile(code),
            department=row.text("department") or besides.branch(row),
            manager_employee_id=besides.manager(row) or None,
            hired_at=row.moment("hired"),
            location=row.text("location"),
            timezone=row.text("timezone") or "UTC",
            active=row.flag("active", True) and not row.flag("expired"),
            updated_at=row.moment("updated"),
        )

    def _course(self, row: Row, ref: SourceRef, besides: Besides) -> CourseRecord:
        length = row.number("duration")
        if length is not None and length < 0:
            raise FieldError(row.source_name("duration"), f"{length:g} is negative")
        hours = (length or 0) * _MINUTES[self._options.duration_unit] / 60
        return CourseRecord(
            ref=ref,
            code=row.text("code"),
            title=row.required("title"),
            description="\n".join(t for t in (row.prose("description"), besides.materials(row)) if t),
            level=level_of(row.text("level")),
            hours=round(hours, 4) or None,
            modality=row.text("modality") or row.text("type") or "elearning",
            language=row.text("language").lower()[:2] or "en",
            category=row.text("category"),
            prerequisites=tuple(c for c in re.split(r"[\s,;]+", row.text("prerequisites")) if c),
            mandatory=row.flag("mandatory"),
            updated_at=row.moment("updated"),
        )

    def _enrolment(self, row: Row, ref: SourceRef) -> EnrolmentRecord | None:
        if row.text("type") == "learning_plan" or row.text("role") not in ("", "learner", "3"):
            return None
        word = row.text("status").lower()
        if word not in _STATUS:
            raise FieldError(row.source_name("status"), f"{word!r} is not a known enrolment status")
        score = row.scaled("score", 0, self._options.max_score)
        named = f"{row.text('title')}\n{row.text('code')}"
        return EnrolmentRecord(
            ref=ref,
            user_id=row.required("user_id"),
            course_id=row.required("course_id"),
            status=_STATUS[word],
            score=score,
            enrolled_at=row.moment("enrolled"),
            completed_at=row.moment("completed"),
            due_at=row.moment("due"),
            is_assessment=score is not None,
            is_certification=bool(self._certification.search(named)),
            updated_at=row.moment("updated"),
        )

    def _award(self, row: Row, ref: SourceRef) -> AwardRecord:
        return AwardRecord(
            ref=ref,
            user_id=row.required("user_id"),
            title=row.required("title"),
            kind=self._award_kinds.get(row.text("kind").lower(), EvidenceKind.EXTERNAL_TRAINING),
            provider=row.text("provider"),
            course_code=row.text("course_code") or None,
            approved=row.text("status").lower() in _APPROVED,
            score=row.scaled("score", 0, self._options.max_score),
            awarded_at=row.moment("awarded"),
            updated_at=row.moment("updated"),
        )
