"""Who may call the Asana sandbox and how often, and how its lists are cut into pages."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from fastapi import Request

from ascertain.sandbox.asana_shapes import Json, chosen
from ascertain.sandbox.faults import FaultPlan

MAX_LIMIT = 100
BASE = "/api/1.0"
_HELP = "For more information on API status codes and how to handle them, read the docs on errors"
_ALWAYS = frozenset(("opt_fields", "opt_pretty"))


@dataclass
class AsanaOptions:
    """How this workspace behaves. ``per_minute``: calls, as on a free plan; ``None`` means no limit.

    ``offset_seconds`` and ``sync_seconds``: how long page tokens and sync tokens live.
    """

    token: str = "2/1202000000000001/1209000000000001:sandbox-asana-token"
    per_minute: int | None = 150
    offset_seconds: float = 900.0
    sync_seconds: float = 24 * 3600.0
    faults: FaultPlan = field(default_factory=FaultPlan)


class ApiError(Exception):
    """Ends a request with a status, a message, and perhaps headers or a new sync token."""

    def __init__(
        self, status: int, message: str, *, headers: dict[str, str] | None = None, sync: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers
        self.body: Json = {"errors": [{"message": message, "help": _HELP}]}
        if sync is not None:
            self.body["sync"] = sync


class Gate:
    """The token, the calls of the last minute and the page tokens of one workspace."""

    def __init__(self, options: AsanaOptions) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._recent: deque[float] = deque()

    def admit(self, request: Request, *allowed: str) -> None:
        """The right Bearer token, a call left, and only parameters that this endpoint has. Asana itself passes over
        unknown ones; a sandbox that did would hide a misspelt filter."""
        scheme, _, sent = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(sent.encode(), self._options.token.encode()):
            raise ApiError(401, "Not Authorized")
        self._spend()
        if strange := set(request.query_params) - _ALWAYS - set(allowed):
            raise ApiError(400, f"{min(strange)}: Not a recognized parameter of this endpoint")

    def page(self, request: Request, rows: Sequence[Json]) -> Json:
        """One page of a list. ``limit`` is 1 to 100; ``offset`` is a token of an earlier page of the same question."""
        limit = _limit(request.query_params.get("limit"))
        question = _question(request)
        start = self._start(request.query_params.get("offset"), question)
        part = rows[start : start + limit]
        following = None
        if start + limit < len(rows):
            token = pack([question, start + limit, time.time()])
            path = f"{request.url.path.removeprefix(BASE)}?{question}&limit={limit}&offset={token}"
            following = {"offset": token, "path": path, "uri": f"{str(request.base_url).rstrip('/')}{BASE}{path}"}
        wanted = request.query_params.get("opt_fields")
        return {"data": [chosen(r, wanted) for r in part], "next_page": following}

    def _start(self, token: str | None, question: str) -> int:
        if token is None:
            return 0
        found = unpacked(token)
        if not (isinstance(found, list) and len(found) == 3 and found[0] == question and isinstance(found[1], int)):
            raise ApiError(400, "offset: Your pagination token is invalid.")
        if time.time() - float(found[2]) >= self._options.offset_seconds:
            raise ApiError(400, "offset: Your pagination token has expired.")
        return found[1]

    def _spend(self) -> None:
        if self._options.per_minute is None:
            return
        now = time.monotonic()
        with self._lock:
            while self._recent and now - self._recent[0] >= 60.0:
                self._recent.popleft()
            if len(self._recent) >= self._options.per_minute:
                wait = str(max(1, round(60.0 - (now - self._recent[0]))))
                message = "You have made too many requests recently. Please, be chill."
                raise ApiError(429, message, headers={"Retry-After": wait})
            self._recent.append(now)


def pack(value: Any) -> str:
    """A token that only this sandbox reads."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


def unpacked(token: str) -> Any:
    """What a token holds; ``None`` where it is none."""
    try:
        return json.loads(base64.urlsafe_b64decode(token.encode()))
    except (binascii.Error, ValueError, UnicodeEncodeError):
        return None


def one(row: Json, request: Request) -> Json:
    """A single object in its envelope."""
    return {"data": chosen(row, request.query_params.get("opt_fields"), whole=True)}


def find(rows: Iterable[Json], gid: str, kind: str) -> Json:
    """The object of that id; 404 without."""
    for row in rows:
        if row["gid"] == gid:
            return row
    raise ApiError(404, f"{kind}: Unknown object: {gid}")


def _question(request: Request) -> str:
    kept = sorted((k, v) for k, v in request.query_params.items() if k not in ("offset", "limit"))
    return urlencode(kept)


def _limit(text: str | None) -> int:
    if text is None:
        return MAX_LIMIT
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MAX_LIMIT:
        raise ApiError(400, f"limit: Must be between 1 and {MAX_LIMIT}")
    return int(text)
