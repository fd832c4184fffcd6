"""Who may call the Graph sandbox and how often; OData's questions, pages and delta links."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
import secrets
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote

from fastapi import Request

from ascertain.sandbox.faults import FaultPlan

Json = dict[str, Any]
TENANT = "7d1c5f0e-6a1b-4e5a-9a54-1f0b5a7fd1a0"
_EXPAND = re.compile(r"^(\w+)(?:\(\$select=([\w,]+)\))?$", re.ASCII)


@dataclass
class GraphOptions:
    """How this tenant behaves.

    ``per_second``: calls, ``None`` means no limit. ``delta_seconds``: how long a delta link lives. ``delta_days``: how
    far back, from the company's own day, the messages' delta reaches; ``None`` for all. ``beta``: whether /beta is
    served.
    """

    tenant: str = TENANT
    client_id: str = "2b0f6a1c-0c7e-4b56-8f0a-5f3f1b1f9d11"
    client_secret: str = "sandbox~Graph.secret"
    token_seconds: float = 3599.0
    per_second: int | None = 50
    delta_seconds: float = 7 * 24 * 3600.0
    delta_days: int | None = 240
    beta: bool = True
    faults: FaultPlan = field(default_factory=FaultPlan)


class ApiError(Exception):
    """Ends a request with a status, a code, a message and perhaps headers."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
        inner = {"date": now, "request-id": secrets.token_hex(16), "client-request-id": secrets.token_hex(16)}
        self.body: Json = {"error": {"code": code, "message": message, "innerError": inner}}


class Gate:
    """Tokens and the call rate of one tenant."""

    def __init__(self, options: GraphOptions) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._tokens: dict[str, float] = {}
        self._second, self._calls = 0, 0

    def issue(self, tenant: str, form: bytes) -> tuple[int, Json]:
        """The answer of the token endpoint: status and body, in the words of the identity platform."""
        sent = dict(parse_qsl(form.decode("utf-8", "replace")))
        if tenant != self._options.tenant:
            return 400, _oauth("invalid_request", "AADSTS90002: Tenant not found.", 90002)
        if sent.get("grant_type") != "client_credentials":
            return 400, _oauth("unsupported_grant_type", "AADSTS70003: The grant type is not supported.", 70003)
        if sent.get("client_id") != self._options.client_id:
            return 400, _oauth("unauthorized_client", "AADSTS700016: Application was not found.", 700016)
        if not hmac.compare_digest(sent.get("client_secret", "").encode(), self._options.client_secret.encode()):
            return 401, _oauth("invalid_client", "AADSTS7000215: Invalid client secret provided.", 7000215)
        if not sent.get("scope", "").endswith("/.default"):
            return 400, _oauth("invalid_scope", "AADSTS1002012: The scope must end in /.default.", 1002012)
        token = secrets.token_urlsafe(60)
        lifetime = self._options.token_seconds
        with self._lock:
            self._tokens[token] = time.monotonic() + lifetime
        return 200, {
            "token_type": "Bearer",
            "expires_in": int(lifetime),
            "ext_expires_in": int(lifetime),
            "access_token": token,
        }

    def admit(self, request: Request, *allowed: str) -> None:
        """A living token, a call left, and only the query options that this resource has."""
        scheme, _, sent = request.headers.get("authorization", "").partition(" ")
        with self._lock:
            until = self._tokens.get(sent) if scheme.lower() == "bearer" else None
            if until is None:
                message = (
                    "Access token is empty." if not sent else "CompactToken parsing failed with error code: 80049217"
                )
                raise ApiError(401, "InvalidAuthenticationToken", message)
            if time.monotonic() >= until:
                message = "Lifetime validation failed, the token is expired."
                raise ApiError(401, "InvalidAuthenticationToken", message)
            self._spend()
        if strange := {k if k.startswith("$") else f"${k}" for k in request.query_params} - set(allowed):
            raise ApiError(400, "BadRequest", f"The query parameter '{min(strange)}' is not supported here.")

    def _spend(self) -> None:
        limit = self._options.per_second
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._calls = second, 0
        if limit is not None and self._calls >= limit:
            raise ApiError(429, "TooManyRequests", "Too many requests.", {"Retry-After": "1"})
        self._calls += 1


def option(request: Request, name: str) -> str | None:
    """A query option; Graph takes it with or without the dollar sign."""
    return request.query_params.get(f"${name}", request.query_params.get(name))


def size(request: Request, default: int, most: int) -> int:
    """``$top``, or the page size that ``Prefer`` asks for."""
    text = option(request, "top")
    if text is None:
        match = re.search(r"odata\.maxpagesize=(\d+)", request.headers.get("prefer", ""))
        return min(int(match[1]), most) if match and int(match[1]) else default
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        raise ApiError(
            400, "Request_BadRequest", f"Invalid page size specified: '{text}'. Must be between 1 and {most}."
        )
    return int(text)


def selected(request: Request, known: Collection[str], usual: Sequence[str], kind: str) -> list[str]:
    """The properties that ``$select`` asks for."""
    text = option(request, "select")
    names = list(usual) if text is None else [n.strip() for n in text.split(",")]
    if strange := [n for n in names if n not in known]:
        raise _no_property(strange[0], kind)
    return names


def expanded(request: Request, what: str, known: Collection[str], usual: Sequence[str], kind: str) -> list[str] | None:
    """The properties of what ``$expand`` brings along; ``None`` without it."""
    text = option(request, "expand")
    if text is None:
        return None
    match = _EXPAND.match(text)
    if not match or match[1] != what:
        raise _no_property(text, kind)
    names = match[2].split(",") if match[2] else list(usual)
    if strange := [n for n in names if n not in known]:
        raise _no_property(strange[0], kind)
    return names


def pack(value: Any) -> str:
    """A token for a link."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def unpack(token: str, length: int) -> list[Any]:
    """What a link's token holds, so many values; 400 where it is none."""
    try:
        found = json.loads(base64.urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4)))
    except (binascii.Error, ValueError):
        found = None
    if not isinstance(found, list) or len(found) != length:
        raise ApiError(400, "BadRequest", "Badly formed token.")
    return found


def link(request: Request, **query: str) -> str:
    """An absolute address of the same resource with other query options."""
    written = "&".join(f"${k}={quote(v, safe='')}" for k, v in query.items())
    return f"{str(request.url).partition('?')[0]}?{written}"


def paged(request: Request, context: str, rows: Sequence[Json], top: int) -> Json:
    """One page of a list; the next link carries the whole question."""
    token = option(request, "skiptoken")
    start = int(unpack(token, 1)[0]) if token is not None else 0
    answer: Json = {"@odata.context": f"{request.base_url}v1.0/$metadata#{context}"}
    if start + top < len(rows):
        kept = {k.lstrip("$"): v for k, v in request.query_params.items() if k.lstrip("$") != "skiptoken"}
        answer["@odata.nextLink"] = link(request, **kept, skiptoken=pack([start + top]))
    return {**answer, "value": list(rows[start : start + top])}


def _no_property(name: str, kind: str) -> ApiError:
    what = f"Could not find a property named '{name}' on type 'microsoft.graph.{kind}'."
    return ApiError(400, "BadRequest", f"Parsing OData Select and Expand failed: {what}")


def _oauth(error: str, description: str, code: int) -> Json:
    return {"error": error, "error_description": description, "error_codes": [code]}
