"""Slack: accepted skills into one custom field of the profile.

``users.profile.set`` for somebody else needs a user token of an admin or owner on a paid plan (``admin_token``), the
field's source of data set to the API, and a role above the person's own. Fields left out of the call stay as they are;
a field's ``alt`` is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from ascertain.connectors.base import HttpConnector
from ascertain.connectors.compact import compact
from ascertain.connectors.http import Answer, StatusError
from ascertain.connectors.slack_rows import SlackOptions
from ascertain.domain.connector import Verdict
from ascertain.domain.records import Entity, SourceRef
from ascertain.domain.writeback import Intended, SkillClaim, SkillTarget, TargetKind, WriteResult, WriteState


class SlackWriteBack(HttpConnector):
    """The writing half of the Slack connector."""

    _options: SlackOptions

    def targets(self) -> Sequence[SkillTarget]:
        field = self._options.skills_field
        return (SkillTarget(field, TargetKind.FIELD, f"profile field {field}"),) if field else ()

    def intend(self, user: SourceRef, claims: Sequence[SkillClaim]) -> Sequence[Intended]:
        return [compact(t.id, claims, self._options.skills_field_length) for t in self.targets()]

    def account(self, email: str) -> SourceRef | None:
        """The member with that address."""
        answer = self.found_or_none(lambda: self.get("/api/users.lookupByEmail", {"email": email}))
        user = answer.data.get("user") if answer and isinstance(answer.data, Mapping) else None
        found = user.get("id") if isinstance(user, Mapping) and not user.get("deleted") else None
        return SourceRef(self.name, Entity.USER, str(found)) if found else None

    def read(self, user: SourceRef, targets: Sequence[str]) -> Mapping[str, str | None]:
        fields = self._profile_fields(user)
        return {t: _text(fields.get(t), "value") or None for t in targets}

    def write(self, user: SourceRef, target: str, value: str | None, *, request_id: str) -> WriteResult:
        # The value itself makes a repeat harmless: there is nothing to hand the request id to.
        if target not in {t.id for t in self.targets()} or user.entity is not Entity.USER:
            return WriteResult(WriteState.REJECTED, reason=f"{target} of {user} is no place to write to")
        try:
            alt = _text(self._profile_fields(user).get(target), "alt")
            body = {"user": user.id, "profile": {"fields": {target: {"value": value or "", "alt": alt}}}}
            self._as_admin("POST", "/api/users.profile.set", body=body)
        except StatusError as e:
            verdict = self.classify(e.failure)
            if verdict is Verdict.NOT_FOUND or e.failure.status in (400, 403, 422):
                return WriteResult(WriteState.REJECTED, reason=e.message)
            raise
        return WriteResult(WriteState.WRITTEN)

    @property
    def lag(self) -> timedelta:
        return timedelta(seconds=self._options.skills_lag_seconds)

    def _profile_fields(self, user: SourceRef) -> Mapping[str, Any]:
        """By id; Slack answers an empty list where there is none."""
        data = self._as_admin("GET", "/api/users.profile.get", params={"user": user.id}).data
        profile = data.get("profile") if isinstance(data, Mapping) else None
        fields = profile.get("fields") if isinstance(profile, Mapping) else None
        return fields if isinstance(fields, Mapping) else {}

    def _as_admin(self, method: str, path: str, **more: Any) -> Answer:
        token = self.connection.secret("admin_token")
        return self.http.send(method, path, headers={"Authorization": f"Bearer {token}"}, **more)


def _text(field: object, key: str) -> str:
    found = field.get(key) if isinstance(field, Mapping) else None
    return found if isinstance(found, str) else ""
