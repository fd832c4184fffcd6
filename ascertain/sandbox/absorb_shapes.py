"""How Absorb prints users, departments, courses, enrolments and lessons: GUIDs, camel case, numbered states."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from ascertain.sandbox.records import Company, Course, Enrolment, Person

Row = dict[str, Any]
STATUS = {"subscribed": 0, "in_progress": 1, "completed": 3, "expired": 4, "failed": 5}
"""Enrolment states; the others (declined, waitlist …) do not occur in this company."""

CUSTOM_FIELDS = (
    *(f"decimal{n}" for n in range(1, 6)),
    *(f"string{n}" for n in range(1, 31)),
    *(f"datetime{n}" for n in range(1, 6)),
    *(f"bool{n}" for n in range(1, 6)),
)
"""Places that every portal has; what they mean is the customer's. Here: string1 job profile code, string2 location,
string3 where verified skills may go, string9 a national id that somebody once put there."""

_LANGUAGES = {"en": 1, "de": 5, "nl": 8, "pl": 15}


@lru_cache(maxsize=200_000)
def guid(kind: str, key: object) -> str:
    """The same GUID for the same thing, always."""
    return str(uuid5(NAMESPACE_URL, f"absorb:{kind}:{key}"))


def stamp(moment: datetime | date | None) -> str | None:
    """ISO 8601 in UTC."""
    if moment is None:
        return None
    return f"{moment.isoformat()}Z" if isinstance(moment, datetime) else f"{moment.isoformat()}T00:00:00Z"


def user_row(person: Person, company: Company) -> Row:
    """A user with all custom fields. Who supervises is a reference to another user."""
    people = {p.id: p for p in company.people}
    boss = people.get(person.manager_id or "")
    custom: Row = dict.fromkeys(CUSTOM_FIELDS)
    custom |= {"string1": person.role, "string2": person.location, "string9": person.national_id}
    return {
        "id": guid("user", person.docebo_id),
        "departmentId": guid("department", person.department),
        "firstName": person.given,
        "middleName": None,
        "lastName": person.family,
        "username": person.email.split("@")[0],
        "emailAddress": person.email,
        "externalId": None,
        "employeeNumber": person.id,
        "jobTitle": person.title,
        "supervisorId": guid("user", boss.docebo_id) if boss and boss.docebo_id else None,
        "isManager": person.id in company.manager_ids,
        "languageId": _LANGUAGES[person.language],
        "location": person.location,
        "dateHired": stamp(person.hire_date),
        "activeStatus": 0,
        "dateAdded": stamp(person.hire_date),
        "dateEdited": stamp(person.updated),
        "customFields": custom,
    }


def department_rows(company: Company) -> list[Row]:
    """One level of departments below the company itself."""
    top = guid("department", "")
    names = sorted({p.department for p in company.people})
    root: Row = {"id": top, "parentId": None, "name": company.name, "externalId": None}
    return [root, *({"id": guid("department", n), "parentId": top, "name": n, "externalId": None} for n in names)]


def course_row(course: Course) -> Row:
    """A course; the description is HTML, ``learnerTime`` is in minutes (the sandbox's choice)."""
    kinds = {"classroom": "InstructorLedCourse", "webinar": "InstructorLedCourse"}
    return {
        "id": guid("course", course.id),
        "courseType": kinds.get(course.modality, "OnlineCourse"),
        "name": course.name,
        "description": course.description,
        "notes": None,
        "externalId": course.code,
        "accessDate": None,
        "expireType": 0,
        "activeStatus": 0,
        "tagIds": [],
        "resourceIds": [],
        "competencyDefinitionIds": [],
        "categoryId": guid("category", course.category),
        "vendor": None,
        "learnerTime": course.minutes,
        "companyTime": course.minutes,
        "goals": None,
        "audience": course.level,
        "dateAdded": stamp(course.created),
        "dateEdited": stamp(course.updated),
    }


def enrolment_row(enrolment: Enrolment, names: Mapping[int, str], *, latest: bool) -> Row:
    """One attempt. Only the latest is active; scores are 0 to 100, progress too."""
    opened = enrolment.status == "subscribed"
    done = "0001-01-01T00:00:00Z" if enrolment.zero_date else stamp(enrolment.completed)
    return {
        "id": guid("enrolment", f"{enrolment.course_id}:{enrolment.user_id}:{enrolment.enrolled}:{enrolment.attempt}"),
        "courseId": guid("course", enrolment.course_id),
        "courseName": names.get(enrolment.course_id),
        "userId": None if enrolment.user_id is None else guid("user", enrolment.user_id),
        "progress": {"completed": 100, "failed": 100, "in_progress": 40}.get(enrolment.status, 0),
        "score": enrolment.score,
        "status": STATUS[enrolment.status],
        "dateStarted": None if opened else stamp(enrolment.enrolled),
        "dateCompleted": done,
        "dateDue": None,
        "dateExpires": stamp(enrolment.expires),
        "dateAdded": stamp(enrolment.enrolled),
        "dateEdited": stamp(enrolment.updated),
        "timeSpent": f"{enrolment.total_seconds // 3600:02}:{enrolment.total_seconds // 60 % 60:02}:00",
        "credits": None,
        "isActive": latest,
        "certificateId": None,
        "avatar": None,
    }


def lesson_rows(enrolment: Enrolment, course: Course) -> list[Row]:
    """The course's lessons as the learner left them: the content and, where there was a score, the test."""
    status = STATUS[enrolment.status]
    kept = {
        "enrollmentId": enrolment_row(enrolment, {}, latest=True)["id"],
        "courseId": guid("course", course.id),
        "userId": guid("user", enrolment.user_id),
        "dateStarted": None if status == 0 else stamp(enrolment.enrolled),
        "dateEdited": stamp(enrolment.updated),
    }
    content = {
        "id": guid("lesson-enrolment", f"{kept['enrollmentId']}:content"),
        "lessonId": guid("lesson", f"{course.id}:content"),
        "name": course.name,
        "type": "Object",
        "status": 3 if status in (3, 5) else status,
        "progress": 100 if status in (3, 5) else 0,
        "score": None,
        "attempts": 1,
        "dateCompleted": stamp(enrolment.updated) if status in (3, 5) else None,
    }
    if enrolment.score is None:
        return [kept | content]
    test = {
        "id": guid("lesson-enrolment", f"{kept['enrollmentId']}:test"),
        "lessonId": guid("lesson", f"{course.id}:test"),
        "name": f"{course.name}: final test",
        "type": "Test",
        "status": status,
        "progress": 100,
        "score": enrolment.score,
        "attempts": enrolment.attempt,
        "dateCompleted": stamp(enrolment.updated),
    }
    return [kept | content, kept | test]
