"""Version 1 of TalentLMS's API: arguments in the path, no paging, strings throughout."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request

from ascertain.sandbox.live import LiveCompany
from ascertain.sandbox.records import Enrolment, Person
from ascertain.sandbox.talentlms_gate import ApiError, Gate, number
from ascertain.sandbox.talentlms_shapes import Portal, Row, units, v1_course, v1_enrolment, v1_user

Values = Callable[[Person, Portal], dict[int, str]]
Write = Callable[[int, dict[str, Any]], None]


def router(live: LiveCompany, gate: Gate, values: Values, write: Write) -> APIRouter:
    """The routes below ``/api/v1``. ``values`` gives a person's custom fields, ``write`` keeps new ones."""
    found = APIRouter(prefix="/api/v1")

    @found.get("/users")
    async def users(request: Request) -> list[Row]:
        gate.admit_v1(request)
        portal = Portal.of(live.current)
        return [v1_user(p, values(p, portal)) for p in portal.people.values()]

    @found.get("/users/{arguments}")
    async def user(request: Request, arguments: str) -> Row:
        gate.admit_v1(request)
        portal = Portal.of(live.current)
        person = _person(portal, _arguments(arguments))
        mine = [e for (who, _), e in portal.latest.items() if who == person.docebo_id]
        listed = [
            {
                "id": str(e.course_id),
                "name": portal.courses[e.course_id].name,
                **v1_enrolment(e),
                "last_accessed_unit_url": "",
            }
            for e in mine
        ]
        return {**v1_user(person, values(person, portal)), "courses": listed, "branches": [], "groups": []}

    @found.get("/courses")
    async def courses(request: Request) -> list[Row]:
        gate.admit_v1(request)
        return [v1_course(c) for c in live.current.courses]

    @found.get("/courses/{arguments}")
    async def course(request: Request, arguments: str) -> Row:
        gate.admit_v1(request)
        portal = Portal.of(live.current)
        wanted = portal.courses.get(number(_arguments(arguments).get("id"), "id"))
        if wanted is None:
            raise ApiError(404, "The requested course does not exist")
        learners = [
            {"id": str(who), "name": portal.people[who].name, **v1_enrolment(e)}
            for (who, what), e in portal.latest.items()
            if what == wanted.id
        ]
        return {**v1_course(wanted), "users": learners, "units": [_strings(u) for u in units(wanted)]}

    @found.get("/getuserstatusincourse/{arguments}")
    async def status(request: Request, arguments: str) -> Row:
        gate.admit_v1(request)
        asked = _arguments(arguments)
        portal = Portal.of(live.current)
        return v1_enrolment(_enrolment(portal, number(asked.get("course_id"), "course_id"), asked))

    @found.get("/gettestanswers/{arguments}")
    async def answers(request: Request, arguments: str) -> Row:
        gate.admit_v1(request)
        asked = _arguments(arguments)
        test = number(asked.get("test_id"), "test_id")
        portal = Portal.of(live.current)
        enrolment = _enrolment(portal, test // 10, asked)
        if enrolment.score is None or test not in {u["id"] for u in units(portal.courses[test // 10])}:
            raise ApiError(404, "The requested test answers do not exist")
        name = f"{portal.courses[test // 10].name}: final test"
        row = v1_enrolment(enrolment)
        return {
            "test_id": str(test),
            "test_name": name,
            "user_id": str(enrolment.user_id),
            "score": str(enrolment.score),
            "completion_status": row["completion_status"],
            "completed_on": row["completed_on"],
            "completed_on_timestamp": row["completed_on_timestamp"],
            "total_time": row["total_time"],
            "questions": [],
        }

    @found.post("/edituser")
    async def edit(request: Request) -> Row:
        gate.admit_v1(request)
        form = {k: str(v) for k, v in (await request.form()).items()}
        portal = Portal.of(live.current)
        person = _person(portal, {"id": form.pop("user_id", "")})
        write(person.docebo_id or 0, form)
        return v1_user(person, values(person, portal))

    @found.get("/ratelimit")
    async def ratelimit(request: Request) -> Row:
        gate.admit_v1(request)
        limit, remaining, seconds = gate.rate()
        at = datetime.now(UTC) + timedelta(seconds=seconds)
        return {
            "limit": "" if limit is None else str(limit),
            "remaining": str(remaining),
            "reset": str(int(at.timestamp())),
            "formatted_reset": at.strftime("%d/%m/%Y, %H:%M:%S"),
        }

    return found


def _arguments(text: str) -> dict[str, str]:
    """``course_id:5,user_id:1`` as a mapping."""
    pairs = [p.partition(":") for p in text.split(",")]
    if any(not colon or not value for _, colon, value in pairs):
        raise ApiError(400, "Arguments are written name:value")
    return {name: value for name, _, value in pairs}


def _person(portal: Portal, asked: dict[str, str]) -> Person:
    for person in portal.people.values():
        if asked.get("email", "").lower() == person.email or asked.get("id") == str(person.docebo_id):
            return person
    raise ApiError(404, "The requested user does not exist")


def _enrolment(portal: Portal, course: int, asked: dict[str, str]) -> Enrolment:
    found = portal.latest.get((number(asked.get("user_id"), "user_id"), course))
    if found is None:
        raise ApiError(404, "The requested user is not enrolled to the requested course")
    return found


def _strings(row: Row) -> Row:
    return {k: str(v) for k, v in row.items()}
