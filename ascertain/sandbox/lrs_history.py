"""The company's enrolments as a learning record store saw them happen: one statement each, later ones for changes.

Most people are named by their address; some by the number that the HRIS gave them, some by a digest of the address,
because stores of different origins do so.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from ascertain.sandbox.records import Company, Course, Enrolment, Person

Json = dict[str, Any]
HOME_PAGE = "https://hr.fjordlane.example"
ACTIVITIES = "https://learn.fjordlane.example/course/"
_SPACE = UUID("6f0f52a7-5b0d-4c5b-9f0e-0f4f7d5b9a10")
_VERBS = "http://adlnet.gov/expapi/verbs/"
_PASS_MARK = 60
_BY_NUMBER, _BY_DIGEST = 5, 11


def statements(company: Company) -> list[tuple[datetime, Json]]:
    """When each was stored, and the statement; oldest first."""
    people = {p.docebo_id: p for p in company.learners}
    courses = {c.id: c for c in company.courses}
    found = []
    for enrolment in company.enrolments:
        person, course = people.get(enrolment.user_id), courses.get(enrolment.course_id)
        if person is not None and course is not None and (made := statement(enrolment, person, course)):
            found.append((enrolment.updated.replace(tzinfo=UTC), made))
    return sorted(found, key=lambda pair: (pair[0], pair[1]["id"]))


def statement(enrolment: Enrolment, person: Person, course: Course) -> Json | None:
    """What a player would have sent; ``None`` where nothing happened that one sees."""
    verb = _verb(enrolment)
    if not verb:
        return None
    when = (enrolment.completed or enrolment.updated).replace(tzinfo=UTC)
    made: Json = {
        "id": str(uuid5(_SPACE, _key(enrolment))),
        "actor": actor(person),
        "verb": {"id": _VERBS + verb, "display": {"en": verb}},
        "object": {
            "objectType": "Activity",
            "id": activity(course),
            "definition": {
                "name": {course.language: course.name},
                "description": {course.language: course.description},
                "type": "http://adlnet.gov/expapi/activities/course",
            },
        },
        "context": {"language": course.language, "platform": "Fjordlane Academy"},
        "timestamp": when.isoformat().replace("+00:00", "Z"),
    }
    if result := _result(enrolment, verb):
        made["result"] = result
    return made


def voiding(enrolment: Enrolment, person: Person) -> Json:
    """Takes back the statement of an enrolment that was deleted."""
    return {
        "actor": actor(person),
        "verb": {"id": _VERBS + "voided", "display": {"en": "voided"}},
        "object": {"objectType": "StatementRef", "id": str(uuid5(_SPACE, _key(enrolment)))},
    }


def actor(person: Person) -> Json:
    """How statements name somebody, always in the same way."""
    number = person.docebo_id or 0
    if number % _BY_DIGEST == 0:
        digest = hashlib.sha1(f"mailto:{person.email}".encode(), usedforsecurity=False).hexdigest()
        return {"objectType": "Agent", "mbox_sha1sum": digest}
    if number % _BY_NUMBER == 0:
        return {"objectType": "Agent", "account": {"homePage": HOME_PAGE, "name": person.id}}
    return {"objectType": "Agent", "name": person.name, "mbox": f"mailto:{person.email}"}


def activity(course: Course) -> str:
    """The id of a course as an activity."""
    return f"{ACTIVITIES}{course.code}"


def _key(enrolment: Enrolment) -> str:
    parts = (enrolment.course_id, enrolment.user_id, enrolment.attempt, enrolment.enrolled, enrolment.status)
    return ":".join(map(str, (*parts, enrolment.score, enrolment.updated)))


def _verb(enrolment: Enrolment) -> str:
    match enrolment.status:
        case "completed":
            return "completed"
        case "failed":
            return "failed"
        case "in_progress":
            return "progressed"
        case "subscribed":
            return "registered"
    return ""


def _result(enrolment: Enrolment, verb: str) -> Json:
    if verb not in ("completed", "failed"):
        return {}
    result: Json = {"completion": verb == "completed"}
    if isinstance(enrolment.score, int | float) and 0 <= enrolment.score <= 100:
        result["score"] = {"scaled": enrolment.score / 100, "raw": enrolment.score, "min": 0, "max": 100}
        result["success"] = verb == "completed" and enrolment.score >= _PASS_MARK
    elif verb == "failed":
        result["success"] = False
    if enrolment.total_seconds > 0:
        result["duration"] = f"PT{enrolment.total_seconds}S"
    return result
