"""Webhooks in: authenticate on the raw bytes, record, ring the dispatcher, answer.

Nothing a stranger sends is stored, unpacked or logged. Vendors stop for good on some refusals, so 4xx is only for real
rejection; whatever is our own fault, being called too often included, is 503 with ``Retry-After``.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from functools import partial
from typing import cast

import anyio
from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.exc import SQLAlchemyError

from ascertain.connectors.unpack import ENCODINGS
from ascertain.domain.webhooks import Heard, RawRequest, Received, Receives
from ascertain.errors import AscertainError
from ascertain.service.bodies import read_body
from ascertain.service.context import Service
from ascertain.service.problems import Problem, wait

log = logging.getLogger(__name__)
router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])

BODY_LIMIT = 1024 * 1024
RECORD_SECONDS = 4.0
"""The most patient vendor-known limit is five seconds: better a 503 now than a time-out that looks like an outage."""
_DECOY = secrets.token_bytes(32)


@router.get("/{connection}", operation_id="validate_webhook")
@router.post("/{connection}", operation_id="receive_webhook")
async def receive(connection: str, request: Request) -> Response:
    """Take a call of the system behind ``connection``."""
    service = cast(Service, request.app.state.service)
    hook = service.hooks.get(connection)
    # All names that nobody has share one allowance, so that guessing fills no memory.
    caller = (connection if hook else "", request.client.host if request.client else "")
    if (pause := service.hook_limit.take(caller)) > 0:
        raise wait(503, "too many calls; try again later", pause)
    body = await read_body(request, BODY_LIMIT)
    if hook is None:
        hmac.digest(_DECOY, body, hashlib.sha256)  # about what a proof costs: an unknown name answers no faster
        raise Problem(404, "there is nothing at this address")
    if request.headers.get("content-encoding", "").strip().lower() not in ENCODINGS:
        raise Problem(415, "this content encoding is not taken; gzip is")
    raw = RawRequest(request.method, _address(service, request), _headers(request), body)
    try:
        with anyio.fail_after(RECORD_SECONDS):
            got = await anyio.to_thread.run_sync(
                partial(_take, service, connection, hook, raw), abandon_on_cancel=True, limiter=service.hook_threads
            )
    except TimeoutError:
        raise wait(503, "it could not be recorded in time; send it again", 5) from None
    if got.kind is Heard.REJECTED:
        raise Problem(got.reply.status, got.reason or "refused")
    if got.events:
        service.dispatcher.ring()
    return Response(got.reply.body, got.reply.status, dict(got.reply.headers), media_type=got.reply.media_type)


def _take(service: Service, connection: str, hook: Receives, raw: RawRequest) -> Received:
    """Runs in a thread: prove, then record and keep in one transaction.

    Raises:
        Problem: 503 when it could not be recorded, 403 for a handshake that would replace a kept secret.
    """
    units = service.app.units
    try:
        with units(write=False) as uow:
            kept = uow.kept.of(connection)
        got = hook.receive(raw, now=service.app.clock.now(), kept=kept)
        if got.kind is Heard.REJECTED:
            return got
        new_secrets = {k: v for k, v in got.remember.items() if kept.get(k) != v}
        if got.kind is Heard.HANDSHAKE and any(k in kept for k in new_secrets):
            # A handshake proves nothing: whoever could repeat one could put a secret of their own in place.
            raise Problem(403, "a secret is kept already; `ascertain webhooks forget` lets a new one in")
        with units(write=False) as uow:
            recorded = uow.inbox.known(connection, got.events)
        if recorded and not new_secrets:
            return got
        service.recorder.record(connection, got.events, new_secrets)
    except (SQLAlchemyError, AscertainError, OSError) as e:
        log.error("connection %s: a call could not be recorded: %s", connection, type(e).__name__)
        raise wait(503, "it could not be recorded; send it again", 5) from None
    return got


def _address(service: Service, request: Request) -> str:
    """The address as the caller wrote it: behind a proxy only the configured public one is known."""
    public = service.app.settings.public_url.rstrip("/")
    if not public:
        return str(request.url)
    path = request.scope.get("raw_path", b"").decode("ascii", "replace")
    query = request.scope.get("query_string", b"").decode("ascii", "replace")
    return f"{public}{path}{f'?{query}' if query else ''}"


def _headers(request: Request) -> tuple[tuple[str, str], ...]:
    return tuple((k.decode("latin-1").lower(), v.decode("latin-1")) for k, v in request.scope["headers"])
