"""Absorb's calls: a wake-up and nothing more, because their body, signature and retries are documented nowhere.

What a call says is looked at for one thing: which lists to ask for news. Whatever it is, asking is harmless. The same
bytes within an hour count as the same call, because no known field names one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from ascertain.connectors.absorb_options import Webhooks
from ascertain.connectors.unpack import BodyTooLarge, BodyUnreadable, unpacked
from ascertain.domain.canonical import digest
from ascertain.domain.records import Entity
from ascertain.domain.webhooks import Event, Heard, RawRequest, Received, Reply, rejected

MAX_RAW = 256 * 1024
_KINDS = ("eventType", "eventName", "event", "type", "trigger")
_EVERYTHING = (Entity.USER, Entity.COURSE, Entity.ENROLMENT)


def receive(name: str, secret: str, options: Webhooks, request: RawRequest, now: datetime) -> Received:
    """What a call is. ``secret`` is the connection's ``webhook_secret``, empty where it has none."""
    if len(request.body) > MAX_RAW:
        return rejected(413, "the body is too large")
    if not secret:
        return rejected(401, "the connection has no webhook_secret, so no call can be believed")
    if options.proof == "hmac" and not options.header:
        return rejected(401, "webhooks.header is not set, so no signature can be found")
    if not _proved(secret, options, request):
        return rejected(401, "the proof is missing or wrong")
    try:
        document = json.loads(unpacked(request))
    except BodyTooLarge:
        return rejected(413, "the unpacked body is too large")
    except (BodyUnreadable, ValueError, RecursionError):
        return rejected(400, "the body is not JSON")
    if not isinstance(document, Mapping):
        return rejected(400, "the body is no object")
    word = next((str(document[k])[:80] for k in _KINDS if isinstance(document.get(k), str)), "")
    hour = now.replace(minute=0, second=0, microsecond=0).isoformat()
    key = f"wake-{digest([name, hashlib.sha256(request.body).hexdigest(), hour], length=32)}"
    return Received(Heard.EVENTS, Reply(), (Event(key, word or "wake-up", pull=_news(word)),))


def _proved(secret: str, options: Webhooks, request: RawRequest) -> bool:
    if options.proof == "address":
        try:
            sent = parse_qs(urlsplit(request.url).query, keep_blank_values=True).get("token", [])
        except ValueError:  # an address that is none
            sent = []
        return len(sent) == 1 and hmac.compare_digest(sent[0].encode("utf-8", "replace"), secret.encode())
    mark = hmac.digest(secret.encode(), request.body, hashlib.sha256)
    right = mark.hex() if options.encoding == "hex" else base64.b64encode(mark).decode()
    given = request.header(options.header).strip().removeprefix("sha256=")
    return hmac.compare_digest(given.encode("utf-8", "replace"), right.encode())


def _news(word: str) -> tuple[Entity, ...]:
    """Which lists an event's name points to; all of them where it points nowhere."""
    plain = word.lower()
    if any(w in plain for w in ("enrol", "complet", "competenc", "certificate")):
        return (Entity.ENROLMENT,)
    if "course" in plain:
        return (Entity.COURSE,)
    if "user" in plain or "department" in plain:
        return (Entity.USER,)
    return _EVERYTHING
