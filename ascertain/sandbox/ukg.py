"""UKG Pro's dialect: Basic and a customer's key, bare arrays read until one is empty, changes without a word of what
changed, national ids in person-details, webhooks signed under a header that nobody has documented.

Keys and filters are those of the vendor's specification, an event's body is that of its catalogue of events. This
sandbox's own choices: the name and form of the signature's header, the one event type for every change of a person,
page sizes above the largest being cut down, an employee's number being the company's own.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from ascertain.sandbox import ukg_shapes as shapes
from ascertain.sandbox.dialects import Dialect
from ascertain.sandbox.faults import FaultLayer
from ascertain.sandbox.hooks import HookSender
from ascertain.sandbox.live import Change, LiveCompany
from ascertain.sandbox.records import Company, Person
from ascertain.sandbox.ukg_gate import MAX_CHANGES, MAX_PAGE, Gate, Problem, UkgOptions, day_of, page_of, within
from ascertain.sandbox.ukg_shapes import Employment, Row

__all__ = ["UkgOptions", "create_app"]

EVENT = "EmployeeJobChangeEvent"
_PERSONNEL = "/personnel/v1"
_CONFIGURATION = "/configuration/v1"
_KEYS = ("companyid", "employeeid")


def create_app(company: Company | LiveCompany, options: UkgOptions | None = None) -> FastAPI:
    """The HRIS of ``company``. ``app.state.hooks`` is the sender of its webhooks."""
    chosen = options or UkgOptions()
    live = company if isinstance(company, LiveCompany) else LiveCompany(company)
    gate = Gate(chosen)
    hooks = HookSender(chosen.faults, delays=(0.2, 0.4))
    live.watch(_Teller(chosen, hooks))
    app = FastAPI(title="UKG sandbox", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.hooks = hooks
    app.add_middleware(FaultLayer, plan=chosen.faults)

    @app.exception_handler(Problem)
    async def refuse(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        if error.status == 401:
            return Response(status_code=401)
        return JSONResponse(error.body, error.status, media_type="application/problem+json")

    def listed(path: str, shape: Callable[[Employment], Row]) -> None:
        """A list with its filters, and the same for one company, one employee or both."""

        def rows(request: Request, **keys: str) -> list[Row]:
            gate.admit(request)
            found = shapes.employments(live.current, chosen)
            return [shape(e) for e in found if _fits(request, e, keys)]

        def one(request: Request, **keys: str) -> Row:
            found = rows(request, **keys)
            if not found:
                raise Problem(404, "Not Found", "The record does not exist.")
            return found[0]

        @app.get(f"{_PERSONNEL}/{path}", name=f"{path} all")
        async def everything(request: Request) -> list[Row]:
            return page_of(request, rows(request), MAX_PAGE)

        @app.get(f"{_PERSONNEL}/companies/{{company_id}}/{path}", name=f"{path} of a company")
        async def of_company(request: Request, company_id: str) -> list[Row]:
            return page_of(request, rows(request, companyid=company_id), MAX_PAGE)

        @app.get(f"{_PERSONNEL}/{path}/{{employee_id}}", name=f"{path} of an employee")
        async def of_employee(request: Request, employee_id: str) -> Row:
            return one(request, employeeid=employee_id)

        @app.get(f"{_PERSONNEL}/companies/{{company_id}}/employees/{{employee_id}}/{path}", name=f"{path} single")
        async def single(request: Request, company_id: str, employee_id: str) -> Row:
            return one(request, companyid=company_id, employeeid=employee_id)

    listed("person-details", shapes.person_details)
    listed("employment-details", lambda e: shapes.employment_details(e, live.current))
    listed("employee-employment-details", shapes.employee_employment_details)
    listed("employee-supervisor-details", lambda e: shapes.supervisor_details(e, live.current, chosen))

    @app.get(f"{_PERSONNEL}/employee-changes")
    async def changes(request: Request) -> list[Row]:
        gate.admit(request)
        given = request.query_params
        first = day_of("startDate", given["startDate"]) if "startDate" in given else datetime.min
        last = day_of("endDate", given["endDate"]) if "endDate" in given else datetime.max
        if first > last:
            raise Problem(400, "Bad Request", "The query is not valid.", {"endDate": "is before startDate"})
        gate.pace(f"{first}/{last}")
        found = live.current
        rows = [shapes.change(e, found) for e in shapes.employments(found, chosen) if first <= e.changed <= last]
        return page_of(request, rows, MAX_CHANGES)

    def configured(path: str, rows: Callable[[Company], list[Row]], *, there: bool = True) -> None:
        @app.get(f"{_CONFIGURATION}/{path}", name=path)
        async def table(request: Request) -> list[Row]:
            gate.admit(request)
            if not there:
                raise Problem(404, "Not Found", "No resource was found at this address.")
            return page_of(request, rows(live.current), MAX_PAGE)

    configured("org-levels", shapes.org_levels)
    configured("positions", lambda c: [])
    configured("jobgroup", lambda c: [])
    configured("jobs", shapes.jobs, there=chosen.jobs)
    configured("locations", shapes.locations, there=chosen.jobs)
    configured(
        "code-tables", lambda c: [{"codeTable": n, "url": f"{_CONFIGURATION}/{n}"} for n in ("org-levels", "jobgroup")]
    )
    return app


def _fits(request: Request, of: Employment, keys: Mapping[str, str]) -> bool:
    """Filters of the query and keys of the path; names in any casing, unknown ones are ignored."""
    own = {
        "companyid": of.company_id,
        "employeeid": shapes.employee_id(of.person.id),
        "lastname": of.person.family,
        "emailaddress": of.person.email,
        "nationalid": of.person.national_id,
    }
    asked = {k.lower(): v for k, v in request.query_params.items()}
    for name, wanted in {**asked, **keys}.items():
        if name == "datetimechanged" and not within("dateTimeChanged", wanted, of.changed):
            return False
        if name in own and own[name] != wanted:
            return False
    return True


class _Teller:
    """Tells of changed people, if somebody subscribed."""

    def __init__(self, options: UkgOptions, hooks: HookSender) -> None:
        self._options = options
        self._hooks = hooks
        self._numbers = itertools.count(459_469_162)

    def __call__(self, change: Change) -> None:
        if not self._options.webhook_url or not isinstance(change.what, Person):
            return
        body = json.dumps(
            {
                "EventId": next(self._numbers),
                "EventTime": datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds"),
                "EventType": EVENT,
                "Operation": "Update",
                "Payload": {
                    "CoId": self._options.company_id,
                    "EeId": shapes.employee_id(change.what.id),
                    "IntegrationRecordId": None,
                },
                "Tenant": "FJ001",
            }
        )
        self._hooks.post(self._options.webhook_url, body.encode(), sign=self._signed)

    def _signed(self, body: bytes, attempt: int) -> Mapping[str, str]:
        mark = hmac.digest(self._options.webhook_secret.encode(), body, hashlib.sha256)
        text = mark.hex() if self._options.webhook_encoding == "hex" else base64.b64encode(mark).decode()
        return {self._options.webhook_header: text}


def _environment(url: str, options: UkgOptions) -> dict[str, str]:
    return {
        "ASCERTAIN_UKG_URL": url,
        "ASCERTAIN_UKG_USER": options.username,
        "ASCERTAIN_UKG_PASSWORD": options.password,
        "ASCERTAIN_UKG_API_KEY": options.api_key,
        "ASCERTAIN_UKG_WEBHOOK_SECRET": options.webhook_secret,
    }


DIALECT = Dialect(create_app, UkgOptions, _environment)
