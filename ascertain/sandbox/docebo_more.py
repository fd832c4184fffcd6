"""The rest of Docebo's dialect: the org chart, managers, learning objects, saved reports.

Departments are branches below the company; learning objects follow from a course; one saved report has all enrolments
under captions of its own. What no public source confirms is this sandbox's own choice and so named here: the envelope
of these lists, that a branch lists only its own people, an empty page while a report is being exported.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request

from ascertain.sandbox.docebo_gate import ApiError, Gate
from ascertain.sandbox.docebo_shapes import ZERO_DATE, stamp
from ascertain.sandbox.live import LiveCompany
from ascertain.sandbox.records import Company, Course

Item = dict[str, Any]
Page = Callable[[Request, Gate, list[Item], str | None], Item]
REPORT = "enrolments"
"""Id of the saved report."""
EXPORT_SECONDS = 0.3
_ROOT = 1


def branches(company: Company) -> dict[str, int]:
    """Branch ids by department."""
    return {name: _ROOT + n for n, name in enumerate(sorted({p.department for p in company.people}), start=1)}


def in_branch(company: Company, branch: str) -> set[int | None]:
    """LMS accounts directly in a branch; none are in the root."""
    ids = branches(company)
    return {p.docebo_id for p in company.learners if str(ids[p.department]) == branch}


def router(live: LiveCompany, gate: Gate, page: Page) -> APIRouter:
    """The routes; ``page`` makes Docebo's envelope."""
    found = APIRouter()
    exports: dict[str, float] = {}
    tokens: dict[str, int] = {}

    @found.get("/manage/v1/orgchart")
    async def orgchart(request: Request) -> Item:
        gate.admit(request)
        company = live.current
        rows: list[Item] = [_branch(_ROOT, None, company.name, "")]
        rows += [_branch(n, _ROOT, name, name[:4].upper()) for name, n in branches(company).items()]
        return page(request, gate, rows, None)

    @found.get("/manage/v1/users/{user_id}/managers")
    async def managers(request: Request, user_id: int) -> Item:
        gate.admit(request)
        people = {p.id: p for p in live.current.people}
        person = next((p for p in live.current.learners if p.docebo_id == user_id), None)
        if person is None:
            raise ApiError(404, "User not found")
        boss = people.get(person.manager_id or "")
        rows: list[Item] = []
        if boss is not None and boss.docebo_id is not None:
            rows = [{"user_id": str(boss.docebo_id), "manager_type_name": "Direct manager"}]
        return page(request, gate, rows, None)

    @found.get("/learn/v1/courses/{course_id}/los")
    async def objects(request: Request, course_id: int) -> Item:
        gate.admit(request)
        course = next((c for c in live.current.courses if c.id == course_id), None)
        if course is None:
            raise ApiError(404, "Course not found")
        return page(request, gate, _objects(course), None)

    @found.get("/analytics/v1/reports/{report}/export/csv")
    async def export(request: Request, report: str) -> Item:
        gate.admit(request)
        if report != REPORT:
            raise ApiError(404, "Report not found")
        execution = secrets.token_hex(8)
        exports[execution] = time.monotonic() + EXPORT_SECONDS
        return {"data": {"executionId": execution}}

    @found.get("/analytics/v1/reports/{report}/exports/{execution}/results")
    async def results(request: Request, report: str, execution: str) -> Item:
        gate.admit(request)
        if report != REPORT or execution not in exports:
            raise ApiError(404, "Execution not found")
        if time.monotonic() < exports[execution]:
            return {"data": []}
        rows = _report(live.current)
        size = min(1000, max(1, int(request.query_params.get("pageSize", "100"))))
        token = request.query_params.get("nextToken", "")
        if token and token not in tokens:
            raise ApiError(400, "Invalid nextToken")
        start = tokens.get(token, 0)
        body: Item = {"data": rows[start : start + size]}
        if start + size < len(rows):
            body["nextToken"] = f"{secrets.token_urlsafe(9)}/="
            tokens[body["nextToken"]] = start + size
        return body

    return found


def _branch(number: int, parent: int | None, name: str, code: str) -> Item:
    return {"id_org": number, "id_parent": parent, "code": code, "translation": name, "external_id": None}


def _objects(course: Course) -> list[Item]:
    """A reading and, for courses with a score, a test."""
    kinds = [("htmlpage", f"{course.name}: reading"), ("test", f"{course.name}: final test")]
    return [
        {"lo_id": course.id * 10 + n, "lo_type": kind, "lo_name": name, "lo_code": f"{course.code}-{n}", "duration": 0}
        for n, (kind, name) in enumerate(kinds if course.modality != "webinar" else kinds[:1], start=1)
    ]


def _report(company: Company) -> list[Item]:
    """Enrolments as the customer's report has them."""
    courses = {c.id: c for c in company.courses}
    return [
        {
            "Course unique ID": str(e.course_id),
            "User unique ID": "" if e.user_id is None else str(e.user_id),
            "Course name": courses[e.course_id].name if e.course_id in courses else "",
            "Course code": courses[e.course_id].code if e.course_id in courses else "",
            "Enrolment status": e.status,
            "Final score": "" if e.score is None else str(e.score),
            "Enrolment date": stamp(e.enrolled),
            "Completion date": ZERO_DATE if e.zero_date else stamp(e.completed) or "",
            "Last change": stamp(e.updated),
        }
        for e in company.enrolments
    ]
