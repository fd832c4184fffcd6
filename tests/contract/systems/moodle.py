"""Moodle: everything course by course, failures inside good answers, ratings that cannot be taken back.

Tokens are tried in ``test_moodle_site``: Moodle gives the same one again for as long as it lives.

A dozen courses are read: the crawl asks once for each member of each.
"""

from __future__ import annotations

from collections.abc import Mapping

from ascertain.domain.records import Entity
from ascertain.sandbox.live import LiveCompany
from ascertain.sandbox.moodle_competency import SYSTEM, competency_id, key_of
from tests.contract.specs import Pen, Spec, Spoilt, Trouble

COURSES = (501, 508, 514, 519, 523, 524, 536, 538, 561, 572, 597, 604)


def members(live: LiveCompany) -> int:
    people = {p.docebo_id for p in live.current.learners}
    found = {(e.course_id, e.user_id) for e in live.current.enrolments if e.user_id in people}
    return sum(course in COURSES for course, _ in found)


def tests(live: LiveCompany) -> int:
    """One quiz a course with a score: Moodle shows the grade of the latest attempt."""
    people = {p.docebo_id for p in live.current.learners}
    latest = {(e.course_id, e.user_id): e for e in live.current.enrolments if e.user_id in people}
    return sum(c in COURSES and isinstance(e.score, int | float) for (c, _), e in latest.items())


def finished(live: LiveCompany) -> int:
    """The reading of a course; who has only begun a course of 90 minutes or less has not finished that yet."""
    people = {p.docebo_id for p in live.current.learners}
    latest = {(e.course_id, e.user_id): e for e in live.current.enrolments if e.user_id in people}
    short = {c.id for c in live.current.courses if c.minutes <= 90}
    done = {k for k, e in latest.items() if e.status in ("completed", "failed")}
    begun = {k for k, e in latest.items() if e.status == "in_progress" and k[0] not in short}
    return sum(course in COURSES for course, _ in done | begun)


def changes(live: LiveCompany) -> Mapping[Entity, int]:
    live.add_enrolment("FL1101", "SQL-201", score=88)
    live.change_score("FL1201", "AWS-301", 70)
    live.change_course("SQL-201", description="New.")
    return {Entity.ENROLMENT: 2, Entity.COURSE: 1, Entity.ASSESSMENT: 2, Entity.ENGAGEMENT: 2}


SPEC = Spec(
    system="moodle",
    entities={
        Entity.USER: lambda c: len(c.current.learners),
        Entity.WORKER: lambda c: len(c.current.learners),
        Entity.COURSE: lambda c: len(COURSES),
        Entity.ENROLMENT: members,
        Entity.ASSESSMENT: tests,
        Entity.ENGAGEMENT: finished,
    },
    trouble=Trouble(Entity.ENROLMENT, "server.php", good=15),
    spoilt=Spoilt(Entity.USER, "email", ""),
    changes=changes,
    options={
        "only_courses": list(COURSES),
        "workers": True,
        "engagement": True,
        "members_a_page": 4,
        "courses_a_page": 3,
    },
    one_page=frozenset({Entity.USER, Entity.WORKER, Entity.COURSE}),
    fetchable=frozenset({Entity.USER, Entity.ENROLMENT}),
    absent={Entity.USER: "999999", Entity.ENROLMENT: "501-999999"},
    unmapped={Entity.USER: "customfield_nationalid"},
    captions={Entity.USER: ("customfield_jobcode", "Job profile code")},
    national=frozenset({Entity.USER, Entity.WORKER, Entity.ENROLMENT, Entity.ENGAGEMENT}),
    refused="invalidlogin",
    pen=Pen(
        account=lambda c: str(c.current.learners[0].docebo_id),
        written=lambda c, account: {k: v for k, v in c.kept(SYSTEM).items() if k in _keys(account)},
        options={"skills": {"ids": {n.lower(): competency_id(n) for n in ("Terraform", "SQL")}}},
        clears=False,
    ),
)


def _keys(account: str) -> set[str]:
    return {key_of(int(account), competency_id(n)) for n in ("Terraform", "SQL")}
