"""Accepted skills as Cornerstone's native employee skills.

One target for each skill that the options map to the capabilities library. Documented is the body that adds a skill;
the verb, the host prefix, the field of the level, removing, and reading at the same path are options (see
``Skills``), so nothing is written before somebody has mapped a skill there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ascertain.connectors.cornerstone_options import Skills
from ascertain.connectors.http import Answer, StatusError
from ascertain.domain.records import SourceRef
from ascertain.domain.writeback import Intended, SkillClaim, SkillTarget, TargetKind, WriteResult, WriteState
from ascertain.errors import PermanentConnectorError

HELD = "held"
"""The value of a target without a level."""
_REFUSED = (400, 403, 404, 409, 410, 422)
Send = Callable[..., Answer]


class EmployeeSkills:
    """Reads and changes the skills of one employee at a time. ``send`` makes an authorised call."""

    def __init__(self, name: str, options: Skills, send: Send) -> None:
        self._name = name
        self._options = options
        self._send = send
        self._ours = {theirs: own for own, theirs in options.ids.items()}

    def targets(self) -> Sequence[SkillTarget]:
        """One for each mapped skill."""
        return [SkillTarget(theirs, TargetKind.NATIVE, f"skill {own}") for theirs, own in self._ours.items()]

    def intend(self, claims: Sequence[SkillClaim]) -> Sequence[Intended]:
        """Every mapped skill: held (at its level) or not. Claims that are not mapped are left out."""
        by_skill = {c.skill_id: c for c in claims}
        found: list[Intended] = []
        for theirs, own in self._ours.items():
            claim = by_skill.get(own)
            if claim is None:
                found.append(Intended(theirs, None, ()))
                continue
            value = str(int(claim.level)) if self._options.level_field else HELD
            found.append(Intended(theirs, value, (claim.assertion_id,)))
        return found

    def read(self, user: SourceRef, targets: Sequence[str]) -> Mapping[str, str | None]:
        """What the employee's skills say now.

        Raises:
            PermanentConnectorError: when the answer is no list of skills.
        """
        answer = self._send("GET", self._path(user))
        held = {s: v for s, v in map(self._held, _rows(answer.data, self._name))}
        return {t: held.get(t) for t in targets}

    def write(self, user: SourceRef, target: str, value: str | None) -> WriteResult:
        """Add, change or remove one skill; the others are not in the body, so they are not touched."""
        if target not in self._ours:
            return WriteResult(WriteState.REJECTED, reason=f"{target} is not a mapped skill")
        try:
            if self.read(user, [target])[target] == value:
                return WriteResult(WriteState.UNCHANGED)
            self._send(self._options.method, self._path(user), body=self._body(target, value))
        except StatusError as e:
            if e.failure.status not in _REFUSED:
                raise
            return WriteResult(WriteState.REJECTED, reason=f"Cornerstone answered {e.failure.status}")
        return WriteResult(WriteState.WRITTEN)

    def _path(self, user: SourceRef) -> str:
        return self._options.path.replace("{employee}", user.id)

    def _body(self, target: str, value: str | None) -> dict[str, Any]:
        options = self._options
        skill: dict[str, Any] = {"skillId": target}
        if value is None:
            return {options.removed_key: [skill], "type": options.type}
        skill["source"] = options.source
        if options.level_field:
            skill[options.level_field] = int(value)
        return {"skillsAdded": [skill], "type": options.type}

    def _held(self, row: Mapping[str, Any]) -> tuple[str, str]:
        level = row.get(self._options.level_field) if self._options.level_field else None
        return str(row.get("skillId") or row.get("id")), HELD if level is None else str(level)


def _rows(data: Any, name: str) -> list[Mapping[str, Any]]:
    """The skills of an answer: a list, or one under ``data`` or ``skills``."""
    for key in ("data", "skills", "item1"):
        if isinstance(data, Mapping) and key in data:
            data = data[key]
    if not isinstance(data, list):
        raise PermanentConnectorError(
            f"{name}: the employee's skills are no list", remedy="check options.skills.path against the portal"
        )
    return [r for r in data if isinstance(r, Mapping)]
