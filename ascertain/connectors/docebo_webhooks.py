"""Docebo's calls: HTTP Basic, then an envelope with one ``payload`` or several ``payloads``.

The proof says who calls and nothing about the body, so what an event tells is never believed: it only names what to
fetch. ``message_id`` stays the same when a message is delivered again; grouped messages are told apart by their place.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from typing import Any

from ascertain.connectors.parsing import FieldError, Row
from ascertain.connectors.unpack import BodyTooLarge, BodyUnreadable, unpacked
from ascertain.domain.canonical import digest
from ascertain.domain.records import Entity, SourceRef
from ascertain.domain.webhooks import Event, Heard, RawRequest, Received, Reply, rejected

MAX_RAW = 1024 * 1024
MAX_PAYLOADS = 500
"""Twenty-five is what the vendor names; far more is no genuine message."""
_ID = re.compile(r"[0-9]{1,18}", re.ASCII)
_MESSAGE = re.compile(r"[A-Za-z0-9._:-]{1,120}", re.ASCII)
_EVENT = re.compile(r"[a-z0-9_.-]{1,80}", re.ASCII)
_ENROLMENT, _COURSE, _USER = "course.enrollment.", "course.", "user."


def receive(name: str, zone: tzinfo, user: str, password: str, request: RawRequest) -> Received:
    """What a call is. ``user`` and ``password`` are the connection's, empty where it has none; ``zone`` is for times
    without one."""
    if len(request.body) > MAX_RAW:
        return rejected(413, "the body is too large")
    if not user or not password:
        return rejected(401, "the connection has no webhook_user and webhook_password, so no call can be believed")
    if not _proved(request, user, password):
        return rejected(401, "the credentials are missing or wrong")
    try:
        document = json.loads(unpacked(request))
    except BodyTooLarge:
        return rejected(413, "the unpacked body is too large")
    except (BodyUnreadable, ValueError, RecursionError):
        return rejected(400, "the body is not JSON")
    envelope = _envelope(document)
    if envelope is None:
        return rejected(400, "the body has no event")
    rows = envelope.get("payloads")
    rows = rows if isinstance(rows, list) else [envelope.get("payload")]
    if len(rows) > MAX_PAYLOADS:
        return rejected(413, "the message groups too many events")
    return Received(Heard.EVENTS, Reply(), tuple(_events(name, zone, envelope, rows)))


def _proved(request: RawRequest, user: str, password: str) -> bool:
    scheme, _, sent = request.header("authorization").strip().partition(" ")
    right = base64.b64encode(f"{user}:{password}".encode())
    # The comparison is made in any case, so that a wrong scheme takes as long as a wrong password.
    same = hmac.compare_digest(sent.strip().encode("utf-8", "replace"), right)
    return same and scheme.lower() == "basic"


def _envelope(document: object) -> Mapping[str, Any] | None:
    """The envelope itself; a relay puts it at ``event.body``, beside a context of its own."""
    if not isinstance(document, Mapping):
        return None
    inner = document.get("event")
    if isinstance(inner, Mapping):
        document = inner.get("body")
        inner = document.get("event") if isinstance(document, Mapping) else None
    return document if isinstance(document, Mapping) and isinstance(inner, str) and _EVENT.fullmatch(inner) else None


def _events(name: str, zone: tzinfo, envelope: Mapping[str, Any], rows: list[Any]) -> Iterator[Event]:
    kind = str(envelope["event"])
    message = envelope.get("message_id")
    for place, row in enumerate(rows):
        if not isinstance(row, Mapping):
            continue
        ref = _ref(name, kind, row)
        if ref is None:
            continue
        if isinstance(message, str) and _MESSAGE.fullmatch(message):
            key = f"{message}/{place}"
        else:
            told = [row.get(k) for k in ("fired_at", "status", "completion_date", "enrollment_date")]
            key = "told-" + digest([kind, str(ref), [str(v) for v in told]], length=32)
        yield Event(key, kind, (ref,), deleted=_deleted(kind), occurred_at=_when(row, zone))


def _ref(name: str, kind: str, row: Mapping[str, Any]) -> SourceRef | None:
    """What to fetch; ``None`` for an event that names nothing we read (a session, a catalogue).

    An event names an enrolment by course and user; which attempt it is only the fetched record says.
    """
    user, course = _number(row.get("user_id")), _number(row.get("course_id"))
    if kind.startswith(_ENROLMENT):
        return SourceRef(name, Entity.ENROLMENT, f"{course}-{user}") if user and course else None
    if kind.startswith(_COURSE):
        return SourceRef(name, Entity.COURSE, course) if course else None
    if kind.startswith(_USER):
        return SourceRef(name, Entity.USER, user) if user else None
    return None


def _deleted(kind: str) -> bool:
    return kind in ("course.enrollment.deleted", "course.deleted", "user.deleted")


def _number(value: object) -> str:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return text if _ID.fullmatch(text) else ""


def _when(row: Mapping[str, Any], zone: tzinfo) -> datetime | None:
    try:
        return Row(row, {"fired": "fired_at"}, zone).moment("fired")
    except FieldError:
        return None
