"""Cornerstone's dialect: tokens with scopes, views and objects over OData, the employee list, the catalogue search,
employee skills, webhooks.

Where the vendor's pages are silent this sandbox chose, and says so here: the statuses and bodies of errors other than
429, the envelope and the rows of the employee list, the address of the skills (prefix ``/services/api/x/skills``), the
verb and the field of a skill's level, removing and reading skills. Not spoken: the transcript search and the
transcript of one user (their answers are not documented), bulk imports.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.middleware.base import RequestResponseEndpoint

from ascertain.sandbox.cornerstone_gate import ApiError, CornerstoneOptions, Gate, known, number
from ascertain.sandbox.cornerstone_hooks import Hooks
from ascertain.sandbox.cornerstone_odata import Service
from ascertain.sandbox.cornerstone_shapes import OBJECTS, VIEWS, iso, metadata, object_id
from ascertain.sandbox.cornerstone_skills import router
from ascertain.sandbox.dialects import Dialect
from ascertain.sandbox.faults import FaultLayer
from ascertain.sandbox.live import LiveCompany
from ascertain.sandbox.records import Company, Person

__all__ = ["DIALECT", "CornerstoneOptions", "create_app"]

_VIEWS = "/services/api/x/odata/api/views"
_OBJECTS = "/services/api/x/dataexporter/api/objects"
_EMPLOYEES = "/services/api/x/users/v2/employees"
_CATALOGUE_PAGE = 20
Item = dict[str, Any]


def create_app(company: Company | LiveCompany, options: CornerstoneOptions | None = None) -> FastAPI:
    """The portal of ``company``; what a test changes in a LiveCompany is served at once (a real warehouse lags by up
    to 15 minutes)."""
    chosen = options or CornerstoneOptions()
    live = company if isinstance(company, LiveCompany) else LiveCompany(company)
    gate = Gate(chosen)
    views = Service(VIEWS, live, chosen, deltas=False)
    objects = Service(OBJECTS, live, chosen, deltas=True)
    pages = _PageTokens(chosen.employee_page_seconds)
    app = FastAPI(title="Cornerstone sandbox", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.hooks = Hooks(live, chosen)
    app.add_middleware(FaultLayer, plan=chosen.faults)

    @app.middleware("http")
    async def with_throttle(request: Request, call_next: RequestResponseEndpoint) -> Response:
        response = await call_next(request)
        response.headers.update(getattr(request.state, "throttle", {}))
        return response

    @app.exception_handler(ApiError)
    async def refuse(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ApiError)
        return JSONResponse(error.body, error.status, headers=error.headers)

    @app.post("/services/api/oauth2/token")
    async def token(request: Request) -> Item:
        if request.headers.get("content-type", "").startswith("application/json"):
            return gate.issue(await body_of(request))
        return gate.issue({k: v for k, v in (await request.form()).items() if isinstance(v, str)})

    @app.get(f"{_VIEWS}/$metadata")
    async def views_metadata(request: Request) -> Response:
        gate.admit(request, "view:$metadata", "reporting:read")
        return Response(metadata(VIEWS), media_type="application/xml")

    @app.get(_VIEWS + "/{view}")
    async def view(request: Request, view: str) -> JSONResponse:
        gate.admit(
            request,
            view if view.startswith("vw_rpt_t") or view == "vw_rpt_user_cf" else f"view:{view}",
            "reporting:read",
        )
        return views.answer(request, view)

    @app.get(f"{_OBJECTS}/$metadata")
    async def objects_metadata(request: Request) -> Response:
        gate.admit(request, "object:$metadata", "reporting:read")
        return Response(metadata(OBJECTS), media_type="application/xml")

    @app.get(_OBJECTS + "/{name}")
    async def exported(request: Request, name: str) -> JSONResponse:
        gate.admit(request, f"object:{name}", "reporting:read")
        return objects.answer(request, name)

    @app.get(_EMPLOYEES)
    async def employees(request: Request) -> Item:
        gate.admit(request, "employees", "employees:read")
        known(request, "pageSize", "nextPageToken")
        size = number(request.query_params.get("pageSize"), "pageSize", 50, 1, 500)
        given = request.query_params.get("nextPageToken")
        start = 0 if given is None else pages.place(given)
        people = live.current.learners
        answer: Item = {"data": [_employee(p, live.current) for p in people[start : start + size]]}
        if start + size < len(people):
            answer["nextPageToken"] = pages.new(start + size)
        return answer

    @app.get(_EMPLOYEES + "/{user_id}")
    async def employee(request: Request, user_id: str) -> Item:
        gate.admit(request, "employee", "employees:read")
        known(request)
        for person in live.current.learners:
            if str(person.docebo_id) == user_id:
                return {"data": _employee(person, live.current)}
        raise ApiError(404, "The employee does not exist")

    @app.get("/services/api/Catalog/GlobalSearch")
    async def search(request: Request) -> Item:
        gate.admit(request, "catalogue", "training:read")
        page = number(request.query_params.get("PageNumber"), "PageNumber", 1, 1, 100_000)
        courses = live.current.courses
        part = courses[(page - 1) * _CATALOGUE_PAGE : page * _CATALOGUE_PAGE]
        rows = [
            {
                "ObjectId": object_id(c.id),
                "Title": c.name,
                "Description": c.description,
                "CreateDate": iso(c.created),
                "ModifyDate": iso(c.updated),
                "provider": live.current.name,
                "TrainingSubType": c.modality,
                "Duration": c.minutes,
                "Version": "1",
            }
            for c in part
        ]
        return {"status": "Success", "totalRecords": len(courses), "data": rows}

    app.include_router(router(live, gate, body_of))
    return app


async def body_of(request: Request) -> Mapping[str, Any]:
    """The JSON object that was sent."""
    try:
        sent = await request.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        sent = None
    if not isinstance(sent, dict):
        raise ApiError(400, "The body must be a JSON object")
    return sent


class _PageTokens:
    """Page tokens of the employee list, which die young."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._places: dict[str, tuple[float, int]] = {}

    def new(self, place: int) -> str:
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._places = {t: v for t, v in self._places.items() if v[0] > time.monotonic()}
            self._places[token] = (time.monotonic() + self._seconds, place)
        return token

    def place(self, token: str) -> int:
        with self._lock:
            until, place = self._places.get(token, (0.0, 0))
        if time.monotonic() >= until:
            raise ApiError(400, "The nextPageToken is invalid or has expired")
        return place


def _employee(person: Person, company: Company) -> Item:
    """With the social security number that such a list tends to carry."""
    boss = next((p for p in company.learners if p.id == person.manager_id), None)
    return {
        "id": person.docebo_id,
        "externalId": person.id,
        "userName": person.email.partition("@")[0],
        "firstName": person.given,
        "lastName": person.family,
        "primaryEmail": person.email,
        "managerId": boss.docebo_id if boss else None,
        "workerStatus": {"active": True, "absent": False, "lastHireDate": person.hire_date.isoformat()},
        "settings": {"displayLanguage": person.language, "timeZone": person.time_zone},
        "employeeMetaData": {"modifiedDate": iso(person.updated)},
        "ous": [{"type": "Division", "name": person.department}, {"type": "Position", "name": person.role}],
        "customFields": [{"name": "National ID", "value": person.national_id}],
    }


def _environment(url: str, options: CornerstoneOptions) -> dict[str, str]:
    return {
        "ASCERTAIN_CORNERSTONE_URL": url,
        "ASCERTAIN_CORNERSTONE_CLIENT_ID": options.client_id,
        "ASCERTAIN_CORNERSTONE_CLIENT_SECRET": options.client_secret,
        "ASCERTAIN_CORNERSTONE_WEBHOOK_KEY": options.webhook_key,
        "ASCERTAIN_CORNERSTONE_WEBHOOK_SECRET": options.webhook_secret,
    }


DIALECT = Dialect(create_app, CornerstoneOptions, _environment)
