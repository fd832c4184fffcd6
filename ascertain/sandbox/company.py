"""The demonstration company, read from config/demo/ and completed from a seed.

Ages in the files count back from the anchor (default: the first day of this month), so the demonstration does not
grow stale. ``build_company`` reads no clock when an anchor is given and returns the same for the same anchor.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from ascertain.errors import ConfigError
from ascertain.paths import CONFIG_DIR
from ascertain.sandbox.history import ago, enrolments_of
from ascertain.sandbox.records import (
    Award,
    Company,
    Course,
    Enrolment,
    Person,
    Review,
    Submission,
)
from ascertain.sandbox.tickets import build_tickets

DEMO_DIR = CONFIG_DIR / "demo"
COMPANY_NAME = "Fjordlane"
COMPANY_DOMAIN = "fjordlane.example"
SEED = 20240917
COURSE_FILES = ("courses-engineering", "courses-data", "courses-customer", "courses-operations")
_ZONES = {
    "Hamburg": "Europe/Berlin",
    "Rotterdam": "Europe/Amsterdam",
    "Dublin": "Europe/Dublin",
    "Gdańsk": "Europe/Warsaw",
}
_FIRST_DOCEBO_ID = 12000
_COPY_STEP = 100_000


def default_anchor() -> date:
    """The first day of the current month (UTC)."""
    return datetime.now(UTC).date().replace(day=1)


def build_company(anchor: date | None = None, *, scale: int = 1) -> Company:
    """The company as of ``anchor``; ``scale`` > 1 adds that many minus one copies of every learner for benchmarks."""
    company = _build(anchor or default_anchor())
    return company if scale == 1 else _multiply(company, scale)


@cache
def _build(anchor: date) -> Company:
    people = tuple(_person(row, index, anchor) for index, row in enumerate(_read("people")))
    courses = tuple(_course(row, anchor) for name in COURSE_FILES for row in _read(name))
    by_code = {c.code: c for c in courses}
    by_id = {p.id: p for p in people}
    tracks = _read("tracks")
    generated = [
        enrolment
        for person in people
        if person.docebo_id is not None and person.role
        for enrolment in enrolments_of(person, by_code, tracks, anchor, SEED)
    ]
    explicit = _read("records")
    return Company(
        name=COMPANY_NAME,
        domain=COMPANY_DOMAIN,
        anchor=anchor,
        people=people,
        courses=courses,
        enrolments=tuple(_with_stories(generated, explicit["enrolments"], by_code, by_id, anchor)),
        awards=tuple(_awards(explicit["awards"], by_id, anchor)),
        reviews=tuple(_reviews(_read("reviews"), anchor)),
        submissions=tuple(_submissions(_read("projects"), anchor)),
        tickets=build_tickets(people, _read("tickets"), anchor, SEED),
    )


def stories() -> list[dict[str, Any]]:
    """The deliberate cases: who, what was done to the data, what the product should make of it."""
    found: list[dict[str, Any]] = _read("stories")
    return found


def _read(name: str) -> Any:
    path: Path = DEMO_DIR / f"{name}.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise ConfigError(f"config/demo/{path.name}: {error}", remedy="restore the file from the repository") from error


def _ascii(text: str) -> str:
    """Letters for an address: diacritics and everything but letters, digits and hyphens go away."""
    plain = unicodedata.normalize("NFKD", text.replace("ł", "l").replace("ı", "i").replace("ø", "o"))
    return "".join(c for c in plain.lower().replace(" ", "-") if c.isascii() and (c.isalnum() or c == "-"))


def _person(row: Mapping[str, Any], index: int, anchor: date) -> Person:
    rng = Random(f"{SEED}:hr:{row['id']}")
    hired = anchor - timedelta(
        days=row["hired_months_ago"] * 30 + (rng.randrange(28) if row["hired_months_ago"] else 0)
    )
    return Person(
        id=row["id"],
        docebo_id=_FIRST_DOCEBO_ID + index if row["role"] else None,
        given=row["given"],
        family=row["family"],
        email=f"{_ascii(row['given'])}.{_ascii(row['family'])}@{COMPANY_DOMAIN}",
        department=row["department"],
        role=row["role"],
        title=row["title"],
        manager_id=row["manager"] or None,
        hire_date=hired,
        weekly_hours=row["weekly_hours"],
        location=row["location"],
        time_zone=_ZONES[row["location"]],
        language=row["language"],
        # Area numbers from 900 up are never issued, so no living person has one of these.
        national_id=f"{rng.randrange(900, 1000)}-{rng.randrange(1, 100):02}-{rng.randrange(1, 10000):04}",
        reviews_consent=row.get("reviews_consent", True),
        ability=row["ability"],
        active_until_days_ago=row.get("active_until_months_ago", 0) * 30,
        updated=ago(anchor, min(max(1, (anchor - hired).days), rng.randint(2, 240)), 6 * 60),
    )


def _course(row: Mapping[str, Any], anchor: date) -> Course:
    rng = Random(f"{SEED}:course:{row['code']}")
    born = rng.randint(1200, 1500)
    fields = {k: v for k, v in row.items() if k != "prerequisites"}
    return Course(
        **fields,
        prerequisites=tuple(row["prerequisites"]),
        created=ago(anchor, born, 10 * 60),
        updated=ago(anchor, rng.randint(10, 900), 10 * 60 + rng.randrange(240)),
    )


def _with_stories(
    generated: Sequence[Enrolment],
    rows: Iterable[Mapping[str, Any]],
    courses: Mapping[str, Course],
    people: Mapping[str, Person],
    anchor: date,
) -> list[Enrolment]:
    """Explicit records take the place of whatever was generated for the same person and course."""
    explicit = [_explicit(row, courses, people, anchor) for row in rows]
    taken = {(e.user_id, e.course_id) for e in explicit}
    kept = [e for e in generated if (e.user_id, e.course_id) not in taken]
    return sorted(kept + explicit, key=lambda e: (e.updated, e.user_id or 0, e.course_id, e.attempt))


def _explicit(
    row: Mapping[str, Any], courses: Mapping[str, Course], people: Mapping[str, Person], anchor: date
) -> Enrolment:
    course = courses.get(row.get("course", ""))
    done = ago(anchor, row["days_ago"], row.get("minute", 600))
    begun = done - timedelta(days=row.get("days_taken", 7))
    finished = row["status"] == "completed"
    return Enrolment(
        course_id=row["course_id"] if "course_id" in row else courses[row["course"]].id,
        user_id=row["user_id"] if "user_id" in row else people[row["person"]].docebo_id,
        status=row["status"],
        score=row.get("score"),
        enrolled=begun,
        completed=done if finished else None,
        expires=done if row["status"] == "expired" else None,
        updated=done,
        total_seconds=course.minutes * 60 if course else 3600,
        attempt=row.get("attempt", 1),
        zero_date=row.get("zero_date", False),
    )


def _awards(rows: Iterable[Mapping[str, Any]], people: Mapping[str, Person], anchor: date) -> Iterable[Award]:
    for number, row in enumerate(rows, start=1):
        user = people[row["person"]].docebo_id
        if user is None:
            raise ConfigError(f"config/demo/records.json: award for {row['person']}, who has no LMS account")
        ended = anchor - timedelta(days=row["days_ago"])
        yield Award(
            id=7000 + number,
            user_id=user,
            training_type=row["type"],
            title=row["title"],
            provider=row["provider"],
            started=ended - timedelta(days=row.get("days_taken", 0)),
            ended=ended,
            score=row.get("score"),
            status=row.get("status", "approved"),
            course_code=row.get("course"),
            updated=ago(anchor, max(1, row["days_ago"] - 1), 600),
        )


def _day(row: Mapping[str, Any], anchor: date) -> date:
    rng = Random(f"{SEED}:{row['person']}:{row['text'][:40]}")
    return anchor - timedelta(days=max(1, row["months_ago"] * 30 + rng.randint(-9, 9)))


def _reviews(rows: Iterable[Mapping[str, Any]], anchor: date) -> Iterable[Review]:
    for number, row in enumerate(rows, start=1):
        yield Review(
            f"REV-{number:04}",
            row["person"],
            row["reviewer"],
            row["type"],
            _day(row, anchor),
            row.get("rating"),
            row["text"],
        )


def _submissions(rows: Iterable[Mapping[str, Any]], anchor: date) -> Iterable[Submission]:
    for number, row in enumerate(rows, start=1):
        yield Submission(
            f"PRJ-{number:04}", row["person"], row["project"], _day(row, anchor), row["rating"], row["text"]
        )


def _multiply(company: Company, scale: int) -> Company:
    """Copies of every learner with ids of their own; copies report to the same managers as the originals."""
    people, enrolments = list(company.people), list(company.enrolments)
    awards, reviews = list(company.awards), list(company.reviews)
    submissions, tickets = list(company.submissions), list(company.tickets)
    known = {p.docebo_id for p in company.learners}
    for copy in range(1, scale):
        shift, tail = copy * _COPY_STEP, f"-{copy}"
        people += [
            replace(p, id=p.id + tail, docebo_id=p.docebo_id + shift, email=p.email.replace("@", f"{tail}@"))
            for p in company.people
            if p.docebo_id is not None
        ]
        enrolments += [
            replace(e, user_id=e.user_id + shift)
            for e in company.enrolments
            if e.user_id is not None and e.user_id in known
        ]
        awards += [replace(a, id=a.id + shift, user_id=a.user_id + shift) for a in company.awards]
        reviews += [replace(r, id=r.id + tail, person_id=r.person_id + tail) for r in company.reviews]
        submissions += [replace(s, id=s.id + tail, person_id=s.person_id + tail) for s in company.submissions]
        tickets += [
            replace(t, id=t.id + shift, key=f"{t.project}-{t.id + shift}", assignee_id=t.assignee_id + tail)
            for t in company.tickets
        ]
    return replace(
        company,
        people=tuple(people),
        enrolments=tuple(enrolments),
        awards=tuple(awards),
        reviews=tuple(reviews),
        submissions=tuple(submissions),
        tickets=tuple(tickets),
    )
