"""Jira's calls: ``X-Hub-Signature`` over the bytes, then one issue that was made, changed, commented on or deleted.

The issue in the body is not believed but fetched: a webhook knows neither the connection's projects nor who hides an
address. ``x-atlassian-webhook-identifier`` stays the same when a call is made again, and so makes the event's key.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from ascertain.connectors.unpack import BodyTooLarge, BodyUnreadable, unpacked
from ascertain.domain.records import Entity, SourceRef
from ascertain.domain.webhooks import Event, Heard, RawRequest, Received, Reply, rejected

MAX_RAW = 4 * 1024 * 1024
"""An issue comes whole, with its description and comments."""
_ID = re.compile(r"[0-9]{1,18}", re.ASCII)
_KEY = re.compile(r"([A-Z][A-Z0-9_]*)-[0-9]{1,12}", re.ASCII)
_IDENTIFIER = re.compile(r"[A-Za-z0-9._:-]{1,120}", re.ASCII)
_EVENT = re.compile(r"(?:jira:issue|comment|worklog|attachment|issuelink)_[a-z_]{1,40}", re.ASCII)
_DELETED = "jira:issue_deleted"


def receive(name: str, projects: Collection[str], secret: str, request: RawRequest) -> Received:
    """What a call is. ``secret`` is the connection's, empty where it has none; ``projects`` are the keys that it
    reads, empty for all."""
    if len(request.body) > MAX_RAW:
        return rejected(413, "the body is too large")
    if not secret:
        return rejected(401, "the connection has no webhook_secret, so no call can be believed")
    if not _proved(secret, request):
        return rejected(401, "the signature is missing or wrong")
    try:
        document = json.loads(unpacked(request))
    except BodyTooLarge:
        return rejected(413, "the unpacked body is too large")
    except (BodyUnreadable, ValueError, RecursionError):
        return rejected(400, "the body is not JSON")
    kind = document.get("webhookEvent") if isinstance(document, Mapping) else None
    if not isinstance(kind, str):
        return rejected(400, "the body has no webhookEvent")
    event = _event(name, projects, kind, document, request)
    return Received(Heard.EVENTS, Reply(), (event,) if event else ())


def _proved(secret: str, request: RawRequest) -> bool:
    method, _, sent = request.header("x-hub-signature").strip().partition("=")
    right = hmac.new(secret.encode(), request.body, hashlib.sha256).hexdigest()
    # The comparison is made in any case, so that a wrong method takes as long as a wrong signature.
    same = hmac.compare_digest(sent.lower().encode("utf-8", "replace"), right.encode())
    return same and method == "sha256"


def _event(
    name: str, projects: Collection[str], kind: str, document: Mapping[str, Any], request: RawRequest
) -> Event | None:
    """``None`` for what is not about an issue of ours (a sprint, a version, another project)."""
    issue = document.get("issue")
    if not isinstance(issue, Mapping) or not _EVENT.fullmatch(kind):
        return None
    number, key = str(issue.get("id", "")), _KEY.fullmatch(str(issue.get("key", "")))
    if not _ID.fullmatch(number) or (projects and key and key[1] not in projects):
        return None
    said = request.header("x-atlassian-webhook-identifier")
    mark = said if _IDENTIFIER.fullmatch(said) else hashlib.sha256(request.body).hexdigest()
    ref = SourceRef(name, Entity.TICKET, number)
    return Event(mark, kind, (ref,), deleted=kind == _DELETED, occurred_at=_when(document.get("timestamp")))


def _when(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    try:
        return datetime.fromtimestamp(value / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
