"""Microsoft Graph's calls: a validation token to echo, then notifications with the subscription's ``clientState``.

The proof says who calls and nothing about the body, so a notification only names what to fetch. It has no id: what
happened to what is its key; two updates of one message within an hour are one event, and polling finds what that hides.
Notifications with content (and their JWTs) are not subscribed to; content that comes all the same is not looked at.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ascertain.domain.canonical import digest
from ascertain.domain.records import Entity, SourceRef
from ascertain.domain.webhooks import Event, Heard, RawRequest, Received, Reply, rejected

MAX_BODY = 4 * 1024 * 1024
MAX_NOTES = 1000
_TOKEN = re.compile(r"^[\x20-\x7e]{1,2000}$")
_PART = r"\(?'?/?(?P<{}>[A-Za-z0-9._:@=-]+?)'?\)?"
_MESSAGE = re.compile(
    r"^/?teams" + _PART.format("team") + r"/channels" + _PART.format("channel") + r"/messages" + _PART.format("message")
    + r"(?:/replies" + _PART.format("reply") + r")?$",
    re.IGNORECASE,
)  # fmt: skip
_USER = re.compile(r"^/?users" + _PART.format("user") + r"$", re.IGNORECASE)
_MISSED = ("missed", "subscriptionRemoved")


def receive(name: str, state: str, entities: frozenset[Entity], request: RawRequest, now: datetime) -> Received:
    """What a call is. ``state`` is the connection's ``client_state``, empty where it has none; ``entities`` are those
    that events may lead to."""
    if len(request.body) > MAX_BODY:
        return rejected(413, "the body is too large")
    token = _validation(request.url)
    if token is not None:
        # The vendor asks before any secret is agreed on, so anybody may; what comes back is their own plain text.
        if not _TOKEN.match(token):
            return rejected(400, "the validation token cannot be one")
        return Received(Heard.HANDSHAKE, Reply(200, token))
    if not state:
        return rejected(401, "the connection has no client_state, so no call can be believed")
    try:
        document = json.loads(request.body)
    except (ValueError, RecursionError):
        return rejected(401, "the body is not JSON, so it proves nothing")
    rows = document.get("value") if isinstance(document, Mapping) else None
    if not isinstance(rows, list) or not rows:
        return rejected(401, "there is no notification that could prove itself")
    if len(rows) > MAX_NOTES:
        return rejected(413, "too many notifications in one call")
    if not all([_proved(row, state) for row in rows]):  # a list: each is compared, whatever the others are
        return rejected(401, "clientState is missing or wrong")
    found = [e for row in rows if (e := _event(name, row, entities, now)) is not None]
    return Received(Heard.EVENTS, Reply(202), tuple({e.key: e for e in found}.values()))


def _validation(url: str) -> str | None:
    try:
        values = parse_qs(urlsplit(url).query, keep_blank_values=True).get("validationToken")
    except ValueError:
        return None
    return values[0] if values else None


def _proved(row: object, state: str) -> bool:
    sent = row.get("clientState") if isinstance(row, Mapping) else None
    return hmac.compare_digest(str(sent or "").encode("utf-8", "replace"), state.encode())


def _event(name: str, row: Mapping[str, Any], entities: frozenset[Entity], now: datetime) -> Event | None:
    what, resource = row.get("changeType"), row.get("resource")
    hour = f"{now:%Y-%m-%dT%H}"
    if row.get("lifecycleEvent") in _MISSED:
        key = digest([row["lifecycleEvent"], row.get("subscriptionId"), hour], length=32)
        return Event(key, f"lifecycle.{row['lifecycleEvent']}", pull=tuple(sorted(entities))) if entities else None
    if what not in ("created", "updated", "deleted") or not isinstance(resource, str):
        return None
    ref = _ref(name, resource)
    if ref is None or ref.entity not in entities:
        return None
    data = row.get("resourceData")
    etag = data.get("@odata.etag") if isinstance(data, Mapping) else None
    stamp = [str(etag or hour)] if what == "updated" else []
    key = digest([what, str(ref), *stamp], length=32)
    return Event(key, f"{ref.entity.value}.{what}", (ref,), deleted=what == "deleted")


def _ref(name: str, resource: str) -> SourceRef | None:
    if found := _MESSAGE.match(resource):
        parts = [found["team"], found["channel"], found["message"], *([found["reply"]] if found["reply"] else [])]
        return SourceRef(name, Entity.MESSAGE, "/".join(parts))
    if found := _USER.match(resource):
        return SourceRef(name, Entity.WORKER, found["user"])
    return None
