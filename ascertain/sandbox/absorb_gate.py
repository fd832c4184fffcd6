"""Who may call the Absorb sandbox and how often: the key, the one living token, calls a second, paging parameters."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request

from ascertain.sandbox.absorb_filter import FilterError, Row, select
from ascertain.sandbox.credentials import same
from ascertain.sandbox.faults import FaultPlan

DEFAULT_LIMIT, MAX_LIMIT, MAX_OFFSET = 20, 1000, 65_535


@dataclass
class AbsorbOptions:
    """How this portal behaves. ``per_second`` calls flow in, ``burst`` may be saved up; ``None`` means no limit."""

    username: str = "ascertain.integration"
    password: str = "sandbox-password"
    private_key: str = "9f6f7c1e-sandbox-private-key"
    webhook_secret: str = "sandbox-webhook-secret"
    token_seconds: float = 4 * 3600.0
    per_second: float | None = 200.0
    burst: int = 100
    faults: FaultPlan = field(default_factory=FaultPlan)


class ApiError(Exception):
    """Ends a request with a status and a message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Gate:
    """The token and the call rate of one portal."""

    def __init__(self, options: AbsorbOptions) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._token, self._until = "", 0.0
        self._left, self._asked = float(options.burst), time.monotonic()

    def issue(self, request: Request, sent: object) -> str:
        """A token for right credentials. There is one at a time: the one before it is dead from now on."""
        self._key(request)
        right = {
            "username": self._options.username,
            "password": self._options.password,
            "privateKey": self._options.private_key,
        }
        if not isinstance(sent, dict) or any(not same(sent.get(k), v) for k, v in right.items()):
            raise ApiError(401, "Invalid credentials")
        with self._lock:
            self._spend()
            self._token, self._until = secrets.token_urlsafe(48), time.monotonic() + self._options.token_seconds
            return self._token

    def admit(self, request: Request) -> None:
        """Lets a request through: the key, version 2, the living token (bare or as Bearer), a call left."""
        self._key(request)
        if request.headers.get("x-api-version") != "2":
            raise ApiError(400, "This sandbox speaks x-api-version 2 only")
        sent = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        with self._lock:
            if not self._token or not same(sent, self._token) or time.monotonic() >= self._until:
                raise ApiError(401, "The token is invalid or has expired")
            self._spend()

    def _key(self, request: Request) -> None:
        if not same(request.headers.get("x-api-key"), self._options.private_key):
            raise ApiError(401, "The API key is missing or invalid")

    def _spend(self) -> None:
        rate = self._options.per_second
        if rate is None:
            return
        now = time.monotonic()
        self._left = min(float(self._options.burst), self._left + (now - self._asked) * rate)
        self._asked = now
        if self._left < 1:
            raise ApiError(429, "Too many requests")
        self._left -= 1


def page_of(request: Request, key: str, rows: Iterable[Row], names: Collection[str]) -> dict[str, Any]:
    """One page in Absorb's envelope. ``_offset`` counts pages from 0; unknown parameters are refused."""
    query = request.query_params
    if strange := set(query) - {"_limit", "_offset", "_filter", "_sort"}:
        raise ApiError(400, f"Unknown parameter {min(strange)}")
    limit = _number(query.get("_limit"), DEFAULT_LIMIT, 1, MAX_LIMIT, "_limit")
    offset = _number(query.get("_offset"), 0, 0, MAX_OFFSET, "_offset")
    try:
        found = select(rows, sorted(names), query.get("_filter", ""), query.get("_sort", ""))
    except FilterError as e:
        raise ApiError(400, f"Invalid query: {e}") from None
    part = found[offset * limit : (offset + 1) * limit]
    return {"totalItems": len(found), "returnedItems": len(part), "limit": limit, "offset": offset, key: part}


def _number(text: str | None, default: int, low: int, high: int, name: str) -> int:
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise ApiError(400, f"{name} must be a whole number from {low} to {high}")
    return int(text)
