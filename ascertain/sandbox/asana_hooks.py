"""What changed in the Asana sandbox: the feed behind ``/events``, and webhooks.

A webhook is only created when its target hands the secret back. It delivers each event at most once: what the target
does not take is lost, and the feed is the only other way to learn of it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ascertain.sandbox.asana_gate import ApiError, AsanaOptions, pack, unpacked
from ascertain.sandbox.asana_shapes import PROJECTS, WORKSPACE, Json, project_gid, stamp, task_gid, user_gid
from ascertain.sandbox.hooks import HookSender
from ascertain.sandbox.live import Change
from ascertain.sandbox.records import Ticket

_AT_ONCE = 100
_FILTER = frozenset(("resource_type", "resource_subtype", "action", "fields"))


@dataclass(frozen=True, slots=True)
class _Hook:
    gid: str
    resource: str
    kind: str
    name: str
    target: str
    filters: tuple[Mapping[str, Any], ...]
    secret: str
    created: datetime

    def shown(self) -> Json:
        return {
            "gid": self.gid,
            "resource_type": "webhook",
            "active": True,
            "resource": {"gid": self.resource, "resource_type": self.kind, "name": self.name},
            "target": self.target,
            "filters": [dict(f) for f in self.filters],
            "created_at": stamp(self.created),
        }


class Changes:
    """Events since the server began, and who wants to hear of them."""

    def __init__(self, options: AsanaOptions) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._events: list[tuple[frozenset[str], Json]] = []
        self._hooks: dict[str, _Hook] = {}
        self.sender = HookSender(options.faults)

    def tell(self, change: Change) -> None:
        """A change of the company; only tickets are tasks."""
        if not isinstance(change.what, Ticket):
            return
        ticket = change.what
        event = {
            "user": {"gid": user_gid(ticket.assignee_id), "resource_type": "user"},
            "created_at": stamp(datetime.now(UTC)),
            "action": "changed",
            "resource": {
                "gid": task_gid(ticket),
                "resource_type": "task",
                "resource_subtype": "default_task",
                "name": ticket.summary,
            },
            "parent": None,
            "change": {"field": "completed" if ticket.resolved else "notes", "action": "changed"},
        }
        about = frozenset((WORKSPACE, project_gid(ticket.project), task_gid(ticket)))
        with self._lock:
            self._events.append((about, event))
            hooks = [h for h in self._hooks.values() if h.resource in about and _passes(h, event)]
        for hook in hooks:
            self._deliver(hook, [_told(event)])

    def feed(self, resource: str, sync: str | None) -> Json:
        """Events after a sync token, at most 100; 412 with a new token where it is missing, old or of another
        resource."""
        with self._lock:
            events = list(self._events)
        found = unpacked(sync) if sync else None
        about, start, made = found if isinstance(found, list) and len(found) == 3 else ("", 0, 0.0)
        if about != resource or time.time() - float(made) >= self._options.sync_seconds:
            fresh = pack([resource, len(events), time.time()])
            raise ApiError(412, "Sync token invalid or too old.", sync=fresh)
        mine = [(i, e) for i, (touched, e) in enumerate(events) if i >= start and resource in touched]
        part = mine[:_AT_ONCE]
        more = len(mine) > len(part)
        end = part[-1][0] + 1 if more else len(events)
        data = [{**e, "type": e["resource"]["resource_type"]} for _, e in part]
        return {"data": data, "sync": pack([resource, end, time.time()]), "has_more": more}

    def create(self, sent: object, known: Mapping[str, tuple[str, str]]) -> Json:
        """A webhook, once its target has handed back the secret. ``known``: kind and name by gid."""
        data = sent.get("data") if isinstance(sent, dict) else None
        if not isinstance(data, dict):
            raise ApiError(400, "data: Missing input")
        resource, target, filters = str(data.get("resource", "")), data.get("target"), data.get("filters") or []
        if resource not in known:
            raise ApiError(400 if not resource else 404, f"resource: Unknown object: {resource}")
        if not isinstance(target, str) or not target:
            raise ApiError(400, "target: Missing input")
        if not isinstance(filters, list) or any(not isinstance(f, dict) or set(f) - _FILTER for f in filters):
            raise ApiError(400, "filters: Invalid filter")
        if resource == WORKSPACE and not any(f.get("resource_type") == "project" for f in filters):
            raise ApiError(400, "resource: Webhooks of a workspace need filters on project, team or goal")
        secret = secrets.token_hex(32)
        try:
            answer = self.sender.ask(target, headers={"X-Hook-Secret": secret})
        except ValueError as e:
            raise ApiError(400, f"target: {e}") from None
        if answer is None or answer[0] not in (200, 204) or answer[1].get("x-hook-secret") != secret:
            raise ApiError(400, "The remote server did not respond with the handshake secret.")
        kind, name = known[resource]
        with self._lock:
            gid = f"1206{len(self._hooks) + 1:012d}"
            hook = _Hook(gid, resource, kind, name, target, tuple(filters), secret, datetime.now(UTC))
            self._hooks[gid] = hook
        self._deliver(hook, [])  # the heartbeat: no events
        return hook.shown()

    def hooks(self, resource: str | None = None) -> list[Json]:
        """All webhooks, or those of a resource."""
        with self._lock:
            return [h.shown() for h in self._hooks.values() if resource in (None, h.resource)]

    def remove(self, gid: str) -> None:
        """Ends a webhook; 404 without."""
        with self._lock:
            if self._hooks.pop(gid, None) is None:
                raise ApiError(404, f"webhook: Unknown object: {gid}")

    def _deliver(self, hook: _Hook, events: list[Json]) -> None:
        def sign(body: bytes, attempt: int) -> Mapping[str, str]:
            return {"X-Hook-Signature": hmac.new(hook.secret.encode(), body, hashlib.sha256).hexdigest()}

        self.sender.post(hook.target, json.dumps({"events": events}).encode(), sign=sign)


def known_resources(tasks: list[Json]) -> dict[str, tuple[str, str]]:
    """What a webhook or a feed may be about: kind and name by gid."""
    found = {WORKSPACE: ("workspace", "Fjordlane")}
    found |= {project_gid(key): ("project", name) for key, name in PROJECTS.items()}
    return found | {t["gid"]: ("task", t["name"]) for t in tasks}


def _told(event: Json) -> Json:
    """A webhook names the resource without its name."""
    return {**event, "resource": {k: v for k, v in event["resource"].items() if k != "name"}}


def _passes(hook: _Hook, event: Json) -> bool:
    if not hook.filters:
        return True
    return any(
        f.get("resource_type", "task") == "task"
        and f.get("action", event["action"]) == event["action"]
        and f.get("resource_subtype", "default_task") == "default_task"
        and event["change"]["field"] in f.get("fields", [event["change"]["field"]])
        for f in hook.filters
    )
