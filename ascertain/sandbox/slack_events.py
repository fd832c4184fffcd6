"""Slack's Events API: a challenge first, then signed calls that come again when they are not taken."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Mapping

from ascertain.sandbox.chat import Chat, Kind, Post
from ascertain.sandbox.hooks import HookSender
from ascertain.sandbox.slack_gate import Json, SlackOptions
from ascertain.sandbox.slack_shapes import APP, BOT, TEAM, channel_id, message

_DELAYS = (0.05, 0.2, 1.0)
"""The vendor tries again at once, after a minute and after five; nobody waits so long here."""


class Events:
    """Who is called, and the calls."""

    def __init__(self, options: SlackOptions) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._url = ""
        self.sender = HookSender(options.faults, delays=_DELAYS, timeout=3.0)

    def listen(self, url: str) -> str:
        """From now on calls go to ``url``, if it echoes the challenge; what is wrong, else."""
        challenge = secrets.token_urlsafe(32)
        body = json.dumps({"token": "unused", "challenge": challenge, "type": "url_verification"}).encode()
        headers = {"content-type": "application/json", **self._sign(body, 0)}
        try:
            answer = self.sender.ask(url, body, headers)
        except ValueError as e:
            return str(e)
        if answer is None or answer[0] != 200 or challenge not in answer[2]:
            return "Your URL didn't respond with the value of the challenge parameter."
        with self._lock:
            self._url = url
        return ""

    def tell(self, post: Post, chat: Chat) -> None:
        """A new message; the app has subscribed to those of public channels."""
        found = next(c for c in chat.channels if c.name == post.channel)
        with self._lock:
            url = self._url
        if url and found.kind is Kind.PUBLIC:
            self.sender.post(url, json.dumps(envelope(post, chat)).encode(), sign=self._sign)

    def _sign(self, body: bytes, attempt: int) -> Mapping[str, str]:
        stamp = str(int(time.time()))
        secret = self._options.signing_secret.encode()
        made = hmac.new(secret, b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        again = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": "http_error"} if attempt else {}
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={made}", **again}


def envelope(post: Post, chat: Chat) -> Json:
    """One event as it is delivered; delivered again, it has the same ``event_id``."""
    found = next(c for c in chat.channels if c.name == post.channel)
    told = message(post, chat)
    event = {**told, "channel": channel_id(found), "event_ts": told["ts"], "channel_type": "channel"}
    return {
        "token": "unused",
        "team_id": TEAM,
        "api_app_id": APP,
        "event": event,
        "type": "event_callback",
        "event_id": f"Ev02{post.number:09d}",
        "event_time": int(told["ts"].partition(".")[0]),
        "authorizations": [{"enterprise_id": None, "team_id": TEAM, "user_id": BOT, "is_bot": True}],
        "is_ext_shared_channel": False,
        "event_context": f"4-{post.number}",
    }
