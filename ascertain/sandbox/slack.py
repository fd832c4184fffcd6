"""Slack's dialect: methods instead of paths, refusals inside HTTP 200, page tokens, tiers, the Events API.

``POST /sandbox/request_url`` with ``{"url": ...}`` stands for the app's settings page: like it, it sends the
``url_verification`` challenge first and keeps only an address that echoes it.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from ascertain.sandbox.chat import Channel, Chat, Kind, Post
from ascertain.sandbox.dialects import Dialect
from ascertain.sandbox.faults import FaultLayer
from ascertain.sandbox.live import LiveCompany
from ascertain.sandbox.records import Company, Person
from ascertain.sandbox.slack_events import Events
from ascertain.sandbox.slack_gate import Gate, Json, Method, SlackError, SlackOptions, flag, needed
from ascertain.sandbox.slack_shapes import (
    BOT,
    FIELDS,
    TEAM,
    channel,
    channel_id,
    joined,
    message,
    profile,
    profile_fields,
    ts,
    user,
    user_id,
    users,
)

__all__ = ["DIALECT", "SlackOptions", "create_app"]

Arguments = Mapping[str, str]
_SYSTEM = "slack"
_TYPES = {"public_channel": Kind.PUBLIC, "private_channel": Kind.PRIVATE, "im": Kind.DIRECT}
_METHODS = {
    "auth.test": Method(tier=4, json=True),
    "conversations.history": Method(("channels:history",), tier=3, json=True),
    "conversations.info": Method(("channels:read",), tier=3),
    "conversations.list": Method(("channels:read",), tier=2),
    "conversations.replies": Method(("channels:history",), tier=3),
    "team.info": Method(("team:read",), tier=3),
    "team.profile.get": Method(("users.profile:read",), tier=3),
    "users.info": Method(("users:read",), tier=4),
    "users.list": Method(("users:read",), tier=2),
    "users.lookupByEmail": Method(("users:read.email",), tier=3),
    "users.profile.get": Method(("users.profile:read",), tier=4),
    "users.profile.set": Method(("users.profile:write",), tier=3, json=True, user_only=True),
}


class Workspace:
    """The methods. Each takes the call's arguments and gives what stands beside ``ok: true``."""

    def __init__(self, live: LiveCompany, gate: Gate, chat: Chat) -> None:
        self._live, self._gate, self._chat = live, gate, chat

    def auth_test(self, arguments: Arguments) -> Json:
        return {
            "url": "https://fjordlane.slack.example/",
            "team": "Fjordlane",
            "user": "ascertain",
            "team_id": TEAM,
            "user_id": BOT,
        }

    def team_info(self, arguments: Arguments) -> Json:
        return {"team": {"id": TEAM, "name": "Fjordlane", "domain": "fjordlane"}}

    def team_profile_get(self, arguments: Arguments) -> Json:
        return {"profile": {"fields": profile_fields()}}

    def users_list(self, arguments: Arguments) -> Json:
        rows = users(self._live.current.people, self._written())
        part, following = self._gate.page("users.list", arguments, rows)
        return {"members": part, "cache_ts": 0, "response_metadata": {"next_cursor": following}}

    def users_info(self, arguments: Arguments) -> Json:
        wanted = needed(arguments, "user", "user_not_found")
        for row in users(self._live.current.people, self._written()):
            if row["id"] == wanted:
                return {"user": row}
        raise SlackError("user_not_found")

    def users_lookup_by_email(self, arguments: Arguments) -> Json:
        wanted = needed(arguments, "email", "users_not_found").lower()
        for person in self._live.current.people:
            if person.email.lower() == wanted:
                return {"user": user(person, {})}
        raise SlackError("users_not_found")

    def users_profile_get(self, arguments: Arguments) -> Json:
        person = self._person(needed(arguments, "user", "user_not_found"))
        return {"profile": profile(person, self._written().get(user_id(person.id), {}), custom=True)}

    def users_profile_set(self, arguments: Arguments) -> Json:
        person = self._person(needed(arguments, "user", "user_not_found"))
        kept = dict(self._written().get(user_id(person.id), {}))
        for key, value in _profile(arguments).items():
            kept[key] = value
        self._live.put(_SYSTEM, user_id(person.id), kept)
        return {"username": person.given, "profile": profile(person, kept, custom=True)}

    def conversations_list(self, arguments: Arguments) -> Json:
        types = [t.strip() for t in arguments.get("types", "public_channel").split(",")]
        if any(t not in {*_TYPES, "mpim"} for t in types):
            raise SlackError("invalid_types")
        kinds = {_TYPES[t] for t in types if t in _TYPES}
        # The app was invited to the private channel: that it can read there does not mean that it may.
        rows = [channel(c, member=True) for c in self._chat.channels if c.kind in kinds]
        part, following = self._gate.page("conversations.list", arguments, rows)
        return {"channels": part, "response_metadata": {"next_cursor": following}}

    def conversations_info(self, arguments: Arguments) -> Json:
        return {"channel": channel(self._channel(arguments), member=True)}

    def conversations_history(self, arguments: Arguments) -> Json:
        """The newest first; replies are not among them."""
        found = self._channel(arguments)
        rows = [message(p, self._chat) for p in self._chat.in_channel(found.name)]
        return self._stretch("conversations.history", arguments, [joined(found), *rows][::-1])

    def conversations_replies(self, arguments: Arguments) -> Json:
        """The post that began the thread, then its replies, the oldest first."""
        found = self._channel(arguments)
        wanted = needed(arguments, "ts", "thread_not_found")
        for post in self._chat.in_channel(found.name):
            thread = [post, *self._chat.replies(post.number)]
            if wanted in {ts(p) for p in thread}:
                return self._stretch("conversations.replies", arguments, [message(p, self._chat) for p in thread])
        raise SlackError("thread_not_found")

    def _stretch(self, name: str, arguments: Arguments, rows: list[Json]) -> Json:
        """``oldest`` and ``latest`` leave their own moment out unless ``inclusive``."""
        oldest, latest = _stamp(arguments, "oldest", "0"), _stamp(arguments, "latest", "9999999999")
        inside = flag(arguments, "inclusive")
        kept = [
            r for r in rows if oldest < _order(r["ts"]) < latest or (inside and _order(r["ts"]) in (oldest, latest))
        ]
        part, following = self._gate.page(name, arguments, kept)
        answer: Json = {"messages": part, "has_more": bool(following)}
        if name == "conversations.history":
            answer |= {"pin_count": 0, "channel_actions_ts": None, "channel_actions_count": 0}
        return answer | ({"response_metadata": {"next_cursor": following}} if following else {})

    def _channel(self, arguments: Arguments) -> Channel:
        wanted = needed(arguments, "channel", "channel_not_found")
        for found in self._chat.channels:
            if channel_id(found) == wanted:
                return found
        raise SlackError("channel_not_found")

    def _person(self, account: str) -> Person:
        for person in self._live.current.people:
            if user_id(person.id) == account:
                return person
        raise SlackError("user_not_found")

    def _written(self) -> Mapping[str, Mapping[str, str]]:
        return self._live.kept(_SYSTEM)


def create_app(company: Company | LiveCompany, options: SlackOptions | None = None) -> FastAPI:
    """The workspace of ``company``; what a test changes in a LiveCompany is posted at once."""
    chosen = options or SlackOptions()
    live = company if isinstance(company, LiveCompany) else LiveCompany(company)
    gate, events = Gate(chosen), Events(chosen)

    def tell(post: Post) -> None:
        events.tell(post, chat)

    chat = Chat(live, tell)
    workspace = Workspace(live, gate, chat)
    app = FastAPI(title="Slack sandbox", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(FaultLayer, plan=chosen.faults)
    app.state.events, app.state.chat = events, chat

    @app.exception_handler(SlackError)
    async def refuse(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, SlackError)
        return JSONResponse(error.body, error.status, headers=error.headers)

    def offer(name: str, method: Method) -> Callable[[Request], Awaitable[Json]]:
        run: Callable[[Arguments], Json] = getattr(workspace, _snake(name))

        async def called(request: Request) -> Json:
            return {"ok": True, **run(await gate.admit(request, name, method))}

        return called

    for name, method in _METHODS.items():
        app.add_api_route(f"/api/{name}", offer(name, method), methods=["GET", "POST"], response_model=None)

    @app.api_route("/api/{name}", methods=["GET", "POST"])
    async def unknown(name: str) -> Json:
        raise SlackError("unknown_method", req_method=name)

    @app.post("/sandbox/request_url")
    async def request_url(request: Request) -> JSONResponse:
        sent = await request.json()
        problem = await run_in_threadpool(events.listen, str(sent.get("url", "")))
        return JSONResponse({"ok": not problem, "problem": problem}, 400 if problem else 200)

    return app


def _profile(arguments: Arguments) -> dict[str, str]:
    """Values of custom fields by id; what is not named stays as it is."""
    if "profile" not in arguments and arguments.get("name"):
        sent: Any = {"fields": {arguments["name"]: {"value": arguments.get("value", "")}}}
    else:
        try:
            sent = json.loads(arguments.get("profile", ""))
        except ValueError:
            raise SlackError("invalid_profile") from None
    fields = sent.get("fields") if isinstance(sent, dict) else None
    if not isinstance(fields, dict) or not fields or set(sent) != {"fields"}:
        raise SlackError("invalid_profile")
    if len(fields) > 50 or set(fields) - set(FIELDS):
        raise SlackError("profile_set_failed")
    values = {k: v.get("value") if isinstance(v, dict) else v for k, v in fields.items()}
    if any(not isinstance(v, str) or len(v) > 256 for v in values.values()):
        raise SlackError("profile_set_failed")
    return {k: str(v) for k, v in values.items()}


def _stamp(arguments: Arguments, name: str, default: str) -> tuple[int, int]:
    text = arguments.get(name) or default
    try:
        return _order(text)
    except ValueError:
        raise SlackError(f"invalid_ts_{name}") from None


def _order(text: str) -> tuple[int, int]:
    seconds, _, rest = text.partition(".")
    return int(seconds), int(rest.ljust(6, "0") or 0)


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).replace(".", "_")


def _environment(url: str, options: SlackOptions) -> dict[str, str]:
    return {
        "ASCERTAIN_SLACK_URL": url,
        "ASCERTAIN_SLACK_TOKEN": options.bot_token,
        "ASCERTAIN_SLACK_ADMIN_TOKEN": options.user_token,
        "ASCERTAIN_SLACK_SIGNING_SECRET": options.signing_secret,
    }


DIALECT = Dialect(create_app, SlackOptions, _environment)
