"""Who may call the Docebo sandbox and how often: tokens, the hourly budget per source address, stored queries."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request

from ascertain.sandbox.faults import FaultPlan

KEPT_CURSORS = 256
Item = dict[str, Any]


@dataclass
class DoceboOptions:
    """How this tenant behaves. ``hourly_budget`` counts authorised calls per source address; None means no limit.
    ``webhook_user`` and ``webhook_password`` are what its webhooks prove themselves with; they go to
    ``webhook_url``, and nowhere while that is empty."""

    client_id: str = "ascertain-sandbox"
    client_secret: str = "sandbox-secret"
    username: str = "academy.admin"
    password: str = "sandbox-password"
    webhook_user: str = "docebo-hooks"
    webhook_password: str = "sandbox-hook-password"
    webhook_url: str = ""
    token_seconds: int = 3600
    hourly_budget: int | None = 1000
    budget_seconds: float = 3600.0
    faults: FaultPlan = field(default_factory=FaultPlan)


class ApiError(Exception):
    """Ends a request with a status, a message and perhaps headers."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


class Gate:
    """Tokens, the call budget and stored queries of one tenant."""

    def __init__(self, options: DoceboOptions) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._tokens: dict[str, float] = {}
        self._calls: dict[str, tuple[float, int]] = {}
        self._cursors: dict[str, list[Item]] = {}

    def issue(self, form: Mapping[str, Any]) -> Item:
        """A token for right credentials; 400 or 401 in OAuth2's error form otherwise."""
        options = self._options
        if (form.get("client_id"), form.get("client_secret")) != (options.client_id, options.client_secret):
            raise ApiError(401, "invalid_client")
        grant = form.get("grant_type")
        if grant == "password":
            if (form.get("username"), form.get("password")) != (options.username, options.password):
                raise ApiError(401, "invalid_grant")
        elif grant != "client_credentials":
            raise ApiError(400, "unsupported_grant_type")
        token = secrets.token_hex(20)
        with self._lock:
            self._tokens[token] = time.monotonic() + options.token_seconds
        return {
            "access_token": token,
            "expires_in": options.token_seconds,
            "token_type": "Bearer",
            "scope": "api",
            "refresh_token": secrets.token_hex(20),
        }

    def admit(self, request: Request) -> None:
        """Lets a request through: a living token and a call left in this hour for its address."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        with self._lock:
            alive = scheme.lower() == "bearer" and self._tokens.get(token, 0.0) > time.monotonic()
            if not alive:
                raise ApiError(401, "The access token provided is invalid or has expired")
            self._spend(request.client.host if request.client else "")

    def _spend(self, address: str) -> None:
        budget = self._options.hourly_budget
        if budget is None:
            return
        now = time.monotonic()
        begun, used = self._calls.get(address, (now, 0))
        if now - begun >= self._options.budget_seconds:
            begun, used = now, 0
        if used >= budget:
            wait = max(1, round(begun + self._options.budget_seconds - now))
            raise ApiError(429, "API calls limit reached", {"Retry-After": str(wait)})
        self._calls[address] = (begun, used + 1)

    def keep(self, items: list[Item]) -> str:
        """Stores the rows of a query so that its pages stay the same; returns the cursor."""
        cursor = secrets.token_hex(12)
        with self._lock:
            while len(self._cursors) >= KEPT_CURSORS:
                self._cursors.pop(next(iter(self._cursors)))
            self._cursors[cursor] = items
        return cursor

    def stored(self, cursor: str) -> list[Item]:
        """The rows kept under a cursor."""
        with self._lock:
            if cursor not in self._cursors:
                raise ApiError(400, "Invalid or expired cursor")
            return self._cursors[cursor]
