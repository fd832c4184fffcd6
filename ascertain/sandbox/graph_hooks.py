"""Graph's subscriptions: checked when they are made, ended when they are not renewed, told of changes with the
client's own word (``clientState``) as the only proof."""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from ascertain.sandbox.chat import Chat, Kind, Post
from ascertain.sandbox.graph_gate import ApiError, GraphOptions
from ascertain.sandbox.graph_shapes import TEAM, Json, channel_id, guid, message_id
from ascertain.sandbox.hooks import HookSender
from ascertain.sandbox.records import Person

_MESSAGES = re.compile(r"^teams/([^/]+)/channels/([^/]+)/messages$")
_USERS_MINUTES, _MESSAGE_MINUTES, _WITHOUT_LIFECYCLE = 41_760, 4_320, 60
_STATE = 128
_DELAYS = (0.05, 0.2, 1.0)
"""The vendor tries for hours; nobody waits so long here."""


@dataclass(frozen=True, slots=True)
class _Subscription:
    id: str
    resource: str
    change_types: frozenset[str]
    url: str
    state: str
    until: datetime
    lifecycle: str

    def shown(self) -> Json:
        return {
            "id": self.id,
            "resource": self.resource,
            "changeType": ",".join(sorted(self.change_types)),
            "notificationUrl": self.url,
            "lifecycleNotificationUrl": self.lifecycle or None,
            "expirationDateTime": _stamp(self.until),
            "clientState": None,  # shown to nobody
            "includeResourceData": False,
        }


class Subscriptions:
    """Who wants to hear of what."""

    def __init__(self, options: GraphOptions) -> None:
        self._tenant = options.tenant
        self._lock = threading.Lock()
        self._kept: dict[str, _Subscription] = {}
        self.sender = HookSender(options.faults, delays=_DELAYS, timeout=10.0)

    def create(self, sent: object, channels: frozenset[str]) -> Json:
        """A subscription, once its address has handed the validation token back."""
        if not isinstance(sent, dict):
            raise _bad("The request body is not an object.")
        wanted = str(sent.get("resource", "")).strip("/").removeprefix("v1.0/")
        kinds = frozenset(str(sent.get("changeType", "")).split(","))
        state, lifecycle = str(sent.get("clientState") or ""), str(sent.get("lifecycleNotificationUrl") or "")
        match = _MESSAGES.match(wanted)
        if wanted != "users" and not (match and match[1] == TEAM and match[2] in channels):
            raise _bad("The resource is not supported or not found.")
        if kinds - {"created", "updated", "deleted"} or (wanted == "users" and "created" in kinds):
            raise _bad("The changeType is not supported for this resource.")
        if len(state) > _STATE:
            raise _bad(f"clientState must not exceed {_STATE} characters.")
        if sent.get("includeResourceData"):
            raise _bad("encryptionCertificate is required with includeResourceData.")
        most = _USERS_MINUTES if wanted == "users" else _MESSAGE_MINUTES if lifecycle else _WITHOUT_LIFECYCLE
        until = _until(sent.get("expirationDateTime"), most)
        url = str(sent.get("notificationUrl") or "")
        for address in filter(None, (url, lifecycle)):
            self._validate(address)
        made = _Subscription(secrets.token_hex(16), wanted, kinds, url, state, until, lifecycle)
        with self._lock:
            self._kept[made.id] = made
        return {**made.shown(), "clientState": state or None}

    def renew(self, key: str, sent: object) -> Json:
        """A later end."""
        old = self._living(key)
        most = _USERS_MINUTES if old.resource == "users" else _MESSAGE_MINUTES if old.lifecycle else _WITHOUT_LIFECYCLE
        new = replace(old, until=_until(sent.get("expirationDateTime") if isinstance(sent, dict) else None, most))
        with self._lock:
            self._kept[key] = new
        return new.shown()

    def one(self, key: str) -> Json:
        """A subscription that has not ended."""
        return self._living(key).shown()

    def all(self) -> list[Json]:
        """Those that have not ended."""
        with self._lock:
            return [s.shown() for s in self._kept.values() if s.until > datetime.now(UTC)]

    def remove(self, key: str) -> None:
        """Ends one."""
        self._living(key)
        with self._lock:
            self._kept.pop(key, None)

    def tell_message(self, post: Post, chat: Chat) -> None:
        """A new message in a channel that everybody sees."""
        found = next(c for c in chat.channels if c.name == post.channel)
        if found.kind is not Kind.PUBLIC:
            return
        place = f"teams/{TEAM}/channels/{channel_id(found)}/messages"
        told = f"teams('{TEAM}')/channels('{channel_id(found)}')/messages('{message_id(post)}')"
        data = {"@odata.type": "#Microsoft.Graph.chatMessage", "@odata.id": told, "id": message_id(post)}
        self._tell(place, "created", told, data)

    def tell_user(self, person: Person) -> None:
        """A user whose properties changed."""
        told = f"Users/{guid('user', person.id)}"
        data = {"@odata.type": "#Microsoft.Graph.User", "@odata.id": told, "id": guid("user", person.id)}
        self._tell("users", "updated", told, data)

    def _tell(self, place: str, kind: str, told: str, data: Mapping[str, Any]) -> None:
        now = datetime.now(UTC)
        with self._lock:
            meant = [s for s in self._kept.values() if s.resource == place and kind in s.change_types and s.until > now]
        for found in meant:
            note = {
                "subscriptionId": found.id,
                "subscriptionExpirationDateTime": _stamp(found.until),
                "clientState": found.state or None,
                "changeType": kind,
                "resource": told,
                "resourceData": dict(data),
                "tenantId": self._tenant,
            }
            bare = {k: v for k, v in note.items() if k != "clientState"}
            self.sender.post(
                found.url, json.dumps({"value": [note]}).encode(), bare=json.dumps({"value": [bare]}).encode()
            )

    def _validate(self, url: str) -> None:
        token = f"Validation: Testing client application reachability for subscription {secrets.token_hex(8)} & <more>"
        separator = "&" if "?" in url else "?"
        try:
            answer = self.sender.ask(
                f"{url}{separator}validationToken={quote(token, safe='')}", headers={"content-type": "text/plain"}
            )
        except ValueError as e:
            raise ApiError(400, "ValidationError", f"Subscription validation request failed: {e}") from None
        kind = answer[1].get("content-type", "") if answer else ""
        if answer is None or answer[0] != 200 or answer[2] != token or not kind.startswith("text/plain"):
            message = (
                "Subscription validation request failed. Response must exactly match validationToken query parameter."
            )
            raise ApiError(400, "ValidationError", message)

    def _living(self, key: str) -> _Subscription:
        with self._lock:
            found = self._kept.get(key)
        if found is None or found.until <= datetime.now(UTC):
            raise ApiError(404, "ResourceNotFound", "The object was not found.")
        return found


def _until(text: object, minutes: int) -> datetime:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        raise _bad("expirationDateTime is missing or unreadable.") from None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    now = datetime.now(UTC)
    if not now < found <= now + timedelta(minutes=minutes, seconds=5):
        raise _bad(f"Subscription expiration can only be {minutes} minutes in the future.")
    return found.astimezone(UTC)


def _bad(message: str) -> ApiError:
    return ApiError(400, "InvalidRequest", message)


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
