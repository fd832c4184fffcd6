"""Asana: tasks project by project, calls signed with the secret of a handshake."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ascertain.domain.records import Entity
from ascertain.domain.webhooks import RawRequest
from ascertain.sandbox.asana_gate import AsanaOptions
from ascertain.sandbox.asana_shapes import PROJECTS, project_gid, task_gid
from ascertain.sandbox.live import LiveCompany
from tests.contract.specs import Hook, Spec, Spoilt, Trouble


def changes(live: LiveCompany) -> Mapping[Entity, int]:
    live.touch_ticket(next(t.key for t in live.current.tickets if t.resolved))
    return {Entity.TICKET: 1}


def signed(secrets: Mapping[str, str], at: datetime, body: bytes) -> RawRequest:
    proof = hmac.new(secrets["hook_secret"].encode(), body, hashlib.sha256).hexdigest()
    headers = (("content-type", "application/json"), ("x-hook-signature", proof))
    return RawRequest("POST", "https://skills.example/v1/webhooks/asana", headers, body)


def _event(live: LiveCompany, number: int, action: str = "changed") -> dict[str, Any]:
    gid = task_gid(live.current.tickets[number])
    return {
        "action": action,
        "created_at": "2026-06-01T11:59:58.000Z",
        "change": {"action": action, "field": "completed"},
        "parent": None,
        "resource": {"gid": gid, "resource_type": "task", "resource_subtype": "default_task"},
        "user": {"gid": "1202000000000001", "resource_type": "user"},
    }


def _call(*events: dict[str, Any]) -> bytes:
    return json.dumps({"events": events}).encode()


SPEC = Spec(
    system="asana",
    entities={Entity.TICKET: lambda c: sum(bool(t.resolved) for t in c.current.tickets)},
    trouble=Trouble(Entity.TICKET, "1.0/tasks"),
    spoilt=Spoilt(Entity.TICKET, "modified_at", "yesterday"),
    changes=changes,
    options={"page_size": 10, "comments": False},
    dialect=lambda: AsanaOptions(per_minute=100_000),
    fetchable=frozenset({Entity.TICKET}),
    absent={Entity.TICKET: "1203999999999999"},
    captions={Entity.TICKET: (project_gid("PLT"), PROJECTS["PLT"])},
    hook=Hook(
        call=signed,
        body=lambda live: _call(_event(live, 0), _event(live, 1)),
        other=lambda live: _call(_event(live, 0, "deleted"), _event(live, 2)),
        refs=lambda live: {f"asana:ticket:{task_gid(t)}" for t in live.current.tickets[:2]},
        kept={"hook_secret": "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81"},
    ),
)
