"""Trouble on demand: refusals, crashes, slow answers, bodies that stop half-way. Off unless a plan says so.

A plain ASGI layer, because a half-written body needs a promise (Content-Length) that is then broken, and no
framework lets a handler do that.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Literal

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Kind = Literal["rate_limit", "server_error", "slow", "half_body", "not_json"]


@dataclass
class Fault:
    """One kind of trouble for the next ``times`` requests whose path contains ``path`` (after ``skip`` good ones)."""

    kind: Kind
    times: int = 1
    path: str = ""
    skip: int = 0
    retry_after: str | None = "1"
    seconds: float = 0.2
    status: int = 500


@dataclass
class FaultPlan:
    """What shall go wrong next. Shared between the test (or the command line) and the server's thread."""

    pending: list[Fault] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def inject(self, fault: Fault) -> None:
        """Adds a fault; several are served in the order they were added."""
        with self._lock:
            self.pending.append(fault)

    def clear(self) -> None:
        """From now on everything is well."""
        with self._lock:
            self.pending.clear()

    def next_for(self, path: str) -> Fault | None:
        """Takes one use of the first fault that matches the path, or None."""
        with self._lock:
            for fault in self.pending:
                if fault.path not in path:
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    return None
                fault.times -= 1
                if fault.times <= 0:
                    self.pending.remove(fault)
                self.seen.append(f"{fault.kind} {path}")
                return fault
        return None


class FaultLayer:
    """ASGI middleware that asks the plan before each request."""

    def __init__(self, app: App, plan: FaultPlan) -> None:
        self._app = app
        self._plan = plan

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = self._plan.next_for(str(scope.get("path", ""))) if scope["type"] == "http" else None
        if fault is None:
            await self._app(scope, receive, send)
        elif fault.kind == "rate_limit":
            extra = [] if fault.retry_after is None else [(b"retry-after", fault.retry_after.encode())]
            await _answer(send, 429, {"message": "Too many requests"}, extra)
        elif fault.kind == "server_error":
            await _answer(send, fault.status, {"message": "Internal server error"}, [])
        elif fault.kind == "not_json":
            await _raw(
                send,
                200,
                b"<html><body>Scheduled maintenance</body></html>",
                [(b"content-type", b"text/html")],
            )
        elif fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
            await self._app(scope, receive, send)
        else:
            await self._half(scope, receive, send)

    async def _half(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets the application answer, then sends its headers and half of its body and hangs up."""
        start: MutableMapping[str, Any] = {}
        chunks: list[bytes] = []

        async def keep(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                chunks.append(message.get("body", b""))

        await self._app(scope, receive, keep)
        body = b"".join(chunks)
        await send(start)
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})


async def _answer(send: Send, status: int, body: dict[str, Any], headers: list[tuple[bytes, bytes]]) -> None:
    await _raw(send, status, json.dumps(body).encode(), [(b"content-type", b"application/json"), *headers])


async def _raw(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})
