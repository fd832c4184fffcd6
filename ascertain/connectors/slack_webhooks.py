"""Slack's calls: ``v0`` HMAC over the time and the raw body, a challenge to echo, then one event a call.

Only messages in public channels lead anywhere; which of those are read is for the fetch to decide, because a call
names a channel by its id. What it says is dropped unread.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from ascertain.connectors.parsing import FieldError
from ascertain.connectors.slack_rows import TS, moment
from ascertain.domain.records import Entity, SourceRef
from ascertain.domain.webhooks import Event, Heard, RawRequest, Received, Reply, rejected

MAX_BODY = 1024 * 1024
TOLERANCE = timedelta(minutes=5)
_SECONDS = re.compile(r"^[0-9]{1,12}$", re.ASCII)
_ID = re.compile(r"^[A-Za-z0-9._-]{1,80}$", re.ASCII)
_CHANNEL = re.compile(r"^C[A-Z0-9]{1,20}$", re.ASCII)
_WRITTEN = (None, "", "thread_broadcast", "file_share", "me_message")


def receive(name: str, secret: str, opted_in: bool, request: RawRequest, now: datetime) -> Received:
    """What a call is. ``secret`` is the app's signing secret, empty where the connection has none."""
    if len(request.body) > MAX_BODY:
        return rejected(413, "the body is too large")
    if not secret:
        return rejected(401, "the connection has no signing_secret, so no call can be believed")
    stamp = request.header("x-slack-request-timestamp")
    if not _SECONDS.match(stamp) or abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
        return rejected(401, "the timestamp is missing, or more than five minutes off")
    base = b"v0:" + stamp.encode() + b":" + request.body
    proof = "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(request.header("x-slack-signature").encode("utf-8", "replace"), proof.encode()):
        return rejected(401, "the signature is missing or wrong")
    try:
        document = json.loads(request.body)
    except (ValueError, RecursionError):
        return rejected(400, "the body is not JSON")
    if not isinstance(document, Mapping):
        return rejected(400, "the body is no object")
    if document.get("type") == "url_verification":
        challenge = document.get("challenge")
        if not isinstance(challenge, str) or len(challenge) > 1000:
            return rejected(400, "the challenge is missing")
        return Received(Heard.HANDSHAKE, Reply(200, challenge))
    event = _event(name, document) if opted_in and document.get("type") == "event_callback" else None
    return Received(Heard.EVENTS, Reply(), (event,) if event else ())


def _event(name: str, document: Mapping[str, Any]) -> Event | None:
    inner, key = document.get("event"), document.get("event_id")
    if not isinstance(inner, Mapping) or not isinstance(key, str) or not _ID.match(key):
        return None
    channel, subtype = inner.get("channel"), inner.get("subtype")
    # Direct messages (im), groups (mpim) and private channels (group) are none of ours, whoever subscribed to them.
    if inner.get("type") != "message" or inner.get("channel_type") != "channel" or inner.get("bot_id"):
        return None
    ts: Any = inner.get("ts")
    if subtype == "message_changed":
        changed = inner.get("message")
        ts = changed.get("ts") if isinstance(changed, Mapping) else None
    elif subtype == "message_deleted":
        ts = inner.get("deleted_ts")
    elif subtype not in _WRITTEN:
        return None
    if not isinstance(channel, str) or not _CHANNEL.match(channel) or not isinstance(ts, str) or not TS.match(ts):
        return None
    ref = SourceRef(name, Entity.MESSAGE, f"{channel}-{ts}")
    deleted = subtype == "message_deleted"
    return Event(key, f"message.{subtype or 'posted'}", (ref,), deleted=deleted, occurred_at=_when(inner))


def _when(inner: Mapping[str, Any]) -> datetime | None:
    try:
        return moment(str(inner.get("event_ts") or inner.get("ts")))
    except FieldError:
        return None
