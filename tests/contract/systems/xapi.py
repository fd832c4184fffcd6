"""A record store: one feed of statements that brings several kinds, and a catalogue out of it."""

from __future__ import annotations

from collections.abc import Mapping

from ascertain.domain.records import Entity
from ascertain.sandbox.live import LiveCompany
from tests.contract.specs import Pen, Spec, Spoilt, Trouble

SHOWN = ("completed", "failed", "in_progress")


def shown(live: LiveCompany) -> int:
    """A completion for each person and course, a result for each failure, a use for each beginning."""
    people = {p.docebo_id for p in live.current.learners}
    courses = {c.id for c in live.current.courses}
    real = {e for e in live.current.enrolments if e.user_id in people and e.course_id in courses}
    completed = {(e.user_id, e.course_id) for e in real if e.status == "completed"}
    return len(completed) + sum(e.status in SHOWN[1:] for e in real)


def taught(live: LiveCompany) -> int:
    """Courses that a statement names."""
    people = {p.docebo_id for p in live.current.learners}
    courses = {c.id for c in live.current.courses}
    return len({e.course_id for e in live.current.enrolments if e.user_id in people and e.status in SHOWN} & courses)


def changes(live: LiveCompany) -> Mapping[Entity, int]:
    live.add_enrolment("FL1101", "SQL-201", score=88)
    live.change_score("FL1201", "AWS-301", 70)
    return {Entity.STATEMENT: 2}


SPEC = Spec(
    system="xapi",
    entities={Entity.STATEMENT: shown, Entity.COURSE: taught},
    trouble=Trouble(Entity.STATEMENT, "/xapi/"),
    spoilt=Spoilt(Entity.STATEMENT, "scaled", 7, "result.score.scaled"),
    changes=changes,
    options={"page_size": 90},
    absent={Entity.STATEMENT: "3f0a1c52-0000-4000-8000-000000000000", Entity.COURSE: "https://nowhere.example/1"},
    captions={Entity.STATEMENT: ("https://hr.fjordlane.example", "accounts, read as employee")},
    pen=Pen(
        account=lambda c: f"email:{c.current.learners[0].email}",
        written=lambda c, account: c.kept("xapi"),
        options={"write": True},
    ),
)
