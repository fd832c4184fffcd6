"""Microsoft Graph's dialect: the directory, a team's channels and messages, delta links, subscriptions.

Tokens come from the same address at ``/{tenant}/oauth2/v2.0/token``, which in the real thing has a host of its own.
Chats are refused, as for an app that was not given them. Of /beta only a person's skills are served.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from ascertain.sandbox.chat import Post
from ascertain.sandbox.dialects import Dialect
from ascertain.sandbox.faults import FaultLayer
from ascertain.sandbox.graph_delta import tracked
from ascertain.sandbox.graph_gate import ApiError, Gate, GraphOptions, expanded, option, paged, selected, size
from ascertain.sandbox.graph_shapes import (
    TEAM,
    USER,
    USUAL,
    Json,
    channel,
    channel_id,
    chosen,
    event_message,
    message_id,
    team,
    user,
)
from ascertain.sandbox.graph_skills import Skills
from ascertain.sandbox.graph_tenant import Tenant
from ascertain.sandbox.live import LiveCompany
from ascertain.sandbox.records import Company, Person

__all__ = ["DIALECT", "GraphOptions", "create_app"]

_TOP, _SKIP = "$top", "$skiptoken"
_MESSAGES = "/v1.0/teams/{team_id}/channels/{key}/messages"


def create_app(company: Company | LiveCompany, options: GraphOptions | None = None) -> FastAPI:
    """The tenant of ``company``; what a test changes in a LiveCompany is served at once."""
    settings = options or GraphOptions()
    live = company if isinstance(company, LiveCompany) else LiveCompany(company)
    gate, tenant = Gate(settings), Tenant(live, settings)
    app = FastAPI(title="Graph sandbox", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(FaultLayer, plan=settings.faults)
    app.state.tenant = tenant

    @app.exception_handler(ApiError)
    async def refuse(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ApiError)
        return JSONResponse(error.body, error.status, headers=error.headers)

    @app.post("/{tenant_id}/oauth2/v2.0/token")
    async def token(request: Request, tenant_id: str) -> JSONResponse:
        status, body = gate.issue(tenant_id, await request.body())
        return JSONResponse(body, status)

    _directory(app, gate, tenant)
    _teams(app, gate, tenant)
    _subscriptions(app, gate, tenant)
    if settings.beta:
        Skills(live).serve(app, gate, tenant.person)

    @app.api_route("/{rest:path}", methods=["GET", "POST", "PATCH", "DELETE", "PUT"])
    async def unknown(request: Request, rest: str) -> Json:
        gate.admit(request, *(k if k.startswith("$") else f"${k}" for k in request.query_params))
        if rest.endswith("/chats") or "/chats/" in rest:
            raise ApiError(403, "Forbidden", "Missing role permissions on the request: Chat.Read.All.")
        raise ApiError(400, "BadRequest", f"Resource not found for the segment '{rest.rpartition('/')[2]}'.")

    return app


def _directory(app: FastAPI, gate: Gate, tenant: Tenant) -> None:
    @app.get("/v1.0/organization")
    async def organization(request: Request) -> Json:
        gate.admit(request, "$select")
        return {"value": [{"id": tenant.options.tenant, "displayName": tenant.live.current.name}]}

    @app.get("/v1.0/users")
    async def users(request: Request) -> Json:
        gate.admit(request, "$select", "$expand", "$filter", _TOP, _SKIP)
        names = selected(request, USER, USUAL, "user")
        also = expanded(request, "manager", USER, USUAL, "user")
        people = {p.id: p for p in tenant.live.current.people}
        rows = []
        for person in _filtered(request, list(people.values())):
            row = chosen(user(person), names)
            if also is not None and person.manager_id in people:
                above = chosen(user(people[person.manager_id]), also)
                row["manager"] = {"@odata.type": "#microsoft.graph.user", **above}
            rows.append(row)
        return paged(request, "users", rows, size(request, 100, 999))

    @app.get("/v1.0/users/delta")
    async def users_delta(request: Request) -> Json:
        gate.admit(request, "$select", "$filter", _TOP, _SKIP, "$deltatoken")
        names = selected(request, USER | {"manager"}, USUAL, "user")
        top = size(request, 100, 999)
        return tracked(request, tenant.options, "users", tenant.users, tenant.newest, names, top, gone=False)

    @app.get("/v1.0/users/{key}")
    async def one_user(request: Request, key: str) -> Json:
        gate.admit(request, "$select", "$expand")
        person = tenant.person(key)
        row = chosen(user(person), selected(request, USER, USUAL, "user"))
        also = expanded(request, "manager", USER, USUAL, "user")
        if also is not None and person.manager_id:
            row["manager"] = chosen(user(tenant.live.current.person(person.manager_id)), also)
        return row

    @app.get("/v1.0/users/{key}/manager")
    async def manager(request: Request, key: str) -> Json:
        gate.admit(request, "$select")
        person = tenant.person(key)
        if person.manager_id is None:
            raise ApiError(404, "Request_ResourceNotFound", "Resource 'manager' does not exist.")
        return chosen(user(tenant.live.current.person(person.manager_id)), selected(request, USER, USUAL, "user"))


def _teams(app: FastAPI, gate: Gate, tenant: Tenant) -> None:
    @app.get("/v1.0/teams")
    async def teams(request: Request) -> Json:
        gate.admit(request, "$select", "$filter", _TOP, _SKIP)
        return paged(request, "teams", [team()], size(request, 100, 999))

    @app.get("/v1.0/teams/{team_id}")
    async def one_team(request: Request, team_id: str) -> Json:
        gate.admit(request, "$select")
        if team_id != TEAM:
            raise ApiError(404, "NotFound", "No team was found with the id specified.")
        return team()

    @app.get("/v1.0/teams/{team_id}/channels")
    async def channels(request: Request, team_id: str) -> Json:
        gate.admit(request, "$select", "$filter")
        if team_id != TEAM:
            raise ApiError(404, "NotFound", "No team was found with the id specified.")
        rows = [channel(c) for c in tenant.channels()]
        wanted = option(request, "filter")
        if wanted is not None:
            kinds = {f"membershipType eq '{k}'": k for k in ("standard", "private", "shared")}
            if wanted not in kinds:
                raise ApiError(400, "BadRequest", "Invalid filter clause.")
            rows = [r for r in rows if r["membershipType"] == kinds[wanted]]
        return {"@odata.count": len(rows), "value": rows}

    @app.get("/v1.0/teams/{team_id}/channels/{key}")
    async def one_channel(request: Request, team_id: str, key: str) -> Json:
        gate.admit(request, "$select")
        return channel(tenant.channel(team_id, key))

    @app.get(_MESSAGES)
    async def messages(request: Request, team_id: str, key: str) -> Json:
        gate.admit(request, _TOP, _SKIP)
        found = tenant.channel(team_id, key)
        rows = [event_message(found), *(tenant.row(p, found) for p in tenant.posts(found))]
        return paged(request, "messages", rows[::-1], size(request, 20, 50))

    @app.get(_MESSAGES + "/delta")
    async def messages_delta(request: Request, team_id: str, key: str) -> Json:
        gate.admit(request, _TOP, _SKIP, "$deltatoken")
        found = tenant.channel(team_id, key)
        newest, top = len(tenant.chat.posts), size(request, 20, 50)
        return tracked(
            request,
            tenant.options,
            "Collection(chatMessage)",
            lambda since, _: tenant.messages(found, since),
            newest,
            [],
            top,
            gone=True,
        )

    @app.get(_MESSAGES + "/{number}")
    async def one_message(request: Request, team_id: str, key: str, number: str) -> Json:
        gate.admit(request)
        found = tenant.channel(team_id, key)
        return tenant.row(_post(tenant.posts(found), number), found)

    @app.get(_MESSAGES + "/{number}/replies")
    async def replies(request: Request, team_id: str, key: str, number: str) -> Json:
        gate.admit(request, _TOP, _SKIP)
        found = tenant.channel(team_id, key)
        parent = _post(tenant.posts(found), number)
        rows = [tenant.row(p, found, parent) for p in tenant.chat.replies(parent.number)]
        return paged(request, "replies", rows[::-1], size(request, 20, 50))

    @app.get(_MESSAGES + "/{number}/replies/{reply}")
    async def one_reply(request: Request, team_id: str, key: str, number: str, reply: str) -> Json:
        gate.admit(request)
        found = tenant.channel(team_id, key)
        parent = _post(tenant.posts(found), number)
        return tenant.row(_post(tenant.chat.replies(parent.number), reply), found, parent)


def _subscriptions(app: FastAPI, gate: Gate, tenant: Tenant) -> None:
    @app.post("/v1.0/subscriptions", status_code=201)
    async def subscribe(request: Request) -> Json:
        gate.admit(request)
        known = frozenset(channel_id(c) for c in tenant.channels())
        return await run_in_threadpool(tenant.subscriptions.create, await _json(request), known)

    @app.get("/v1.0/subscriptions")
    async def subscriptions(request: Request) -> Json:
        gate.admit(request)
        return {"value": tenant.subscriptions.all()}

    @app.get("/v1.0/subscriptions/{key}")
    async def subscription(request: Request, key: str) -> Json:
        gate.admit(request)
        return tenant.subscriptions.one(key)

    @app.patch("/v1.0/subscriptions/{key}")
    async def renew(request: Request, key: str) -> Json:
        gate.admit(request)
        return tenant.subscriptions.renew(key, await _json(request))

    @app.delete("/v1.0/subscriptions/{key}")
    async def unsubscribe(request: Request, key: str) -> Response:
        gate.admit(request)
        tenant.subscriptions.remove(key)
        return Response(status_code=204)


async def _json(request: Request) -> Any:
    try:
        return await request.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise ApiError(400, "BadRequest", "Unable to read JSON request payload.") from None


def _filtered(request: Request, people: list[Person]) -> list[Person]:
    """``$filter`` as far as it is served: the enabled accounts, one address, one worker's number."""
    wanted = option(request, "filter")
    if wanted is None or wanted == "accountEnabled eq true":
        return people
    name, _, value = wanted.partition(" eq ")
    if name not in ("mail", "userPrincipalName", "employeeId") or value[:1] + value[-1:] != "''":
        raise ApiError(400, "Request_UnsupportedQuery", f"Unsupported or invalid query filter clause: {wanted}")
    return [p for p in people if user(p)[name] == value[1:-1]]


def _post(posts: Sequence[Post], number: str) -> Post:
    for post in posts:
        if message_id(post) == number:
            return post
    raise ApiError(404, "NotFound", "NotFound")


def _environment(url: str, options: GraphOptions) -> dict[str, str]:
    return {
        "ASCERTAIN_GRAPH_URL": url,
        "ASCERTAIN_GRAPH_TENANT": options.tenant,
        "ASCERTAIN_GRAPH_CLIENT_ID": options.client_id,
        "ASCERTAIN_GRAPH_CLIENT_SECRET": options.client_secret,
        "ASCERTAIN_GRAPH_CLIENT_STATE": "sandbox-client-state",
    }


DIALECT = Dialect(create_app, GraphOptions, _environment)
