"""Asana's calls: a handshake that brings the secret, then events signed with it.

``X-Hook-Secret`` comes once, while the webhook is made, and has to be sent back; whoever comes first would own the
place, so ``webhook_token`` (a secret of ours in the address, ``?token=…``) says which handshake is wanted. A connection
may have several webhooks, one a project: ``&hook=NAME`` tells their secrets apart. Events carry no content and no id.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ascertain.connectors.parsing import FieldError, Row
from ascertain.domain.canonical import digest
from ascertain.domain.records import Entity, SourceRef
from ascertain.domain.webhooks import Event, Heard, RawRequest, Received, Reply, rejected

MAX_BODY = 1024 * 1024
MAX_EVENTS = 2000
_GID = re.compile(r"[0-9]{1,20}", re.ASCII)
_HOOK = re.compile(r"[a-z0-9_-]{1,40}", re.ASCII)
_SECRET = re.compile(r"[\x21-\x7e]{8,256}", re.ASCII)
_WORD = re.compile(r"[a-z_]{1,40}", re.ASCII)


def receive(name: str, token: str, request: RawRequest, kept: Mapping[str, str]) -> Received:
    """What a call is. ``token`` is the connection's ``webhook_token``, empty where it has none."""
    if len(request.body) > MAX_BODY:
        return rejected(413, "the body is too large")
    query = dict(parse_qsl(_query(request.url)))
    if token and not hmac.compare_digest(query.get("token", "").encode(), token.encode()):
        return rejected(401, "the token in the address is missing or wrong")
    hook = query.get("hook", "")
    if hook and not (token and _HOOK.fullmatch(hook)):
        return rejected(401, "several webhooks need a webhook_token, and names of small letters and digits")
    key = f"hook_secret/{hook}" if hook else "hook_secret"
    if secret := request.header("x-hook-secret"):
        return _handshake(key, secret, kept)
    if key not in kept:
        return rejected(401, "no handshake has been made, so no call can be believed")
    proof = hmac.new(kept[key].encode(), request.body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(request.header("x-hook-signature").strip().encode("utf-8", "replace"), proof.encode()):
        return rejected(401, "the signature is missing or wrong")
    return _read(name, request.body)


def _handshake(key: str, secret: str, kept: Mapping[str, str]) -> Received:
    if not _SECRET.fullmatch(secret):
        return rejected(400, "the secret of the handshake cannot be one")
    if key in kept and not hmac.compare_digest(kept[key].encode(), secret.encode()):
        return rejected(403, "a handshake was made already; forget its secret to let a new webhook in")
    return Received(Heard.HANDSHAKE, Reply(headers={"X-Hook-Secret": secret}), remember={key: secret})


def _read(name: str, body: bytes) -> Received:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return rejected(400, "the body is not JSON")
    rows = document.get("events") if isinstance(document, Mapping) else None
    if document == {} or rows == []:
        return Received(Heard.HEARTBEAT, Reply())
    if not isinstance(rows, list):
        return rejected(400, "the body has no list of events")
    if len(rows) > MAX_EVENTS:
        return rejected(413, "too many events in one call")
    events = {e.key: e for row in rows if isinstance(row, Mapping) for e in _events(name, row)}
    return Received(Heard.EVENTS, Reply(), tuple(events.values()))


def _events(name: str, row: Mapping[str, Any]) -> Iterator[Event]:
    gid, action = _task(row), row.get("action")
    if not gid or not isinstance(action, str) or not _WORD.fullmatch(action):
        return
    resource = row["resource"]
    deleted = action == "deleted" and resource.get("resource_type") == "task"
    # No id comes with an event: what happened to what, when and by whom is the same when it is delivered again.
    key = digest([str(row.get(k)) for k in ("action", "created_at", "resource", "parent", "user", "change")], length=32)
    ref = SourceRef(name, Entity.TICKET, gid)
    yield Event(key, f"{resource['resource_type']}.{action}", (ref,), deleted=deleted, occurred_at=_when(row))


def _task(row: Mapping[str, Any]) -> str:
    """The task that an event is about: the resource itself, or what a comment stands below."""
    for candidate in (row.get("resource"), row.get("parent")):
        if isinstance(candidate, Mapping) and candidate.get("resource_type") == "task":
            gid = candidate.get("gid")
            if not isinstance(row.get("resource"), Mapping) or row["resource"].get("resource_type") not in (
                "task",
                "story",
            ):
                return ""
            return gid if isinstance(gid, str) and _GID.fullmatch(gid) else ""
    return ""


def _when(row: Mapping[str, Any]) -> datetime | None:
    try:
        return Row(row, {"at": "created_at"}, UTC).moment("at")
    except FieldError:
        return None


def _query(url: str) -> str:
    try:
        return urlsplit(url).query
    except ValueError:
        return ""
