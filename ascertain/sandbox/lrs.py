"""A learning record store's dialect: the statements resource of xAPI, for trying out statements without a real store.

Versions 1.0.x and 2.0.0 by header; statements are immutable (409), voided ones are found by ``voidedStatementId`` only;
``since`` compares the time of storing; every answer says until when it is complete. The state and profile resources
are not served.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from ascertain.sandbox.dialects import Dialect
from ascertain.sandbox.faults import FaultLayer, FaultPlan
from ascertain.sandbox.live import Change, LiveCompany
from ascertain.sandbox.lrs_history import statement, statements, voiding
from ascertain.sandbox.lrs_rules import Json, Refused, agent_of, identifier, moment
from ascertain.sandbox.lrs_store import Store, matches
from ascertain.sandbox.records import Company, Enrolment

BASE = "/xapi"
_VERSIONS = {"1.0": "1.0.3", "2.0": "2.0.0"}
_VERSION = re.compile(r"^(1\.0|2\.0)(\.\d+)?$")
_LMS = {"objectType": "Agent", "account": {"homePage": "https://learn.fjordlane.example", "name": "player"}}
_QUERY = frozenset(
    (
        *("statementId", "voidedStatementId", "agent", "verb", "activity", "registration", "related_activities"),
        *("related_agents", "since", "until", "limit", "format", "attachments", "ascending"),
    )
)


@dataclass
class LrsOptions:
    """How this store behaves. ``page``: most statements of an answer. ``lag_seconds``: how long a statement is stored
    before it is found. ``max_bytes``: of a call."""

    user: str = "ascertain"
    password: str = "sandbox-lrs-password"
    page: int = 100
    lag_seconds: float = 0.0
    max_bytes: int = 1024 * 1024
    faults: FaultPlan = field(default_factory=FaultPlan)


def create_app(company: Company | LiveCompany, options: LrsOptions | None = None) -> FastAPI:
    """The store, with what the learners of ``company`` did so far."""
    chosen = options or LrsOptions()
    live = company if isinstance(company, LiveCompany) else LiveCompany(company)
    store = Store(lambda: datetime.now(UTC), timedelta(seconds=chosen.lag_seconds))
    for when, made in statements(live.current):
        store.add([made], authority=_LMS, at=when)
    live.watch(lambda change: _follow(store, live, change))
    app = FastAPI(title="LRS sandbox", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(FaultLayer, plan=chosen.faults)

    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused) -> JSONResponse:
        headers = {"X-Experience-API-Version": _spoken(request) or "1.0.3"}
        return JSONResponse({"error": True, "message": str(error), "code": error.status}, error.status, headers)

    def admit(request: Request) -> dict[str, str]:
        """The headers of the answer."""
        if not (version := _spoken(request)):
            raise Refused(400, "X-Experience-API-Version is missing or not supported")
        expected = "Basic " + base64.b64encode(f"{chosen.user}:{chosen.password}".encode()).decode()
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), expected.encode()):
            raise Refused(401, "the credentials are missing or wrong")
        return {
            "X-Experience-API-Version": version,
            "X-Experience-API-Consistent-Through": store.consistent_through(),
        }

    async def body(request: Request) -> Any:
        raw = await request.body()
        if len(raw) > chosen.max_bytes:
            raise Refused(413, "the call is too large")
        if not request.headers.get("content-type", "").startswith("application/json"):
            raise Refused(400, "send application/json")
        try:
            return json.loads(raw)
        except (ValueError, RecursionError):
            raise Refused(400, "the body is not JSON") from None

    @app.get(f"{BASE}/about")
    async def about() -> JSONResponse:
        return JSONResponse({"version": sorted(_VERSIONS.values())}, headers={"X-Experience-API-Version": "1.0.3"})

    @app.get(f"{BASE}/statements")
    async def read(request: Request) -> JSONResponse:
        headers = admit(request)
        query = _query(request)
        form = query["format"]
        for name, voided in (("statementId", False), ("voidedStatementId", True)):
            if name in query:
                return JSONResponse(_shown(store.one(query[name], voided=voided), form), headers=headers)
        # The mark first: what is stored after it was told is for the next query.
        rows = store.query(matches(query), since=query.get("since"), until=query.get("until"))
        rows = rows if query["ascending"] else rows[::-1]
        size = min(query["limit"] or chosen.page, chosen.page)
        return JSONResponse(_page(store, rows, size, form), headers=headers)

    @app.get(f"{BASE}/more/{{token}}/{{size}}")
    async def more(request: Request, token: str, size: int) -> JSONResponse:
        headers = admit(request)
        rows, form = store.rest(token)
        return JSONResponse(_page(store, rows, max(1, min(size, chosen.page)), form), headers=headers)

    @app.post(f"{BASE}/statements")
    async def post(request: Request) -> JSONResponse:
        headers = admit(request)
        sent = await body(request)
        made = sent if isinstance(sent, list) else [sent]
        ids = store.add(made, authority=_account(chosen))
        for ident, said in zip(ids, made, strict=True):
            live.put("xapi", ident, said)
        return JSONResponse(ids, headers=headers)

    @app.put(f"{BASE}/statements")
    async def put(request: Request) -> Response:
        headers = admit(request)
        key = identifier(request.query_params.get("statementId"), "statementId")
        sent = await body(request)
        if not isinstance(sent, dict) or ("id" in sent and identifier(sent["id"], "id") != key):
            raise Refused(400, "the statement's id is not that of the address")
        store.add([{**sent, "id": key}], authority=_account(chosen))
        return Response(status_code=204, headers=headers)

    return app


def _spoken(request: Request) -> str:
    """The version that both speak, "" where there is none."""
    found = _VERSION.match(request.headers.get("x-experience-api-version", ""))
    return _VERSIONS[found[1]] if found else ""


def _query(request: Request) -> dict[str, Any]:
    """The parameters, each checked; 400 for what is not known or does not go together."""
    given = request.query_params
    if strange := sorted(set(given) - _QUERY):
        raise Refused(400, f"unknown parameter {strange[0]}")
    single = [n for n in ("statementId", "voidedStatementId") if n in given]
    if len(single) > 1 or (single and set(given) - {*single, "format", "attachments"}):
        raise Refused(400, f"{single[0]} cannot be combined with other parameters")
    query: dict[str, Any] = {n: given[n] for n in (*single, "verb", "activity") if n in given}
    for name in ("since", "until"):
        if name in given:
            # A plus sign that was not escaped arrives as a blank.
            query[name] = moment(given[name].replace(" ", "+"), name)
    for name in ("related_activities", "related_agents", "ascending", "attachments"):
        if given.get(name, "false") not in ("true", "false"):
            raise Refused(400, f"{name} has to be true or false")
        query[name] = given.get(name) == "true"
    if "registration" in given:
        query["registration"] = identifier(given["registration"], "registration")
    if "agent" in given:
        try:
            query["agent"] = agent_of(json.loads(given["agent"]))
        except (ValueError, RecursionError):
            raise Refused(400, "agent is not JSON") from None
    limit = given.get("limit", "0")
    if not limit.isascii() or not limit.isdigit():
        raise Refused(400, "limit has to be a number that is not negative")
    query["limit"] = int(limit)
    query["format"] = given.get("format", "exact")
    if query["format"] not in ("ids", "exact", "canonical"):
        raise Refused(400, "format has to be ids, exact or canonical")
    return query


def _page(store: Store, rows: list[Json], size: int, form: str) -> Json:
    left = rows[size:]
    link = f"{BASE}/more/{store.keep(left, form)}/{size}" if left else ""
    return {"statements": [_shown(row, form) for row in rows[:size]], "more": link}


def _shown(row: Json, form: str) -> Json:
    if form != "ids":
        return row
    kept = {k: v for k, v in row["object"].items() if k in ("id", "objectType")}
    actor = {k: v for k, v in row["actor"].items() if k != "name"}
    return {**row, "actor": actor, "verb": {"id": row["verb"]["id"]}, "object": kept}


def _account(options: LrsOptions) -> Json:
    return {"objectType": "Agent", "account": {"homePage": "https://lrs.fjordlane.example", "name": options.user}}


def _follow(store: Store, live: LiveCompany, change: Change) -> None:
    """What the learners go on doing is stored as it happens."""
    if not isinstance(change.what, Enrolment):
        return
    people = {p.docebo_id: p for p in live.current.learners}
    courses: Mapping[int, Any] = {c.id: c for c in live.current.courses}
    person, course = people.get(change.what.user_id), courses.get(change.what.course_id)
    if person is None or course is None:
        return
    if change.deleted:
        store.add([voiding(change.what, person)], authority=_LMS)
    elif (made := statement(change.what, person, course)) is not None:
        store.add([made], authority=_LMS)


def _environment(url: str, options: LrsOptions) -> dict[str, str]:
    return {
        "ASCERTAIN_XAPI_URL": f"{url}{BASE}",
        "ASCERTAIN_XAPI_USER": options.user,
        "ASCERTAIN_XAPI_PASSWORD": options.password,
    }


DIALECT = Dialect(create_app, LrsOptions, _environment)
