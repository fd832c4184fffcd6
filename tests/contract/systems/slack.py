"""Slack: messages of the channels that are named, with their threads; one profile field to write."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from ascertain.domain.records import Entity
from ascertain.domain.webhooks import RawRequest
from ascertain.sandbox.chat import Chat, Kind, Post
from ascertain.sandbox.live import LiveCompany
from ascertain.sandbox.slack_gate import SlackOptions
from ascertain.sandbox.slack_shapes import SKILLS_FIELD, channel_id, ts, user_id
from tests.contract.specs import Hook, Pen, Spec, Spoilt, Trouble

_CHATS: WeakKeyDictionary[LiveCompany, Chat] = WeakKeyDictionary()


def chat(live: LiveCompany) -> Chat:
    """What was said in that company, from the first look at it on."""
    if live not in _CHATS:
        _CHATS[live] = Chat(live)
    return _CHATS[live]


def public(live: LiveCompany) -> list[Post]:
    found = chat(live)
    names = {c.name for c in found.channels if c.kind is Kind.PUBLIC}
    return [p for p in found.posts if p.channel in names]


def changes(live: LiveCompany) -> Mapping[Entity, int]:
    live.touch_ticket(next(t.key for t in live.current.tickets if t.resolved))
    live.add_review("FL1101", "FL1102", "Explains SQL clearly.")
    live.add_review("FL1101", "FL1102", "For the managers' channel only.", kind="Performance Review")
    return {Entity.MESSAGE: 2}


def signed(secrets: Mapping[str, str], at: datetime, body: bytes) -> RawRequest:
    stamp = str(int(at.timestamp()))
    proof = hmac.new(secrets["signing_secret"].encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    headers = (("content-type", "application/json"), ("x-slack-request-timestamp", stamp))
    return RawRequest("POST", "https://s.example/", (*headers, ("x-slack-signature", f"v0={proof}")), body)


def _call(live: LiveCompany, number: int, **more: Any) -> bytes:
    post = public(live)[number]
    channel = next(c for c in chat(live).channels if c.name == post.channel)
    event = {"type": "message", "user": user_id(post.author_id), "text": post.text, "ts": ts(post)}
    event |= {"channel": channel_id(channel), "channel_type": "channel", "event_ts": ts(post)}
    envelope = {"type": "event_callback", "team_id": "T1", "event_id": f"Ev{number}", "event": event, **more}
    return json.dumps(envelope).encode()


def refs(live: LiveCompany) -> set[str]:
    event = json.loads(_call(live, 0))["event"]
    return {f"slack:message:{event['channel']}-{event['ts']}"}


SPEC = Spec(
    system="slack",
    entities={Entity.MESSAGE: lambda c: len(public(c))},
    trouble=Trouble(Entity.MESSAGE, "conversations.history"),
    spoilt=Spoilt(Entity.MESSAGE, "ts", "now"),
    changes=changes,
    options={"page_size": 30, "history_days": 3650},
    dialect=lambda: SlackOptions(rate_limits=False),
    fetchable=frozenset({Entity.MESSAGE}),
    captions={Entity.MESSAGE: ("platform", "platform")},
    refused="invalid_auth",
    hook=Hook(
        call=signed,
        body=lambda live: _call(live, 0),
        other=lambda live: _call(live, 1),
        refs=refs,
        tolerance=timedelta(minutes=5),
    ),
    pen=Pen(
        account=lambda c: user_id(c.current.learners[0].id),
        written=lambda c, account: c.kept("slack").get(account),
        options={"skills_field": SKILLS_FIELD},
    ),
)
