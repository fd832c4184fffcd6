"""TalentLMS's rows as records: which fields are read by default in either version, and what their words mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Protocol

from ascertain.connectors.connection import Connection
from ascertain.connectors.parsing import FieldError, FieldMap, Row
from ascertain.connectors.talentlms_options import TalentLmsOptions
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.records import (
    AssessmentRecord,
    AwardRecord,
    CourseRecord,
    EngagementRecord,
    EnrolmentRecord,
    EnrolmentStatus,
    Entity,
    Record,
    SourceRef,
    UserRecord,
    WorkerRecord,
)
from ascertain.domain.scales import level_of

CUSTOM = "custom_field_"
_USER: FieldMap = {
    "id": "id",
    "email": "email",
    "first_name": "name",
    "last_name": "surname",
    "language": "language",
    "active": "status",
    "updated": "last_updated",
    # No native columns: a custom field of the portal, custom_field_<id>.
    "department": "",
    "job_code": "",
    "employee_id": "",
}
_ENROLMENT: FieldMap = {
    "course_id": "id",
    "title": "name",
    "role": "role",
    "status": "completion_status",
    "progress": "completion_percentage",
    "enrolled": "enrolled_on_timestamp",
    "completed": "completed_on_timestamp",
    "expires": "expired_on_timestamp",
    "seconds": "total_time_seconds",
    "score": "progress.score",  # of the course's progress (option scores)
}
DEFAULT_FIELDS: Mapping[Entity, FieldMap] = {
    Entity.USER: _USER,
    # The same people as an HRIS would hand them over (option workers).
    Entity.WORKER: {
        **_USER,
        "timezone": "timezone",
        "manager": "",
        "job_title": "",
        "hired": "",
        "location": "",
    },
    Entity.COURSE: {
        "id": "id",
        "code": "code",
        "title": "name",
        "description": "description",
        "active": "is_active",
        "category": "",
        "level": "",
        "duration": "",
        "language": "",
        "prerequisites": "",
        "mandatory": "",
        "modality": "",
        "updated": "",
    },
    Entity.ENROLMENT: _ENROLMENT,
    Entity.ENGAGEMENT: _ENROLMENT,
    Entity.ASSESSMENT: {
        "id": "test_id",
        "title": "test_name",
        "user_id": "user_id",
        "score": "score",
        "status": "completion_status",
        "completed": "completed_on_timestamp",
    },
    Entity.AWARD: {
        "id": "unique_id",
        "course_id": "course_id",
        "title": "course_name",
        "awarded": "issued_date_timestamp",
    },
}
"""Product field → TalentLMS's field. What stands here may be read, and nothing else; empty means not mapped."""

_STATUS = {
    "not_attempted": EnrolmentStatus.ENROLLED,
    "not attempted": EnrolmentStatus.ENROLLED,
    "incomplete": EnrolmentStatus.IN_PROGRESS,
    "in_progress": EnrolmentStatus.IN_PROGRESS,
    "completed": EnrolmentStatus.COMPLETED,
    "passed": EnrolmentStatus.COMPLETED,
    "failed": EnrolmentStatus.FAILED,
    "expired": EnrolmentStatus.EXPIRED,
}
_LANGUAGES = {
    "english": "en", "deutsch": "de", "français": "fr", "español": "es", "italiano": "it", "nederlands": "nl",
    "polski": "pl", "português": "pt", "svenska": "sv", "dansk": "da", "norsk": "nb", "suomi": "fi", "čeština": "cs",
    "magyar": "hu", "română": "ro", "türkçe": "tr", "ελληνικά": "el",
}  # fmt: skip
_CODE = re.compile(r"([a-z]{2})(?:[-_][a-z]{2,4})?", re.ASCII)
_MINUTES = {"seconds": 1 / 60, "minutes": 1.0, "hours": 60.0}
_TEACHES = ("instructor", "trainer")
_LATEST = 32_503_680_000  # the year 3000


class Besides(Protocol):
    """What rows do not say by themselves; looked up only where the options ask for it."""

    def branch(self, row: Row) -> str:
        """The name of the user's first branch."""

    def manager(self, named: str) -> str:
        """How workers name the manager that a row names in its own way."""


class TalentLmsRows:
    """Parses rows of one portal."""

    def __init__(self, connection: Connection, options: TalentLmsOptions) -> None:
        self._connection = connection
        self._options = options
        self._certification = re.compile(options.certification)
        self._status = _STATUS | {k.lower(): v for k, v in options.statuses.items()}
        self.fields = {e: connection.field_map(e, defaults) for e, defaults in DEFAULT_FIELDS.items()}

    def person(self, entity: Entity, row: Row) -> SourceRef:
        """The reference of a user, or of the same as a worker."""
        own = row.text("employee_id") if entity is Entity.WORKER else ""
        return SourceRef(self._connection.name, entity, own or row.required("id"))

    def below(self, entity: Entity, user: str, row: Row) -> SourceRef:
        """The reference of something that belongs to a user: a course on the list, a certificate, a test's result."""
        name = "course_id" if entity in (Entity.ENROLMENT, Entity.ENGAGEMENT) else "id"
        key = row.required(name)
        first, second = (user, key) if entity is Entity.AWARD else (key, user)
        return SourceRef(self._connection.name, entity, f"{first}-{second}")

    def user(self, row: Row, ref: SourceRef, besides: Besides) -> Record:
        """A ``UserRecord``, or a ``WorkerRecord`` as the reference says."""
        email = row.address("email")
        name = row.full_name() or email
        code = row.text("job_code")
        department = row.text("department") or besides.branch(row)
        profile = self._connection.job_profile(code)
        active, updated = row.flag("active", True), row.moment("updated")
        if ref.entity is Entity.USER:
            return UserRecord(
                ref=ref,
                email=email,
                name=name,
                language=language_of(row.text("language")),
                active=active,
                department=department,
                job_code=code,
                job_profile_id=profile,
                employee_id=row.text("employee_id"),
                updated_at=updated,
            )
        return WorkerRecord(
            ref=ref,
            employee_id=ref.id,
            email=email,
            name=name,
            job_title=row.text("job_title"),
            job_code=code,
            job_profile_id=profile,
            department=department,
            manager_employee_id=besides.manager(row.text("manager")) or None,
            hired_at=row.moment("hired"),
            location=row.text("location"),
            timezone=row.text("timezone") or "UTC",
            active=active,
            updated_at=updated,
        )

    def course(self, row: Row, ref: SourceRef) -> CourseRecord:
        """A ``CourseRecord``."""
        length = row.number("duration")
        if length is not None and length < 0:
            raise FieldError(row.source_name("duration"), f"{length:g} is negative")
        hours = (length or 0) * _MINUTES[self._options.duration_unit] / 60
        return CourseRecord(
            ref=ref,
            code=row.text("code"),
            title=row.required("title"),
            description=row.prose("description"),
            level=level_of(row.text("level")),
            hours=round(hours, 4) or None,
            modality=row.text("modality") or "elearning",
            language=language_of(row.text("language")),
            category=row.text("category"),
            prerequisites=tuple(c for c in re.split(r"[\s,;]+", row.text("prerequisites")) if c),
            mandatory=row.flag("mandatory"),
            active=row.flag("active", True),
            updated_at=row.moment("updated"),
        )

    def enrolment(self, user: str, row: Row, ref: SourceRef) -> EnrolmentRecord | None:
        """An ``EnrolmentRecord``; ``None`` for a course that the user teaches."""
        if row.text("role").lower() in _TEACHES:
            return None
        score = row.scaled("score", 0, self._options.max_score)
        return EnrolmentRecord(
            ref=ref,
            user_id=user,
            course_id=row.required("course_id"),
            status=self._word(row),
            score=score,
            enrolled_at=epoch(row, "enrolled"),
            completed_at=epoch(row, "completed"),
            due_at=epoch(row, "expires"),
            is_assessment=score is not None,
            is_certification=bool(self._certification.search(row.text("title"))),
        )

    def engagement(self, user: str, row: Row, ref: SourceRef) -> EngagementRecord | None:
        """Time spent on a course in progress; ``None`` for any other."""
        if row.text("role").lower() in _TEACHES or self._word(row) is not EnrolmentStatus.IN_PROGRESS:
            return None
        seconds = row.number("seconds")
        if not seconds or seconds < 0:
            return None
        return EngagementRecord(
            ref=ref,
            user_id=user,
            course_id=row.required("course_id"),
            title=row.required("title"),
            minutes=round(seconds / 60, 2),
            progress=row.scaled("progress", 0, 100),
            occurred_at=epoch(row, "enrolled"),
        )

    def assessment(self, course: str, row: Row, ref: SourceRef) -> AssessmentRecord | None:
        """The result of a test; ``None`` where it has no score."""
        score = row.scaled("score", 0, self._options.max_score)
        if score is None:
            return None
        word = row.text("status").lower()
        passed = {EnrolmentStatus.COMPLETED: True, EnrolmentStatus.FAILED: False}.get(
            self._status.get(word, EnrolmentStatus.ENROLLED)
        )
        return AssessmentRecord(
            ref=ref,
            user_id=row.required("user_id"),
            course_id=course,
            title=row.required("title"),
            score=score,
            passed=passed,
            taken_at=epoch(row, "completed"),
        )

    def award(self, user: str, row: Row, ref: SourceRef) -> AwardRecord:
        """A certificate that was given for a course."""
        return AwardRecord(
            ref=ref,
            user_id=user,
            title=row.required("title"),
            kind=EvidenceKind.BADGE,
            course_id=row.text("course_id") or None,
            awarded_at=epoch(row, "awarded"),
        )

    def _word(self, row: Row) -> EnrolmentStatus:
        word = row.required("status").lower()
        if word not in self._status:
            raise FieldError(row.source_name("status"), f"{word!r} is not a known status (options.statuses adds it)")
        found = self._status[word]
        ends = epoch(row, "expires")
        if found in (EnrolmentStatus.ENROLLED, EnrolmentStatus.IN_PROGRESS) and ends and ends <= datetime.now(UTC):
            return EnrolmentStatus.EXPIRED  # the portal keeps its old word and only says when the access ended
        return found


def language_of(word: str) -> str:
    """Two letters of a language's own name or of a code with or without a country; English where neither is known."""
    plain = re.sub(r"\s*\(.*", "", word.strip().lower())
    found = _CODE.fullmatch(plain)
    return found[1] if found else _LANGUAGES.get(plain, "en")


def epoch(row: Row, name: str) -> datetime | None:
    """Aware UTC of Unix seconds, which version 1 writes as text; ``None`` where empty or 0.

    Raises:
        FieldError: for anything that is no such number.
    """
    seconds = row.number(name)
    if not seconds:
        return None
    if not 0 < seconds < _LATEST:
        raise FieldError(row.source_name(name), f"{seconds:g} is not a time")
    return datetime.fromtimestamp(seconds, UTC)
