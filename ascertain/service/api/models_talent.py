"""Openings, matches and wishes, as they are exchanged."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from ascertain.domain.wishes import Topic
from ascertain.service.api.answers import Exchanged
from ascertain.service.api.models_people import Coverage, Day, LevelNumber, Person, Time
from ascertain.service.api.schemas import published
from ascertain.service.api.writing import Sent


class AskedFor(Exchanged):
    """A skill that an opening asks for."""

    skill: str
    label: str
    level: LevelNumber
    importance: float
    essential: bool


@published("opening")
class OpeningShown(Exchanged):
    """Something to take on, and what it asks for."""

    id: str
    kind: str
    """`role`, `project` or `gig`."""
    title: str
    summary: str
    department: str
    location: str
    timezone: str
    hours_per_week: float | None
    starts_on: Day | None
    closes_on: Day | None
    source: str
    closed: str
    """Why it is closed; empty while it is open."""
    requirements: list[AskedFor]


@published("send-openings")
class SendOpenings(Sent):
    """Openings of one source. Each record follows `/schemas/openings` and is judged by itself."""

    source: Annotated[str, Field(max_length=60)]
    complete: bool = False
    """These are all of the source's: what it sent before and is not in here is closed."""
    openings: Annotated[list[dict[str, Any]], Field(max_length=500)]


class RefusedRecord(Exchanged):
    """A record that was left out."""

    place: int
    id: str
    field: str
    detail: str


@published("openings-report")
class OpeningsReported(Exchanged):
    """What became of a list."""

    source: str
    new: int
    changed: int
    unchanged: int
    closed: int
    refused: list[RefusedRecord]


@published("close-opening")
class CloseOpening(Sent):
    """Close an opening by hand."""

    reason: Annotated[str, Field(min_length=1, max_length=240)]


class MetSkill(Exchanged):
    """A skill that is confirmed at the level asked for."""

    skill: str
    label: str
    required: int


class MissingSkill(Exchanged):
    """A skill that is not. It may be there: nobody confirmed it."""

    skill: str
    label: str
    required: LevelNumber
    confirmed: int | None
    essential: bool


class SkillWish(Exchanged):
    """What the person wants of a skill that is asked for: `use`, `learn` or `avoid`."""

    skill: str
    label: str
    want: str


class Beside(Exchanged):
    """Somebody beside an opening. Rests on skills that a human confirmed, and on nothing else."""

    opening: str
    best: int
    """The first place that the range of coverage leaves open."""
    worst: int
    """The last one. People who share places are not told apart."""
    coverage: Coverage
    met: list[MetSkill]
    missing: list[MissingSkill]
    wishes: list[SkillWish]
    interest: str | None
    hours_in_common: float | None
    reasons: list[str]


@published("opening-for-person")
class OpeningForPerson(Beside):
    """An opening, for one person."""

    title: str


@published("person-for-opening")
class PersonForOpening(Beside):
    """A person, for one opening."""

    person: Person


@published("match-list")
class MatchListPage(Exchanged):
    """The list of an opening, as far as the caller may see the people on it."""

    opening: str
    title: str
    notice: str
    """What the list is not."""
    made_at: Time | None
    """Null where none was made yet."""
    bias_check: str
    """What the fairness auditor's check of this very list came to, in words; no group and no figure of one."""
    checked_at: Time | None
    outdated: int
    """How many were taken off since it was made: what they rest on, or want, has changed."""
    left_out: int
    data: list[PersonForOpening]


@published("wish")
class WishShown(Exchanged):
    """What a person wants, as they said it."""

    kind: str
    """`skill` or `opening`."""
    about: str
    want: str
    at: Time


@published("state-wish")
class StateWish(Sent):
    """Say what one wants. `nothing` takes it back."""

    kind: Topic
    about: Annotated[str, Field(min_length=1, max_length=300)]
    want: Annotated[str, Field(max_length=20)]
    """Of a skill `use`, `learn`, `avoid`; of an opening `interested`, `not_interested`; `nothing`."""


@published("stated-wish")
class WishStated(Exchanged):
    """What now stands."""

    kind: str
    """`skill` or `opening`."""
    about: str
    want: str | None
