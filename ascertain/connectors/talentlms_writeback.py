"""TalentLMS: accepted skills into one custom field of the user.

The documented body of ``PATCH /api/v2/users/{id}`` has no custom fields, so either the batch upsert of version 2
writes them (in a background task) or ``edituser`` of version 1 does. The batch *creates* users that it does not find,
therefore the user is read first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from ascertain.connectors.base import HttpConnector
from ascertain.connectors.compact import compact
from ascertain.connectors.http import StatusError
from ascertain.connectors.talentlms_options import TalentLmsOptions
from ascertain.connectors.talentlms_rows import CUSTOM
from ascertain.domain.connector import Verdict
from ascertain.domain.records import Entity, SourceRef
from ascertain.domain.writeback import Intended, SkillClaim, SkillTarget, TargetKind, WriteResult, WriteState
from ascertain.errors import PermanentConnectorError

_DONE = frozenset(("completed", "complete", "finished", "done", "success", "succeeded"))
_FAILED = frozenset(("failed", "failure", "error", "cancelled"))


class TalentLmsWriteBack(HttpConnector):
    """The writing half of the TalentLMS connector."""

    _options: TalentLmsOptions

    def version1(self, path: str, form: Mapping[str, str] | None = None) -> Any:
        """The answer of a call of version 1; a POST where there is a form."""
        raise NotImplementedError

    def targets(self) -> Sequence[SkillTarget]:
        number = self._options.skills_field
        if number is None:
            return ()
        return (SkillTarget(f"{CUSTOM}{number}", TargetKind.FIELD, f"custom field {number}"),)

    def intend(self, user: SourceRef, claims: Sequence[SkillClaim]) -> Sequence[Intended]:
        return [compact(t.id, claims, self._options.skills_field_length) for t in self.targets()]

    def read(self, user: SourceRef, targets: Sequence[str]) -> Mapping[str, str | None]:
        fields = custom_fields(self.get(f"/api/v2/users/{user.id}").data)
        if missing := sorted(set(targets) - set(fields)):
            raise PermanentConnectorError(
                f"{self.name}: the user has no {missing[0]}",
                remedy="set skills_field to the id of a custom user field (probe lists them)",
            )
        return {t: str(fields[t]) if fields[t] not in (None, "") else None for t in targets}

    def write(self, user: SourceRef, target: str, value: str | None, *, request_id: str) -> WriteResult:
        # The value itself makes a repeat harmless: there is nothing to hand the request id to.
        if target not in {t.id for t in self.targets()} or user.entity is not Entity.USER or not user.id.isdecimal():
            return WriteResult(WriteState.REJECTED, reason=f"{target} of {user} is no place to write to")
        try:
            if self.read(user, [target])[target] == value:
                return WriteResult(WriteState.UNCHANGED)
            if self._options.write_through == "v1":
                self.version1("edituser", {"user_id": user.id, target: value or ""})
                return WriteResult(WriteState.WRITTEN)
            row = {"id": int(user.id), target: value or ""}
            answer = self.send("POST", "/api/v2/batch/users", body={"users": [row]})
        except StatusError as e:
            if self.classify(e.failure) is Verdict.NOT_FOUND or e.failure.status in (400, 422):
                return WriteResult(WriteState.REJECTED, reason=e.message)
            raise
        return self._task(answer.data)

    @property
    def lag(self) -> timedelta:
        return timedelta(seconds=self._options.skills_lag_seconds if self._options.write_through == "batch" else 0)

    def _task(self, answer: object) -> WriteResult:
        """What became of the batch by now. The names of a task's fields are not documented."""
        data = data_of(answer)
        task = next((str(data[k]) for k in ("task_id", "id") if data.get(k) not in (None, "")), "")
        if not task:
            return WriteResult(WriteState.QUEUED)
        found = self.found_or_none(lambda: self.get(f"/api/v2/tasks/{task}"))
        state = str(data_of(found.data).get("status", "")).lower() if found else ""
        if state in _FAILED:
            return WriteResult(WriteState.REJECTED, task, "the background task failed")
        return WriteResult(WriteState.WRITTEN if state in _DONE else WriteState.QUEUED, task)


def data_of(answer: object) -> Mapping[str, Any]:
    """What stands under ``_data``, empty where that is no object."""
    data = answer.get("_data") if isinstance(answer, Mapping) else None
    return data if isinstance(data, Mapping) else {}


def custom_fields(answer: object) -> Mapping[str, Any]:
    """The custom fields of one user's details as ``custom_field_<id>``."""
    listed = data_of(answer).get("custom_fields")
    rows = [f for f in (listed if isinstance(listed, list) else []) if isinstance(f, Mapping) and "id" in f]
    return {f"{CUSTOM}{f['id']}": f.get("value") for f in rows}
