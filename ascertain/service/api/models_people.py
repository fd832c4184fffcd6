"""People and their skills, as they are exchanged. Numbers are those of the store."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ascertain.domain.usage import Use
from ascertain.service.api.answers import Exchanged
from ascertain.service.api.schemas import published

Probability = Annotated[float, Field(ge=0, le=1)]
LevelNumber = Annotated[int, Field(ge=1, le=5)]
"""1 awareness to 5 expert."""
Day = Annotated[str, Field(json_schema_extra={"format": "date"})]
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


@published("person")
class Person(Exchanged):
    """Somebody, as far as readers of their skills may know them."""

    id: str
    name: str
    department: str
    job_title: str
    job_profile: str | None
    """Id of the role that they are measured against; null where none fits."""
    hours_per_week: float


@published("evidence-used")
class EvidenceUsed(Exchanged):
    """A piece of evidence behind an assertion."""

    id: str
    title: str
    kind: str
    system: str
    on: Day | None
    score: Probability | None
    """Result as a share of the best possible; null where the source has none."""
    passed: bool | None
    supports: bool
    quote: str
    """The words of the source that it rests on."""


@published("dispute")
class Dispute(Exchanged):
    """What a person contests about their assertion."""

    id: str
    learner: str
    assertion: str
    skill: str
    state: str
    reason: str
    opened_by: str
    opened_at: Time
    due: Day
    escalated_to: str
    """Before whom it was put when it was overdue; empty while it was not."""
    escalated_at: Time | None
    evidence: list[str]
    decided_by: str
    decided_level: LevelNumber | None
    decision_reason: str
    decided_at: Time | None


class Assertion(Exchanged):
    """What the evidence says about one skill of one person."""

    id: str
    skill: str
    label: str
    level: LevelNumber | None
    """Null when there is not enough evidence, which is not the same as no skill."""
    confidence: Probability | None
    """How sure it is that the person has at least this level; null without a level."""
    interval: Annotated[list[float], Field(min_length=2, max_length=2)]
    """Between which confidences 90 % of the belief lies."""
    amount_of_evidence: Annotated[float, Field(ge=0)]
    state: str
    reasons: list[str]
    """Why a human looks at it."""
    human_reviewed: bool
    not_for_decisions: str
    """Why no decision about the person may rest on it; empty when one may."""


@published("skill-of-a-person")
class LearnerSkill(Assertion):
    """An assertion with the evidence behind it."""

    dispute: Dispute | None
    evidence: list[EvidenceUsed]


class Versions(Exchanged):
    """With what it was made, so that it can be made again."""

    policy: str
    taxonomy: str
    brain: str
    prompts: str
    mapper: str


class RunOfProfile(Exchanged):
    """The assessment that a profile is from."""

    id: str
    as_of: Day
    versions: Versions


class LeftOut(Exchanged):
    """A skill that is not told for decisions, and why."""

    id: str
    skill: str
    label: str
    why: str


class Notes(Exchanged):
    """What an assessment says about itself. No figures are in it."""

    summary: str
    missing: list[str]
    warnings: list[str]
    contradictions: list[str]
    withheld: list[str]
    """Evidence that was not read, and why."""
    proposals: list[str]
    """Words of sources that no skill of the taxonomy stands for."""
    role: str | None
    role_title: str | None


@published("profile")
class Profile(Exchanged):
    """A person's skills, those with the most certain level first."""

    learner: Person
    run: RunOfProfile | None
    """Null for somebody who was never assessed."""
    skills: list[LearnerSkill]
    notes: Notes
    use: Use = Use.INFORMATION
    left_out: list[LeftOut] = Field(default_factory=list)
    """For decisions: what else there is, and why no decision may rest on it."""


@published("evidence")
class Evidence(Exchanged):
    """A trace of learning or work, as it was taken in."""

    id: str
    kind: str
    system: str
    title: str
    text: str
    """What agents read of it."""
    content: str | None
    """The catalogue item that it is about."""
    on: Day | None
    score: Probability | None
    passed: bool | None
    level: LevelNumber | None


class ConsentTopic(Exchanged):
    """A purpose or a kind of source."""

    topic: str
    words: str
    allowed: bool
    why_not: str
    """Empty when it is allowed."""


class ConsentStatement(Exchanged):
    """One yes or no."""

    topic: str
    given: bool
    origin: str
    on: Day
    text_version: str
    actor: str
    reason: str
    at: Time


@published("consents")
class ConsentState(Exchanged):
    """What may be used of a person, and why what may not."""

    person: str
    now: list[ConsentTopic]
    history: list[ConsentStatement]
    """Everything that was said about it, oldest first."""


@published("access")
class Access(Exchanged):
    """Somebody looked at a person."""

    record: int
    """Number of the audit record that seals it."""
    at: Time
    actor: str
    what: str
    people: int
    """At how many people they looked at once."""


@published("mentor")
class Mentor(Exchanged):
    """A colleague who offers to be a mentor in a skill."""

    skill: str
    label: str
    name: str
    level: LevelNumber | None
    """Null where they do not want it told."""


class Coverage(Exchanged):
    """How much of what a role asks is covered, as a range and its middle."""

    low: Probability
    point: Probability
    high: Probability


class RoleMatch(Exchanged):
    """How far somebody's evidence covers a role."""

    role: str
    title: str
    own: bool
    """Whether it is the role that they have."""
    coverage: Coverage
    confirmed: Probability
    """Share of the role's importance that accepted skills meet."""
    missing: list[str]
    """Up to three skills that are most likely missing."""


@published("matches")
class Matches(Person):
    """Roles that somebody's evidence covers most. Something to look at, never a ranking to decide by."""

    roles: list[RoleMatch]


class FoundSkill(Exchanged):
    """An accepted, uncontested skill."""

    assertion: str
    skill: str
    label: str
    level: LevelNumber
    confidence: Probability | None
    human_reviewed: bool
    not_for_decisions: str
    """Why no decision about the person may rest on it; empty when one may."""


@published("found-person")
class FoundPerson(Exchanged):
    """Somebody with all of the skills that were asked for."""

    learner: Person
    skills: list[FoundSkill]


@published("found-people")
class FoundPeople(Exchanged):
    """A part of the people with certain skills."""

    data: list[FoundPerson]
    next: str | None = None
    notice: str
    """What this list is not."""
