"""Moodle's rows as records: which fields are read by default, and what their numbers mean."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ascertain.connectors.connection import Connection
from ascertain.connectors.moodle_options import MoodleOptions
from ascertain.connectors.parsing import FieldError, FieldMap, Row
from ascertain.domain.records import (
    AssessmentRecord,
    CourseRecord,
    EngagementRecord,
    EnrolmentRecord,
    EnrolmentStatus,
    Entity,
    SourceRef,
    UserRecord,
    WorkerRecord,
)
from ascertain.domain.scales import level_of

CUSTOM = "customfield_"
_USER: FieldMap = {
    "id": "id",
    "username": "username",
    "name": "fullname",
    "first_name": "firstname",
    "last_name": "lastname",
    "email": "email",
    "department": "department",
    "employee_id": "idnumber",
    "language": "lang",
    "suspended": "suspended",
    "confirmed": "confirmed",
    # No native columns: a custom profile field of the site, customfield_<short name>.
    "job_code": "",
}
_RESULT: FieldMap = {
    "id": "id",
    "title": "itemname",
    "grade": "graderaw",
    "low": "grademin",
    "high": "grademax",
    "taken": "gradedategraded",
}
DEFAULT_FIELDS: Mapping[Entity, FieldMap] = {
    Entity.USER: _USER,
    # The same people as an HRIS would hand them over (option workers).
    Entity.WORKER: {**_USER, "manager": "", "job_title": "", "location": "city", "timezone": "timezone", "hired": ""},
    Entity.COURSE: {
        "id": "id",
        "code": "shortname",
        "title": "fullname",
        "description": "summary",
        "language": "lang",
        "format": "format",
        "visible": "visible",
        "updated": "timemodified",
        "level": "",
        "duration": "",
        "mandatory": "",
    },
    Entity.ENROLMENT: {"user_id": "id"},
    Entity.ASSESSMENT: _RESULT,
    Entity.ENGAGEMENT: {"id": "cmid", "kind": "modname", "state": "state", "completed": "timecompleted"},
}
"""Product field → Moodle's. What stands here may be read, and nothing else; empty means not mapped."""

_UNTITLED = {"book": "Book", "page": "Page", "resource": "File", "url": "Link", "folder": "Folder", "lesson": "Lesson"}
_DONE = frozenset((1, 2))


class MoodleRows:
    """Parses the rows of one connection."""

    def __init__(self, connection: Connection, options: MoodleOptions) -> None:
        self._connection = connection
        self._name = connection.name
        self._options = options
        self.fields = {e: connection.field_map(e, d) for e, d in DEFAULT_FIELDS.items()}
        self._certification = re.compile(options.certification)

    def ref(self, entity: Entity, ident: str) -> SourceRef:
        """A reference of this connection."""
        return SourceRef(self._name, entity, ident)

    def identify(self, entity: Entity, row: Row) -> SourceRef:
        """Users and courses go by their id, workers by their employee number."""
        return self.ref(entity, row.required("employee_id" if entity is Entity.WORKER else "id"))

    def user(self, row: Row, ref: SourceRef) -> UserRecord | None:
        """An account; the site's guest is none."""
        if row.text("username") == "guest":
            return None
        code = row.text("job_code")
        return UserRecord(
            ref=ref,
            email=row.required("email"),
            name=_name(row),
            language=_language(row),
            active=_active(row),
            department=row.text("department"),
            job_code=code,
            job_profile_id=self._connection.job_profile(code),
            employee_id=row.text("employee_id"),
        )

    def worker(self, row: Row, ref: SourceRef) -> WorkerRecord | None:
        """An account as an HRIS would describe the person."""
        if row.text("username") == "guest":
            return None
        code = row.text("job_code")
        zone = row.text("timezone")
        return WorkerRecord(
            ref=ref,
            employee_id=ref.id,
            email=row.required("email"),
            name=_name(row),
            job_title=row.text("job_title"),
            job_code=code,
            job_profile_id=self._connection.job_profile(code),
            department=row.text("department"),
            manager_employee_id=row.text("manager") or None,
            hired_at=unix(row, "hired"),
            location=row.text("location"),
            # 99 is the site's own zone.
            timezone=zone if zone and zone != "99" else self._connection.zone.key,
            active=_active(row),
        )

    def course(self, row: Row, ref: SourceRef) -> CourseRecord | None:
        """A course; the site's front page is none."""
        if row.text("format") == "site":
            return None
        length = row.number("duration")
        return CourseRecord(
            ref=ref,
            code=row.text("code"),
            title=row.required("title"),
            description=row.prose("description"),
            level=level_of(row.text("level")),
            hours=None if length is None else length / (60 if self._options.duration_unit == "minutes" else 1),
            language=_language(row),
            mandatory=row.flag("mandatory"),
            active=row.flag("visible", default=True),
            updated_at=unix(row, "updated"),
        )

    def enrolment(
        self, course: str, user: str, title: str, status: Mapping[str, Any], total: Row | None
    ) -> EnrolmentRecord:
        """A membership with its completion and the course's own grade."""
        state, at = completion(status)
        score = _share(total) if total is not None else None
        return EnrolmentRecord(
            ref=self.ref(Entity.ENROLMENT, f"{course}-{user}"),
            user_id=user,
            course_id=course,
            status=state,
            score=score,
            completed_at=at,
            is_assessment=score is not None,
            is_certification=bool(self._certification.search(title)),
        )

    def assessment(self, course: str, user: str, row: Row, ref: SourceRef) -> AssessmentRecord | None:
        """The grade of one activity; ``None`` while it has none."""
        score = _share(row)
        if score is None:
            return None
        return AssessmentRecord(
            ref=ref,
            user_id=user,
            title=row.required("title"),
            course_id=course,
            score=score,
            taken_at=unix(row, "taken"),
        )

    def engagement(
        self, course: str, user: str, row: Row, ref: SourceRef, names: Mapping[str, str]
    ) -> EngagementRecord | None:
        """An activity that was finished without a grade; ``None`` for one that was not, or that has one."""
        kind = row.text("kind")
        if row.number("state") != 1 or kind in self._options.test_modules:
            return None
        return EngagementRecord(
            ref=ref,
            user_id=user,
            title=names.get(row.text("id")) or _UNTITLED.get(kind, kind.capitalize() or "Activity"),
            verb="finished",
            course_id=course,
            occurred_at=unix(row, "completed"),
        )


def flattened(raw: object) -> object:
    """A user or a course with custom fields as fields of their own: ``customfield_<short name>``."""
    if not isinstance(raw, Mapping):
        return raw
    own = {f"{CUSTOM}{f['shortname']}": f.get("value") for f in _custom(raw)}
    return {**own, **{k: v for k, v in raw.items() if k != "customfields"}}


def custom_fields(rows: Sequence[object]) -> dict[str, str]:
    """Captions of the custom fields of users or courses, by the name under which a field map finds them."""
    return {
        f"{CUSTOM}{f['shortname']}": str(f.get("name") or "")
        for raw in rows
        if isinstance(raw, Mapping)
        for f in _custom(raw)
    }


def _custom(raw: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = raw.get("customfields")
    rows = [f for f in (found if isinstance(found, list) else []) if isinstance(f, Mapping)]
    return [f for f in rows if isinstance(f.get("shortname"), str)]


def completion(status: Mapping[str, Any]) -> tuple[EnrolmentStatus, datetime | None]:
    """What ``completionstatus`` says, and when the last thing that was asked for was done."""
    rows = status.get("completions")
    met = [c for c in (rows if isinstance(rows, list) else []) if isinstance(c, Mapping) and c.get("complete") is True]
    if status.get("completed") is not True:
        return (EnrolmentStatus.IN_PROGRESS if met else EnrolmentStatus.ENROLLED), None
    times = [int(t) for c in met if isinstance(t := c.get("timecompleted"), int) and not isinstance(t, bool) and t > 0]
    try:
        return EnrolmentStatus.COMPLETED, datetime.fromtimestamp(max(times), UTC) if times else None
    except (OverflowError, OSError, ValueError):
        raise FieldError("timecompleted", "is not a Unix time") from None


def unix(row: Row, name: str) -> datetime | None:
    """Unix seconds as UTC; 0 is none."""
    seconds = row.number(name)
    if not seconds:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        raise FieldError(row.source_name(name), f"{seconds:g} is not a Unix time") from None


def graded(raw: object, kinds: Sequence[str]) -> list[Mapping[str, Any]]:
    """The grade items of one user that are of these kinds: ``course`` for the total, or names of modules."""
    items = raw.get("gradeitems") if isinstance(raw, Mapping) else None
    rows = [i for i in (items if isinstance(items, list) else []) if isinstance(i, Mapping)]
    return [
        i for i in rows if i.get("itemtype") in kinds or (i.get("itemtype") == "mod" and i.get("itemmodule") in kinds)
    ]


def _share(row: Row) -> float | None:
    low, high = row.number("low") or 0.0, row.number("high")
    if high is None or high <= low:
        return None
    return row.scaled("grade", low, high)


def _name(row: Row) -> str:
    return row.text("name") or row.full_name() or row.required("name")


def _language(row: Row) -> str:
    return row.text("language")[:2].lower() or "en"


def _active(row: Row) -> bool:
    return not row.flag("suspended") and row.flag("confirmed", default=True)
