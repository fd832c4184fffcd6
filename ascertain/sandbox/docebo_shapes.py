"""How Docebo prints people, courses, enrolments and external training: field names and string formats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ascertain.sandbox.records import Award, Company, Course, Enrolment, Person

ZERO_DATE = "0000-00-00 00:00:00"

USER_FIELDS: tuple[dict[str, Any], ...] = (
    {"id": 1, "title": "Department", "type": "dropdown", "mandatory": True},
    {"id": 2, "title": "Job profile code", "type": "textfield", "mandatory": False},
    {"id": 3, "title": "Employee number", "type": "textfield", "mandatory": True},
    {"id": 4, "title": "Location", "type": "dropdown", "mandatory": False},
    {"id": 5, "title": "Verified skills", "type": "textfield", "mandatory": False},
)
"""Additional user fields of this tenant; 5 is where skills may be written back."""

COURSE_FIELDS: tuple[dict[str, Any], ...] = (
    {"id": 21, "title": "Prerequisites", "type": "textfield"},
    {"id": 22, "title": "Level", "type": "dropdown"},
    {"id": 23, "title": "Mandatory", "type": "yesno"},
    {"id": 24, "title": "Modality", "type": "dropdown"},
)
"""Additional course fields: prerequisites as course codes joined by commas, mandatory as yes or no."""

_COURSE_TYPES = {"classroom": "classroom", "webinar": "webinar"}
_LANGUAGES = {
    "en": ("english", "English"),
    "de": ("german", "Deutsch"),
    "nl": ("dutch", "Nederlands"),
    "pl": ("polish", "Polski"),
}


def stamp(moment: datetime | None) -> str | None:
    """``YYYY-MM-DD HH:MM:SS`` without a zone."""
    return moment.strftime("%Y-%m-%d %H:%M:%S") if moment else None


@dataclass(frozen=True, slots=True)
class Lines:
    """Who leads whom, counted once per request: by person it would be quadratic in a large company."""

    people: Mapping[str, Person]
    reports: Mapping[str, int]

    @classmethod
    def of(cls, company: Company) -> Lines:
        """The reporting lines of a company."""
        return cls(
            {p.id: p for p in company.people},
            Counter(p.manager_id for p in company.people if p.manager_id is not None),
        )


def user_item(person: Person, lines: Lines, written: dict[str, str]) -> dict[str, Any]:
    """A row of the user list, with the tenant's additional fields as ``field_{id}``."""
    manager = lines.people.get(person.manager_id or "")
    if manager is not None and manager.docebo_id is None:
        manager = None
    reports = lines.reports.get(person.id, 0)
    row: dict[str, Any] = {
        "user_id": str(person.docebo_id),
        "username": person.email.split("@")[0],
        "first_name": person.given,
        "last_name": person.family,
        "fullname": person.name,
        "email": person.email,
        "uuid": f"00000000-0000-4000-8000-{person.docebo_id:012}",
        "is_manager": reports > 0,
        "active_subordinates_count": reports,
        "last_access_date": stamp(person.updated),
        "last_update": stamp(person.updated),
        "creation_date": f"{person.hire_date.isoformat()} 07:00:00",
        "status": "1",
        "expired": False,
        "language": _LANGUAGES[person.language][0],
        "lang_code": person.language,
        "level": "user",
        "timezone": person.time_zone,
        "managers": [{"manager_id": str(manager.docebo_id), "manager_name": manager.name}] if manager else [],
        "field_1": person.department,
        "field_2": person.role,
        "field_3": person.id,
        "field_4": person.location,
        "field_5": "",
    }
    return row | {f"field_{number}": value for number, value in written.items()}


def course_item(course: Course) -> dict[str, Any]:
    """A row of the course list. Micro-learning and projects are e-learning to Docebo; field 24 has the house's word."""
    return {
        "id_course": course.id,
        "name": course.name,
        "uidCourse": f"{course.id:06}-{course.code.lower()}",
        "description": course.description,
        "date_last_updated": stamp(course.updated),
        "create_date": stamp(course.created),
        "course_type": _COURSE_TYPES.get(course.modality, "elearning"),
        "code": course.code,
        "slug_name": course.name.lower().replace(" ", "-"),
        "duration": course.minutes,
        "language": _LANGUAGES[course.language][0],
        "language_label": _LANGUAGES[course.language][1],
        "lang_code": course.language,
        "category": {"id": sum(course.category.encode()), "name": course.category},
        "credits": str(course.credits),
        "start_date": None,
        "end_date": ZERO_DATE,
        "is_new": "0",
        "img_url": "",
        "field_21": ",".join(course.prerequisites),
        "field_22": course.level,
        "field_23": "yes" if course.mandatory else "no",
        "field_24": course.modality,
    }


def enrolment_item(enrolment: Enrolment, course: Course | None, person: Person | None) -> dict[str, Any]:
    """A row of the enrolment list; ``id`` is the course."""
    modality = course.modality if course else ""
    return {
        "id": enrolment.course_id,
        "user_id": None if enrolment.user_id is None else str(enrolment.user_id),
        "username": person.email.split("@")[0] if person else None,
        "code": course.code if course else None,
        "name": course.name if course else None,
        "type": _COURSE_TYPES.get(modality, "elearning"),
        "status": enrolment.status,
        "level": "learner",
        "score": enrolment.score,
        "total_time": enrolment.total_seconds,
        "course_complete_date": ZERO_DATE if enrolment.zero_date else stamp(enrolment.completed),
        "enroll_begin_date": stamp(enrolment.enrolled),
        "enroll_end_date": stamp(enrolment.expires),
        "date_last_updated": stamp(enrolment.updated),
    }


def award_item(award: Award, person: Person | None) -> dict[str, Any]:
    """A row of the external training list: certificates from outside and badges for courses of the house."""
    return {
        "id": award.id,
        "user_id": str(award.user_id),
        "username": person.email.split("@")[0] if person else None,
        "training_type": award.training_type,
        "title": award.title,
        "provider": award.provider,
        "date_from": award.started.isoformat(),
        "date_to": award.ended.isoformat(),
        "score": award.score,
        "status": award.status,
        "course_code": award.course_code,
        "date_last_updated": stamp(award.updated),
    }
