"""Jira's webhooks: registered by an administrator with a secret, signed over the raw body, tried again when refused.

``x-atlassian-webhook-identifier`` stays the same over all tries of a delivery. The body is of the older API: texts are
plain. Webhooks that apps register for themselves (and that expire) are not served.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from ascertain.sandbox.faults import FaultPlan
from ascertain.sandbox.hooks import HookSender, Sign
from ascertain.sandbox.live import Change
from ascertain.sandbox.records import Ticket

Json = dict[str, Any]
EVENTS = ("jira:issue_created", "jira:issue_updated", "jira:issue_deleted")
_DELAYS = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Five more tries; the vendor's last minutes."""


class BadHook(ValueError):
    """A registration that Jira would refuse."""


@dataclass(frozen=True)
class Hook:
    """One registered webhook."""

    id: int
    name: str
    url: str
    events: tuple[str, ...]
    secret: str = ""

    def shown(self, base: str) -> Json:
        """As the API tells of it; the secret is never shown again."""
        return {
            "name": self.name,
            "url": self.url,
            "events": list(self.events),
            "enabled": True,
            "isSigned": bool(self.secret),
            "self": f"{base}/rest/webhooks/1.0/webhook/{self.id}",
        }


class Webhooks:
    """The webhooks of a site. ``issue`` makes the body of an issue."""

    def __init__(self, plan: FaultPlan, issue: Callable[[Ticket], Json]) -> None:
        self.sender = HookSender(plan, delays=_DELAYS)
        self._issue = issue
        self._lock = threading.Lock()
        self._hooks: dict[int, Hook] = {}
        self._last = 0

    def register(self, asked: Mapping[str, Any]) -> Hook:
        """A new webhook; raises ``BadHook``."""
        url, events = asked.get("url"), asked.get("events")
        if not isinstance(url, str) or httpx.URL(url).host not in ("127.0.0.1", "localhost", "::1"):
            raise BadHook("The sandbox delivers to this machine only.")
        if not isinstance(events, list) or not events or set(events) - set(EVENTS):
            raise BadHook(f"events must be among {', '.join(EVENTS)}.")
        if not asked.get("name"):
            raise BadHook("The webhook must have a name.")
        with self._lock:
            self._last += 1
            hook = Hook(self._last, str(asked["name"]), url, tuple(events), str(asked.get("secret") or ""))
            self._hooks[hook.id] = hook
            return hook

    def all(self) -> list[Hook]:
        """Those that are registered."""
        with self._lock:
            return list(self._hooks.values())

    def remove(self, number: int) -> bool:
        """Whether there was one."""
        with self._lock:
            return self._hooks.pop(number, None) is not None

    def tell(self, change: Change) -> None:
        """Sends what happened to an issue to everybody who asked for it."""
        if not isinstance(change.what, Ticket):
            return
        event = "jira:issue_deleted" if change.deleted else "jira:issue_updated"
        body = json.dumps(
            {
                "timestamp": int(datetime.now(UTC).timestamp() * 1000),
                "webhookEvent": event,
                "issue_event_type_name": "issue_generic",
                "issue": self._issue(change.what),
                "changelog": {"id": secrets.token_hex(4), "items": [{"field": "status", "fieldtype": "jira"}]},
            }
        ).encode()
        for hook in self.all():
            if event in hook.events:
                self.sender.post(hook.url, body, sign=_signed(hook), headers=_headers())


def _headers() -> dict[str, str]:
    return {"x-atlassian-webhook-identifier": secrets.token_hex(16), "x-atlassian-webhook-flow": "Primary"}


def _signed(hook: Hook) -> Sign:
    def sign(body: bytes, attempt: int) -> Mapping[str, str]:
        tries = {"x-atlassian-webhook-retry": str(attempt)} if attempt else {}
        if not hook.secret:
            return tries
        proof = hmac.new(hook.secret.encode(), body, hashlib.sha256).hexdigest()
        return {**tries, "X-Hub-Signature": f"sha256={proof}"}

    return sign
