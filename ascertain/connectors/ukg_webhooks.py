"""Calls of the UKG Webhooks application: an HMAC over the bytes, in the header that the tenant chose there.

No public source names that header or describes a body, so a call that is proved says one thing only: ask for what
changed. The key of an event is the digest of its body; delivered again, it is the same event.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from ascertain.connectors.ukg_rows import Webhooks
from ascertain.connectors.unpack import BodyTooLarge, BodyUnreadable, unpacked
from ascertain.domain.records import Entity
from ascertain.domain.webhooks import Event, Heard, RawRequest, Received, Reply, rejected

MAX_RAW = 1024 * 1024
_TYPE = re.compile(r"[A-Za-z0-9._:-]{1,80}", re.ASCII)
_TYPE_KEYS = ("eventType", "event", "type")


def receive(options: Webhooks, secret: str, request: RawRequest, now: datetime) -> Received:
    """What a call is. ``secret`` is the connection's, empty where it has none."""
    if len(request.body) > MAX_RAW:
        return rejected(413, "the body is too large")
    if not options.header or not secret:
        return rejected(401, "the connection has no webhooks.header or no webhook_secret, so no call can be believed")
    stamp = request.header(options.timestamp_header) if options.timestamp_header else ""
    if options.timestamp_header and (problem := _stale(stamp, options, now)):
        return rejected(401, problem)
    if not _proved(options, secret, stamp, request):
        return rejected(401, "the signature is missing or wrong")
    try:
        document = json.loads(unpacked(request))
    except BodyTooLarge:
        return rejected(413, "the unpacked body is too large")
    except (BodyUnreadable, ValueError, RecursionError):
        return rejected(400, "the body is not JSON")
    key = hashlib.sha256(request.body).hexdigest()
    return Received(Heard.EVENTS, Reply(), (Event(key, _type(document), pull=(Entity.WORKER,)),))


def _proved(options: Webhooks, secret: str, stamp: str, request: RawRequest) -> bool:
    before, _, after = options.string_to_sign.replace("{timestamp}", stamp).partition("{body}")
    text = before.encode("utf-8", "replace") + request.body + after.encode("utf-8", "replace")
    made = hmac.new(secret.encode(), text, hashlib.sha256).digest()
    right = base64.b64encode(made).decode() if options.form == "base64" else made.hex()
    sent = request.header(options.header).strip()
    sent = sent.lower() if options.form == "hex" else sent
    return hmac.compare_digest(sent.encode("utf-8", "replace"), f"{options.prefix}{right}".encode())


def _stale(stamp: str, options: Webhooks, now: datetime) -> str:
    try:
        when = datetime.fromtimestamp(float(stamp), UTC) if stamp.isdigit() else datetime.fromisoformat(stamp)
    except (ValueError, OverflowError, OSError):
        return "the time of the call is missing or unreadable"
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    late = abs((now - when).total_seconds()) > options.tolerance_seconds
    return "the time of the call is too far from now" if late else ""


def _type(document: object) -> str:
    """In the tenant's own words where there are any of a plain form."""
    if isinstance(document, Mapping):
        for key in _TYPE_KEYS:
            value = document.get(key)
            if isinstance(value, str) and _TYPE.fullmatch(value):
                return value
    return "change"
