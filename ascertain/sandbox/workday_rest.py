"""Workday's REST services beside its reports: workers, their direct reports, job profiles, behind OAuth 2.

``/ccx/api/v1/{tenant}`` and the services ``common`` and ``staffing`` (which shows more of a worker); at most 100 rows
a page. A refresh token that does not expire buys access tokens that do. The rows of job profiles are a guess: no public
source shows them.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import secrets
import threading
import time
import uuid
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from ascertain.sandbox.credentials import same
from ascertain.sandbox.live import LiveCompany
from ascertain.sandbox.records import Company, Person

Row = dict[str, Any]
DEFAULT_LIMIT, MAX_LIMIT = 20, 100
_SPACE = uuid.UUID("0d0d6b1e-6f0f-4f0c-9a67-61f8e2b3d5a4")
_SERVICES = ("", "common", "staffing")
_VERSION = re.compile(r"^v[1-9][0-9]?$")
_PARAMETERS = frozenset(("limit", "offset", "search", "includeTerminatedWorkers"))


@dataclass(frozen=True)
class RestOptions:
    """Who may call and how often. ``per_second`` counts calls of one token; ``None`` means no limit."""

    tenant: str
    client_id: str
    client_secret: str
    refresh_token: str
    token_seconds: float
    per_second: int | None


class Refusal(Exception):
    """Ends a request in Workday's form of an error."""

    def __init__(self, status: int, message: str, field: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.field = field


class Gate:
    """Access tokens, and how often they were used."""

    def __init__(self, options: RestOptions) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._tokens: dict[str, float] = {}
        self._calls: dict[str, deque[float]] = {}

    def issue(self, header: str, form: Mapping[str, str]) -> Row:
        """An access token for a refresh token and the client's own credentials (in the header or the form)."""
        scheme, _, encoded = header.partition(" ")
        sent = f"{form.get('client_id', '')}:{form.get('client_secret', '')}"
        if scheme.lower() == "basic":
            try:
                sent = base64.b64decode(encoded, validate=True).decode()
            except (binascii.Error, ValueError):
                sent = ""
        if not same(sent, f"{self._options.client_id}:{self._options.client_secret}"):
            raise Refusal(401, "invalid_client")
        if form.get("grant_type") != "refresh_token":
            raise Refusal(400, "unsupported_grant_type")
        if not same(form.get("refresh_token", ""), self._options.refresh_token):
            raise Refusal(400, "invalid_grant")
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._tokens[token] = time.monotonic() + self._options.token_seconds
        return {"access_token": token, "token_type": "Bearer", "refresh_token": self._options.refresh_token}

    def admit(self, request: Request) -> None:
        """Lets a living token through, as often as it may; Workday says nothing of how long to wait."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        now = time.monotonic()
        with self._lock:
            if scheme.lower() != "bearer" or self._tokens.get(token, 0.0) <= now:
                raise Refusal(401, "invalid_token")
            calls = self._calls.setdefault(token, deque())
            while calls and now - calls[0] >= 1:
                calls.popleft()
            if self._options.per_second is not None and len(calls) >= self._options.per_second:
                raise Refusal(429, "too many requests")
            calls.append(now)


def add_rest(app: FastAPI, live: LiveCompany, options: RestOptions) -> None:
    """Serves the REST services from ``app`` too."""
    gate = Gate(options)

    @app.exception_handler(Refusal)
    async def refused(request: Request, error: Refusal) -> JSONResponse:
        said = str(error)
        return JSONResponse({"error": said, "errors": [{"error": said, "field": error.field}]}, error.status)

    @app.post("/ccx/oauth2/{tenant}/token")
    async def token(request: Request, tenant: str) -> Row:
        if tenant != options.tenant:
            raise Refusal(404, "tenant not found")
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        return gate.issue(request.headers.get("authorization", ""), form)

    @app.get("/ccx/api/{place:path}")
    async def read(request: Request, place: str) -> Row:
        gate.admit(request)
        service, what = _where(place, options.tenant)
        company = live.current
        match what:
            case ["workers"]:
                return _page(request, [_worker(p, company, service) for p in _found(request, company.people)])
            case ["workers", key]:
                return _worker(_person(company, key), company, service)
            case ["workers", key, "directReports"]:
                above = _person(company, key)
                rows = [p for p in company.people if p.manager_id == above.id]
                return _page(request, [_worker(p, company, service) for p in rows])
            case ["jobProfiles"] if service == "staffing":
                return _page(request, _profiles(company))
            case ["jobProfiles", key] if service == "staffing":
                for profile in _profiles(company):
                    if profile["id"] == key:
                        return profile
        raise Refusal(404, "resource not found")


def wid(kind: str, key: str) -> str:
    """An id as Workday makes them: 32 hexadecimal digits."""
    return uuid.uuid5(_SPACE, f"{kind}:{key}").hex


def _where(place: str, tenant: str) -> tuple[str, list[str]]:
    """The service of a path and what comes behind the tenant."""
    parts = place.strip("/").split("/")
    service = "" if parts and _VERSION.match(parts[0]) else parts.pop(0)
    if service not in _SERVICES or len(parts) < 3 or not _VERSION.match(parts[0]) or parts[1] != tenant:
        raise Refusal(404, "resource not found")
    return service, parts[2:]


def _page(request: Request, rows: Sequence[Row]) -> Row:
    if strange := sorted(set(request.query_params) - _PARAMETERS):
        raise Refusal(400, "invalid request parameter", strange[0])
    limit = _number(request, "limit", DEFAULT_LIMIT)
    if not 1 <= limit <= MAX_LIMIT:
        raise Refusal(400, f"limit must be from 1 to {MAX_LIMIT}", "limit")
    offset = _number(request, "offset", 0)
    return {"data": list(rows[offset : offset + limit]), "total": len(rows)}


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit():
        raise Refusal(400, "must be an integer", name)
    return int(text)


def _found(request: Request, people: Sequence[Person]) -> list[Person]:
    wanted = request.query_params.get("search", "").lower()
    return [p for p in people if wanted in p.name.lower()]


def _person(company: Company, key: str) -> Person:
    """By Workday's id, or by the employee number in Workday's way of writing it."""
    for person in company.people:
        if key in (wid("worker", person.id), f"Employee_ID={person.id}"):
            return person
    raise Refusal(404, "invalid ID value", "ID")


def _worker(person: Person, company: Company, service: str) -> Row:
    manages = person.id in company.manager_ids
    names = {p.id: p.name for p in company.people}
    organisation = f"{person.department} ({names.get(person.manager_id or '', person.name)})"
    row: Row = {
        "id": wid("worker", person.id),
        "descriptor": person.name,
        "href": f"/ccx/api/v1/workers/{wid('worker', person.id)}",
        "isManager": manages,
        "primaryWorkEmail": person.email,
        "primaryWorkPhone": "",
        "businessTitle": person.title,
        "primarySupervisoryOrganization": _named("organization", organisation),
    }
    if service == "staffing":
        profile = {**_named("jobProfile", person.role or person.title), "descriptor": person.title}
        place = _named("location", person.location)
        row |= {
            "workerID": person.id,
            "externalID": f"EXT-{person.id}",
            "workerType": _named("workerType", "Employee"),
            "location": place,
            "primaryJob": {
                **_named("job", f"{person.title} {person.id}"),
                "businessTitle": person.title,
                "jobProfile": profile,
                "location": place,
                "supervisoryOrganization": _named("organization", organisation),
            },
        }
    return row


def _profiles(company: Company) -> list[Row]:
    """One for each role that somebody has, described by what its people do."""
    courses = {c.id: c for c in company.courses}
    found = []
    for role in sorted({p.role for p in company.people if p.role}):
        people = [p for p in company.people if p.role == role]
        mine = {p.docebo_id for p in people}
        taken = Counter(
            e.course_id
            for e in company.enrolments
            if e.user_id in mine and e.status == "completed" and e.course_id in courses
        )
        usual = sorted(taken, key=lambda c: (-taken[c], c))[:5]
        title, department = _most([p.title for p in people]), _most([p.department for p in people])
        tasks = "".join(f"<li>{html.escape(courses[c].name)}</li>" for c in usual)
        found.append(
            {
                "id": wid("jobProfile", role),
                "descriptor": title,
                "href": f"/ccx/api/staffing/v1/jobProfiles/{wid('jobProfile', role)}",
                "name": title,
                "jobCode": role,
                "jobFamilies": [_named("jobFamily", department)],
                "jobDescription": f"<p>{title} in {department}. Usual training:</p><ul>{tasks}</ul>",
                "inactive": False,
            }
        )
    return found


def _most(words: Sequence[str]) -> str:
    counted = Counter(words)
    return min(counted, key=lambda w: (-counted[w], w))


def _named(kind: str, name: str) -> Row:
    return {"id": wid(kind, name), "descriptor": name, "href": f"/ccx/api/v1/{kind}s/{wid(kind, name)}"}
