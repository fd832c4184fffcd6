"""Accepted skills on Microsoft profiles: in the vendor's beta, which may change or go; nothing is written by default.

One target for each skill that the options map to a caption. Others' entries, and those with other captions, are never
touched. ``skillProficiency`` has five words, one for each of our levels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from ascertain.connectors.base import HttpConnector
from ascertain.connectors.graph_rows import GraphOptions
from ascertain.connectors.http import StatusError
from ascertain.domain.connector import Verdict
from ascertain.domain.records import SourceRef
from ascertain.domain.writeback import Intended, SkillClaim, SkillTarget, TargetKind, WriteResult, WriteState
from ascertain.errors import PermanentConnectorError

_WORDS = ("elementary", "limitedWorking", "generalProfessional", "advancedProfessional", "expert")
_LAG = timedelta(minutes=2)


class GraphSkills(HttpConnector):
    """The writing half of the Microsoft Graph connector."""

    _options: GraphOptions

    def targets(self) -> Sequence[SkillTarget]:
        captions = self._options.profile_skills.values()
        return [SkillTarget(c, TargetKind.NATIVE, f"profile skill {c}") for c in sorted(set(captions))]

    def intend(self, user: SourceRef, claims: Sequence[SkillClaim]) -> Sequence[Intended]:
        held = {
            self._options.profile_skills[c.skill_id]: c for c in claims if c.skill_id in self._options.profile_skills
        }
        return [
            Intended(t.id, _WORDS[int(held[t.id].level) - 1], (held[t.id].assertion_id,))
            if t.id in held
            else Intended(t.id, None, ())
            for t in self.targets()
        ]

    def read(self, user: SourceRef, targets: Sequence[str]) -> Mapping[str, str | None]:
        held = {str(r.get("displayName")): str(r.get("proficiency") or "") for r in self._held(user)}
        return {t: held.get(t) for t in targets}

    def write(self, user: SourceRef, target: str, value: str | None, *, request_id: str) -> WriteResult:
        # Looked up by caption first: a repeat finds the entry there and changes nothing.
        if target not in self._options.profile_skills.values() or (value is not None and value not in (*_WORDS, "")):
            return WriteResult(WriteState.REJECTED, reason=f"{target} is not a mapped skill, or {value} no proficiency")
        try:
            entry = next((r for r in self._held(user) if r.get("displayName") == target), None)
            now = None if entry is None else str(entry.get("proficiency") or "")
            if now == value:
                return WriteResult(WriteState.UNCHANGED)
            if entry is None:
                body = {"displayName": target, "allowedAudiences": self._options.audience, "proficiency": value}
                # Sent once: a second POST would make a second entry. The next push looks and goes on from there.
                self.send("POST", self._path(user), body=body, repeatable=False)
            elif value is None:
                self.send("DELETE", f"{self._path(user)}/{entry.get('id')}")
            else:
                self.send("PATCH", f"{self._path(user)}/{entry.get('id')}", body={"proficiency": value})
        except StatusError as e:
            if self.classify(e.failure) is Verdict.NOT_FOUND or e.failure.status in (400, 403, 409, 422):
                return WriteResult(WriteState.REJECTED, reason=e.message)
            raise
        return WriteResult(WriteState.WRITTEN)

    @property
    def lag(self) -> timedelta:
        return _LAG

    def _path(self, user: SourceRef) -> str:
        return f"/beta/users/{user.id}/profile/skills"

    def _held(self, user: SourceRef) -> list[Mapping[str, Any]]:
        data = self.get(self._path(user)).data
        rows = data.get("value") if isinstance(data, Mapping) else None
        if not isinstance(rows, list):
            raise PermanentConnectorError(f"{self.name}: the profile's skills are no list")
        return [r for r in rows if isinstance(r, Mapping)]
