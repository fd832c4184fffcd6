"""Who may call the UKG sandbox and what it says when something is wrong: two credentials, problems, date filters."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from fastapi import Request

from ascertain.sandbox.faults import FaultPlan

MAX_PAGE = 10_000
MAX_CHANGES = 200
_US_DAY = re.compile(r"(\d{2})-(\d{2})-(\d{4})", re.ASCII)


@dataclass
class UkgOptions:
    """How this tenant behaves.

    Attributes:
        per_second: calls in a second before 429, which has no ``Retry-After``; ``None`` means no limit.
        changes_interval: seconds that must lie between two readings of employee-changes. The vendor asks for three
            hours; whether it enforces them is not documented, so nobody is refused unless told.
        jobs: ``/configuration/v1/jobs`` and ``/locations`` exist; the stored specification has neither.
        webhook_url: where the separate webhooks application delivers; empty for nowhere. Set there by hand.
        webhook_header, webhook_encoding: how the signature travels; not documented.
    """

    username: str = "ascertain.svc"
    password: str = "sandbox-password"
    api_key: str = "SBX01"
    company_id: str = "FJ7LN"
    second_company_id: str = "FJ8NL"
    per_second: int | None = None
    changes_interval: float = 0.0
    jobs: bool = True
    webhook_url: str = ""
    webhook_secret: str = "sandbox-webhook-secret"
    webhook_header: str = "X-Ukg-Signature"
    webhook_encoding: Literal["hex", "base64"] = "hex"
    faults: FaultPlan = field(default_factory=FaultPlan)


class Problem(Exception):
    """Ends a call. ``fields`` are the query parameters at fault; a 401 has no body at all."""

    def __init__(self, status: int, title: str, detail: str = "", fields: Mapping[str, str] | None = None) -> None:
        super().__init__(title)
        self.status = status
        self.body: dict[str, Any] = {"type": "about:blank", "title": title, "detail": detail, "code": status}
        if fields:
            state = {k: [{"message": v, "type": "invalid"}] for k, v in fields.items()}
            self.body |= {"message": "The request is invalid.", "errorCount": len(state)}
            self.body["errors"] = {"modelstate": state}


class Gate:
    """Credentials, the rate limit and the pace of employee-changes."""

    def __init__(self, options: UkgOptions) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._calls: deque[float] = deque()
        self._changes: tuple[str, float] | None = None

    def admit(self, request: Request) -> None:
        """Basic and the customer's key, both right; then the rate."""
        o = self._options
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        try:
            login = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            login = b""
        right = hmac.compare_digest(login, f"{o.username}:{o.password}".encode())
        key = hmac.compare_digest(request.headers.get("us-customer-api-key", "").encode(), o.api_key.encode())
        if scheme.lower() != "basic" or not right or not key:
            raise Problem(401, "Unauthorized")
        if o.per_second is None:
            return
        now = time.monotonic()
        with self._lock:
            while self._calls and self._calls[0] <= now - 1:
                self._calls.popleft()
            if len(self._calls) >= o.per_second:
                raise Problem(429, "Too Many Requests", "Rate limit exceeded. Retry after one second.")
            self._calls.append(now)

    def pace(self, query: str) -> None:
        """Employee-changes: the same query may be paged through, another one has to wait."""
        now = time.monotonic()
        with self._lock:
            last = self._changes
            if last and last[0] != query and now - last[1] < self._options.changes_interval:
                raise Problem(429, "Too Many Requests", "Employee changes were read less than three hours ago.")
            if not last or last[0] != query:
                self._changes = (query, now)


def page_of(request: Request, rows: list[dict[str, Any]], largest: int) -> list[dict[str, Any]]:
    """One page of a bare array, empty behind the last. The size's name is spelt in two ways; more than the largest is
    cut down to it without a word."""
    given = {k.lower(): v for k, v in request.query_params.items()}
    wrong = {k: "must be a whole number from 1" for k in ("page", "per_page") if not _natural(given.get(k, "1"))}
    if wrong:
        raise Problem(400, "Bad Request", "The query is not valid.", wrong)
    page = int(given.get("page", "1"))
    size = min(int(given.get("per_page", largest)), largest)
    return rows[(page - 1) * size : page * size]


def _natural(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text[:9]) >= 1 and len(text) < 10


def within(name: str, said: str, moment: datetime) -> bool:
    """Whether a moment fits a filter: ``>05-01-2026``, ``<05-01-2026``, ``{05-01-2026,05-31-2026}`` or a day itself.

    Raises:
        Problem: 400 for anything else.
    """
    if said.startswith("{") and said.endswith("}") and said.count(",") == 1:
        first, last = (day_of(name, p) for p in said[1:-1].split(","))
        return first <= moment <= last
    sign = said[:1] if said[:1] in "<>" else ""
    day = day_of(name, said[len(sign) :].removeprefix("="))
    if sign == ">":
        return moment > day
    return moment < day if sign == "<" else moment.date() == day.date()


def day_of(name: str, text: str) -> datetime:
    """``MM-DD-YYYY`` as the vendor writes it, or ISO 8601; naive UTC like the company's times.

    Raises:
        Problem: 400.
    """
    try:
        if found := _US_DAY.fullmatch(text):
            month, day, year = map(int, found.groups())
            return datetime(year, month, day)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Problem(400, "Bad Request", "The query is not valid.", {name: "is not a date"}) from None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
