"""Cornerstone's skills: the capabilities library, and what one employee holds.

Documented are the look-up's parameters and answer and the body that adds a skill. That it is a POST below
``/services/api/x/skills``, that ``proficiencyLevel`` (1 to 5) is the level, ``skillsRemoved``, and reading with GET are
this sandbox's own choice.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import APIRouter, Request

from ascertain.sandbox.cornerstone_gate import ApiError, Gate, known, number
from ascertain.sandbox.live import LiveCompany
from ascertain.sandbox.records import Company

SYSTEM = "cornerstone"
PATH = "/services/api/x/skills/v1/employees/{employee}/skills"
_LIBRARY = "/services/api/x/skills/v1/skills"
_NAMES = uuid.UUID("6f2a4b9e-1c7d-4d0a-9d57-2f7f5c8a9e21")
_KNOWN = ("Coaching", "Project management", "Python", "SQL", "Terraform")
_FILTERS = ("SearchText", "CapabilityStatuses", "CapabilityTypes", "CategoryIds", "Ids", "currentPage", "pageSize")
Item = dict[str, Any]


def skill_id(name: str) -> str:
    """The id of a skill in the library."""
    return str(uuid.uuid5(_NAMES, name))


def library(company: Company) -> dict[str, str]:
    """Names by id: what everybody has, and the catalogue's categories."""
    return {skill_id(n): n for n in sorted({*_KNOWN, *(c.category for c in company.courses)})}


def router(live: LiveCompany, gate: Gate, body_of: Callable[[Request], Awaitable[Mapping[str, Any]]]) -> APIRouter:
    """The routes."""
    found = APIRouter()

    def held(employee: str) -> dict[str, int | None]:
        if not any(str(p.docebo_id) == employee for p in live.current.learners):
            raise ApiError(404, "The employee does not exist")
        kept: dict[str, int | None] = live.kept(SYSTEM).get(employee, {})
        return kept

    @found.get(_LIBRARY)
    async def skills(request: Request) -> Item:
        gate.admit(request, "skills", "galaxyskills:read")
        known(request, *_FILTERS)
        query = request.query_params
        if query.get("CapabilityTypes", "Skill") != "Skill":
            raise ApiError(400, "CapabilityTypes must be Skill")
        names = library(live.current)
        ids = set(query.getlist("Ids"))
        words = query.get("SearchText", "").lower()
        rows = [
            {"id": i, "name": n, "localizedNames": {"en-US": n}, "type": "Skill", "status": "Active"}
            for i, n in names.items()
            if (not ids or i in ids) and words in n.lower()
        ]
        size = number(query.get("pageSize"), "pageSize", 20, 1, 100)
        page = number(query.get("currentPage"), "currentPage", 1, 1, 10_000)
        paging = {
            "currentPage": page,
            "pageSize": size,
            "totalCount": len(rows),
            "totalPages": max(1, -(-len(rows) // size)),
        }
        return {"data": {"item1": rows[(page - 1) * size : page * size], "item2": paging}}

    @found.get(PATH)
    async def read(request: Request, employee: str) -> Item:
        gate.admit(request, "skills", "galaxyemployeeskills:update")
        known(request)
        return {"data": [_shown(i, level) for i, level in held(employee).items()]}

    @found.post(PATH)
    async def update(request: Request, employee: str) -> Item:
        gate.admit(request, "skills", "galaxyemployeeskills:update")
        sent = await body_of(request)
        if strange := set(sent) - {"skillsAdded", "skillsRemoved", "type"}:
            raise ApiError(400, f"Unknown field {min(strange)}")
        if sent.get("type") != "Proficiency":
            raise ApiError(400, "type must be Proficiency")
        now = dict(held(employee))
        names = library(live.current)
        for skill in _listed(sent, "skillsAdded"):
            now[_id(skill, names)] = _level(skill)
            if not isinstance(skill.get("source"), str) or set(skill) - {"skillId", "source", "proficiencyLevel"}:
                raise ApiError(400, "A skill has skillId, source and proficiencyLevel")
        for skill in _listed(sent, "skillsRemoved"):
            now.pop(_id(skill, names), None)
        live.put(SYSTEM, employee, now)
        return {"data": [_shown(i, level) for i, level in now.items()]}

    return found


def _shown(skill: str, level: int | None) -> Item:
    return {"skillId": skill} if level is None else {"skillId": skill, "proficiencyLevel": level}


def _listed(sent: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = sent.get(key, [])
    if not isinstance(found, list) or not all(isinstance(s, dict) for s in found):
        raise ApiError(400, f"{key} must be a list of objects")
    return found


def _id(skill: Mapping[str, Any], names: Mapping[str, str]) -> str:
    found = skill.get("skillId")
    if not isinstance(found, str) or found not in names:
        raise ApiError(400, "There is no such skill in the library")
    return found


def _level(skill: Mapping[str, Any]) -> int | None:
    found = skill.get("proficiencyLevel")
    if found is not None and (not isinstance(found, int) or isinstance(found, bool) or not 1 <= found <= 5):
        raise ApiError(400, "proficiencyLevel must be from 1 to 5")
    return found
