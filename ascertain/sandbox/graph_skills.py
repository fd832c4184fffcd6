"""A person's skills under /beta: listed, added, changed, removed. What the real thing will look like is not settled."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, Request, Response

from ascertain.sandbox.graph_gate import ApiError, Gate
from ascertain.sandbox.graph_shapes import Json, guid
from ascertain.sandbox.live import LiveCompany
from ascertain.sandbox.records import Person

_PLACE = "/beta/users/{key}/profile/skills"
_PROFICIENCIES = frozenset(
    ("elementary", "limitedWorking", "generalProfessional", "advancedProfessional", "expert", "unknownFutureValue")
)
_SETTABLE = frozenset(
    ("displayName", "proficiency", "categories", "collaborationTags", "webUrl", "allowedAudiences", "@odata.type")
)


class Skills:
    """The skills of everybody, kept beside the company by account."""

    def __init__(self, live: LiveCompany) -> None:
        self._live = live

    def serve(self, app: FastAPI, gate: Gate, person: Callable[[str], Person]) -> None:
        """Adds the routes."""

        @app.get(_PLACE)
        async def listed(request: Request, key: str) -> Json:
            gate.admit(request, "$select", "$filter", "$top")
            return {"value": self._of(person(key))}

        @app.post(_PLACE, status_code=201)
        async def add(request: Request, key: str) -> Json:
            gate.admit(request)
            found = person(key)
            sent = await _body(request)
            if not sent.get("displayName"):
                raise ApiError(400, "BadRequest", "displayName is required.")
            now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            row = {
                "id": secrets.token_hex(16),
                "allowedAudiences": "organization",
                "categories": [],
                "collaborationTags": [],
                "proficiency": None,
                "webUrl": None,
                "createdDateTime": now,
                "lastModifiedDateTime": now,
                "inference": None,
                **sent,
            }
            self._keep(found, [*self._of(found), row])
            return row

        @app.get(_PLACE + "/{skill}")
        async def one(request: Request, key: str, skill: str) -> Json:
            gate.admit(request)
            return self._one(person(key), skill)

        @app.patch(_PLACE + "/{skill}")
        async def change(request: Request, key: str, skill: str) -> Json:
            gate.admit(request)
            found = person(key)
            row = {**self._one(found, skill), **await _body(request)}
            self._keep(found, [row if s["id"] == skill else s for s in self._of(found)])
            return row

        @app.delete(_PLACE + "/{skill}")
        async def remove(request: Request, key: str, skill: str) -> Response:
            gate.admit(request)
            found = person(key)
            self._one(found, skill)
            self._keep(found, [s for s in self._of(found) if s["id"] != skill])
            return Response(status_code=204)

    def _of(self, person: Person) -> list[Json]:
        return list(self._live.kept("graph").get(guid("user", person.id), ()))

    def _keep(self, person: Person, rows: list[Json]) -> None:
        self._live.put("graph", guid("user", person.id), rows or None)

    def _one(self, person: Person, skill: str) -> Json:
        for row in self._of(person):
            if row["id"] == skill:
                return row
        raise ApiError(404, "ResourceNotFound", "The skill was not found.")


async def _body(request: Request) -> dict[str, Any]:
    try:
        sent = await request.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise ApiError(400, "BadRequest", "Unable to read JSON request payload.") from None
    if not isinstance(sent, dict):
        raise ApiError(400, "BadRequest", "The body is not an object.")
    if strange := set(sent) - _SETTABLE:
        raise ApiError(400, "BadRequest", f"The property '{min(strange)}' cannot be set.")
    if sent.get("proficiency") not in _PROFICIENCIES | {None}:
        raise ApiError(400, "BadRequest", "The proficiency is not a known one.")
    return sent
