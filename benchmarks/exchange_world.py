"""A company with few people and as many records as wanted, served over HTTP from a process of its own.

The number of people stays the same whatever the number of records, so that what grows with the records shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import count, islice

from ascertain.sandbox.company import build_company
from ascertain.sandbox.docebo_gate import DoceboOptions
from ascertain.sandbox.live import LiveCompany
from ascertain.sandbox.records import Company, Enrolment, Review
from ascertain.sandbox.server import Sandbox

COPIES = 25
"""The demonstration's 51 learners so many times: 1,275."""


def world(records: int) -> Company:
    """``records`` enrolments and as many reviews, all different, about the same people."""
    base = build_company(scale=COPIES)
    return replace(
        base,
        enrolments=tuple(islice(_enrolments(base), records)),
        reviews=tuple(islice(_reviews(base), records)),
        awards=(),
        tickets=(),
        submissions=(),
    )


def _enrolments(base: Company) -> Iterator[Enrolment]:
    """The company's own, then the same again as attempts begun earlier, and so on. None that lands in quarantine."""
    users, courses = {p.docebo_id for p in base.learners}, {c.id for c in base.courses}
    good = [
        e
        for e in base.enrolments
        if e.user_id in users and e.course_id in courses and (e.score is None or not isinstance(e.score, str))
    ]
    for again in count():
        earlier = timedelta(minutes=17 * again)  # an attempt is told apart by when it began
        for e in good:
            yield replace(e, enrolled=e.enrolled - earlier, updated=e.updated - earlier)


def _reviews(base: Company) -> Iterator[Review]:
    for again in count():
        for r in base.reviews:
            yield replace(r, id=f"{r.id}.{again}")


@contextmanager
def served(records: int) -> Iterator[dict[str, str]]:
    """Docebo and Workday for :func:`world`, without Docebo's hourly budget; yields the settings that lead there."""
    options = {"docebo": DoceboOptions(hourly_budget=None)}
    company = LiveCompany(world(records))
    with Sandbox(systems=("workday", "docebo"), company=company, options=options) as servers:
        yield servers.environment()
