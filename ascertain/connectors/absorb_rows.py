"""Absorb's rows as records: which fields are read by default, and what their numbers mean."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ascertain.connectors.absorb_options import AbsorbOptions
from ascertain.connectors.absorb_people import LookUps
from ascertain.connectors.connection import Connection
from ascertain.connectors.parsing import FieldError, FieldMap, Row
from ascertain.domain.records import (
    AssessmentRecord,
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

_USER: FieldMap = {
    "id": "id",
    "email": "emailAddress",
    "first_name": "firstName",
    "last_name": "lastName",
    "language": "languageId",
    "active": "activeStatus",
    "department": "departmentId",
    "job_code": "jobTitle",
    "employee_id": "employeeNumber",
    "updated": "dateEdited",
}
_ENROLMENT: FieldMap = {
    "id": "id",
    "course_id": "courseId",
    "user_id": "userId",
    "title": "courseName",
    "status": "status",
    "score": "score",
    "progress": "progress",
    "time_spent": "timeSpent",
    "enrolled": "dateStarted",
    "completed": "dateCompleted",
    "due": "dateDue",
    "active": "isActive",
    "updated": "dateEdited",
}
DEFAULT_FIELDS: Mapping[Entity, FieldMap] = {
    Entity.USER: _USER,
    # The same people as an HRIS would hand them over (option workers).
    Entity.WORKER: {
        **_USER,
        "manager": "supervisorId",
        "job_title": "jobTitle",
        "hired": "",
        "location": "",
        "timezone": "",
    },
    Entity.COURSE: {
        "id": "id",
        "code": "externalId",
        "title": "name",
        "description": "description",
        "goals": "goals",
        "type": "courseType",
        "duration": "learnerTime",
        "active": "activeStatus",
        "updated": "dateEdited",
        "level": "",
        "language": "",
        "category": "",
        "mandatory": "",
    },
    Entity.ENROLMENT: _ENROLMENT,
    Entity.ENGAGEMENT: _ENROLMENT,
    # A lesson below an enrolment: names as in version 1, the only ones a public client shows.
    Entity.ASSESSMENT: {
        "id": "id",
        "title": "name",
        "score": "score",
        "status": "status",
        "attempts": "attempts",
        "completed": "dateCompleted",
    },
}
"""Product field → Absorb's field. What stands here may be read, and nothing else; empty means not mapped."""

_STATUS = {
    "0": EnrolmentStatus.ENROLLED,
    "1": EnrolmentStatus.IN_PROGRESS,
    "2": EnrolmentStatus.ENROLLED,  # pending approval
    "3": EnrolmentStatus.COMPLETED,
    "4": EnrolmentStatus.EXPIRED,  # not complete: over, without a result
    "5": EnrolmentStatus.FAILED,
    "6": EnrolmentStatus.EXPIRED,  # declined
    "7": EnrolmentStatus.IN_PROGRESS,  # pending evaluation
    "8": EnrolmentStatus.ENROLLED,  # waitlist
    "9": EnrolmentStatus.EXPIRED,  # absent
    "10": EnrolmentStatus.EXPIRED,  # not applicable
    "11": EnrolmentStatus.IN_PROGRESS,  # pending proctor
    "12": EnrolmentStatus.IN_PROGRESS,  # ready for review
}
_MINUTES = {"seconds": 1 / 60, "minutes": 1.0, "hours": 60.0}
_CLOCK = re.compile(r"(?:(\d+)\.)?(\d{1,3}):(\d{2})(?::(\d{2})(?:\.\d+)?)?", re.ASCII)


class AbsorbRows:
    """Parses rows of one tenant."""

    def __init__(self, connection: Connection, options: AbsorbOptions) -> None:
        self._connection = connection
        self._options = options
        self._certification = re.compile(options.certification)
        self.fields = {e: connection.field_map(e, defaults) for e, defaults in DEFAULT_FIELDS.items()}

    def identify(self, entity: Entity, row: Row) -> SourceRef:
        """The reference of a row. An enrolment is named by person, course and its own id, because it can only be
        fetched by the first two."""
        if entity in (Entity.ENROLMENT, Entity.ENGAGEMENT):
            key = ".".join(row.required(n) for n in ("user_id", "course_id", "id"))
        elif entity is Entity.WORKER:
            key = row.text("employee_id") or row.required("id")
        else:
            key = row.required("id")
        return SourceRef(self._connection.name, entity, key)

    def parse(self, entity: Entity, row: Row, ref: SourceRef, look: LookUps) -> Record | None:
        """The record of a row; ``None`` for one that says nothing about its entity."""
        match entity:
            case Entity.USER:
                return self._user(row, ref, look)
            case Entity.WORKER:
                return self._worker(row, ref, look)
            case Entity.COURSE:
                return self._course(row, ref)
            case Entity.ENGAGEMENT:
                return self._engagement(row, ref)
            case _:
                return self._enrolment(row, ref)

    def lesson(self, enrolment: Row, row: Row, ref: SourceRef) -> AssessmentRecord | None:
        """The result of one lesson of an enrolment; ``None`` where it has no score."""
        score = row.scaled("score", 0, self._options.max_score)
        if score is None:
            return None
        status = _STATUS.get(row.text("status"))
        passed = {EnrolmentStatus.COMPLETED: True, EnrolmentStatus.FAILED: False}.get(status) if status else None
        return AssessmentRecord(
            ref=ref,
            user_id=enrolment.required("user_id"),
            course_id=enrolment.required("course_id"),
            title=row.text("title") or enrolment.required("title"),
            attempt=max(1, int(row.number("attempts") or 1)),
            score=score,
            passed=passed,
            taken_at=row.moment("completed"),
            updated_at=enrolment.moment("updated"),
        )

    def _user(self, row: Row, ref: SourceRef, look: LookUps) -> UserRecord:
        code = row.text("job_code")
        email = row.address("email")
        return UserRecord(
            ref=ref,
            email=email,
            name=row.full_name() or email,
            language=self._options.languages.get(row.text("language"), "en"),
            active=_active(row),
            department=look.department(row.text("department")),
            job_code=code,
            job_profile_id=self._connection.job_profile(code),
            employee_id=row.text("employee_id"),
            updated_at=row.moment("updated"),
        )

    def _worker(self, row: Row, ref: SourceRef, look: LookUps) -> WorkerRecord:
        code = row.text("job_code")
        email = row.address("email")
        return WorkerRecord(
            ref=ref,
            employee_id=ref.id,
            email=email,
            name=row.full_name() or email,
            job_title=row.text("job_title"),
            job_code=code,
            job_profile_id=self._connection.job_profile(code),
            department=look.department(row.text("department")),
            manager_employee_id=look.manager(row.text("manager")) or None,
            hired_at=row.moment("hired"),
            location=row.text("location"),
            timezone=row.text("timezone") or "UTC",
            active=_active(row),
            updated_at=row.moment("updated"),
        )

    def _course(self, row: Row, ref: SourceRef) -> CourseRecord:
        minutes = minutes_of(row, "duration", self._options.duration_unit)
        return CourseRecord(
            ref=ref,
            code=row.text("code"),
            title=row.required("title"),
            description="\n".join(t for t in (row.prose("description"), row.prose("goals")) if t),
            level=level_of(row.text("level")),
            hours=round(minutes / 60, 4) if minutes else None,
            modality=row.text("type") or "elearning",
            language=row.text("language").lower()[:2] or "en",
            category=row.text("category"),
            mandatory=row.flag("mandatory"),
            active=_active(row),
            updated_at=row.moment("updated"),
        )

    def _enrolment(self, row: Row, ref: SourceRef) -> EnrolmentRecord:
        score = row.scaled("score", 0, self._options.max_score)
        return EnrolmentRecord(
            ref=ref,
            user_id=row.required("user_id"),
            course_id=row.required("course_id"),
            status=_status(row),
            score=score,
            enrolled_at=row.moment("enrolled"),
            completed_at=row.moment("completed"),
            due_at=row.moment("due"),
            is_assessment=score is not None,
            is_certification=bool(self._certification.search(row.text("title"))),
            updated_at=row.moment("updated"),
        )

    def _engagement(self, row: Row, ref: SourceRef) -> EngagementRecord | None:
        minutes = minutes_of(row, "time_spent", self._options.time_unit)
        if _status(row) is not EnrolmentStatus.IN_PROGRESS or not minutes:
            return None  # a finished course speaks through its enrolment
        return EngagementRecord(
            ref=ref,
            user_id=row.required("user_id"),
            course_id=row.required("course_id"),
            title=row.required("title"),
            minutes=round(minutes, 2),
            progress=row.scaled("progress", 0, 100),
            occurred_at=row.moment("updated"),
            updated_at=row.moment("updated"),
        )


def with_custom_fields(raw: object) -> object:
    """A row with its ``customFields`` beside the others (``string1`` …); a field of the row itself wins."""
    custom = raw.get("customFields") if isinstance(raw, Mapping) else None
    return {**custom, **raw} if isinstance(raw, Mapping) and isinstance(custom, Mapping) else raw


def minutes_of(row: Row, name: str, unit: str) -> float | None:
    """A length of time: a number in ``unit``, or a clock's ``hh:mm[:ss]``, with days before a full stop.

    Raises:
        FieldError: for anything else, or less than nothing.
    """
    if found := _CLOCK.fullmatch(row.text(name)):
        days, hours, minutes, seconds = (int(g or 0) for g in found.groups())
        return days * 1440 + hours * 60 + minutes + seconds / 60
    number = row.number(name)
    if number is not None and number < 0:
        raise FieldError(row.source_name(name), f"{number:g} is negative")
    return None if number is None else number * _MINUTES[unit]


def _status(row: Row) -> EnrolmentStatus:
    word = row.required("status")
    if word not in _STATUS:
        raise FieldError(row.source_name("status"), f"{word!r} is not a known enrolment status")
    return _STATUS[word]


def _active(row: Row) -> bool:
    """Absorb counts the other way round: 0 is active. A mapped word is read as it stands."""
    word = row.text("active").lower()
    if word.isdigit():
        return word == "0"
    return row.flag("active", True)
