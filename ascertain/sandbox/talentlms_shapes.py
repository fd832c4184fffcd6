"""How TalentLMS prints users, courses, units and progress, in version 2 and in version 1's strings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from ascertain.sandbox.records import Company, Course, Enrolment, Person

Row = dict[str, Any]

USER_FIELDS: tuple[Row, ...] = (
    {"id": 1, "name": "Department", "type": "dropdown"},
    {"id": 2, "name": "Job profile code", "type": "text"},
    {"id": 3, "name": "Employee number", "type": "text"},
    {"id": 4, "name": "Manager", "type": "text"},
    {"id": 5, "name": "Verified skills", "type": "text"},
    {"id": 6, "name": "National insurance", "type": "text"},
)
"""Custom fields of users: 4 is the manager's e-mail address, 5 may be written back, 6 should not be there at all."""

COURSE_FIELDS: tuple[Row, ...] = (
    {"id": 1, "name": "Level", "type": "dropdown"},
    {"id": 2, "name": "Hours", "type": "text"},
    {"id": 3, "name": "Prerequisites", "type": "text"},
)

_LOCALES = {"en": "en-US", "de": "de-DE", "nl": "nl-NL", "pl": "pl-PL"}
_LANGUAGES = {"en": "English", "de": "Deutsch", "nl": "Nederlands", "pl": "Polski"}
_STATUS = {
    "subscribed": "not_attempted",
    "in_progress": "incomplete",
    "completed": "completed",
    "failed": "failed",
    "expired": "incomplete",
}
_PERCENT = {"completed": 100, "failed": 100, "in_progress": 40}


@dataclass(frozen=True, slots=True)
class Portal:
    """The company as this LMS knows it: people with an account, and of each course the latest attempt only."""

    company: Company
    people: Mapping[int, Person]
    courses: Mapping[int, Course]
    latest: Mapping[tuple[int, int], Enrolment]

    @classmethod
    def of(cls, company: Company) -> Portal:
        """What of a company fits here; enrolments of unknown people or courses cannot exist."""
        people = {p.docebo_id: p for p in company.learners if p.docebo_id is not None}
        courses = {c.id: c for c in company.courses}
        latest: dict[tuple[int, int], Enrolment] = {}
        for e in company.enrolments:
            if e.user_id in people and e.course_id in courses:
                key = (e.user_id, e.course_id)
                if key not in latest or e.enrolled >= latest[key].enrolled:
                    latest[key] = e
        return cls(company, people, courses, latest)

    def manager(self, person: Person) -> str:
        """The manager's e-mail address, empty for who reports to nobody with an account."""
        found = [p for p in self.people.values() if p.id == person.manager_id]
        return found[0].email if found else ""


def iso(moment: datetime | date | None) -> str | None:
    """ISO 8601 with an offset."""
    if moment is None:
        return None
    return _aware(moment).isoformat()


def category_id(name: str) -> int:
    """A number for a category's name."""
    return sum(name.encode()) % 9000 + 1


def branch_rows(company: Company) -> list[Row]:
    """Branches: the locations of the people who have an account."""
    names = sorted({p.location for p in company.learners})
    return [{"id": n, "name": name, "description": "", "is_active": True} for n, name in enumerate(names, start=1)]


def user_row(person: Person) -> Row:
    """A row of version 2's list: no custom fields."""
    return {
        "id": person.docebo_id,
        "login": person.email.split("@")[0],
        "name": person.given,
        "surname": person.family,
        "email": person.email,
        "avatar": {},
        "timezone": person.time_zone,
        "language": _LANGUAGES[person.language],
        "type": "Learner-Type",
        "registration": iso(person.hire_date),
        "last_login": iso(person.updated),
        "status": "active",
        "last_updated": iso(person.updated),
        "integration_user_id": None,
    }


def custom_values(person: Person, portal: Portal, written: Mapping[int, str]) -> dict[int, str]:
    """Values of the custom fields by id; what was written through the API stands above the rest."""
    own = {
        1: person.department,
        2: person.role,
        3: person.id,
        4: portal.manager(person),
        5: "",
        6: person.national_id,
    }
    return own | dict(written)


def user_detail(person: Person, values: Mapping[int, str]) -> Row:
    """A single user in version 2."""
    row = user_row(person)
    kept = ("id", "login", "name", "surname", "email", "timezone", "status", "last_updated")
    return {
        **{k: row[k] for k in kept},
        "credits": 0,
        "description": {"html": "", "text": ""},
        "avatar": None,
        "custom_fields": [{**f, "value": values[f["id"]] or None} for f in USER_FIELDS],
        "email_notifications": True,
        "locale": _LOCALES[person.language],
        "user_type": {"id": 2, "name": "Learner-Type", "is_default": True},
        "deactivation_date": None,
        "available_types": [],
    }


def units(course: Course) -> list[Row]:
    """Every course has content and, where it is scored, a test; their ids follow from the course's."""
    content = {"id": course.id * 10 + 1, "type": "Unit", "name": course.name}
    if course.modality in ("webinar", "classroom"):
        return [content]
    return [content, {"id": course.id * 10 + 2, "type": "Test", "name": f"{course.name}: final test"}]


def course_row(course: Course) -> Row:
    """A course in version 2; the description is HTML."""
    return {
        "id": course.id,
        "name": course.name,
        "code": course.code,
        "category_id": category_id(course.category),
        "description": course.description,
        "price": None,
        "level": None,
        "time_limit": None,
        "start_datetime": None,
        "expiration_datetime": None,
        "is_active": True,
        "creation_date": iso(course.created),
        "last_update_on": iso(course.updated),
        "custom_fields": [{**f, "value": v} for f, v in zip(COURSE_FIELDS, _course_values(course), strict=True)],
    }


def progress(enrolment: Enrolment) -> Row:
    """How somebody stands in a course, in version 2."""
    return {
        "user_id": enrolment.user_id,
        "course_id": enrolment.course_id,
        "role": "learner",
        "enrolled_on": iso(enrolment.enrolled),
        "completion_status": _STATUS[enrolment.status],
        "completion_percentage": _PERCENT.get(enrolment.status, 0),
        "score": enrolment.score,
        "completed_on": None if enrolment.zero_date else iso(enrolment.completed),
        "expired_on": iso(enrolment.expires),
        "total_time_seconds": enrolment.total_seconds,
    }


def unit_progress(enrolment: Enrolment, unit: Row) -> Row:
    """How somebody stands in a unit, in version 2; only tests have a score."""
    test = unit["type"] == "Test"
    over = enrolment.status in ("completed", "failed")
    return {
        "user_id": enrolment.user_id,
        "unit_id": unit["id"],
        "unit_name": unit["name"],
        "unit_type": unit["type"],
        "status": _STATUS[enrolment.status] if test or not over else "completed",
        "score": enrolment.score if test else None,
        "completed_on": iso(enrolment.updated) if over else None,
    }


def v1_user(person: Person, values: Mapping[int, str]) -> Row:
    """A user in version 1: everything a string, times for display with a Unix twin, fields by number."""
    return {
        "id": str(person.docebo_id),
        "login": person.email.split("@")[0],
        "first_name": person.given,
        "last_name": person.family,
        "email": person.email,
        "user_type": "Learner-Type",
        "timezone": person.time_zone,
        "language": _LANGUAGES[person.language],
        "status": "active",
        **_twins("deactivation_date", None),
        **_twins("created_on", person.hire_date),
        **_twins("last_updated", person.updated),
        **{f"custom_field_{k}": v for k, v in values.items()},
    }


def v1_course(course: Course) -> Row:
    """A course in version 1."""
    return {
        "id": str(course.id),
        "name": course.name,
        "code": course.code,
        "category_id": str(category_id(course.category)),
        "description": course.description,
        "status": "active",
        **_twins("creation_date", course.created),
        **_twins("last_update_on", course.updated),
        **{f"custom_field_{f['id']}": v for f, v in zip(COURSE_FIELDS, _course_values(course), strict=True)},
    }


def v1_enrolment(enrolment: Enrolment) -> Row:
    """How somebody stands in a course, in version 1; no score there."""
    status = _STATUS[enrolment.status]
    seconds = enrolment.total_seconds
    return {
        "role": "learner",
        **_twins("enrolled_on", enrolment.enrolled),
        "completion_status": status,
        "completion_status_formatted": status.replace("_", " ").capitalize(),
        "completion_percentage": str(_PERCENT.get(enrolment.status, 0)),
        **_twins("completed_on", None if enrolment.zero_date else enrolment.completed),
        **_twins("expired_on", enrolment.expires),
        "total_time": f"{seconds // 3600}h {seconds // 60 % 60}m {seconds % 60}s",
        "total_time_seconds": str(seconds),
    }


def _course_values(course: Course) -> tuple[str, str, str]:
    return course.level, f"{course.minutes / 60:g}", ",".join(course.prerequisites)


def _twins(name: str, moment: datetime | date | None) -> Row:
    if moment is None:
        return {name: "", f"{name}_timestamp": ""}
    aware = _aware(moment)
    return {name: aware.strftime("%d/%m/%Y, %H:%M:%S"), f"{name}_timestamp": str(int(aware.timestamp()))}


def _aware(moment: datetime | date) -> datetime:
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    return moment.replace(tzinfo=UTC)
