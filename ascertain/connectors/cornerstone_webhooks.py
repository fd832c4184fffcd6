"""Cornerstone's calls: proof first, on the bytes as they came, then the gzipped body.

Documented are the ``x-api-key`` on every call, the hash of the body in ``x-content-sha256``, an HMAC in
``Authorization`` over method, address, ``Date`` and that hash, the heartbeat with no records and the envelope. The
exact string that is signed is not; it stands in the options once a delivery has been recorded. Completions carry no
score, so an event only names the registration to fetch.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from ascertain.connectors.cornerstone_options import Webhooks
from ascertain.connectors.rotation import BEFORE
from ascertain.connectors.unpack import BodyTooLarge, unpacked
from ascertain.domain.records import Entity, SourceRef
from ascertain.domain.webhooks import Event, Heard, RawRequest, Received, Reply, rejected
from ascertain.errors import ConfigError

MAX_RAW = 1024 * 1024
_PLACE = re.compile(r"\{(method|uri|path|host|date|sha256|header:[A-Za-z0-9-]+)\}")
_SIGNATURE = re.compile(r"(?:^|[\s&,;])signature=\"?([^\s&,;\"]+)", re.IGNORECASE)
_ID = re.compile(r"^[A-Za-z0-9-]{1,64}$")


def receive(name: str, options: Webhooks, key: str, secret: str, request: RawRequest, now: datetime) -> Received:
    """What a call is. ``key`` and ``secret`` are the connection's, empty where it has none."""
    if len(request.body) > MAX_RAW:
        return rejected(413, "the body is too large")
    if not key:
        return rejected(401, "the connection has no webhook_key, so no call can be believed")
    if not hmac.compare_digest(request.header("x-api-key").encode(), key.encode()):
        return rejected(401, "x-api-key is missing or wrong")
    if problem := _altered(request, required=bool(secret)):
        return rejected(401, problem)
    if secret and (problem := _unsigned(options, secret, request, now)):
        return rejected(401, problem)
    try:
        envelope = json.loads(unpacked(request))
    except BodyTooLarge:
        return rejected(413, "the unpacked body is too large")
    except (ValueError, RecursionError):
        return rejected(400, "the body is not gzipped JSON")
    records = envelope.get("records") if isinstance(envelope, Mapping) else None
    if not isinstance(records, list):
        return rejected(400, "the body has no list of records")
    if not records:
        return Received(Heard.HEARTBEAT, Reply())
    return Received(Heard.EVENTS, Reply(), tuple(_events(name, envelope, records)))


def string_to_sign(template: str, request: RawRequest) -> str:
    """The configured template with this call's values."""
    parts = urlsplit(request.url)
    values = {
        "method": request.method.upper(),
        "uri": request.url,
        "path": parts.path + (f"?{parts.query}" if parts.query else ""),
        "host": request.header("host") or parts.netloc,
        "date": request.header("date"),
        "sha256": request.header("x-content-sha256"),
    }

    def value(match: re.Match[str]) -> str:
        return request.header(match[1][7:]) if match[1].startswith("header:") else values[match[1]]

    return _PLACE.sub(value, template)


def secret_bytes(secret: str, form: str) -> bytes:
    """The key of the HMAC.

    Raises:
        ValueError: when it is not base64, though it should be.
    """
    return base64.b64decode(secret, validate=True) if form == "base64" else secret.encode()


def _altered(request: RawRequest, *, required: bool) -> str:
    """Whether the hash that came along is not that of the body; hex and base64 are both taken."""
    sent = request.header("x-content-sha256")
    if not sent:
        return "x-content-sha256 is missing" if required else ""
    found = hashlib.sha256(request.body).digest()
    forms = (base64.b64encode(found).decode(), found.hex())
    if any(hmac.compare_digest(sent.encode(), f.encode()) for f in forms):
        return ""
    return "x-content-sha256 is not the hash of the body"


def _unsigned(options: Webhooks, secret: str, request: RawRequest, now: datetime) -> str:
    try:
        when = parsedate_to_datetime(request.header("date"))
    except ValueError:
        return "Date is missing or unreadable"
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    if abs((now - when).total_seconds()) > options.tolerance_seconds:
        return "Date is too far from now"
    header = request.header("authorization")
    match = _SIGNATURE.search(header)
    sent = match[1] if match else header.rpartition(" ")[2]
    try:
        text = string_to_sign(options.string_to_sign, request).encode()
    except ValueError:
        return "the address cannot be read"
    made = hmac.new(secret_bytes(secret, options.secret_form), text, hashlib.sha256).digest()
    right = base64.b64encode(made).decode() if options.signature_form == "base64" else made.hex()
    return "" if hmac.compare_digest(sent.encode(), right.encode()) else "the signature is missing or wrong"


def _events(name: str, envelope: Mapping[str, Any], records: list[Any]) -> Iterator[Event]:
    for place, record in enumerate(records):
        value = record.get("value") if isinstance(record, Mapping) else None
        if not isinstance(value, Mapping):
            continue
        kind = _kind(value)
        payload = value.get(kind)
        data = payload.get("data") if isinstance(payload, Mapping) else None
        if not isinstance(data, Mapping):
            continue
        refs, pull = _meant(name, kind, data)
        if refs or pull:
            yield Event(
                _key(envelope, record, value, data, place), kind, refs, pull, "delet" in kind.lower(), _when(data)
            )


def _kind(value: Mapping[str, Any]) -> str:
    """The event's name: what ``lmsEventsCase`` says, or the one key that is an event."""
    said = value.get("lmsEventsCase")
    if isinstance(said, str) and said in value:
        return said
    return next((k for k, v in value.items() if isinstance(v, Mapping) and "data" in v), "")


def _meant(name: str, kind: str, data: Mapping[str, Any]) -> tuple[tuple[SourceRef, ...], tuple[Entity, ...]]:
    """Which records to fetch, or what to pull where the event does not say which."""
    word = kind.lower()
    training, user = _id(data.get("trainingId")), _id(data.get("targetUserId"))
    if training and user:
        number = _id(data.get("trainingRegistrationNumber")) or "1"
        return (SourceRef(name, Entity.ENROLMENT, f"{training}_{user}_{number}"),), ()
    if training and "training" in word:
        return (SourceRef(name, Entity.COURSE, training),), ()
    if "employee" in word or word.startswith("user"):
        return (), (Entity.USER,)
    return (), ()


def _key(
    envelope: Mapping[str, Any],
    record: Mapping[str, Any],
    value: Mapping[str, Any],
    data: Mapping[str, Any],
    place: int,
) -> str:
    headers = value.get("headers")
    said = data.get("eventId") or (headers.get("messageId") if isinstance(headers, Mapping) else None)
    if isinstance(said, str | int) and str(said).strip():
        return str(said)[:200]
    offset = record.get("offset")
    if isinstance(offset, str | int):
        return f"{str(envelope.get('subscriptionId'))[:80]}:{str(offset)[:80]}"
    return hashlib.sha256(json.dumps([place, value], sort_keys=True).encode()).hexdigest()


def _id(value: object) -> str:
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if _ID.match(text) else ""


def _when(data: Mapping[str, Any]) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(data.get("trainingActionDateTimestamp")))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def must_be_signable(name: str, options: Webhooks, secrets: Mapping[str, str]) -> None:
    """
    Raises:
        ConfigError: there is a secret to sign with, and it is not said what is signed, or it has another form.
    """
    if secrets.get("webhook_secret") and not options.string_to_sign:
        raise ConfigError(
            f"connection {name}: secrets.webhook_secret is given, but not what is signed",
            remedy="record a heartbeat and set options.webhooks.string_to_sign, or leave the secret out",
        )
    for key in ("webhook_secret", "webhook_secret" + BEFORE):
        if (secret := secrets.get(key)) and not _readable(secret, options.secret_form):
            raise ConfigError(
                f"connection {name}: secrets.{key} is not {options.secret_form}",
                remedy="copy it from the webhook endpoint, or set options.webhooks.secret_form: text",
            )


def _readable(secret: str, form: str) -> bool:
    try:
        return bool(secret_bytes(secret, form))
    except (ValueError, binascii.Error):
        return False
