"""Around every request: an id, the headers that every answer has, one line of log, and an end to surprises.

Logged are method, route, status and time. What a caller sent is never logged: no body, header, address or query, and no
message of an exception, which may quote them.
"""

from __future__ import annotations

import logging
import time
import traceback
import uuid
from collections.abc import Callable

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ascertain import spans
from ascertain.service.problems import respond

log = logging.getLogger(__name__)

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
)


Answered = Callable[[str, str, int, float], None]
"""Is told method, route's pattern, status and seconds of each call."""


class Frame:
    """ASGI middleware. The request's id is ours: one that a caller chose could be anything."""

    def __init__(self, app: ASGIApp, answered: Answered) -> None:
        self._app = app
        self._answered = answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = str(uuid.uuid4())
        scope.setdefault("state", {})["request_id"] = request_id
        began = time.perf_counter()
        status = 0
        route = "(none)"

        async def framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                given = list(message.get("headers", ()))
                named = {name.lower() for name, _ in given}  # a static file says for itself how long it may be kept
                own = [*(h for h in _HEADERS if h[0] not in named), (b"x-request-id", request_id.encode())]
                # What a dependency found out is told with refusals and errors too.
                own += [(k.lower().encode(), v.encode()) for k, v in scope["state"].get("headers", {}).items()]
                message["headers"] = [*given, *own]
            await send(message)

        try:
            with spans.span(f"{scope['method']} (none)", "server", method=scope["method"]) as span:
                try:
                    await self._app(scope, receive, framed)
                finally:
                    route = getattr(scope.get("route"), "path", "(none)")
                    span.note(name=f"{scope['method']} {route}", route=route, status=status)
        except ClientDisconnect:
            status = status or 499  # nobody is there to be told
        except Exception as e:
            where = "".join(traceback.format_tb(e.__traceback__))
            log.error("request %s: %s\n%s", request_id, type(e).__name__, where)
            if not status:
                said = "something went wrong here; the log has it under this id"
                await respond(scope, 500, said, request_id)(scope, receive, framed)
        finally:
            took = time.perf_counter() - began
            self._answered(scope["method"], route, status, took)
            log.info("%s %s %s %.1f ms %s", scope["method"], route, status, took * 1000, request_id)
