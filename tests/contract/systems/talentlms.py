"""TalentLMS: a key and a dated version, users by pages, everything else below users, writes by batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ascertain.domain.records import Entity
from ascertain.sandbox.live import LiveCompany
from ascertain.sandbox.talentlms import DIALECT
from tests.contract.specs import Pen, Spec, Spoilt, Trouble


def latest(live: LiveCompany) -> dict[tuple[int, int], str]:
    """State by course and person: the portal keeps one row for each, the last."""
    people = {p.docebo_id for p in live.current.learners}
    courses = {c.id for c in live.current.courses}
    rows = [e for e in live.current.enrolments if e.user_id in people and e.course_id in courses]
    return {(e.course_id, e.user_id or 0): e.status for e in sorted(rows, key=lambda e: e.updated)}


def changes(live: LiveCompany) -> Mapping[Entity, int]:
    live.add_enrolment("FL1101", "SQL-201", score=88)
    live.change_course("SQL-201", description="New.")
    live.change_person("FL1102", department="Data")
    return {Entity.ENROLMENT: 1, Entity.COURSE: 1, Entity.USER: 1, Entity.WORKER: 1}


SPEC = Spec(
    system="talentlms",
    entities={
        Entity.USER: lambda c: len(c.current.learners),
        Entity.WORKER: lambda c: len(c.current.learners),
        Entity.COURSE: lambda c: len(c.current.courses),
        Entity.ENROLMENT: lambda c: len(latest(c)),
        Entity.ENGAGEMENT: lambda c: sum(s == "in_progress" for s in latest(c).values()),
    },
    trouble=Trouble(Entity.ENROLMENT, "api/v1/users", good=20),
    spoilt=Spoilt(Entity.COURSE, "name", ""),
    changes=changes,
    # Scores and tests take a call each: test_talentlms_options.py.
    options={"page_size": 16, "batch_calls": 15, "burst_calls": 1_000_000, "scores": False, "tests": False},
    dialect=lambda: replace(DIALECT.options(), hourly=1_000_000, per_five_seconds=1_000_000),
    fetchable=frozenset({Entity.USER, Entity.COURSE, Entity.ENROLMENT}),
    absent={Entity.USER: "999999", Entity.COURSE: "999999", Entity.ENROLMENT: "999999-999999"},
    unmapped={Entity.USER: "custom_field_6"},
    captions={Entity.USER: ("custom_field_1", "Department")},
    national=frozenset({Entity.USER, Entity.WORKER, Entity.ENROLMENT, Entity.ENGAGEMENT}),
    pen=Pen(
        account=lambda c: str(c.current.learners[0].docebo_id),
        written=lambda c, account: {k: v for k, v in c.kept("talentlms").items() if account in k},
        options={"skills_field": 5},
    ),
)
