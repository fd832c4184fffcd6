"""Learning plans in Docebo's dialect. What no public source confirms is this sandbox's own choice: the bodies of create
and update, that an update replaces the courses, the columns of the two lists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Request

from ascertain.sandbox.docebo_gate import ApiError, Gate
from ascertain.sandbox.live import LiveCompany

Item = dict[str, Any]
Page = Callable[[Request, Gate, list[Item], str | None], Item]


@dataclass
class Plan:
    """A learning plan with its courses in their order and who is enrolled."""

    code: str
    name: str
    courses: list[int]
    users: set[int] = field(default_factory=set)


def router(live: LiveCompany, gate: Gate, page: Page) -> APIRouter:
    """The routes; ``page`` makes Docebo's envelope. The plans last as long as the server."""
    found = APIRouter()
    plans: dict[int, Plan] = {}

    def plan_of(sent: Item) -> int:
        number = sent.get("id_plan")
        if not isinstance(number, int) or number not in plans:
            raise ApiError(404, "Learning plan not found")
        return number

    def courses_of(sent: Item) -> list[int]:
        asked = sent.get("courses", [])
        known = {c.id for c in live.current.courses}
        if strange := [c for c in asked if c not in known]:
            raise ApiError(400, f"Unknown course {strange[0]}")
        return list(asked)

    @found.get("/learningplan/v1/learningplans")
    async def listed(request: Request) -> Item:
        gate.admit(request)
        text = request.query_params.get("search_text", "").casefold()
        rows: list[Item] = [{"id": n, "code": p.code, "name": p.name} for n, p in sorted(plans.items())]
        return page(request, gate, [r for r in rows if text in f"{r['code']} {r['name']}".casefold()], None)

    @found.get("/learningplan/v1/learningplans/enrollments")
    async def enrolled(request: Request) -> Item:
        gate.admit(request)
        users = {int(u) for u in request.query_params.getlist("user_id[]")}
        wanted = {int(p) for p in request.query_params.getlist("learning_plan_id[]")}
        rows: list[Item] = [
            {"user_id": u, "learning_plan_id": n, "learning_plan_code": p.code}
            for n, p in sorted(plans.items())
            for u in sorted(p.users)
            if (not users or u in users) and (not wanted or n in wanted)
        ]
        return page(request, gate, rows, None)

    @found.get("/learn/v1/lp/{plan_id}")
    async def one(request: Request, plan_id: int) -> Item:
        gate.admit(request)
        plan = plans[plan_of({"id_plan": plan_id})]
        names = {c.id: c.name for c in live.current.courses}
        rows = [{"idCourse": c, "name": names.get(c, "")} for c in plan.courses]
        return {"data": {"id_plan": plan_id, "code": plan.code, "name": plan.name, "courses": rows}}

    @found.post("/learn/v1/lp")
    async def create(request: Request) -> Item:
        gate.admit(request)
        sent = await request.json()
        if not sent.get("name") or any(p.code == sent.get("code") for p in plans.values()):
            raise ApiError(400, "A name and a code of its own are needed")
        number = max(plans, default=70) + 1
        plans[number] = Plan(str(sent.get("code", "")), str(sent["name"]), courses_of(sent))
        return {"data": {"success": True, "id_plan": number}}

    @found.put("/learn/v1/lp")
    async def update(request: Request) -> Item:
        gate.admit(request)
        sent = await request.json()
        plans[plan_of(sent)].courses = courses_of(sent)
        return {"data": {"success": True}}

    @found.delete("/learn/v1/lp")
    async def delete(request: Request) -> Item:
        gate.admit(request)
        del plans[plan_of(await request.json())]
        return {"data": {"success": True}}

    @found.post("/learn/v1/lp/enroll")
    async def enroll(request: Request) -> Item:
        gate.admit(request)
        sent = await request.json()
        if sent.get("id_user") not in {p.docebo_id for p in live.current.learners}:
            raise ApiError(404, "User not found")
        plans[plan_of(sent)].users.add(sent["id_user"])
        return {"data": {"success": True}}

    return found
