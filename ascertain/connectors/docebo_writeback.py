"""Docebo: accepted skills into one additional field of the user; approved paths and onboarding plans as learning plans.

Facts the code rests on: ``PUT /manage/v1/user/{id}`` with ``additional_fields: [{"id", "value"}]`` answers
``data.success``; additional fields are flat strings. Not confirmed by any public source: that fields left out of the
call stay as they are, and how much text a field holds (``skills_field_length``). The native skills service is known
from 2017 only and is not used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from ascertain.connectors.compact import compact
from ascertain.connectors.docebo_plans import ONBOARDING, PLAN, PLANS, DoceboPlans
from ascertain.connectors.docebo_rows import DoceboOptions
from ascertain.connectors.http import StatusError
from ascertain.domain.connector import Verdict
from ascertain.domain.records import Entity, SourceRef
from ascertain.domain.writeback import Intended, SkillClaim, SkillTarget, TargetKind, WriteResult, WriteState
from ascertain.errors import PermanentConnectorError


class DoceboWriteBack(DoceboPlans):
    """The writing half of the Docebo connector: one compact text, ``Terraform:3; SQL:2 | 2026-05-04``."""

    _options: DoceboOptions

    def targets(self) -> Sequence[SkillTarget]:
        found = []
        if (number := self._options.skills_field) is not None:
            found.append(SkillTarget(f"field_{number}", TargetKind.FIELD, f"additional field {number}"))
        if self._options.learning_plans:
            found.append(SkillTarget(PLAN, TargetKind.LEARNING, "learning plan"))
            found.append(SkillTarget(ONBOARDING, TargetKind.ONBOARDING, "learning plan of the first 90 days"))
        return tuple(found)

    def intend(self, user: SourceRef, claims: Sequence[SkillClaim]) -> Sequence[Intended]:
        fields = [t.id for t in self.targets() if t.kind is TargetKind.FIELD]
        return [compact(t, claims, self._options.skills_field_length) for t in fields]

    def read(self, user: SourceRef, targets: Sequence[str]) -> Mapping[str, str | None]:
        plans = {p: self.read_plan(user, p) for p in PLANS if p in targets}
        fields = [t for t in targets if t not in PLANS]
        return {**plans, **self._read_fields(user, fields)} if fields else plans

    def _read_fields(self, user: SourceRef, targets: Sequence[str]) -> Mapping[str, str | None]:
        data = self._user(self.get(f"/manage/v1/user/{user.id}").data)
        listed = data.get("additional_fields")
        row = data.get("user_data")
        by_id: dict[str, Any] = {}
        if isinstance(row, Mapping):
            by_id |= {k: v for k, v in row.items() if isinstance(k, str) and k.startswith("field_")}
        if isinstance(listed, list):
            by_id |= {f"field_{f['id']}": f.get("value") for f in listed if isinstance(f, Mapping) and "id" in f}
        if missing := sorted(set(targets) - set(by_id)):
            raise PermanentConnectorError(
                f"{self.name}: the user has no {missing[0].replace('_', ' ')}",
                remedy="set skills_field to the id of an additional user field that is shown to all (probe lists them)",
            )
        return {t: str(by_id[t]) if by_id[t] not in (None, "") else None for t in targets}

    def write(self, user: SourceRef, target: str, value: str | None, *, request_id: str) -> WriteResult:
        # The value itself makes a repeat harmless: there is nothing to hand the request id to.
        if target not in {t.id for t in self.targets()} or user.entity is not Entity.USER:
            return WriteResult(WriteState.REJECTED, reason=f"{target} of {user} is no place to write to")
        if target in PLANS:
            return self.write_plan(user, target, value)
        field = {"id": int(target.removeprefix("field_")), "value": value or ""}
        try:
            answer = self.send("PUT", f"/manage/v1/user/{user.id}", body={"additional_fields": [field]})
        except StatusError as e:
            verdict = self.classify(e.failure)
            if verdict is Verdict.NOT_FOUND or e.failure.status in (400, 422):
                return WriteResult(WriteState.REJECTED, reason=e.message)
            raise
        if not self._user(answer.data).get("success"):
            return WriteResult(WriteState.REJECTED, reason="the answer does not say that it succeeded")
        return WriteResult(WriteState.WRITTEN)

    @property
    def lag(self) -> timedelta:
        return timedelta(seconds=self._options.skills_lag_seconds)

    def _user(self, answer: Any) -> Mapping[str, Any]:
        data = answer.get("data") if isinstance(answer, Mapping) else None
        if not isinstance(data, Mapping):
            raise PermanentConnectorError(f"{self.name}: the answer about a user has no data object")
        return data
