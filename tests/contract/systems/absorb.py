"""Absorb: page numbers, one living token, enrolments below people or courses, wake-up calls."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import httpx

from ascertain.domain.records import Entity
from ascertain.domain.webhooks import RawRequest
from ascertain.sandbox.absorb_gate import AbsorbOptions
from ascertain.sandbox.absorb_shapes import guid
from ascertain.sandbox.live import LiveCompany
from tests.contract.specs import Hook, Pen, Spec, Spoilt, Token, Trouble

ADDRESS = "https://skills.example/v1/webhooks/absorb"


def enrolments(live: LiveCompany) -> int:
    """Of accounts that exist; a row that the company has twice is one enrolment."""
    people = {p.docebo_id for p in live.current.learners}
    return len({(e.course_id, e.user_id, e.enrolled) for e in live.current.enrolments if e.user_id in people})


def begun(live: LiveCompany) -> int:
    """Courses in progress that somebody spent at least half a minute on."""
    return sum(e.status == "in_progress" and e.total_seconds >= 30 for e in live.current.enrolments)


def changes(live: LiveCompany) -> Mapping[Entity, int]:
    live.add_enrolment("FL1101", "SQL-201", score=88)
    live.change_score("FL1201", "AWS-301", 70)
    live.change_course("SQL-201", description="New.")
    return {Entity.ENROLMENT: 2, Entity.COURSE: 1}


def in_the_address(secrets: Mapping[str, str], at: datetime, body: bytes) -> RawRequest:
    headers = (("content-type", "application/json"),)
    return RawRequest("POST", f"{ADDRESS}?token={secrets['webhook_secret']}", headers, body)


SPEC = Spec(
    system="absorb",
    entities={
        Entity.USER: lambda c: len(c.current.learners),
        Entity.WORKER: lambda c: len(c.current.learners),
        Entity.COURSE: lambda c: len(c.current.courses),
        Entity.ENROLMENT: enrolments,
        Entity.ENGAGEMENT: begun,
    },
    trouble=Trouble(Entity.ENROLMENT, "enrollments", good=20),
    spoilt=Spoilt(Entity.COURSE, "dateEdited", "yesterday"),
    changes=changes,
    options={"page_size": 18, "batch_calls": 15, "lessons": False},  # lessons: test_absorb_options.py
    dialect=lambda: AbsorbOptions(per_second=1_000_000, burst=1_000_000),
    fetchable=frozenset({Entity.USER, Entity.COURSE}),
    absent={e: guid("user", 1) for e in (Entity.USER, Entity.COURSE)}
    | {e: f"{guid('user', 1)}.{guid('course', 1)}.1" for e in (Entity.ENROLMENT, Entity.ENGAGEMENT)},
    unmapped={Entity.USER: "string9"},
    # Enrolments are read person by person here, and the list of people carries it.
    national=frozenset({Entity.USER, Entity.WORKER, Entity.ENROLMENT, Entity.ENGAGEMENT}),
    malformed={Entity.ENROLMENT: frozenset({"score"})},
    token=Token(
        "/authenticate",
        lambda: AbsorbOptions(token_seconds=1, per_second=1_000_000, burst=1_000_000),
        dead=lambda request: httpx.Response(401, json={"message": "Unauthorized"}, request=request),
    ),
    hook=Hook(
        call=in_the_address,
        body=lambda live: json.dumps({"eventType": "CourseCompleted", "id": "1"}).encode(),
        other=lambda live: json.dumps({"eventType": "UserCreated", "id": "2"}).encode(),
        refs=lambda live: (),
        covers_body=False,
        bare=lambda request: replace(request, url=ADDRESS),
    ),
    pen=Pen(
        account=lambda c: guid("user", c.current.learners[0].docebo_id or 0),
        written=lambda c, account: c.kept("absorb").get(account),
        options={"skills_field": "string4"},
    ),
)
