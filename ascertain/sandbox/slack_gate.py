"""Who may call the Slack sandbox, with which scopes and how often; its refusals come inside HTTP 200."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request

from ascertain.sandbox.faults import FaultPlan

Json = dict[str, Any]
_PER_MINUTE = {1: 1, 2: 20, 3: 50, 4: 100}
_WINDOW = 60.0


@dataclass
class SlackOptions:
    """How this workspace behaves.

    ``rate_limits``: the tiers of the methods count. ``outside_marketplace``: the app is a distributed one that is not
    in the Marketplace, so history and replies give 15 objects, once a minute. ``cursor_seconds``: how long a page
    token lives.
    """

    bot_token: str = "xoxb-2000000000001-sandbox"
    user_token: str = "xoxp-2000000000001-sandbox"
    signing_secret: str = "8f742231b10e8888abcd99yyyzzz85a5"
    rate_limits: bool = True
    outside_marketplace: bool = False
    cursor_seconds: float = 3600.0
    faults: FaultPlan = field(default_factory=FaultPlan)


BOT_SCOPES = frozenset(
    (
        "channels:history",
        "channels:read",
        "groups:history",
        "groups:read",
        "im:history",
        "im:read",
        "team:read",
        "users.profile:read",
        "users:read",
        "users:read.email",
    )
)
USER_SCOPES = BOT_SCOPES | {"users.profile:write"}


@dataclass(frozen=True, slots=True)
class Method:
    """What a method needs. ``json`` False: arguments in a JSON body are not read. ``user_only``: no bot may call."""

    scopes: tuple[str, ...] = ()
    tier: int = 4
    json: bool = False
    user_only: bool = False


class SlackError(Exception):
    """Ends a call with ``ok: false`` and a word; with another status only where the rate is exceeded."""

    def __init__(self, error: str, *, status: int = 200, headers: dict[str, str] | None = None, **more: Any) -> None:
        super().__init__(error)
        self.status = status
        self.headers = headers
        self.body: Json = {"ok": False, "error": error, **more}


class Gate:
    """Tokens, scopes and tiers of one workspace."""

    def __init__(self, options: SlackOptions) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._recent: dict[str, deque[float]] = {}

    async def admit(self, request: Request, name: str, method: Method) -> Mapping[str, str]:
        """Lets a call through and gives its arguments."""
        scheme, _, sent = request.headers.get("authorization", "").partition(" ")
        arguments = await _arguments(request, method)
        token = sent if scheme.lower() == "bearer" else arguments.pop("token", "")
        if not token:
            raise SlackError("not_authed")
        user = hmac.compare_digest(token.encode(), self._options.user_token.encode())
        if not user and not hmac.compare_digest(token.encode(), self._options.bot_token.encode()):
            raise SlackError("invalid_auth")
        self._spend(name, method)
        if method.user_only and not user:
            raise SlackError("not_allowed_token_type")
        provided = USER_SCOPES if user else BOT_SCOPES
        if missing := [s for s in method.scopes if s not in provided]:
            raise SlackError("missing_scope", needed=",".join(missing), provided=",".join(sorted(provided)))
        return arguments

    def most(self, name: str) -> int:
        """The largest page of a method."""
        few = self._options.outside_marketplace and name in ("conversations.history", "conversations.replies")
        return 15 if few else 999

    def page(self, name: str, arguments: Mapping[str, str], rows: Sequence[Json]) -> tuple[list[Json], str]:
        """A piece of a list and the token of the next one, empty at the end."""
        limit = _limit(arguments.get("limit"), self.most(name))
        question = [name, sorted((k, v) for k, v in arguments.items() if k not in ("cursor", "limit"))]
        start = self._start(arguments.get("cursor", ""), question)
        following = _packed([question, start + limit, time.time()]) if start + limit < len(rows) else ""
        return list(rows[start : start + limit]), following

    def _start(self, cursor: str, question: list[Any]) -> int:
        if not cursor:
            return 0
        try:
            asked, start, made = json.loads(base64.b64decode(cursor.encode(), validate=True))
        except (binascii.Error, ValueError, TypeError):
            raise SlackError("invalid_cursor") from None
        same = json.dumps(asked) == json.dumps(question)
        if not same or not isinstance(start, int) or time.time() - float(made) >= self._options.cursor_seconds:
            raise SlackError("invalid_cursor")
        return start

    def _spend(self, name: str, method: Method) -> None:
        if not self._options.rate_limits:
            return
        tier = 1 if self.most(name) == 15 else method.tier
        now = time.monotonic()
        with self._lock:
            recent = self._recent.setdefault(name, deque())
            while recent and now - recent[0] >= _WINDOW:
                recent.popleft()
            if len(recent) >= _PER_MINUTE[tier]:
                wait = max(1, round(_WINDOW - (now - recent[0])))
                raise SlackError("ratelimited", status=429, headers={"Retry-After": str(wait)})
            recent.append(now)


def needed(arguments: Mapping[str, str], name: str, error: str) -> str:
    """An argument that must be there."""
    if not arguments.get(name):
        raise SlackError(error)
    return arguments[name]


def flag(arguments: Mapping[str, str], name: str) -> bool:
    """A yes or no; no where it is not said."""
    return arguments.get(name, "").lower() in ("1", "true")


async def _arguments(request: Request, method: Method) -> dict[str, str]:
    found = dict(request.query_params)
    if request.method != "POST":
        return found
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        if not method.json:
            return found
        try:
            sent = json.loads(await request.body() or b"{}")
        except ValueError:
            raise SlackError("invalid_json") from None
        if not isinstance(sent, dict):
            raise SlackError("json_not_object")
        return found | {k: v if isinstance(v, str) else json.dumps(v) for k, v in sent.items()}
    return found | dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))


def _limit(text: str | None, most: int) -> int:
    if text in (None, "", "0"):
        return min(100, most)
    if not str(text).isascii() or not str(text).isdigit() or int(str(text)) > 1000:
        raise SlackError("invalid_limit")
    return min(int(str(text)), most)


def _packed(value: Any) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()
