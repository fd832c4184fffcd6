"""Asana's dialect: tasks by project or assignee, page tokens that expire, the event feed, webhooks with a handshake.

The tasks are the company's tickets. Searching is for paying workspaces, so this one answers 402 there.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from ascertain.sandbox.asana_gate import BASE, ApiError, AsanaOptions, Gate, find, one
from ascertain.sandbox.asana_hooks import Changes, known_resources
from ascertain.sandbox.asana_shapes import (
    WORKSPACE,
    Json,
    projects,
    stories,
    task,
    task_gid,
    user,
    user_gid,
    workspace,
)
from ascertain.sandbox.dialects import Dialect
from ascertain.sandbox.faults import FaultLayer
from ascertain.sandbox.live import LiveCompany
from ascertain.sandbox.records import Company

__all__ = ["DIALECT", "AsanaOptions", "create_app"]

_ONE_OF = "You should specify one of project, tag, section, user task list, or assignee + workspace"
_LIST = ("limit", "offset")


def create_app(company: Company | LiveCompany, options: AsanaOptions | None = None) -> FastAPI:
    """The workspace of ``company``; what a test changes in a LiveCompany is served at once."""
    settings = options or AsanaOptions()
    live = company if isinstance(company, LiveCompany) else LiveCompany(company)
    gate, changes = Gate(settings), Changes(settings)
    live.watch(changes.tell)
    app = FastAPI(title="Asana sandbox", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(FaultLayer, plan=settings.faults)
    app.state.changes = changes

    @app.exception_handler(ApiError)
    async def refuse(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ApiError)
        return JSONResponse(error.body, error.status, headers=error.headers)

    @app.get(f"{BASE}/users/{{gid}}")
    async def account(request: Request, gid: str) -> Json:
        gate.admit(request)
        people = live.current.people
        if gid == "me":
            return one(user(people[0]), request)
        rows = [user(p) for p in people]
        named = [r for r in rows if r["email"] == gid]
        return one(named[0] if named else find(rows, gid, "user"), request)

    @app.get(f"{BASE}/users")
    async def accounts(request: Request) -> Json:
        gate.admit(request, "workspace", "team", *_LIST)
        _workspace(request.query_params.get("workspace"))
        return gate.page(request, [user(p) for p in live.current.people])

    @app.get(f"{BASE}/workspaces")
    async def workspaces(request: Request) -> Json:
        gate.admit(request, *_LIST)
        return gate.page(request, [workspace()])

    @app.get(f"{BASE}/workspaces/{{gid}}")
    async def one_workspace(request: Request, gid: str) -> Json:
        gate.admit(request)
        return one(find([workspace()], gid, "workspace"), request)

    @app.get(f"{BASE}/workspaces/{{gid}}/projects")
    async def projects_of(request: Request, gid: str) -> Json:
        gate.admit(request, "archived", *_LIST)
        _workspace(gid)
        return gate.page(request, _projects(live, request))

    @app.get(f"{BASE}/workspaces/{{gid}}/users")
    async def users_of(request: Request, gid: str) -> Json:
        gate.admit(request, "offset")
        _workspace(gid)
        return gate.page(request, [user(p) for p in live.current.people])

    @app.get(f"{BASE}/workspaces/{{gid}}/tasks/search")
    async def search(request: Request, gid: str) -> Json:
        gate.admit(request, *request.query_params)
        raise ApiError(402, "Search is only available to premium users.")

    @app.get(f"{BASE}/projects")
    async def all_projects(request: Request) -> Json:
        gate.admit(request, "workspace", "team", "archived", *_LIST)
        if (asked := request.query_params.get("workspace")) is not None:
            _workspace(asked)
        return gate.page(request, _projects(live, request))

    @app.get(f"{BASE}/projects/{{gid}}")
    async def one_project(request: Request, gid: str) -> Json:
        gate.admit(request)
        return one(find(projects(live.current), gid, "project"), request)

    @app.get(f"{BASE}/projects/{{gid}}/tasks")
    async def tasks_of(request: Request, gid: str) -> Json:
        gate.admit(request, "completed_since", *_LIST)
        find(projects(live.current), gid, "project")
        return gate.page(request, _since([t for t in _tasks(live) if t["projects"][0]["gid"] == gid], request))

    @app.get(f"{BASE}/tasks")
    async def tasks(request: Request) -> Json:
        known = ("project", "tag", "section", "user_task_list", "assignee", "workspace")
        gate.admit(request, *known, "completed_since", "modified_since", *_LIST)
        return gate.page(request, _since(_asked(live, request), request))

    @app.get(f"{BASE}/tasks/{{gid}}")
    async def one_task(request: Request, gid: str) -> Json:
        gate.admit(request)
        return one(find(_tasks(live), gid, "task"), request)

    @app.get(f"{BASE}/tasks/{{gid}}/stories")
    async def stories_of(request: Request, gid: str) -> Json:
        gate.admit(request, *_LIST)
        for ticket in live.current.tickets:
            if task_gid(ticket) == gid:
                return gate.page(request, stories(ticket, {p.id: p for p in live.current.people}))
        raise ApiError(404, f"task: Unknown object: {gid}")

    @app.get(f"{BASE}/events")
    async def events(request: Request) -> Json:
        gate.admit(request, "resource", "sync")
        resource = request.query_params.get("resource", "")
        if resource not in known_resources(_tasks(live)):
            raise ApiError(404 if resource else 400, f"resource: Unknown object: {resource}")
        return changes.feed(resource, request.query_params.get("sync"))

    @app.post(f"{BASE}/webhooks", status_code=201)
    async def subscribe(request: Request) -> Json:
        gate.admit(request)
        sent = await _json(request)
        return {"data": await run_in_threadpool(changes.create, sent, known_resources(_tasks(live)))}

    @app.get(f"{BASE}/webhooks")
    async def webhooks(request: Request) -> Json:
        gate.admit(request, "workspace", "resource", *_LIST)
        _workspace(request.query_params.get("workspace"))
        listed = changes.hooks(request.query_params.get("resource"))
        return {"data": listed, "next_page": None}

    @app.get(f"{BASE}/webhooks/{{gid}}")
    async def one_webhook(request: Request, gid: str) -> Json:
        gate.admit(request)
        return {"data": find(changes.hooks(), gid, "webhook")}

    @app.delete(f"{BASE}/webhooks/{{gid}}")
    async def unsubscribe(request: Request, gid: str) -> Json:
        gate.admit(request)
        changes.remove(gid)
        return {"data": {}}

    return app


async def _json(request: Request) -> Any:
    try:
        return await request.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise ApiError(400, "Could not parse request data, invalid JSON") from None


def _workspace(gid: str | None) -> None:
    if gid is None:
        raise ApiError(400, "workspace: Missing input")
    if gid != WORKSPACE:
        raise ApiError(404 if gid.isdigit() else 400, f"workspace: Unknown object: {gid}")


def _projects(live: LiveCompany, request: Request) -> list[Json]:
    wanted = request.query_params.get("archived")
    return [] if wanted == "true" else projects(live.current)


def _tasks(live: LiveCompany) -> list[Json]:
    people = {p.id: p for p in live.current.people}
    return [task(t, people) for t in live.current.tickets]


def _asked(live: LiveCompany, request: Request) -> list[Json]:
    """The tasks of exactly one project, or of one assignee in the workspace."""
    query = request.query_params
    containers = [k for k in ("project", "tag", "section", "user_task_list") if k in query]
    if len(containers) + ("assignee" in query) != 1 or ("assignee" in query) != ("workspace" in query):
        raise ApiError(400, _ONE_OF)
    rows = _tasks(live)
    if "assignee" in query:
        _workspace(query.get("workspace"))
        people = live.current.people
        named = {"me": user_gid(people[0].id)} | {p.email: user_gid(p.id) for p in people}
        gid = named.get(query["assignee"], query["assignee"])
        find([user(p) for p in people], gid, "assignee")
        return [r for r in rows if r["assignee"] and r["assignee"]["gid"] == gid]
    if containers == ["project"]:
        find(projects(live.current), query["project"], "project")
        return [r for r in rows if r["projects"][0]["gid"] == query["project"]]
    if containers == ["tag"]:
        return [r for r in rows if query["tag"] in {t["gid"] for t in r["tags"]}]
    raise ApiError(404, f"{containers[0]}: Unknown object: {query[containers[0]]}")


def _since(rows: list[Json], request: Request) -> list[Json]:
    """``modified_since``: changed then or later. ``completed_since``: open, or completed then or later; ``now`` leaves
    the open ones."""
    if (moment := _moment(request, "modified_since")) is not None:
        rows = [r for r in rows if _read(r["modified_at"]) >= moment]
    if (moment := _moment(request, "completed_since")) is not None:
        rows = [r for r in rows if not r["completed"] or _read(r["completed_at"]) >= moment]
    return rows


def _moment(request: Request, name: str) -> datetime | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    if text == "now":
        return datetime.now(UTC)
    try:
        return _read(text)
    except ValueError:
        raise ApiError(400, f"{name}: Not a valid date-time: {text}") from None


def _read(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _environment(url: str, options: AsanaOptions) -> dict[str, str]:
    return {
        "ASCERTAIN_ASANA_URL": url,
        "ASCERTAIN_ASANA_TOKEN": options.token,
        "ASCERTAIN_ASANA_WORKSPACE": WORKSPACE,
    }


DIALECT = Dialect(create_app, AsanaOptions, _environment)
