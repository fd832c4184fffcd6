"""Docebo's webhooks: one message a change, HTTP Basic, the same ``message_id`` over all tries, and never a score.

The address is set in the platform's own pages, for which no public endpoint is known: here it is an option.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from ascertain.sandbox.docebo_gate import DoceboOptions
from ascertain.sandbox.docebo_shapes import stamp
from ascertain.sandbox.hooks import HookSender, Sign
from ascertain.sandbox.live import Change
from ascertain.sandbox.records import Course, Enrolment

_DELAYS = (0.05, 0.1, 0.2)
"""Three more tries; the vendor's grow to hours."""


class Webhooks:
    """Tells the receiver that the options name."""

    def __init__(self, options: DoceboOptions) -> None:
        self.sender = HookSender(options.faults, delays=_DELAYS)
        self._options = options

    def tell(self, change: Change) -> None:
        """Sends what changed, if it is something that Docebo tells of and there is a receiver."""
        told = _event(change)
        if told is None or not self._options.webhook_url:
            return
        now = datetime.now()
        event, payload = told
        message: dict[str, Any] = {
            "message_id": f"wh-{now:%Y%m%d-%H%M%S}-{uuid4()}",
            "webhook_id": 1,
            "original_domain": "fjordlane.docebosaas.com",
            "event": event,
            "fired_by_batch_action": False,
            "payload": {"fired_at": stamp(now), **payload},
        }
        self.sender.post(self._options.webhook_url, json.dumps(message).encode(), sign=self._signed())

    def _signed(self) -> Sign:
        pair = f"{self._options.webhook_user}:{self._options.webhook_password}".encode()
        proof = {"Authorization": "Basic " + base64.b64encode(pair).decode()}

        def sign(body: bytes, attempt: int) -> Mapping[str, str]:
            return proof

        return sign


def _event(change: Change) -> tuple[str, dict[str, Any]] | None:
    if isinstance(change.what, Course):
        kind = "deleted" if change.deleted else "updated"
        return f"course.{kind}", {"course_id": change.what.id, "course_name": change.what.name}
    if not isinstance(change.what, Enrolment):
        return None
    e = change.what
    # A completion is told as such alone, never as an update besides.
    kind = "deleted" if change.deleted else "completed" if e.status == "completed" else "updated"
    return f"course.enrollment.{kind}", {
        "user_id": e.user_id,
        "course_id": e.course_id,
        "level": "learner",
        "enrollment_date": stamp(e.enrolled),
        "completion_date": stamp(e.completed),
        "status": e.status,
    }
