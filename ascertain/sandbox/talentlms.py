"""TalentLMS's dialect: version 2 with a dated version header, and version 1 (``talentlms_v1``) for what it lacks.

The vendor's reference names the paths, the envelope, users and the error body. What it leaves open is this sandbox's
own choice and so named here: the fields of courses, ``/course-progress``, ``/unit-progress``, ``/results`` and
``/timeline`` (version 1's names where it has any), the answers of the batch and of tasks. One attempt at a course is
all that this LMS remembers; there are no webhooks.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.middleware.base import RequestResponseEndpoint

from ascertain.sandbox.dialects import Dialect
from ascertain.sandbox.faults import FaultLayer
from ascertain.sandbox.live import LiveCompany
from ascertain.sandbox.records import Company, Enrolment, Person
from ascertain.sandbox.talentlms_gate import ApiError, Gate, TalentLmsOptions, listed, number
from ascertain.sandbox.talentlms_shapes import (
    COURSE_FIELDS,
    USER_FIELDS,
    Portal,
    Row,
    branch_rows,
    category_id,
    course_row,
    custom_values,
    iso,
    progress,
    unit_progress,
    units,
    user_detail,
    user_row,
)
from ascertain.sandbox.talentlms_v1 import router

__all__ = ["DIALECT", "TalentLmsOptions", "create_app"]

_SYSTEM = "talentlms"
_BATCH = 100
_EQUAL = {"status": "status", "login": "login", "email": "email"}
_FILTERS = frozenset(
    (
        *(f"filter[{n}][eq]" for n in _EQUAL),
        "filter[keyword][like]",
        "filter[last_updated][gte]",
        "filter[last_updated][lte]",
        "filter[custom_field_value][eq]",
        "filter[branch_id][eq]",
        "filter[group_id][eq]",
        "filter[integration][eq]",
    )
)
_WRITABLE = frozenset(("id", "login", "name", "surname", "email", "status"))


def create_app(company: Company | LiveCompany, options: TalentLmsOptions | None = None) -> FastAPI:
    """The LMS of ``company``; what a test changes in a LiveCompany is served at once."""
    chosen = options or TalentLmsOptions()
    live = company if isinstance(company, LiveCompany) else LiveCompany(company)
    gate = Gate(chosen)
    tasks: dict[str, Row] = {}
    app = FastAPI(title="TalentLMS sandbox", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(FaultLayer, plan=chosen.faults)

    @app.middleware("http")
    async def with_limits(request: Request, call_next: RequestResponseEndpoint) -> Response:
        response = await call_next(request)
        response.headers.update(gate.limits())
        return response

    @app.exception_handler(ApiError)
    async def refuse(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ApiError)
        return JSONResponse(error.body, error.status, headers=error.headers)

    def values(person: Person, portal: Portal) -> dict[int, str]:
        return custom_values(person, portal, live.kept(_SYSTEM).get(str(person.docebo_id), {}))

    def write(user_id: int, sent: Mapping[str, Any]) -> None:
        fields = {k: v for k, v in sent.items() if k.startswith("custom_field_")}
        known = {f"custom_field_{f['id']}": f["id"] for f in USER_FIELDS}
        if strange := (set(sent) - set(fields) - _WRITABLE) | (set(fields) - set(known)):
            raise ApiError(400, f"Unknown attribute {min(strange)}")
        if user_id not in (portal := Portal.of(live.current)).people:
            raise ApiError(404, "The requested user does not exist")
        kept = live.kept(_SYSTEM).get(str(user_id), {})
        live.put(_SYSTEM, str(user_id), kept | {known[k]: "" if v is None else str(v) for k, v in fields.items()})
        live.change_person(portal.people[user_id].id)  # moves last_updated

    app.include_router(router(live, gate, values, write))

    @app.get("/api/v2/users")
    async def users(request: Request) -> Row:
        gate.admit_v2(request)
        portal = Portal.of(live.current)
        rows = [user_row(p) for p in _in_branch(request, portal) if _wanted(request, user_row(p), values(p, portal))]
        return listed(request, rows, _FILTERS)

    @app.get("/api/v2/users/{user_id}")
    async def user(request: Request, user_id: str) -> Row:
        gate.admit_v2(request)
        portal = Portal.of(live.current)
        person = _person(portal, user_id)
        return {"_data": user_detail(person, values(person, portal))}

    @app.get("/api/v2/users/{user_id}/courses")
    async def courses_of_user(request: Request, user_id: str) -> Row:
        gate.admit_v2(request)
        portal = Portal.of(live.current)
        person = _person(portal, user_id)
        mine = [course for who, course in portal.latest if who == person.docebo_id]
        return {"_data": {"courses": [{"id": c, "name": portal.courses[c].name} for c in mine]}}

    @app.get("/api/v2/branches")
    async def branches(request: Request) -> Row:
        gate.admit_v2(request)
        return listed(request, branch_rows(live.current))

    @app.get("/api/v2/users/{user_id}/branches")
    async def branches_of_user(request: Request, user_id: str) -> Row:
        gate.admit_v2(request)
        person = _person(Portal.of(live.current), user_id)
        mine = [b for b in branch_rows(live.current) if b["name"] == person.location]
        return {"_data": {"branches": [{"id": b["id"], "name": b["name"]} for b in mine]}}

    @app.get("/api/v2/user-fields")
    async def user_fields(request: Request) -> Row:
        gate.admit_v2(request)
        return {"_data": [dict(f) for f in USER_FIELDS]}

    @app.get("/api/v2/courses")
    async def courses(request: Request) -> Row:
        gate.admit_v2(request)
        return listed(request, [course_row(c) for c in live.current.courses])

    @app.get("/api/v2/courses/{course_id}")
    async def course(request: Request, course_id: str) -> Row:
        gate.admit_v2(request)
        wanted = Portal.of(live.current).courses.get(number(course_id, "id"))
        if wanted is None:
            raise ApiError(404, "The requested course does not exist")
        return {"_data": {**course_row(wanted), "units": units(wanted)}}

    @app.get("/api/v2/course-fields")
    async def course_fields(request: Request) -> Row:
        gate.admit_v2(request)
        return listed(request, [dict(f) for f in COURSE_FIELDS])

    @app.get("/api/v2/categories")
    async def categories(request: Request) -> Row:
        gate.admit_v2(request)
        names = sorted({c.category for c in live.current.courses})
        return listed(request, [{"id": category_id(n), "name": n, "parent_id": None} for n in names])

    @app.get("/api/v2/course-progress")
    async def course_progress(request: Request) -> Row:
        gate.admit_v2(request)
        portal = Portal.of(live.current)
        return {"_data": progress(_enrolment(portal, request, number(_query(request, "course_id"), "course_id")))}

    @app.get("/api/v2/unit-progress")
    async def progress_of_unit(request: Request) -> Row:
        gate.admit_v2(request)
        enrolment, unit = _unit(Portal.of(live.current), request)
        return {"_data": unit_progress(enrolment, unit)}

    @app.get("/api/v2/results")
    async def results(request: Request) -> Row:
        gate.admit_v2(request)
        enrolment, unit = _unit(Portal.of(live.current), request)
        if unit["type"] != "Test" or enrolment.score is None:
            raise ApiError(404, "There are no results")
        return {"_data": {**unit_progress(enrolment, unit), "questions": []}}

    @app.get("/api/v2/timeline")
    async def timeline(request: Request) -> Row:
        gate.admit_v2(request)
        return listed(request, _timeline(Portal.of(live.current)))

    @app.post("/api/v2/batch/users")
    async def batch(request: Request) -> JSONResponse:
        gate.admit_v2(request)
        try:
            sent = await request.json()
        except (json.JSONDecodeError, UnicodeDecodeError):
            raise ApiError(400, "The body is not JSON") from None
        rows = sent.get("users") if isinstance(sent, dict) else None
        if not isinstance(rows, list) or not 1 <= len(rows) <= _BATCH or not all(isinstance(r, dict) for r in rows):
            raise ApiError(400, f"users must be a list of 1 to {_BATCH} objects")
        # Faults of a row show in the task, not in the answer.
        errors = [m for i, row in enumerate(rows) if (m := _upsert(row, i, write))]
        task = secrets.token_hex(8)
        tasks[task] = {"errors": errors, "done": time.monotonic() + chosen.task_seconds, "total": len(rows)}
        return JSONResponse({"_data": {"task_id": task}}, 202)

    @app.get("/api/v2/tasks/{task_id}")
    async def task(request: Request, task_id: str) -> Row:
        gate.admit_v2(request)
        if task_id not in tasks:
            raise ApiError(404, "The requested task does not exist")
        found = tasks[task_id]
        over = time.monotonic() >= found["done"]
        status = "completed" if over else "in_progress"
        percent = 100 if over else 0
        return {"_data": {"id": task_id, "status": status, "progress": percent, "errors": found["errors"]}}

    return app


def _upsert(row: Row, place: int, write: Any) -> Row | None:
    if "id" not in row:
        return {"row": place, "message": "This sandbox makes no new users"}
    try:
        write(number(str(row["id"]), "id"), row)
    except ApiError as e:
        return {"row": place, "message": e.body["error"]["message"]}
    return None


def _in_branch(request: Request, portal: Portal) -> list[Person]:
    """People of the branch that is asked for; there are no groups and no integrations here."""
    query = request.query_params
    if "filter[group_id][eq]" in query or "filter[integration][eq]" in query:
        return []
    if (wanted := query.get("filter[branch_id][eq]")) is None:
        return list(portal.people.values())
    names = {b["name"] for b in branch_rows(portal.company) if b["id"] == number(wanted, "branch_id")}
    return [p for p in portal.people.values() if p.location in names]


def _wanted(request: Request, row: Row, custom: Mapping[int, str]) -> bool:
    query = request.query_params
    if any(query.get(f"filter[{n}][eq]", row[k]) != row[k] for n, k in _EQUAL.items()):
        return False
    words = query.get("filter[keyword][like]", "").lower()
    if words not in " ".join(str(row[k]) for k in ("name", "surname", "login", "email")).lower():
        return False
    if (value := query.get("filter[custom_field_value][eq]")) is not None and value not in custom.values():
        return False
    at = _moment(row["last_updated"], "last_updated")
    since, until = query.get("filter[last_updated][gte]"), query.get("filter[last_updated][lte]")
    return (since is None or at >= _moment(since, "last_updated")) and (
        until is None or at <= _moment(until, "last_updated")
    )


def _moment(text: str, name: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ApiError(400, f"{name} must be a date and time") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _person(portal: Portal, user_id: str) -> Person:
    found = portal.people.get(number(user_id, "id"))
    if found is None:
        raise ApiError(404, "The requested user does not exist")
    return found


def _query(request: Request, name: str) -> str | None:
    return request.query_params.get(name)


def _enrolment(portal: Portal, request: Request, course: int) -> Enrolment:
    found = portal.latest.get((number(_query(request, "user_id"), "user_id"), course))
    if found is None:
        raise ApiError(404, "The user is not enrolled in the course")
    return found


def _unit(portal: Portal, request: Request) -> tuple[Enrolment, Row]:
    wanted = number(_query(request, "unit_id"), "unit_id")
    enrolment = _enrolment(portal, request, wanted // 10)
    for unit in units(portal.courses[wanted // 10]):
        if unit["id"] == wanted:
            return enrolment, unit
    raise ApiError(404, "The requested unit does not exist")


def _timeline(portal: Portal) -> list[Row]:
    """What happened, the newest first."""
    done = sorted((e for e in portal.latest.values() if e.completed), key=lambda e: e.updated, reverse=True)
    return [
        {
            "action": "user_complete_course",
            "message": f"{portal.people[e.user_id].name} completed {portal.courses[e.course_id].name}",
            "timestamp": iso(e.updated),
            "user_id": e.user_id,
            "user_login": portal.people[e.user_id].email.split("@")[0],
            "object_id": e.course_id,
            "object_name": portal.courses[e.course_id].name,
        }
        for e in done
        if e.user_id is not None
    ]


def _environment(url: str, options: TalentLmsOptions) -> dict[str, str]:
    return {"ASCERTAIN_TALENTLMS_URL": url, "ASCERTAIN_TALENTLMS_API_KEY": options.api_key}


DIALECT = Dialect(create_app, TalentLmsOptions, _environment)
