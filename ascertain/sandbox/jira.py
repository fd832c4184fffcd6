"""Jira Cloud's dialect: the token-paged JQL search with rich-text (ADF) bodies.

Only ids come back unless ``fields`` asks for more; the answer has no total; the old search is gone (410). An
administrator may register webhooks (``jira_hooks``).
Times in queries are read as UTC, the time zone of this sandbox's user.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from ascertain.sandbox.dialects import Dialect
from ascertain.sandbox.faults import FaultLayer, FaultPlan
from ascertain.sandbox.jira_hooks import BadHook, Webhooks
from ascertain.sandbox.jql import JqlError, parse
from ascertain.sandbox.live import LiveCompany
from ascertain.sandbox.records import Company, Person, Ticket

MAX_RESULTS = 100
DEFAULT_RESULTS = 50
Json = dict[str, Any]


@dataclass
class JiraOptions:
    """How this site behaves. ``webhook_secret`` is what its administrator chose for webhooks."""

    user: str = "integration@fjordlane.example"
    token: str = "sandbox-api-token"
    webhook_secret: str = "sandbox-webhook-secret"
    faults: FaultPlan = field(default_factory=FaultPlan)


def create_app(company: Company | LiveCompany, options: JiraOptions | None = None) -> FastAPI:
    """The issue tracker of ``company``."""
    chosen = options or JiraOptions()
    live = company if isinstance(company, LiveCompany) else LiveCompany(company)
    # A page token is only good for the query it was given out for, so each is remembered with it.
    pages: dict[str, tuple[str, int]] = {}
    app = FastAPI(title="Jira sandbox", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(FaultLayer, plan=chosen.faults)
    hooks = Webhooks(chosen.faults, lambda ticket: _told(ticket, {p.id: p for p in live.current.people}))
    live.watch(hooks.tell)

    def search(request: Request, asked: Mapping[str, Any]) -> JSONResponse:
        if not _allowed(request.headers.get("authorization", ""), chosen):
            return _stranger()
        jql = str(asked.get("jql") or "")
        start = 0
        if token := asked.get("nextPageToken"):
            query_of_token, start = pages.get(str(token), ("", -1))
            if start < 0 or query_of_token != jql:
                return _refuse("The provided next page token is invalid or expired.")
        try:
            found = parse(jql).run(live.current.tickets)
            size = min(MAX_RESULTS, int(asked.get("maxResults") or DEFAULT_RESULTS))
        except JqlError as error:
            return _refuse(str(error))
        except ValueError:
            return _refuse("maxResults must be a number.")
        people = {p.id: p for p in live.current.people}
        fields = asked.get("fields") or []
        body: Json = {"issues": [_issue(t, people, fields) for t in found[start : start + size]]}
        body["isLast"] = start + size >= len(found)
        if not body["isLast"]:
            body["nextPageToken"] = secrets.token_urlsafe(18)
            pages[body["nextPageToken"]] = (jql, start + size)
        return JSONResponse(body)

    @app.get("/rest/api/3/search/jql")
    async def search_get(request: Request) -> JSONResponse:
        query = dict(request.query_params)
        names = ",".join(request.query_params.getlist("fields"))
        return search(request, query | {"fields": [n.strip() for n in names.split(",") if n.strip()]})

    @app.post("/rest/api/3/search/jql")
    async def search_post(request: Request) -> JSONResponse:
        try:
            asked = await request.json()
        except json.JSONDecodeError:
            return _refuse("Invalid request payload.")
        return search(request, asked) if isinstance(asked, dict) else _refuse("Invalid request payload.")

    @app.api_route("/rest/api/3/search", methods=["GET", "POST"])
    async def search_gone() -> JSONResponse:
        text = "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API."
        return JSONResponse({"errorMessages": [text], "errors": {}}, 410)

    @app.get("/rest/api/3/issue/{key}")
    async def issue(request: Request, key: str) -> JSONResponse:
        if not _allowed(request.headers.get("authorization", ""), chosen):
            return _stranger()
        names = [n.strip() for n in ",".join(request.query_params.getlist("fields")).split(",") if n.strip()]
        for ticket in live.current.tickets:
            if key in (str(ticket.id), ticket.key):
                return JSONResponse(_issue(ticket, {p.id: p for p in live.current.people}, names or ["*all"]))
        return _refuse("Issue does not exist or you do not have permission to see it.", 404)

    @app.get("/rest/webhooks/1.0/webhook")
    async def webhooks(request: Request) -> JSONResponse:
        if not _allowed(request.headers.get("authorization", ""), chosen):
            return _stranger()
        return JSONResponse([h.shown(str(request.base_url).rstrip("/")) for h in hooks.all()])

    @app.post("/rest/webhooks/1.0/webhook")
    async def register(request: Request) -> JSONResponse:
        if not _allowed(request.headers.get("authorization", ""), chosen):
            return _stranger()
        try:
            asked = await request.json()
            made = hooks.register(asked if isinstance(asked, dict) else {})
        except (json.JSONDecodeError, BadHook) as error:
            return _refuse(str(error))
        return JSONResponse(made.shown(str(request.base_url).rstrip("/")), 201)

    @app.delete("/rest/webhooks/1.0/webhook/{number}", response_model=None)
    async def forget(request: Request, number: int) -> Response:
        if not _allowed(request.headers.get("authorization", ""), chosen):
            return _stranger()
        return Response(status_code=204) if hooks.remove(number) else _refuse("There is no such webhook.", 404)

    @app.get("/rest/api/3/myself")
    async def myself(request: Request) -> JSONResponse:
        if not _allowed(request.headers.get("authorization", ""), chosen):
            return _stranger()
        return JSONResponse({"emailAddress": chosen.user, "timeZone": "UTC", "active": True})

    return app


def _allowed(header: str, options: JiraOptions) -> bool:
    expected = "Basic " + base64.b64encode(f"{options.user}:{options.token}".encode()).decode()
    return hmac.compare_digest(header.encode(), expected.encode())


def _stranger() -> JSONResponse:
    return JSONResponse({"message": "Client must be authenticated to access this resource."}, 401)


def _refuse(message: str, status: int = 400) -> JSONResponse:
    return JSONResponse({"errorMessages": [message], "errors": {}}, status)


def _told(ticket: Ticket, people: Mapping[str, Person]) -> Json:
    """An issue as webhooks have it: the older API's, with plain texts."""
    found = _issue(ticket, people, ["*all"])
    fields = {**found["fields"], "description": "\n\n".join(ticket.description)}
    fields.pop("comment")
    return {**found, "fields": fields}


def _issue(ticket: Ticket, people: Mapping[str, Person], fields: list[str]) -> Json:
    if not fields:
        return {"id": str(ticket.id)}
    values = _fields(ticket, people)
    wanted = values if "*all" in fields or "*navigable" in fields else {n: values[n] for n in fields if n in values}
    return {
        "id": str(ticket.id),
        "key": ticket.key,
        "self": f"/rest/api/3/issue/{ticket.id}",
        "fields": wanted,
    }


def _fields(ticket: Ticket, people: Mapping[str, Person]) -> Json:
    comments = [
        {
            "id": f"{ticket.id}{n:02}",
            "author": _user(people.get(who)),
            "body": adf([text]),
            "created": _zoned(ticket.updated),
        }
        for n, (who, text) in enumerate(ticket.comments, start=1)
    ]
    return {
        "summary": ticket.summary,
        "description": adf(ticket.description),
        "issuetype": {"name": ticket.kind},
        "project": {"key": ticket.project},
        "priority": {"name": ticket.priority},
        "labels": list(ticket.labels),
        "status": {
            "name": ticket.status,
            "statusCategory": {"key": "done" if ticket.resolved else "indeterminate"},
        },
        "resolution": {"name": "Done"} if ticket.resolved else None,
        "assignee": _user(people.get(ticket.assignee_id)),
        "created": _zoned(ticket.created),
        "updated": _zoned(ticket.updated),
        "resolutiondate": _zoned(ticket.resolved),
        "comment": {"comments": comments, "maxResults": len(comments), "total": len(comments), "startAt": 0},
    }


def _user(person: Person | None) -> Json | None:
    if person is None:
        return None
    return {
        "accountId": f"557058:{person.id.lower()}",
        "displayName": person.name,
        "emailAddress": person.email,
        "active": True,
    }


def _zoned(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000") if moment else None


def adf(paragraphs: list[str] | tuple[str, ...]) -> Json:
    """Atlassian Document Format: ``- `` begins a bullet, a back-tick a code block, everything else is a paragraph."""
    content: list[Json] = []
    for text in paragraphs:
        if text.startswith("`"):
            content.append({"type": "codeBlock", "attrs": {}, "content": [_text(text.strip("`"))]})
        elif text.startswith("- "):
            item = {"type": "listItem", "content": [{"type": "paragraph", "content": [_text(text[2:])]}]}
            if content and content[-1]["type"] == "bulletList":
                content[-1]["content"].append(item)
            else:
                content.append({"type": "bulletList", "content": [item]})
        else:
            content.append({"type": "paragraph", "content": [_text(text)]})
    return {"version": 1, "type": "doc", "content": content}


def _text(text: str) -> Json:
    return {"type": "text", "text": text}


def _environment(url: str, options: JiraOptions) -> dict[str, str]:
    return {
        "ASCERTAIN_JIRA_URL": url,
        "ASCERTAIN_JIRA_USER": options.user,
        "ASCERTAIN_JIRA_TOKEN": options.token,
        "ASCERTAIN_JIRA_WEBHOOK_SECRET": options.webhook_secret,
    }


DIALECT = Dialect(create_app, JiraOptions, _environment)
