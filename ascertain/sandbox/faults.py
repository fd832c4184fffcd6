"""Trouble on demand: refusals, crashes, slow answers, bodies that stop half-way, tokens that die, fields that change
their names, webhooks that come twice, late, altered or not at all. Off unless a plan says so.

A plain ASGI layer, because a half-written body needs a promise (Content-Length) that is then broken, and no
framework lets a handler do that.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal, get_args

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
CallKind = Literal["rate_limit", "server_error", "slow", "half_body", "not_json", "token_death", "drift"]
HookKind = Literal["hook_twice", "hook_late", "hook_altered", "hook_unsigned", "hook_lost"]
Kind = CallKind | HookKind
HOOK_KINDS: frozenset[str] = frozenset(get_args(HookKind))
_CREDENTIALS = (b"authorization", b"x-api-key", b"us-customer-api-key")
_TOKEN = re.compile(rb"(?<=wstoken=)[^&]+")
_NEW_FIELD = "added_by_the_vendor"


@dataclass
class Fault:
    """One kind of trouble for the next ``times`` requests whose path contains ``path`` (after ``skip`` good ones).

    Attributes:
        times: ``None`` for as long as the sandbox runs.
        share: of the requests that match, how many are hit, 0..1.
        retry_after: the header of a ``rate_limit``.
        seconds: what ``slow`` waits.
        status: of a ``server_error``.
        key: the field that ``drift`` renames (to ``<key>_v2``); empty: only unknown fields are added.

    The ``hook_*`` kinds are for webhooks that the dialect sends; their ``path`` is that of the receiver.
    """

    kind: Kind
    times: int | None = 1
    path: str = ""
    skip: int = 0
    retry_after: str | None = "1"
    seconds: float = 0.2
    status: int = 500
    share: float = 1.0
    key: str = ""


@dataclass
class FaultPlan:
    """What shall go wrong next. Shared between the test (or the command line) and the server's thread. Which requests
    a ``share`` hits is the same in every run."""

    pending: list[Fault] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _random: Random = field(default_factory=lambda: Random(20), repr=False)

    def inject(self, fault: Fault) -> None:
        """Adds a fault; several are served in the order they were added."""
        with self._lock:
            self.pending.append(fault)

    def clear(self) -> None:
        """From now on everything is well."""
        with self._lock:
            self.pending.clear()

    def next_for(self, path: str) -> Fault | None:
        """Takes one use of the first fault of calls that matches the path, or None."""
        return self._next(path, hooks=False)

    def next_hook(self, path: str) -> Fault | None:
        """Takes one use of the first fault of webhooks that matches the receiver's path, or None."""
        return self._next(path, hooks=True)

    def _next(self, path: str, *, hooks: bool) -> Fault | None:
        with self._lock:
            for fault in self.pending:
                if fault.path not in path or (fault.kind in HOOK_KINDS) is not hooks:
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    return None
                if fault.share < 1 and self._random.random() >= fault.share:
                    continue
                if fault.times is not None:
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
        elif fault.kind == "token_death":
            await self._app(*_with_dead_token(scope, receive), send)
        elif fault.kind == "drift":
            await self._drifted(scope, receive, send, fault.key)
        else:
            await self._half(scope, receive, send)

    async def _half(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets the application answer, then sends its headers and half of its body and hangs up."""
        start, body = await self._whole(scope, receive)
        await send(start)
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})

    async def _drifted(self, scope: Scope, receive: Receive, send: Send, key: str) -> None:
        """Lets the application answer, then adds unknown fields and renames ``key``."""
        start, body = await self._whole(scope, receive)
        with suppress(ValueError):  # not JSON, or packed: it goes out as it is
            body = json.dumps(_drift(json.loads(body), key)).encode()
        headers = [(k, v) for k, v in start["headers"] if k.lower() != b"content-length"]
        await send({**start, "headers": [*headers, (b"content-length", str(len(body)).encode())]})
        await send({"type": "http.response.body", "body": body})

    async def _whole(self, scope: Scope, receive: Receive) -> tuple[MutableMapping[str, Any], bytes]:
        start: MutableMapping[str, Any] = {}
        chunks: list[bytes] = []

        async def keep(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                chunks.append(message.get("body", b""))

        await self._app(scope, receive, keep)
        return start, b"".join(chunks)


def _with_dead_token(scope: Scope, receive: Receive) -> tuple[Scope, Receive]:
    """The same request with credentials that the application does not know, so that it refuses as its vendor does."""
    headers = [(k, _spoilt(v) if k.lower() in _CREDENTIALS else v) for k, v in scope["headers"]]
    query = _TOKEN.sub(lambda m: _spoilt(m[0]), scope.get("query_string", b""))

    async def received() -> MutableMapping[str, Any]:
        message = await receive()
        if message["type"] == "http.request":
            message = {**message, "body": _TOKEN.sub(lambda m: _spoilt(m[0]), message.get("body", b""))}
        return message

    return {**scope, "headers": headers, "query_string": query}, received


def _spoilt(credential: bytes) -> bytes:
    """As long as before, another at its end."""
    kept = credential[:-8]
    return kept + b"x" * (len(credential) - len(kept))


def _drift(node: Any, key: str) -> Any:
    if isinstance(node, list):
        return [_drift(child, key) for child in node]
    if not isinstance(node, dict):
        return node
    renamed = {f"{k}_v2" if key and k == key else k: _drift(v, key) for k, v in node.items()}
    return {**renamed, _NEW_FIELD: {"since": "2026-05"}} if len(node) > 2 else renamed


async def _answer(send: Send, status: int, body: dict[str, Any], headers: list[tuple[bytes, bytes]]) -> None:
    await _raw(send, status, json.dumps(body).encode(), [(b"content-type", b"application/json"), *headers])


async def _raw(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})
