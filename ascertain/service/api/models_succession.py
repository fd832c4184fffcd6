"""Readiness and lists for key roles, as they are exchanged."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ascertain.service.api.answers import Exchanged
from ascertain.service.api.models_people import Coverage, Day, LevelNumber, Person, Time
from ascertain.service.api.schemas import published
from ascertain.service.api.writing import Sent


class Between(Exchanged):
    """A figure with its range."""

    low: float
    point: float
    high: float


class Counted(Exchanged):
    """People who could be ready by then: for certain, as expected, at best; and how many that is a seat."""

    low: int
    point: int
    high: int
    per_seat: Between


class BenchStrength(Exchanged):
    """How strong a bench is, by the people whom the caller may see; each count has those of the one before in it."""

    seats: int
    candidates: int
    risk: str
    """Whether the seats could be filled from the list within a year, in words."""
    now: Counted
    one_year: Counted
    two_years: Counted


class TaughtBy(Exchanged):
    """Content that hours are counted from."""

    id: str
    title: str


class OpenNeed(Exchanged):
    """A requirement that is not confirmed at the level asked for."""

    skill: str
    label: str
    required: LevelNumber
    confirmed: int | None
    essential: bool
    importance: float
    hours: Between
    """Expected hours of learning and practice."""
    full_hours: float
    """If the level is missing for certain."""
    covers: float
    """Importance that closing it is expected to cover."""
    contents: list[TaughtBy]


class ConfirmedSkill(Exchanged):
    """A skill that is confirmed at the level asked for."""

    skill: str
    label: str


class BesideRole(Exchanged):
    """Somebody beside a role. Rests on skills that a human confirmed, and on nothing else."""

    coverage: Coverage
    band: str
    """`ready now`, `within 1 year`, `within 2 years`, `later`, or `not known`."""
    best: str
    worst: str
    enough: bool
    """Whether enough is known to say a band."""
    known: float
    """Share of the must-haves' importance that is confirmed at some level."""
    hours: Between
    weeks: Between
    hours_per_week: float
    met: list[ConfirmedSkill]
    decides: str | None
    """The must-have that takes most of the hours."""
    unsure: str | None
    """The must-have whose confirmation would narrow the range most."""
    plan: list[OpenNeed]
    """What to learn first: must-haves, then by importance closed for each hour."""
    reasons: list[str]


class Month(Exchanged):
    """How ready somebody was in a month."""

    month: Day
    coverage: Between
    weeks: Between
    band: str
    best: str
    worst: str
    known: float


class Nomination(Exchanged):
    """Who put somebody on a list, and why; what the person says of it."""

    by: str
    at: Time
    reason: str
    objects: bool
    objection: str
    listed: bool
    """Whether they stand on it now."""


class ReadinessForRole(BesideRole):
    """A role, for one person."""

    role: str
    title: str
    nomination: Nomination | None
    months: list[Month]


@published("person-readiness")
class ReadinessOfPerson(Exchanged):
    """How ready one person is."""

    person: Person
    notice: str
    """What the figures are not."""
    hours_per_week: float
    roles: list[ReadinessForRole]


class Places(Exchanged):
    """The places that somebody's range leaves open; who shares places is not told apart."""

    best: int
    worst: int


class BiasCheck(Exchanged):
    """That this very list was checked."""

    at: Time
    flagged: int


class KeyRoleHead(Exchanged):
    """A key role and its bench."""

    id: str
    title: str
    job_profile: str
    seats: int
    source: str
    closed: str
    keeper: str
    """Who keeps the plan; empty where nobody is named."""
    strength: BenchStrength
    left_out: int
    bias_check: str
    check: BiasCheck | None


class OnBenchShown(Exchanged):
    """Somebody as a row of the heat map."""

    person: Person
    band: str
    best: str
    worst: str
    range: str
    coverage: Coverage
    cells: list[str]
    """By band: `point` where the expectation lies, `range` where the ends leave it open, else empty."""


class KeyRoleOnBoard(KeyRoleHead):
    """A key role with the people on its list whom the caller may see."""

    people: list[OnBenchShown]


class SinglePointShown(Exchanged):
    """Somebody on whom several plans lean."""

    person: Person
    alone: list[str]
    also: list[str]


@published("succession-board")
class SuccessionBoard(Exchanged):
    """Every key role."""

    notice: str
    bands: list[str]
    roles: list[KeyRoleOnBoard]
    single_points: list[SinglePointShown]


class Successor(BesideRole):
    """Somebody on a list."""

    person: Person
    place: Places
    nominated_by: str
    nominated_at: Time
    reason: str


class Objecting(Exchanged):
    """Somebody who was nominated and does not want to be on the list."""

    person: Person
    words: str


@published("succession-list")
class SuccessionList(KeyRoleHead):
    """The list of one key role, as far as the caller may see the people on it."""

    notice: str
    rows: list[Successor]
    objecting: list[Objecting]
    off: int
    """How many were nominated and are not on it: they do not want to be found, left, or hold the role."""


Reason = Annotated[str, Field(min_length=1, max_length=400)]


@published("nominate")
class Nominate(Sent):
    """Put somebody on the list of a key role, or take them off."""

    role: Annotated[str, Field(min_length=1, max_length=80)]
    """Id of the key role."""
    on: bool = True
    reason: Reason
    """The person reads it."""


@published("nominated")
class Nominated(Exchanged):
    """What now stands."""

    role: str
    person: str
    on: bool


@published("object")
class Objects(Sent):
    """Say that one does not want to be on a list, or take that back."""

    role: Annotated[str, Field(min_length=1, max_length=80)]
    agree: bool = False
    words: Annotated[str, Field(max_length=400)] = ""


@published("objected")
class Objected(Exchanged):
    """What now stands."""

    role: str
    objects: bool
