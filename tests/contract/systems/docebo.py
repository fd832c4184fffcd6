"""Docebo: an LMS with paged lists and tokens."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ascertain.domain.records import Entity
from ascertain.domain.webhooks import RawRequest
from ascertain.sandbox.docebo import DoceboOptions
from ascertain.sandbox.live import LiveCompany
from tests.contract.specs import Hook, Pen, Spec, Spoilt, Token, Trouble


def attempts(live: LiveCompany) -> int:
    return len({(e.course_id, e.user_id, e.enrolled) for e in live.current.enrolments})


def changes(live: LiveCompany) -> Mapping[Entity, int]:
    live.add_enrolment("FL1101", "SQL-201", score=88)
    live.change_score("FL1201", "AWS-301", 70)
    live.change_course("SQL-201", description="New.")
    return {Entity.ENROLMENT: 2, Entity.COURSE: 1}


def basic(secrets: Mapping[str, str], at: datetime, body: bytes) -> RawRequest:
    login = base64.b64encode(f"{secrets['webhook_user']}:{secrets['webhook_password']}".encode()).decode()
    headers = (("content-type", "application/json"), ("authorization", f"Basic {login}"))
    return RawRequest("POST", "https://skills.example/v1/webhooks/docebo", headers, body)


def _message(number: int, event: str, *payloads: Mapping[str, Any]) -> bytes:
    inside = {"payload": payloads[0]} if len(payloads) == 1 else {"payloads": payloads}
    head = {"message_id": f"wh-20260601-12000{number}-0b9d", "webhook_id": 3, "original_domain": "fjordlane.example"}
    return json.dumps({**head, "event": event, "fired_by_batch_action": len(payloads) > 1, **inside}).encode()


def _two(live: LiveCompany) -> list[dict[str, Any]]:
    return [
        {
            "fired_at": "2026-06-01 11:59:58",
            "user_id": e.user_id,
            "course_id": e.course_id,
            "enrollment_date": "2026-05-04 09:00:00",
            "completion_date": "2026-06-01",
            "status": "completed",
        }
        for e in live.current.enrolments[:2]
    ]


SPEC = Spec(
    system="docebo",
    entities={
        Entity.USER: lambda c: len(c.current.learners),
        Entity.WORKER: lambda c: len(c.current.learners),
        Entity.COURSE: lambda c: len(c.current.courses),
        Entity.ENROLMENT: attempts,
        Entity.AWARD: lambda c: len(c.current.awards),
    },
    trouble=Trouble(Entity.ENROLMENT, "learn/v1"),
    spoilt=Spoilt(Entity.COURSE, "date_last_updated", "yesterday"),
    changes=changes,
    options={"page_size": 45, "workers": True},
    dialect=lambda: DoceboOptions(hourly_budget=None),
    one_page=frozenset({Entity.AWARD}),
    fetchable=frozenset({Entity.USER, Entity.COURSE}),
    absent={Entity.ENROLMENT: "1-1-1", Entity.USER: "999999"},
    captions={Entity.USER: ("field_1", "Department")},
    malformed={Entity.ENROLMENT: frozenset({"score", "user_id"})},
    pen=Pen(
        account=lambda c: str(c.current.learners[0].docebo_id),
        written=lambda c, account: c.written_fields(int(account)),
        options={"skills_field": 5},
    ),
    hook=Hook(
        call=basic,
        body=lambda live: _message(1, "course.enrollment.completed", *_two(live)),
        other=lambda live: _message(2, "course.updated", {"fired_at": "2026-06-01", "course_id": 12001}),
        refs=lambda live: {f"docebo:enrolment:{p['course_id']}-{p['user_id']}" for p in _two(live)},
        covers_body=False,
    ),
    token=Token("/oauth2/token", lambda: DoceboOptions(token_seconds=1, hourly_budget=None)),
)
