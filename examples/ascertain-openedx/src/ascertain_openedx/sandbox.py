"""The demonstration company as an Open edX site has it: tokens, enrolments for staff, grades by course."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from ascertain.sandbox.dialects import Dialect
from ascertain.sandbox.faults import FaultLayer, FaultPlan
from ascertain.sandbox.live import LiveCompany
from ascertain.sandbox.records import Company

ORG, RUN = "Fjordlane", "2026"
PASS = 60.0


@dataclass
class OpenEdxSite:
    """How this site behaves."""

    client_id: str = "ascertain"
    client_secret: str = "sandbox-openedx-secret"
    token_seconds: int = 3600
    faults: FaultPlan = field(default_factory=FaultPlan)


def course_key(code: str) -> str:
    """The site's name of a course."""
    return f"course-v1:{ORG}+{code}+{RUN}"


def grades(company: Company, key: str) -> list[dict[str, Any]] | None:
    """The grades of a course by username, each of the latest attempt; ``None`` if there is no such course."""
    course = next((c for c in company.courses if course_key(c.code) == key), None)
    if course is None:
        return None
    latest = {e.user_id: e for e in company.enrolments if e.course_id == course.id}
    found = []
    for person in company.people:
        attempt = latest.get(person.docebo_id) if person.docebo_id else None
        if attempt is None:
            continue
        score = float(attempt.score) if isinstance(attempt.score, int | float) else 0.0
        done = attempt.status == "completed"
        percent = score / 100 if score else 1.0 if done else 0.0
        found.append(
            {
                "username": person.email.partition("@")[0],
                "email": person.email,
                "course_id": key,
                "passed": done and percent * 100 >= PASS,
                "percent": round(percent, 4),
                "letter_grade": "Pass" if done else None,
            }
        )
    return sorted(found, key=lambda g: str(g["username"]))


def create_app(company: LiveCompany, options: OpenEdxSite) -> FastAPI:
    """The site."""
    app = FastAPI(title="Open edX sandbox", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(FaultLayer, plan=options.faults)
    tokens: dict[str, float] = {}

    def refused(request: Request) -> JSONResponse | None:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind == "Bearer" and tokens.get(token, 0.0) > time.monotonic():
            return None
        return JSONResponse({"detail": "Authentication credentials were not provided."}, 401)

    @app.post("/oauth2/access_token")
    async def token(request: Request) -> JSONResponse:
        form = {k: v[0] for k, v in parse_qs((await request.body()).decode()).items()}
        if (form.get("client_id"), form.get("client_secret")) != (options.client_id, options.client_secret):
            return JSONResponse({"error": "invalid_client"}, 401)
        if form.get("grant_type") != "client_credentials":
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        made = secrets.token_urlsafe(24)
        tokens[made] = time.monotonic() + options.token_seconds
        return JSONResponse({"access_token": made, "expires_in": options.token_seconds, "token_type": "Bearer"})

    @app.get("/api/enrollment/v1/enrollments")
    async def enrolments(request: Request) -> JSONResponse:
        if no := refused(request):
            return no
        size = int(request.query_params.get("page_size", "100"))
        people = {p.docebo_id: p.email.partition("@")[0] for p in company.current.people}
        codes = {c.id: course_key(c.code) for c in company.current.courses}
        rows = [
            {
                "created": e.enrolled.isoformat() + "Z",
                "mode": "audit",
                "is_active": True,
                "user": people[e.user_id],
                "course_id": codes[e.course_id],
            }
            for e in company.current.enrolments
            if e.user_id in people and e.course_id in codes
        ]
        return JSONResponse({"next": None, "previous": None, "results": rows[:size]})

    @app.get("/api/grades/v1/courses/{key}/")
    async def course_grades(request: Request, key: str) -> JSONResponse:
        if no := refused(request):
            return no
        found = grades(company.current, key)
        if found is None:
            return JSONResponse({"detail": "Not found.", "error_code": "course_does_not_exist"}, 404)
        asked = request.query_params
        if user := asked.get("username"):
            mine = [g for g in found if g["username"] == user]
            return JSONResponse(mine) if mine else JSONResponse({"error_code": "user_does_not_exist"}, 404)
        try:
            size, after = int(asked.get("page_size", "100")), asked.get("cursor", "")
        except ValueError:
            return JSONResponse({"detail": "Invalid page."}, 400)
        rest = [g for g in found if str(g["username"]) > after]
        following = None
        if len(rest) > size:
            following = f"{request.url.replace(query='')}?cursor={rest[size - 1]['username']}&page_size={size}"
        return JSONResponse({"next": following, "previous": None, "results": rest[:size]})

    return app


def environment(url: str, options: OpenEdxSite) -> dict[str, str]:
    """The settings under which ``connections.yaml`` finds it."""
    return {
        "ASCERTAIN_OPENEDX_URL": url,
        "ASCERTAIN_OPENEDX_CLIENT_ID": options.client_id,
        "ASCERTAIN_OPENEDX_CLIENT_SECRET": options.client_secret,
    }


DIALECT = Dialect(create_app, OpenEdxSite, environment)
