"""Docebo: an LMS with paged lists and tokens."""

from __future__ import annotations

from collections.abc import Mapping

from ascertain.domain.records import Entity
from ascertain.sandbox.docebo import DoceboOptions
from ascertain.sandbox.live import LiveCompany
from tests.contract.specs import Pen, Spec, Spoilt, Token, Trouble


def attempts(live: LiveCompany) -> int:
    return len({(e.course_id, e.user_id, e.enrolled) for e in live.current.enrolments})


def changes(live: LiveCompany) -> Mapping[Entity, int]:
    live.add_enrolment("FL1101", "SQL-201", score=88)
    live.change_score("FL1201", "AWS-301", 70)
    live.change_course("SQL-201", description="New.")
    return {Entity.ENROLMENT: 2, Entity.COURSE: 1}


SPEC = Spec(
    system="docebo",
    entities={
        Entity.USER: lambda c: len(c.current.learners),
        Entity.COURSE: lambda c: len(c.current.courses),
        Entity.ENROLMENT: attempts,
        Entity.AWARD: lambda c: len(c.current.awards),
    },
    trouble=Trouble(Entity.ENROLMENT, "learn/v1"),
    spoilt=Spoilt(Entity.COURSE, "date_last_updated", "yesterday"),
    changes=changes,
    options={"page_size": 45},
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
    token=Token("/oauth2/token", lambda: DoceboOptions(token_seconds=1, hourly_budget=None)),
)
