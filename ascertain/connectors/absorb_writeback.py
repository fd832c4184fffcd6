"""Absorb: accepted skills into one custom field of the user, by reading the whole user and writing it back.

Whether ``PUT /users/{id}`` clears what is left out is not documented, so nothing is left out. Between the reading and
the writing somebody else's change to the same user would be lost; the two calls follow each other at once, and the
connection's token is exclusive, so no other process of this installation writes meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from ascertain.connectors.absorb_options import AbsorbOptions
from ascertain.connectors.base import HttpConnector
from ascertain.connectors.compact import compact
from ascertain.connectors.http import StatusError
from ascertain.domain.connector import Verdict
from ascertain.domain.records import Entity, SourceRef
from ascertain.domain.writeback import Intended, SkillClaim, SkillTarget, TargetKind, WriteResult, WriteState
from ascertain.errors import PermanentConnectorError


class AbsorbWriteBack(HttpConnector):
    """The writing half of the Absorb connector."""

    _options: AbsorbOptions

    def targets(self) -> Sequence[SkillTarget]:
        name = self._options.skills_field
        return (SkillTarget(name, TargetKind.FIELD, f"custom field {name}"),) if name else ()

    def intend(self, user: SourceRef, claims: Sequence[SkillClaim]) -> Sequence[Intended]:
        return [compact(t.id, claims, self._options.skills_field_length) for t in self.targets()]

    def read(self, user: SourceRef, targets: Sequence[str]) -> Mapping[str, str | None]:
        custom = self._custom(self._user(user.id))
        return {t: str(custom[t]) if custom.get(t) not in (None, "") else None for t in targets}

    def write(self, user: SourceRef, target: str, value: str | None, *, request_id: str) -> WriteResult:
        # The value itself makes a repeat harmless: there is nothing to hand the request id to.
        if target not in {t.id for t in self.targets()} or user.entity is not Entity.USER:
            return WriteResult(WriteState.REJECTED, reason=f"{target} of {user} is no place to write to")
        try:
            whole = self._user(user.id)
            custom = self._custom(whole)
            if (custom.get(target) or None) == value:
                return WriteResult(WriteState.UNCHANGED)
            self.send("PUT", f"/users/{user.id}", body={**whole, "customFields": {**custom, target: value}})
        except StatusError as e:
            if self.classify(e.failure) is Verdict.NOT_FOUND or e.failure.status in (400, 422):
                return WriteResult(WriteState.REJECTED, reason=e.message)
            raise
        return WriteResult(WriteState.WRITTEN)

    @property
    def lag(self) -> timedelta:
        return timedelta(seconds=self._options.skills_lag_seconds)

    def _user(self, account: str) -> Mapping[str, Any]:
        raw = self.get(f"/users/{account}").data
        if not isinstance(raw, Mapping):
            raise PermanentConnectorError(f"{self.name}: the answer about a user is no object")
        return raw

    def _custom(self, user: Mapping[str, Any]) -> Mapping[str, Any]:
        custom = user.get("customFields")
        if not isinstance(custom, Mapping):
            raise PermanentConnectorError(
                f"{self.name}: the user has no customFields, so nothing can be written without losing some",
                remedy="give the integration user the right to see custom fields, or unset skills_field",
            )
        return custom
