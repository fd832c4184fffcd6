"""Workday's Reports-as-a-Service: three reports as JSON behind Basic authentication, aliases as a customer names them.
The REST services are in ``workday_rest``.

No paging, as in the real thing; ``Updated_From=YYYY-MM-DD`` is a prompt this customer built into the reports.
``National_ID`` is in the worker report on purpose: a careless report builder left it there and the edge must drop it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from ascertain.sandbox.dialects import Dialect
from ascertain.sandbox.faults import FaultLayer, FaultPlan
from ascertain.sandbox.live import LiveCompany
from ascertain.sandbox.records import Company
from ascertain.sandbox.workday_rest import RestOptions, add_rest

Row = dict[str, Any]


@dataclass
class WorkdayOptions:
    """How this tenant behaves. ``username`` and ``password`` open the reports; the client, its refresh token and the
    access tokens of ``token_seconds`` the REST services, ``per_second`` times a second (``None``: without limit)."""

    tenant: str = "fjordlane"
    owner: str = "ISU_Ascertain"
    username: str = "ISU_Ascertain@fjordlane"
    password: str = "sandbox-password"
    client_id: str = "sandbox-api-client"
    client_secret: str = "sandbox-api-secret"
    refresh_token: str = "sandbox-refresh-token"
    token_seconds: float = 3600.0
    per_second: int | None = None
    faults: FaultPlan = field(default_factory=FaultPlan)


def create_app(company: Company | LiveCompany, options: WorkdayOptions | None = None) -> FastAPI:
    """The HRIS of ``company``: the reports Ascertain_Workers, Ascertain_Reviews and Ascertain_Projects, and REST."""
    chosen = options or WorkdayOptions()
    live = company if isinstance(company, LiveCompany) else LiveCompany(company)
    app = FastAPI(title="Workday sandbox", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(FaultLayer, plan=chosen.faults)

    @app.get("/ccx/service/customreport2/{tenant}/{owner}/{report}", response_model=None)
    async def run_report(request: Request, tenant: str, owner: str, report: str) -> JSONResponse | Row:
        if not _allowed(request.headers.get("authorization", ""), chosen):
            return _refuse(401, "invalid username or password", {"WWW-Authenticate": 'Basic realm="Workday"'})
        build = _REPORTS.get(report)
        if tenant != chosen.tenant or owner != chosen.owner or build is None:
            return _refuse(404, "report not found or not enabled as a web service")
        if request.query_params.get("format") != "json":
            return _refuse(400, "this sandbox answers format=json only")
        since = request.query_params.get("Updated_From", "")
        try:
            first = date.fromisoformat(since[:10]) if since else date.min
        except ValueError:
            return _refuse(400, "Updated_From must be a date, YYYY-MM-DD")
        return {"Report_Entry": [row for day, row in build(live.current) if day >= first]}

    add_rest(app, live, RestOptions(**{f.name: getattr(chosen, f.name) for f in fields(RestOptions)}))
    return app


def _allowed(header: str, options: WorkdayOptions) -> bool:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        sent = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(sent, f"{options.username}:{options.password}".encode())


def _refuse(status: int, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    body = {"error": message, "errors": [{"error": message, "field": ""}]}
    return JSONResponse(body, status, headers=headers)


def _workers(company: Company) -> list[tuple[date, Row]]:
    names = {p.id: p.name for p in company.people}
    managers = company.manager_ids
    return [
        (
            p.updated.date(),
            {
                "Employee_ID": p.id,
                "Worker": p.name,
                "Legal_First_Name": p.given,
                "Legal_Last_Name": p.family,
                "Email_-_Primary_Work": p.email,
                "Business_Title": p.title,
                "Job_Profile_Code": p.role,
                "Manager_ID": p.manager_id or "",
                "Manager": names.get(p.manager_id or "", ""),
                "Is_Manager": "1" if p.id in managers else "0",
                "Cost_Center": f"CC-{p.department[:3].upper()}",
                "Department": p.department,
                "Hire_Date": p.hire_date.isoformat(),
                "Scheduled_Weekly_Hours": str(p.weekly_hours),
                "Location": p.location,
                "Time_Zone": p.time_zone,
                "Preferred_Language": p.language,
                "National_ID": p.national_id,
                "Reviews_Consent": "1" if p.reviews_consent else "0",
                "Worker_Status": "Active",
                "Last_Updated": p.updated.date().isoformat(),
            },
        )
        for p in company.people
    ]


def _reviews(company: Company) -> list[tuple[date, Row]]:
    return [
        (
            r.day,
            {
                "Review_ID": r.id,
                "Employee_ID": r.person_id,
                "Reviewer_ID": r.reviewer_id,
                "Review_Type": r.kind,
                "Review_Date": r.day.isoformat(),
                "Overall_Rating": "" if r.rating is None else str(r.rating),
                "Comments": r.text,
            },
        )
        for r in company.reviews
    ]


def _projects(company: Company) -> list[tuple[date, Row]]:
    return [
        (
            s.day,
            {
                "Submission_ID": s.id,
                "Employee_ID": s.person_id,
                "Project": s.project,
                "Submitted_On": s.day.isoformat(),
                "Assessor_Rating": str(s.rating),
                "Narrative": s.text,
            },
        )
        for s in company.submissions
    ]


_REPORTS: dict[str, Callable[[Company], list[tuple[date, Row]]]] = {
    "Ascertain_Workers": _workers,
    "Ascertain_Reviews": _reviews,
    "Ascertain_Projects": _projects,
}


def _environment(url: str, options: WorkdayOptions) -> dict[str, str]:
    return {
        "ASCERTAIN_WORKDAY_URL": url,
        "ASCERTAIN_WORKDAY_USER": options.username,
        "ASCERTAIN_WORKDAY_PASSWORD": options.password,
        "ASCERTAIN_WORKDAY_CLIENT_ID": options.client_id,
        "ASCERTAIN_WORKDAY_CLIENT_SECRET": options.client_secret,
        "ASCERTAIN_WORKDAY_REFRESH_TOKEN": options.refresh_token,
    }


DIALECT = Dialect(create_app, WorkdayOptions, _environment)
