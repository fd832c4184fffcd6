"""The company while it is served: a lock around it, and the changes a test or a curious person may make.

Every change moves ``updated`` of what it touches, so an incremental sync sees exactly that.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from ascertain.errors import NotFoundError
from ascertain.sandbox.records import Company, Course, Enrolment, Person, Review, Ticket

Changed = Enrolment | Course | Person | Review | Ticket
P = ParamSpec("P")
R = TypeVar("R", bound=Changed)


@dataclass(frozen=True, slots=True)
class Change:
    """What changed; ``kind`` is enrolment, course, person, review or ticket."""

    kind: str
    what: Changed
    deleted: bool = False


def _told(
    kind: str,
) -> Callable[[Callable[Concatenate[LiveCompany, P], R]], Callable[Concatenate[LiveCompany, P], R]]:
    """Tells the watchers what a method changed, once it holds no lock any more."""

    def told(method: Callable[Concatenate[LiveCompany, P], R]) -> Callable[Concatenate[LiveCompany, P], R]:
        @wraps(method)
        def changed(self: LiveCompany, /, *args: P.args, **kwargs: P.kwargs) -> R:
            result = method(self, *args, **kwargs)
            self._tell(Change(kind, result))
            return result

        return changed

    return told


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


class LiveCompany:
    """Holds the current state; the servers read ``current`` on each request."""

    def __init__(self, company: Company, *, clock: Callable[[], datetime] = _now) -> None:
        self._company = company
        self._lock = threading.Lock()
        self._clock = clock
        self._written: dict[int, dict[str, str]] = {}
        self._kept: dict[str, dict[str, Any]] = {}
        self._watchers: list[Callable[[Change], None]] = []

    def watch(self, tell: Callable[[Change], None]) -> None:
        """``tell`` is called after each change, in the thread that made it: dialects send their webhooks from there."""
        self._watchers.append(tell)

    def put(self, system: str, key: str, value: Any) -> None:
        """Keeps what was written to a system through its API; ``None`` removes it."""
        with self._lock:
            kept = self._kept.setdefault(system, {})
            kept.pop(key, None)
            if value is not None:
                kept[key] = value

    def kept(self, system: str) -> dict[str, Any]:
        """Everything that was written to a system, by key."""
        with self._lock:
            return dict(self._kept.get(system, {}))

    def _tell(self, change: Change) -> None:
        for tell in list(self._watchers):
            tell(change)

    @property
    def current(self) -> Company:
        """The state now; frozen, so a reader may keep it while a test changes the next one."""
        return self._company

    @_told("enrolment")
    def add_enrolment(
        self,
        person_id: str,
        course_code: str,
        *,
        status: str = "completed",
        score: float | str | None = None,
        at: datetime | None = None,
    ) -> Enrolment:
        """A new attempt, updated ``at`` (default: now)."""
        with self._lock:
            person, course = self._person(person_id), self._course(course_code)
            when = at or self._clock()
            earlier = [e for e in self._company.enrolments if (e.user_id, e.course_id) == (person.docebo_id, course.id)]
            enrolment = Enrolment(
                course_id=course.id,
                user_id=person.docebo_id,
                status=status,
                score=score,
                enrolled=when - timedelta(days=3),
                completed=when if status == "completed" else None,
                expires=None,
                updated=when,
                total_seconds=course.minutes * 60,
                attempt=len(earlier) + 1,
            )
            self._company = replace(self._company, enrolments=(*self._company.enrolments, enrolment))
            return enrolment

    @_told("enrolment")
    def change_score(
        self, person_id: str, course_code: str, score: float | str | None, *, at: datetime | None = None
    ) -> Enrolment:
        """The score of the person's latest attempt at that course."""
        with self._lock:
            person, course = self._person(person_id), self._course(course_code)
            rows = list(self._company.enrolments)
            mine = [i for i, e in enumerate(rows) if (e.user_id, e.course_id) == (person.docebo_id, course.id)]
            if not mine:
                raise NotFoundError(f"{person_id} has no enrolment in {course_code}")
            rows[mine[-1]] = replace(rows[mine[-1]], score=score, updated=at or self._clock())
            self._company = replace(self._company, enrolments=tuple(rows))
            return rows[mine[-1]]

    def remove_enrolment(self, person_id: str, course_code: str) -> int:
        """Deletes the person's attempts at that course, as an LMS does: without a trace. Returns how many."""
        with self._lock:
            person, course = self._person(person_id), self._course(course_code)
            key = (person.docebo_id, course.id)
            gone = [e for e in self._company.enrolments if (e.user_id, e.course_id) == key]
            kept = tuple(e for e in self._company.enrolments if (e.user_id, e.course_id) != key)
            self._company = replace(self._company, enrolments=kept)
        for enrolment in gone:
            self._tell(Change("enrolment", enrolment, deleted=True))
        return len(gone)

    @_told("course")
    def add_course(
        self, /, code: str, name: str, description: str, *, at: datetime | None = None, **fields: object
    ) -> Course:
        """A new catalogue item; unnamed fields are those of a short English e-learning for beginners."""
        with self._lock:
            when = at or self._clock()
            base = replace(
                self._company.courses[0],
                id=max(c.id for c in self._company.courses) + 1,
                code=code,
                name=name,
                description=description,
                level="Beginner",
                minutes=60,
                prerequisites=(),
                created=when,
                updated=when,
            )
            course = replace(base, **fields)  # type: ignore[arg-type]
            self._company = replace(self._company, courses=(*self._company.courses, course))
            return course

    @_told("course")
    def change_course(self, /, code: str, *, at: datetime | None = None, **fields: object) -> Course:
        """Changes fields of a catalogue item, for example its description."""
        with self._lock:
            old = self._course(code)
            new = replace(old, updated=at or self._clock(), **fields)  # type: ignore[arg-type]
            courses = tuple(new if c.id == old.id else c for c in self._company.courses)
            self._company = replace(self._company, courses=courses)
            return new

    @_told("person")
    def change_person(self, /, person_id: str, *, at: datetime | None = None, **fields: object) -> Person:
        """Changes fields of a worker: a new manager, other hours, withdrawn consent."""
        with self._lock:
            old = self._person(person_id)
            new = replace(old, updated=at or self._clock(), **fields)  # type: ignore[arg-type]
            people = tuple(new if p.id == old.id else p for p in self._company.people)
            self._company = replace(self._company, people=people)
            return new

    @_told("review")
    def add_review(
        self,
        person_id: str,
        reviewer_id: str,
        text: str,
        *,
        kind: str = "Peer Feedback",
        rating: int | None = None,
        day: date | None = None,
    ) -> Review:
        """A new review text, dated today unless told."""
        with self._lock:
            number = len(self._company.reviews) + 1
            review = Review(
                f"REV-{number:04}-new",
                person_id,
                reviewer_id,
                kind,
                day or self._clock().date(),
                rating,
                text,
            )
            self._company = replace(self._company, reviews=(*self._company.reviews, review))
            return review

    @_told("ticket")
    def touch_ticket(self, key: str, *, status: str | None = None, at: datetime | None = None) -> Ticket:
        """Moves ``updated`` of a ticket, and its status where one is given."""
        with self._lock:
            for old in self._company.tickets:
                if old.key == key:
                    when = at or self._clock()
                    new = replace(old, status=status or old.status, updated=when)
                    if status == "Done" and old.resolved is None:
                        new = replace(new, resolved=when)
                    tickets = tuple(new if t.key == key else t for t in self._company.tickets)
                    self._company = replace(self._company, tickets=tickets)
                    return new
        raise NotFoundError(f"no ticket {key}")

    def written_fields(self, docebo_id: int) -> dict[str, str]:
        """Additional field values that were written to an LMS user through the API, by field id."""
        with self._lock:
            return dict(self._written.get(docebo_id, {}))

    def write_fields(self, docebo_id: int, values: dict[str, str]) -> None:
        """Keeps additional field values for an LMS user and moves the user's ``updated``."""
        with self._lock:
            owner = next((p for p in self._company.people if p.docebo_id == docebo_id), None)
            if owner is None:
                raise NotFoundError(f"no LMS user {docebo_id}")
            self._written.setdefault(docebo_id, {}).update(values)
            touched = replace(owner, updated=self._clock())
            people = tuple(touched if p.id == owner.id else p for p in self._company.people)
            self._company = replace(self._company, people=people)

    def _person(self, person_id: str) -> Person:
        try:
            return self._company.person(person_id)
        except KeyError:
            raise NotFoundError(f"no person {person_id}") from None

    def _course(self, code: str) -> Course:
        try:
            return self._company.course(code)
        except KeyError:
            raise NotFoundError(f"no course {code}") from None
