"""Who may call the TalentLMS sandbox and how often: keys, the dated version, calls an hour and in five seconds."""

from __future__ import annotations

import base64
import binascii
import re
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from fastapi import Request

from ascertain.sandbox.credentials import same
from ascertain.sandbox.faults import FaultPlan

_VERSION = re.compile(r"^\d{4}-\d{2}-\d{2}$")
_BURST_SECONDS = 5.0


@dataclass
class TalentLmsOptions:
    """How this portal behaves. ``hourly`` and ``per_five_seconds`` count all calls; ``None`` means no limit.

    ``task_seconds``: how long a batch takes.
    """

    api_key: str = "sandbox-talentlms-key"
    hourly: int | None = 2000
    per_five_seconds: int | None = 200
    task_seconds: float = 0.0
    faults: FaultPlan = field(default_factory=FaultPlan)


class ApiError(Exception):
    """Ends a request with a status, a message and perhaps headers. The kind of error follows from the status."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"type": "api_error" if status >= 500 else "invalid_request_error", "message": message}}
        self.headers = dict(headers or {})


class Gate:
    """Keys and call budgets of one portal."""

    def __init__(self, options: TalentLmsOptions) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._begun, self._used = time.monotonic(), 0
        self._recent: deque[float] = deque()

    def admit_v2(self, request: Request) -> None:
        """A right key, the JSON answer asked for, a version, a call left."""
        if not same(request.headers.get("x-api-key"), self._options.api_key):
            raise ApiError(401, "Invalid API key provided")
        if "application/json" not in request.headers.get("accept", ""):
            raise ApiError(400, "All calls must accept application/json")
        version = request.headers.get("x-api-version", "")
        if not _VERSION.match(version) or not _is_day(version):
            raise ApiError(400, "X-API-Version must be a date, YYYY-MM-DD")
        self._spend()

    def admit_v1(self, request: Request) -> None:
        """The key as the user of Basic authentication with an empty password, a call left."""
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        try:
            sent = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, ValueError):
            sent = ""
        if scheme.lower() != "basic" or not same(sent, f"{self._options.api_key}:"):
            raise ApiError(401, "Invalid API key provided")
        self._spend()

    def limits(self) -> dict[str, str]:
        """The headers of every answer."""
        limit, remaining, _ = self.rate()
        return {} if limit is None else {"X-RateLimit-Limit": str(limit), "X-RateLimit-Remaining": str(remaining)}

    def rate(self) -> tuple[int | None, int, float]:
        """Calls an hour, calls left, seconds until they are counted anew."""
        with self._lock:
            limit = self._options.hourly
            left = 0 if limit is None else max(0, limit - self._used)
            return limit, left, max(0.0, self._begun + 3600.0 - time.monotonic())

    def _spend(self) -> None:
        now = time.monotonic()
        with self._lock:
            if now - self._begun >= 3600.0:
                self._begun, self._used = now, 0
            while self._recent and now - self._recent[0] >= _BURST_SECONDS:
                self._recent.popleft()
            hourly, burst = self._options.hourly, self._options.per_five_seconds
            if (hourly is not None and self._used >= hourly) or (burst is not None and len(self._recent) >= burst):
                raise ApiError(429, "The API request rate limit has been exceeded")
            self._used += 1
            self._recent.append(now)


def listed(request: Request, rows: list[dict[str, Any]], filters: frozenset[str] = frozenset()) -> dict[str, Any]:
    """One page in version 2's envelope; pages have at most 100 rows, unknown parameters are refused."""
    query = request.query_params
    if strange := set(query) - filters - {"page[number]", "page[size]"}:
        raise ApiError(400, f"Unknown parameter {min(strange)}")
    size = _number(query.get("page[size]"), 25, 100, "page[size]")
    page = _number(query.get("page[number]"), 1, 1_000_000, "page[number]")
    pages = max(1, -(-len(rows) // size))

    def link(number: int) -> str:
        return str(request.url.include_query_params(**{"page[number]": number, "page[size]": size}))

    part = rows[(page - 1) * size : page * size]
    return {
        "_data": part,
        "_links": {
            "self": link(page),
            "first": link(1),
            "last": link(pages),
            "prev": link(page - 1) if page > 1 else None,
            "next": link(page + 1) if page < pages else None,
        },
        "_meta": {
            "pagination": {
                "page": page,
                "page_size": size,
                "total_items": len(part),
                "total_pages": pages,
                "total_results": len(rows),
            }
        },
    }


def number(text: str | None, name: str) -> int:
    """A whole number out of a query or a path; 400 otherwise."""
    if text is None or not text.isascii() or not text.isdigit():
        raise ApiError(400, f"{name} must be an integer")
    return int(text)


def _number(text: str | None, default: int, most: int, name: str) -> int:
    found = default if text is None else number(text, name)
    if not 1 <= found <= most:
        raise ApiError(400, f"{name} must be from 1 to {most}")
    return found


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
