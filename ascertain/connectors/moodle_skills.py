"""Accepted skills as Moodle's competencies: one rating for each person and mapped competency.

Each rating leaves a piece of evidence there, so it is written only where it differs and never sent twice on a whim.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ascertain.connectors.http import StatusError
from ascertain.connectors.moodle_options import SkillsOptions
from ascertain.domain.records import SourceRef
from ascertain.domain.writeback import Intended, SkillClaim, SkillTarget, TargetKind, WriteResult, WriteState
from ascertain.errors import PermanentConnectorError

Call = Callable[..., Any]
"""A function's answer, from its name, its parameters and whether the call may be repeated."""


class Competencies:
    """Reads and changes ratings of one person at a time."""

    def __init__(self, name: str, options: SkillsOptions, call: Call) -> None:
        self._name = name
        self._options = options
        self._call = call
        self._ours = {str(theirs): own for own, theirs in options.ids.items()}

    def targets(self) -> Sequence[SkillTarget]:
        """One for each mapped skill."""
        return [SkillTarget(theirs, TargetKind.NATIVE, f"competency of {own}") for theirs, own in self._ours.items()]

    def intend(self, claims: Sequence[SkillClaim]) -> Sequence[Intended]:
        """The grade of every mapped competency; nothing where the level has none on its scale."""
        by_skill = {c.skill_id: c for c in claims}
        found: list[Intended] = []
        for theirs, own in self._ours.items():
            claim = by_skill.get(own)
            grade = self._options.grades.get(int(claim.level)) if claim else None
            held = (claim.assertion_id,) if claim and grade is not None else ()
            found.append(Intended(theirs, None if grade is None else str(grade), held))
        return found

    def read(self, user: SourceRef, targets: Sequence[str]) -> Mapping[str, str | None]:
        """The present grades, ``None`` where somebody is not rated."""
        return {t: self._held(user, t) for t in targets}

    def write(self, user: SourceRef, target: str, value: str | None) -> WriteResult:
        """Rate somebody, or take a rating away where the options say how."""
        options = self._options
        if target not in self._ours or not user.id.isdigit():
            return WriteResult(WriteState.REJECTED, reason=f"{target} of {user} is no competency to rate")
        if value is None and options.empty is None:
            return WriteResult(
                WriteState.REJECTED, reason="a rating cannot be taken away unless options.skills.empty says how"
            )
        sent = {"userid": user.id, "competencyid": target, "grade": options.empty if value is None else value}
        sent["note"] = options.note
        try:
            if self._held(user, target) == value:
                return WriteResult(WriteState.UNCHANGED)
            if options.course is None:
                self._call("core_competency_grade_competency", sent, repeatable=False)
            else:
                inside = {"courseid": options.course, **sent}
                self._call("core_competency_grade_competency_in_course", inside, repeatable=False)
        except StatusError as e:
            if e.failure.status not in (400, 403, 404):
                raise
            return WriteResult(WriteState.REJECTED, reason=e.message)
        return WriteResult(WriteState.WRITTEN)

    def _held(self, user: SourceRef, target: str) -> str | None:
        data = self._call(self._options.read_function, {"userid": user.id, "competencyid": target})
        rating = _rating(data)
        if rating is None:
            raise PermanentConnectorError(
                f"{self._name}: {self._options.read_function} answered without a rating",
                remedy="set options.skills.read_function to a function that gives the user's competency",
            )
        grade = rating.get("grade")
        return None if grade in (None, "", 0, "0") else str(grade)


def _rating(data: Any) -> Mapping[str, Any] | None:
    """The user's competency in an answer, wherever the function puts it."""
    for key in ("", "usercompetencysummary", "usercompetency", "usercompetencycourse"):
        if key and isinstance(data, Mapping) and isinstance(data.get(key), Mapping):
            data = data[key]
    return data if isinstance(data, Mapping) and "grade" in data else None
