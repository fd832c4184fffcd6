"""Who may call the Cornerstone sandbox and how often: tokens with scopes, calls a minute for each address."""

from __future__ import annotations

import math
import secrets
import threading
import time
import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from fastapi import Request

from ascertain.sandbox.credentials import same
from ascertain.sandbox.faults import FaultPlan

SCOPES = frozenset(
    ("reporting:read", "training:read", "employees:read", "galaxyskills:read", "galaxyemployeeskills:update")
)
"""``training:read`` and the two about skills are the vendor's names; the others are this sandbox's own."""
MINUTE = {
    "view": 400,
    "vw_rpt_transcript": 940,
    "vw_rpt_training": 420,
    "vw_rpt_user_cf": 640,
    "object": 400,
    "employees": 75,
    "employee": 150,
    "catalogue": 400,
    "skills": 400,
}
"""Calls a minute by kind of address; an hour has sixty times as many. Those of the Data Exporter, the catalogue and
the skills are this sandbox's own choice."""


@dataclass
class CornerstoneOptions:
    """How this portal behaves.

    ``minute_share``: part of the vendor's call budgets that is granted; ``None`` means no limit. ``retry_after``: send
    that header with a 429 (no source says that the vendor does). ``relative_links``: next and delta links without
    scheme and host. ``repeat_rows``: each page begins with the last row of the one before, as the vendor warns.
    ``employee_page_seconds``: life of a page token of the employee list.

    Webhooks go to ``webhook_url`` once it is set; ``heartbeat_seconds`` apart, an empty call says that the line is
    open (``None``: never). ``retry_seconds`` are the pauses before new attempts.
    """

    client_id: str = "sandbox-cornerstone"
    client_secret: str = "sandbox-cornerstone-secret"
    token_seconds: float = 3600.0
    minute_share: float | None = 1.0
    retry_after: bool = False
    relative_links: bool = False
    repeat_rows: bool = True
    employee_page_seconds: float = 300.0
    webhook_url: str = ""
    webhook_key: str = "0f8fad5bd9cb469fa16570867728950e"
    webhook_secret: str = "c2FuZGJveC1jb3JuZXJzdG9uZS1ob29rLXNlY3JldCE="
    heartbeat_seconds: float | None = 300.0
    retry_seconds: tuple[float, ...] = (30.0, 60.0, 90.0, 120.0)
    faults: FaultPlan = field(default_factory=FaultPlan)


class ApiError(Exception):
    """Ends a request with a status and the vendor's body: the one that its pages show for a 429."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None, details: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        self.body: dict[str, Any] = {
            "status": str(status),
            "timeStamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000"),
            "error": {
                "errorId": str(uuid.uuid4()),
                "message": message,
                "code": str(status),
                "description": message,
                "details": details or None,
            },
        }


class Gate:
    """Tokens and call budgets of one portal."""

    def __init__(self, options: CornerstoneOptions) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._tokens: dict[str, tuple[float, frozenset[str]]] = {}
        self._calls: dict[str, deque[float]] = {}

    def issue(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        """A token for right credentials, with the scopes that were asked for; names in either spelling."""
        told = {k.replace("_", "").lower(): str(v) for k, v in sent.items()}
        if told.get("granttype") != "client_credentials":
            raise ApiError(400, "grantType must be client_credentials")
        if not same(told.get("clientid"), self._options.client_id) or not same(
            told.get("clientsecret"), self._options.client_secret
        ):
            raise ApiError(401, "Client authentication failed")
        asked = frozenset(told.get("scope", "").split())
        if not asked or asked - SCOPES - {"all"}:
            raise ApiError(400, "scope must be all, or name scopes of the application")
        token = f"edge_{secrets.token_urlsafe(32)}"
        with self._lock:
            now = time.monotonic()
            self._tokens = {t: v for t, v in self._tokens.items() if v[0] > now}
            self._tokens[token] = (now + self._options.token_seconds, SCOPES if "all" in asked else asked)
        return {
            "access_token": token,
            "expires_in": math.floor(self._options.token_seconds),
            "token_type": "Bearer",
            "scope": " ".join(sorted(asked)),
        }

    def admit(self, request: Request, uri: str, scope: str) -> None:
        """A living token with the scope, a call left for this address. Refused calls count too."""
        headers = self._spend(uri)
        kind, _, sent = request.headers.get("authorization", "").partition(" ")
        with self._lock:
            until, scopes = self._tokens.get(sent, (0.0, frozenset[str]()))
        if kind.lower() != "bearer" or time.monotonic() >= until:
            raise ApiError(401, "The access token is invalid or has expired", headers)
        if scope not in scopes:
            raise ApiError(403, f"The application has no scope {scope}", headers)
        request.state.throttle = headers

    def _spend(self, uri: str) -> dict[str, str]:
        if self._options.minute_share is None:
            return {}
        a_minute = max(
            1, math.floor(MINUTE[uri if uri in MINUTE else uri.partition(":")[0]] * self._options.minute_share)
        )
        now = time.monotonic()
        with self._lock:
            calls = self._calls.setdefault(uri, deque())
            while calls and now - calls[0] >= 3600:
                calls.popleft()
            minute = sum(1 for at in calls if now - at < 60)
            calls.append(now)
            headers = {
                "x-csod-throttling-rate-limit-urilevel": str(a_minute * 60),
                "x-csod-requests-remaining-urilevel": str(max(0, a_minute * 60 - len(calls))),
            }
            if minute >= a_minute or len(calls) > a_minute * 60:
                wait = {"Retry-After": "60"} if self._options.retry_after else {}
                raise ApiError(429, "Too many requests", {**headers, **wait}, f"{a_minute} calls a minute")
        return headers


def number(text: str | None, name: str, default: int, low: int, high: int) -> int:
    """A whole number of a query; 400 otherwise."""
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise ApiError(400, f"{name} must be a whole number from {low} to {high}")
    return int(text)


def known(request: Request, *names: str) -> None:
    """Refuses parameters that are not among the names."""
    if strange := set(request.query_params) - set(names):
        raise ApiError(400, f"Unknown query option {min(strange)}")
