"""Jira: searches whose pages chain, calls signed over the bytes."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime

from ascertain.domain.records import Entity
from ascertain.domain.webhooks import RawRequest
from ascertain.sandbox.live import LiveCompany
from tests.contract.specs import Hook, Spec, Spoilt, Trouble


def changes(live: LiveCompany) -> Mapping[Entity, int]:
    live.touch_ticket(next(t.key for t in live.current.tickets if t.resolved))
    return {Entity.TICKET: 1}


def signed(secrets: Mapping[str, str], at: datetime, body: bytes) -> RawRequest:
    proof = hmac.new(secrets["webhook_secret"].encode(), body, hashlib.sha256).hexdigest()
    headers = (
        ("content-type", "application/json"),
        ("x-hub-signature", f"sha256={proof}"),
        ("x-atlassian-webhook-identifier", hashlib.md5(body).hexdigest()),
    )
    return RawRequest("POST", "https://skills.example/v1/webhooks/jira", headers, body)


def event(kind: str, live: LiveCompany, place: int) -> bytes:
    ticket = [t for t in live.current.tickets if t.resolved][place]
    issue = {"id": str(ticket.id), "key": ticket.key, "fields": {"summary": ticket.summary}}
    return json.dumps({"timestamp": 1780315200000, "webhookEvent": kind, "issue": issue}).encode()


SPEC = Spec(
    system="jira",
    entities={Entity.TICKET: lambda c: sum(bool(t.resolved) for t in c.current.tickets)},
    trouble=Trouble(Entity.TICKET, "search"),
    spoilt=Spoilt(Entity.TICKET, "summary", ""),
    changes=changes,
    options={"page_size": 30},
    fetchable=frozenset({Entity.TICKET}),
    fixed_fields=True,
    hook=Hook(
        call=signed,
        body=lambda live: event("jira:issue_updated", live, 0),
        other=lambda live: event("jira:issue_updated", live, 1),
        refs=lambda live: {f"jira:ticket:{next(t.id for t in live.current.tickets if t.resolved)}"},
    ),
)
