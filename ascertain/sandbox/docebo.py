"""Docebo's dialect: OAuth2 token, paged envelope with a cursor, naive times, zero dates, an hourly call budget.

What no public source confirms is this sandbox's own choice and so named here: the error body, the headers of a 429,
the unit of ``duration`` (minutes), the list of course fields, several enrolment records for several attempts (told
apart by ``enroll_begin_date``), ``course_code`` on a badge.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from ascertain.errors import NotFoundError
from ascertain.sandbox import docebo_plans
from ascertain.sandbox.dialects import Dialect
from ascertain.sandbox.docebo_gate import ApiError, DoceboOptions, Gate
from ascertain.sandbox.docebo_hooks import Webhooks
from ascertain.sandbox.docebo_more import in_branch, router
from ascertain.sandbox.docebo_shapes import (
    COURSE_FIELDS,
    USER_FIELDS,
    Lines,
    award_item,
    course_item,
    enrolment_item,
    stamp,
    user_item,
)
from ascertain.sandbox.faults import FaultLayer
from ascertain.sandbox.live import LiveCompany
from ascertain.sandbox.records import Company

__all__ = ["DoceboOptions", "create_app"]

MAX_PAGE_SIZE = 200
DEFAULT_PAGE_SIZE = 10
Item = dict[str, Any]


def create_app(company: Company | LiveCompany, options: DoceboOptions | None = None) -> FastAPI:
    """The LMS of ``company``; what a test changes in a LiveCompany is served at once."""
    chosen = options or DoceboOptions()
    live = company if isinstance(company, LiveCompany) else LiveCompany(company)
    gate = Gate(chosen)
    live.watch(Webhooks(chosen).tell)
    app = FastAPI(title="Docebo sandbox", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(FaultLayer, plan=chosen.faults)

    @app.exception_handler(ApiError)
    async def refuse(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ApiError)
        if request.url.path == "/oauth2/token":
            return JSONResponse({"error": error.message}, error.status)
        body = {"name": "Error", "message": [error.message], "code": error.status, "status": error.status}
        return JSONResponse(body, error.status, headers=error.headers)

    @app.post("/oauth2/token")
    async def token(request: Request) -> Item:
        return gate.issue(dict(await request.form()))

    @app.get("/manage/v1/user")
    async def users(request: Request) -> Item:
        gate.admit(request)
        found = live.current
        lines = Lines.of(found)
        rows = [user_item(p, lines, live.written_fields(p.docebo_id or 0)) for p in found.learners]
        if search := request.query_params.get("search_text"):
            rows = [r for r in rows if search.lower() in f"{r['username']} {r['email']} {r['fullname']}".lower()]
        if branch := request.query_params.get("branch_id"):
            mine = {str(n) for n in in_branch(found, branch)}
            rows = [r for r in rows if r["user_id"] in mine]
        return _page(request, gate, rows, "last_update")

    @app.get("/manage/v1/user/session")
    async def session(request: Request) -> Item:
        gate.admit(request)
        return {"data": {"id": 1, "username": chosen.username, "level": "superadmin"}}

    @app.get("/manage/v1/user_fields")
    async def user_fields(request: Request) -> Item:
        gate.admit(request)
        return _page(request, gate, [dict(f) for f in USER_FIELDS], None)

    @app.get("/manage/v1/user/{user_id}")
    async def user(request: Request, user_id: int) -> Item:
        gate.admit(request)
        found = live.current
        for person in found.learners:
            if person.docebo_id == user_id:
                row = user_item(person, Lines.of(found), live.written_fields(user_id))
                extra = [{**f, "value": row[f"field_{f['id']}"]} for f in USER_FIELDS]
                return {"data": {"user_data": row, "additional_fields": extra}}
        raise ApiError(404, "User not found")

    @app.put("/manage/v1/user/{user_id}")
    async def write(request: Request, user_id: int) -> Item:
        gate.admit(request)
        sent = (await request.json()).get("additional_fields", [])
        known = {f["id"] for f in USER_FIELDS}
        if any(f.get("id") not in known for f in sent):
            raise ApiError(400, "Unknown additional field")
        try:
            live.write_fields(user_id, {str(f["id"]): str(f["value"]) for f in sent})
        except NotFoundError:
            raise ApiError(404, "User not found") from None
        return {"data": {"success": True, "user_id": user_id}}

    @app.get("/learn/v1/courses")
    async def courses(request: Request) -> Item:
        gate.admit(request)
        return _page(request, gate, [course_item(c) for c in live.current.courses], "date_last_updated")

    @app.get("/learn/v1/course_fields")
    async def course_fields(request: Request) -> Item:
        gate.admit(request)
        return _page(request, gate, [dict(f) for f in COURSE_FIELDS], None)

    @app.get("/learn/v1/courses/{course_id}")
    async def course(request: Request, course_id: int) -> Item:
        gate.admit(request)
        for found in live.current.courses:
            if found.id == course_id:
                return {"data": course_item(found)}
        raise ApiError(404, "Course not found")

    @app.get("/learn/v1/enrollments")
    async def enrollments(request: Request) -> Item:
        gate.admit(request)
        found = live.current
        names = {c.id: c for c in found.courses}
        people = {p.docebo_id: p for p in found.learners}
        # Lazily: the later pages of a stored query need none of it.
        every = (enrolment_item(e, names.get(e.course_id), people.get(e.user_id)) for e in found.enrolments)
        wanted = [
            (key, set(request.query_params.getlist(parameter)))
            for parameter, key in (("id_user[]", "user_id"), ("id_course[]", "id"), ("status[]", "status"))
        ]
        rows = (r for r in every if all(not ids or str(r[key]) in ids for key, ids in wanted))
        return _page(request, gate, rows, "date_last_updated")

    @app.get("/learn/v1/enrollments/{course_id}/{user_id}")
    async def enrollment(request: Request, course_id: int, user_id: int) -> Item:
        gate.admit(request)
        found = live.current
        mine = [e for e in found.enrolments if (e.course_id, e.user_id) == (course_id, user_id)]
        if not mine:
            raise ApiError(404, "Enrollment not found")
        latest = max(mine, key=lambda e: e.updated)
        course_found = next((c for c in found.courses if c.id == course_id), None)
        person = next((p for p in found.learners if p.docebo_id == user_id), None)
        return {"data": {"records": enrolment_item(latest, course_found, person)}}

    @app.get("/learn/v1/external_training")
    async def external_training(request: Request) -> Item:
        gate.admit(request)
        people = {p.docebo_id: p for p in live.current.learners}
        rows = [award_item(a, people.get(a.user_id)) for a in live.current.awards]
        return _page(request, gate, rows, "date_last_updated")

    app.include_router(router(live, gate, _page))
    app.include_router(docebo_plans.router(live, gate, _page))
    return app


def _page(request: Request, gate: Gate, rows: Iterable[Item], updated_key: str | None) -> Item:
    """One page in Docebo's envelope: ``updated_from`` applied, sorted by update, from a stored query if asked."""
    query = request.query_params
    page = _number(query.get("page"), 1, "page")
    size = min(_number(query.get("page_size"), DEFAULT_PAGE_SIZE, "page_size"), MAX_PAGE_SIZE)
    cursor = query.get("cursor")
    items = gate.stored(cursor) if cursor else _select(rows, query.get("updated_from"), updated_key)
    if not cursor and query.get("get_cursor") == "1":
        cursor = gate.keep(items)
    part = items[(page - 1) * size : page * size]
    more = page * size < len(items)
    data: Item = {
        "items": part,
        "count": len(part),
        "has_more_data": more,
        "current_page": page,
        "current_page_size": size,
        "total_page_count": -(-len(items) // size),
        "total_count": len(items),
        "sort": [{"sort_attr": updated_key or "id", "sort_dir": "asc"}],
    }
    if cursor:
        data["cursor"] = cursor
    following = request.url.include_query_params(page=page + 1, **({"cursor": cursor} if cursor else {}))
    return {"data": data, "_links": {"next": {"href": str(following)}} if more else {}}


def _select(rows: Iterable[Item], updated_from: str | None, key: str | None) -> list[Item]:
    if key is None:
        return list(rows)
    since = ""
    if updated_from:
        try:
            since = stamp(datetime.strptime(updated_from, "%Y-%m-%d %H:%M:%S")) or ""
        except ValueError:
            raise ApiError(400, "updated_from must look like YYYY-MM-DD HH:MM:SS") from None
    # The fixed-width form sorts as text just as it sorts as time.
    return sorted((r for r in rows if r[key] >= since), key=lambda r: str(r[key]))


def _number(text: str | None, default: int, name: str) -> int:
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ApiError(400, f"{name} must be a whole number from 1")
    return int(text)


def _environment(url: str, options: DoceboOptions) -> dict[str, str]:
    return {
        "ASCERTAIN_DOCEBO_URL": url,
        "ASCERTAIN_DOCEBO_CLIENT_ID": options.client_id,
        "ASCERTAIN_DOCEBO_CLIENT_SECRET": options.client_secret,
        "ASCERTAIN_DOCEBO_WEBHOOK_USER": options.webhook_user,
        "ASCERTAIN_DOCEBO_WEBHOOK_PASSWORD": options.webhook_password,
    }


DIALECT = Dialect(create_app, DoceboOptions, _environment)
