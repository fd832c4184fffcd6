"""Absorb LMS's dialect: one living token, ``_offset`` as a page number, enrolments only by user or by course.

What no public source confirms is this sandbox's own choice and so named here: the error body, an answer 204 to a
write, that a written user loses what the body leaves out (the careful reading of an open question), the lessons' path
and fields, minutes in ``learnerTime``, hours, minutes and seconds in ``timeSpent``, no header beside a 429. Webhooks
exist, but nothing is known of their bodies, so none are sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from ascertain.sandbox.absorb_gate import AbsorbOptions, ApiError, Gate, page_of
from ascertain.sandbox.absorb_shapes import (
    CUSTOM_FIELDS,
    Row,
    course_row,
    department_rows,
    enrolment_row,
    guid,
    lesson_rows,
    user_row,
)
from ascertain.sandbox.dialects import Dialect
from ascertain.sandbox.faults import FaultLayer
from ascertain.sandbox.live import LiveCompany
from ascertain.sandbox.records import Company, Enrolment, Person

__all__ = ["DIALECT", "AbsorbOptions", "create_app"]

_SYSTEM = "absorb"
_COMPUTED = frozenset(("id", "isManager", "dateAdded", "dateEdited"))


def create_app(company: Company | LiveCompany, options: AbsorbOptions | None = None) -> FastAPI:
    """The LMS of ``company``; what a test changes in a LiveCompany is served at once."""
    chosen = options or AbsorbOptions()
    live = company if isinstance(company, LiveCompany) else LiveCompany(company)
    gate = Gate(chosen)
    app = FastAPI(title="Absorb sandbox", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(FaultLayer, plan=chosen.faults)

    @app.exception_handler(ApiError)
    async def refuse(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ApiError)
        return JSONResponse({"message": error.message}, error.status)

    @app.post("/authenticate")
    async def authenticate(request: Request) -> JSONResponse:
        return JSONResponse(gate.issue(request, await _json(request)))

    @app.get("/users")
    async def users(request: Request) -> Row:
        gate.admit(request)
        return _page(request, "users", [_user(live, p) for p in live.current.learners])

    @app.get("/users/{user_id}")
    async def user(request: Request, user_id: str) -> Row:
        gate.admit(request)
        return _user(live, _person(live.current, user_id))

    @app.put("/users/{user_id}")
    async def write(request: Request, user_id: str) -> Response:
        gate.admit(request)
        person = _person(live.current, user_id)
        live.put(_SYSTEM, user_id, _written(await _json(request), user_row(person, live.current)))
        live.change_person(person.id)  # moves dateEdited
        return Response(status_code=204)

    @app.get("/departments")
    async def departments(request: Request) -> Row:
        gate.admit(request)
        return _page(request, "departments", department_rows(live.current))

    @app.get("/departments/{department_id}")
    async def department(request: Request, department_id: str) -> Row:
        gate.admit(request)
        for row in department_rows(live.current):
            if row["id"] == department_id:
                return row
        raise ApiError(404, "Department not found")

    @app.get("/managers/{user_id}")
    async def reports(request: Request, user_id: str) -> Row:
        gate.admit(request)
        person = _person(live.current, user_id)
        return _page(request, "users", [_user(live, p) for p in live.current.learners if p.manager_id == person.id])

    @app.get("/courses")
    async def courses(request: Request) -> Row:
        gate.admit(request)
        return _page(request, "courses", [course_row(c) for c in live.current.courses])

    @app.get("/courses/{course_id}")
    async def course(request: Request, course_id: str) -> Row:
        gate.admit(request)
        for found in live.current.courses:
            if guid("course", found.id) == course_id:
                return course_row(found)
        raise ApiError(404, "Course not found")

    @app.get("/courses/{course_id}/enrollments")
    async def enrollments_of_course(request: Request, course_id: str) -> Row:
        gate.admit(request)
        found = live.current
        if course_id not in {guid("course", c.id) for c in found.courses}:
            raise ApiError(404, "Course not found")
        mine = [e for e in found.enrolments if guid("course", e.course_id) == course_id]
        return _page(request, "enrollments", _enrolments(found, mine))

    @app.get("/users/{user_id}/enrollments")
    async def enrollments_of_user(request: Request, user_id: str) -> Row:
        gate.admit(request)
        found = live.current
        number = _person(found, user_id).docebo_id
        return _page(request, "enrollments", _enrolments(found, [e for e in found.enrolments if e.user_id == number]))

    @app.get("/users/{user_id}/enrollments/{course_id}")
    async def enrollment(request: Request, user_id: str, course_id: str) -> Row:
        gate.admit(request)
        found = live.current
        return _enrolments(found, [_latest(found, user_id, course_id)])[0]

    @app.get("/users/{user_id}/enrollments/{course_id}/lessons")
    async def lessons(request: Request, user_id: str, course_id: str) -> Row:
        gate.admit(request)
        found = live.current
        latest = _latest(found, user_id, course_id)
        rows = [r for c in found.courses if c.id == latest.course_id for r in lesson_rows(latest, c)]
        return _page(request, "lessons", rows)

    return app


async def _json(request: Request) -> Any:
    try:
        return await request.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise ApiError(400, "The body is not JSON") from None


def _page(request: Request, key: str, rows: list[Row]) -> Row:
    return page_of(request, key, rows, list(rows[0]) if rows else ("id", "dateEdited"))


def _person(company: Company, user_id: str) -> Person:
    for person in company.learners:
        if guid("user", person.docebo_id) == user_id:
            return person
    raise ApiError(404, "User not found")


def _user(live: LiveCompany, person: Person) -> Row:
    """The HRIS's view of a person under what was written to the LMS since."""
    row = user_row(person, live.current)
    written: Row = live.kept(_SYSTEM).get(row["id"], {})
    custom = {**row["customFields"], **written.get("customFields", {})}
    return {**row, **written, "customFields": custom}


def _written(body: object, row: Row) -> Row:
    """What a PUT leaves of a user: attributes that are not in the body are emptied."""
    if not isinstance(body, dict) or not body.get("username") or not body.get("departmentId"):
        raise ApiError(400, "username and departmentId are required")
    if strange := set(body) - set(row):
        raise ApiError(400, f"Unknown attribute {min(strange)}")
    custom = body.get("customFields") or {}
    if not isinstance(custom, dict) or set(custom) - set(CUSTOM_FIELDS):
        raise ApiError(400, "Unknown custom field")
    if any(k.startswith("string") and not isinstance(v, str | None) for k, v in custom.items()):
        raise ApiError(400, "A string field takes a string")
    changed = {k: body.get(k) for k, v in row.items() if k not in _COMPUTED | {"customFields"} and body.get(k) != v}
    fields = {k: custom.get(k) for k, v in row["customFields"].items() if custom.get(k) != v}
    return {**changed, "customFields": fields}


def _enrolments(company: Company, rows: Iterable[Enrolment]) -> list[Row]:
    names = {c.id: c.name for c in company.courses}
    newest: dict[tuple[int, int | None], Enrolment] = {}
    for e in company.enrolments:
        key = (e.course_id, e.user_id)
        if key not in newest or e.enrolled >= newest[key].enrolled:
            newest[key] = e
    return [enrolment_row(e, names, latest=newest[e.course_id, e.user_id] == e) for e in rows]


def _latest(company: Company, user_id: str, course_id: str) -> Enrolment:
    mine = [
        e for e in company.enrolments if guid("user", e.user_id) == user_id and guid("course", e.course_id) == course_id
    ]
    if not mine:
        raise ApiError(404, "Enrollment not found")
    return max(mine, key=lambda e: e.enrolled)


def _environment(url: str, options: AbsorbOptions) -> dict[str, str]:
    return {
        "ASCERTAIN_ABSORB_URL": url,
        "ASCERTAIN_ABSORB_USER": options.username,
        "ASCERTAIN_ABSORB_PASSWORD": options.password,
        # The vendor gives one key, sent as x-api-key and in the body of /authenticate.
        "ASCERTAIN_ABSORB_API_KEY": options.private_key,
        "ASCERTAIN_ABSORB_PRIVATE_KEY": options.private_key,
        "ASCERTAIN_ABSORB_WEBHOOK_SECRET": options.webhook_secret,
    }


DIALECT = Dialect(create_app, AbsorbOptions, _environment)
