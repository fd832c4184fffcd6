"""Three years of enrolments from a seed: ability of the person, level of the course, tenure.

Each person has a random generator of their own, so adding a colleague to people.json changes nobody else's past.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random

from ascertain.sandbox.records import Course, Enrolment, Person

WINDOW_DAYS = 36 * 30
PASS_MARK = 60
_LEVEL_BONUS = {"Beginner": 8.0, "Intermediate": 0.0, "Advanced": -9.0}
_SCORED = {"elearning": 1.0, "project": 1.0, "micro-learning": 0.5, "classroom": 0.3, "webinar": 0.1}
_YEARLY = ("GDPR-101", "SEC-101")


def ago(anchor: date, days: int, minute_of_day: int = 9 * 60) -> datetime:
    """The moment ``days`` before the anchor's midnight, at a minute of that day; before the anchor for days ≥ 1."""
    return datetime.combine(anchor, time()) - timedelta(days=days) + timedelta(minutes=minute_of_day)


def enrolments_of(
    person: Person,
    courses: Mapping[str, Course],
    tracks: Mapping[str, Sequence[str]],
    anchor: date,
    seed: int,
) -> list[Enrolment]:
    """The person's attempts, oldest first: role track in order, compliance, a few electives."""
    rng = Random(f"{seed}:{person.id}")
    tenure = (anchor - person.hire_date).days
    if tenure < 15:
        return _first_days(person, courses, tracks, anchor, rng)
    newest = max(1, person.active_until_days_ago)
    oldest = min(tenure, WINDOW_DAYS if newest <= 30 else newest + 480)
    span = oldest - newest
    count = max(4, round((3.0 + 10.5 * min(1.0, tenure / WINDOW_DAYS)) * (0.8 if person.weekly_hours < 30 else 1.0)))
    if newest > 30:
        count = 10
    codes = _choose(person, courses, tracks, count, tenure, rng)
    made: list[Enrolment] = []
    for index, code in enumerate(codes):
        centre = newest + span * (1 - (index + 0.5) / len(codes))
        begin = max(newest + 20, round(centre + rng.uniform(-0.4, 0.4) * span / len(codes)))
        recent = newest <= 30 and index >= len(codes) - 2
        made += _attempts(person, courses[code], anchor, begin, newest, recent, rng)
    made += _compliance(person, courses, tracks["compliance"], anchor, oldest, newest, rng)
    return sorted(made, key=lambda e: (e.updated, e.course_id, e.attempt))


def _first_days(
    person: Person,
    courses: Mapping[str, Course],
    tracks: Mapping[str, Sequence[str]],
    anchor: date,
    rng: Random,
) -> list[Enrolment]:
    """A new starter is enrolled in compliance and the first course of the track, and has done nothing yet."""
    codes = (*tracks["compliance"][:3], tracks[person.role][0])
    at = ago(anchor, 1, 8 * 60 + rng.randrange(60))
    return [_open(person, courses[code], "subscribed", at, at, 0) for code in codes]


def _choose(
    person: Person,
    courses: Mapping[str, Course],
    tracks: Mapping[str, Sequence[str]],
    count: int,
    tenure: int,
    rng: Random,
) -> list[str]:
    """Course codes in a plausible order: a prerequisite is always taken before what needs it."""
    electives = [c for c in tracks["elective"] if c not in tracks[person.role] and _fits(person, courses[c])]
    wanted = rng.sample(electives, k=min(len(electives), rng.randint(1, 3)))
    order: list[str] = []
    senior = tenure > WINDOW_DAYS
    for code in tracks[person.role]:
        if len(order) + len(wanted) >= count:
            break
        # Who joined before the window has most beginners' courses behind them.
        skip = 0.9 if senior and courses[code].level == "Beginner" else 0.15
        if rng.random() < skip or not _fits(person, courses[code]):
            continue
        order += [c for c in ((code,) if senior else _with_prerequisites(code, courses)) if c not in order]
    for code in wanted:
        place = rng.randint(0, len(order))
        order[place:place] = [c for c in _with_prerequisites(code, courses) if c not in order]
    return order


def _fits(person: Person, course: Course) -> bool:
    """German courses go to those who read German, except the language courses, which go to those who do not."""
    if course.code.startswith("DE-"):
        return person.location == "Hamburg" and person.language != "de"
    return course.language == "en" or person.language == "de"


def _with_prerequisites(code: str, courses: Mapping[str, Course]) -> Iterator[str]:
    for needed in courses[code].prerequisites:
        if not courses[needed].mandatory:
            yield from _with_prerequisites(needed, courses)
    yield code


def _attempts(
    person: Person, course: Course, anchor: date, begin: int, newest: int, recent: bool, rng: Random
) -> list[Enrolment]:
    """One course: usually finished, sometimes failed and repeated, sometimes left lying."""
    enrolled = ago(anchor, begin, rng.randrange(7 * 60, 17 * 60))
    roll = rng.random()
    if recent and roll < 0.55:
        status = "in_progress" if roll < 0.35 else "subscribed"
        seconds = round(course.minutes * 60 * rng.uniform(0.1, 0.7)) if status == "in_progress" else 0
        touched = ago(anchor, rng.randint(newest, begin - 10), 11 * 60)
        return [_open(person, course, status, enrolled, touched, seconds)]
    if roll > 0.97:
        end = enrolled + timedelta(days=min(90, begin - newest))
        return [replace(_open(person, course, "expired", enrolled, end, 0), expires=end)]
    taken = min(begin - newest, rng.randint(1, 5) + course.minutes // 60)
    score: float | None = None
    if rng.random() < _SCORED[course.modality]:
        score = _score(person, course, rng)
    first = _closed(person, course, enrolled, enrolled + timedelta(days=taken), score, rng)
    made = [first]
    left = begin - taken - newest
    if first.status == "failed" and score is not None and left > 15 and rng.random() < 0.8:
        again = first.updated + timedelta(days=14)
        better = min(100.0, score + rng.randint(8, 18))
        made.append(replace(_closed(person, course, again, again + timedelta(hours=30), better, rng), attempt=2))
    return made


def _compliance(
    person: Person,
    courses: Mapping[str, Course],
    codes: Sequence[str],
    anchor: date,
    oldest: int,
    newest: int,
    rng: Random,
) -> list[Enrolment]:
    """The mandatory trainings: all of them soon after joining, two of them again last year."""
    made = []
    for code in codes:
        course = courses[code]
        if not _fits(person, course) or (code == "AIA-101" and newest > 30):
            continue
        days = [max(newest, oldest - rng.randint(3, 25))]
        if code == "AIA-101":
            days = [max(1, min(days[0], rng.randint(60, 300)))]
        if code in _YEARLY and days[0] > 400 and newest <= 30:
            days.append(rng.randint(20, 330))
        for attempt, day in enumerate(days, start=1):
            at = ago(anchor, day, rng.randrange(8 * 60, 16 * 60))
            done = _closed(person, course, at, at + timedelta(minutes=course.minutes + 5), rng.randint(80, 100), rng)
            made.append(replace(done, attempt=attempt, expires=done.updated + timedelta(days=365)))
    return made


def _score(person: Person, course: Course, rng: Random) -> float:
    mean = 100 * person.ability - 5 + _LEVEL_BONUS[course.level]
    return float(round(min(100.0, max(22.0, rng.gauss(mean, 9.5)))))


def _closed(
    person: Person, course: Course, begun: datetime, ended: datetime, score: float | None, rng: Random
) -> Enrolment:
    passed = score is None or score >= PASS_MARK
    return Enrolment(
        course_id=course.id,
        user_id=person.docebo_id,
        status="completed" if passed else "failed",
        score=score,
        enrolled=begun,
        completed=ended if passed else None,
        expires=None,
        updated=ended,
        total_seconds=round(course.minutes * 60 * rng.uniform(0.7, 1.3)),
    )


def _open(
    person: Person, course: Course, status: str, enrolled: datetime, updated: datetime, seconds: int
) -> Enrolment:
    return Enrolment(
        course_id=course.id,
        user_id=person.docebo_id,
        status=status,
        score=None,
        enrolled=enrolled,
        completed=None,
        expires=None,
        updated=updated,
        total_seconds=seconds,
    )
