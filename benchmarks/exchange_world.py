"""A company with few people and as many records as wanted, served over HTTP from a process of its own.

The number of people stays the same whatever the number of records, so that what grows with the records shows.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import count, islice
from pathlib import Path

from ascertain.sandbox.company import build_company
from ascertain.sandbox.docebo_gate import DoceboOptions
from ascertain.sandbox.live import LiveCompany
from ascertain.sandbox.records import Company, Enrolment, Review
from ascertain.sandbox.server import Sandbox

_MAPPING = """
tables:
  - {entity: worker, files: people.csv, columns: {employee_id: Number, name: Name, email: Mail}}
  - {entity: course, files: courses.csv, columns: {id: Code, title: Title, description: Text, duration: Minutes}}
  - entity: enrolment
    files: completions.csv
    columns: {id: No, user: Number, course: Code, status: State, score: Result, completed: Completed}
    values: {status: {subscribed: enrolled, in_progress: in_progress}}
"""
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
    good = {  # an attempt is told apart by when it began, and the company's begin at full minutes
        (e.user_id, e.course_id, e.enrolled): e
        for e in base.enrolments
        if e.user_id in users and e.course_id in courses and not isinstance(e.score, str)
    }
    for again in count():
        earlier = timedelta(seconds=again)
        for e in good.values():
            yield replace(e, enrolled=e.enrolled - earlier, updated=e.updated - earlier)


def _reviews(base: Company) -> Iterator[Review]:
    for again in count():
        for r in base.reviews:
            yield replace(r, id=f"{r.id}.{again}")


def export(records: int, folder: Path) -> None:
    """The same people, courses and enrolments as files that an LMS might export, with a mapping."""
    company = world(records)
    people = [(p.id, p.name, p.email) for p in company.people]
    courses = [(c.code, c.name, "", c.minutes) for c in company.courses]
    persons = {p.docebo_id: p.id for p in company.learners}
    codes = {c.id: c.code for c in company.courses}
    done = [
        (n, persons[e.user_id], codes[e.course_id], e.status, e.score, e.completed or "")
        for n, e in enumerate(company.enrolments)
    ]
    _table(folder / "people.csv", "Number,Name,Mail", people)
    _table(folder / "courses.csv", "Code,Title,Text,Minutes", courses)
    _table(folder / "completions.csv", "No,Number,Code,State,Result,Completed", done)
    (folder / "mapping.yaml").write_text(_MAPPING, encoding="utf-8")


def _table(file: Path, header: str, rows: Iterable[Sequence[object]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(header.split(","))
        writer.writerows(rows)


@contextmanager
def served(records: int) -> Iterator[dict[str, str]]:
    """Docebo and Workday for :func:`world`, without Docebo's hourly budget; yields the settings that lead there."""
    options = {"docebo": DoceboOptions(hourly_budget=None)}
    company = LiveCompany(world(records))
    with Sandbox(systems=("workday", "docebo"), company=company, options=options) as servers:
        yield servers.environment()
