"""What the demonstration company consists of. Times are naive UTC, as Docebo would print them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Person:
    """One worker. ``docebo_id`` is None for somebody who is in the HRIS only (the managing director)."""

    id: str
    docebo_id: int | None
    given: str
    family: str
    email: str
    department: str
    role: str
    title: str
    manager_id: str | None
    hire_date: date
    weekly_hours: int
    location: str
    time_zone: str
    language: str
    national_id: str
    reviews_consent: bool
    ability: float
    active_until_days_ago: int
    updated: datetime

    @property
    def name(self) -> str:
        """Given and family name as a directory would show them."""
        return f"{self.given} {self.family}"


@dataclass(frozen=True, slots=True)
class Course:
    """One catalogue item; ``description`` may be HTML, ``prerequisites`` are course codes."""

    id: int
    code: str
    name: str
    level: str
    minutes: int
    category: str
    modality: str
    language: str
    prerequisites: tuple[str, ...]
    credits: int
    mandatory: bool
    description: str
    created: datetime
    updated: datetime


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One attempt of one person at one course.

    ``user_id``, ``course_id`` and ``score`` may be deliberately wrong: the quarantine needs something to show.
    ``zero_date`` prints the completion as ``0000-00-00 00:00:00``.
    """

    course_id: int
    user_id: int | None
    status: str
    score: float | str | None
    enrolled: datetime
    completed: datetime | None
    expires: datetime | None
    updated: datetime
    total_seconds: int
    attempt: int = 1
    zero_date: bool = False


@dataclass(frozen=True, slots=True)
class Award:
    """A badge or an external training; ``course_code`` names the own course that a badge was given for."""

    id: int
    user_id: int
    training_type: str
    title: str
    provider: str
    started: date
    ended: date
    score: float | None
    status: str
    course_code: str | None
    updated: datetime


@dataclass(frozen=True, slots=True)
class Review:
    """Free text about a person: performance review, peer feedback or self-assessment. Rating 1 to 5."""

    id: str
    person_id: str
    reviewer_id: str
    kind: str
    day: date
    rating: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Submission:
    """A project submission in the person's own words, rated 1 to 5 by an assessor."""

    id: str
    person_id: str
    project: str
    day: date
    rating: int
    text: str


@dataclass(frozen=True, slots=True)
class Ticket:
    """A Jira issue resolved by ``assignee_id``; paragraphs starting with a back-tick become code blocks."""

    id: int
    key: str
    project: str
    kind: str
    summary: str
    description: tuple[str, ...]
    comments: tuple[tuple[str, str], ...]
    labels: tuple[str, ...]
    priority: str
    assignee_id: str
    status: str
    created: datetime
    updated: datetime
    resolved: datetime | None


@dataclass(frozen=True, slots=True)
class Company:
    """Everything the sandbox serves, as of ``anchor``. Equal for equal anchors."""

    name: str
    domain: str
    anchor: date
    people: tuple[Person, ...]
    courses: tuple[Course, ...]
    enrolments: tuple[Enrolment, ...]
    awards: tuple[Award, ...]
    reviews: tuple[Review, ...]
    submissions: tuple[Submission, ...]
    tickets: tuple[Ticket, ...]

    def person(self, person_id: str) -> Person:
        """The worker with that employee id; KeyError when there is none."""
        for person in self.people:
            if person.id == person_id:
                return person
        raise KeyError(person_id)

    def course(self, code: str) -> Course:
        """The course with that code; KeyError when there is none."""
        for course in self.courses:
            if course.code == code:
                return course
        raise KeyError(code)

    @property
    def learners(self) -> tuple[Person, ...]:
        """Workers with an LMS account."""
        return tuple(p for p in self.people if p.docebo_id is not None)

    @property
    def manager_ids(self) -> frozenset[str]:
        """Employee ids that somebody reports to."""
        return frozenset(p.manager_id for p in self.people if p.manager_id is not None)
