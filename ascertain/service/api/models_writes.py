"""What writes take, and what they answer."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, model_validator

from ascertain.domain.consent import Purpose, Source
from ascertain.domain.disputes import Outcome
from ascertain.domain.runs import DecisionKind
from ascertain.service.api.answers import Exchanged
from ascertain.service.api.models_people import Day, LevelNumber, Probability, Time
from ascertain.service.api.schemas import published
from ascertain.service.api.writing import Sent

Text = Annotated[str, Field(min_length=1, max_length=4000, pattern=r"\S")]
EvidenceText = Annotated[str, Field(min_length=1, max_length=20_000, pattern=r"\S")]
Id = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
OwnLevel = Annotated[int, Field(ge=0, le=5, strict=True)]
Level = Annotated[int, Field(ge=1, le=5, strict=True)]


@published("start-run")
class StartRun(Sent):
    """Whom to assess: either one learner or a cohort."""

    learner: Id | None = None
    """Id or e-mail address."""
    cohort: Id | None = None
    """A department, a job profile id, or `all`."""
    force: bool = False
    """Of a cohort: also those whose case has not changed."""

    @model_validator(mode="after")
    def _either(self) -> StartRun:
        if (self.learner is None) == (self.cohort is None):
            raise ValueError("give either learner or cohort")
        return self


class RunOf(Exchanged):
    """How it stands about one learner."""

    learner: str
    state: str
    """`queued`, `running`, `retrying`, `done`, `unchanged`, `cancelled`, `failed`, `brain_failed`, `budget_exhausted`,
    `lost`, `waiting`, or `blocked_…` with the reason."""
    run: str | None
    """Id of the run; null before it is known."""


@published("run-progress")
class RunProgress(Exchanged):
    """How assessments that somebody asked for stand."""

    id: str
    cohort: str | None
    """Null for one learner."""
    asked_at: Time
    cancelled_at: Time | None
    state: str
    """`queued`, `running`; then `done`, `partly_failed`, `failed` or `cancelled`, which stay."""
    ended: bool
    total: int
    """How many learners."""
    done: int
    """Of how many nothing more will come."""
    counts: dict[str, int]
    """Learners by state."""
    learners: list[RunOf]
    """The first 200 of them, by id."""


@published("run-of-activities")
class SentRun(Exchanged):
    """A run of activities that a system sent in."""

    run_id: str
    state: str
    skills: list[dict[str, Any]] | None = None
    """What the activities of this caller support; once the run is done."""


class Asked(Exchanged):
    """What the person's role asks for."""

    level: LevelNumber
    essential: bool
    critical: bool
    why: str


class EvidenceShown(Exchanged):
    """A piece of evidence as a reviewer reads it."""

    evidence_id: str
    title: str
    kind: str
    system: str
    on: Day | None
    outcome: str
    """What its source says came of it."""
    supports: bool
    quote: str


@published("review-question")
class ReviewQuestion(Exchanged):
    """What a reviewer sees first: the evidence, and neither the level nor the confidence that are suggested."""

    id: str
    learner: str
    name: str
    skill: str
    label: str
    definition: str
    reasons: list[str]
    priority: int
    assignee: str
    due: Day
    overdue: bool
    decided: bool
    asked: Asked | None
    role: str
    evidence: list[EvidenceShown]


@published("judge")
class Judge(Sent):
    """What the reviewer finds that the evidence shows, before they see what is suggested. The first one stands."""

    own_level: OwnLevel
    """1 to 5, or 0 for none."""


class WouldWrite(Exchanged):
    """One value in one place of another system. `value` is byte for byte what a push of today would send."""

    connection: str
    account: str
    target: str
    value: str


@published("review-suggestion")
class ReviewSuggestion(Exchanged):
    """What is suggested, beside the reviewer's own judgement, and what accepting it would write. `would_write_problem`
    says why that cannot be told now; it is empty where it can."""

    id: str
    assertion: str
    level: LevelNumber | None
    confidence: Probability | None
    own_level: int
    would_write: list[WouldWrite]
    would_write_problem: str


@published("decide-review")
class DecideReview(Sent):
    """A decision. `adjust` needs `level`, and `more_evidence` needs `needs`; the others take neither."""

    decision: DecisionKind
    reason: Text
    level: Level | None = None
    needs: Annotated[str, Field(max_length=4000)] = ""
    """What evidence is needed."""


@published("review-decision")
class ReviewDecision(Exchanged):
    """What was decided."""

    id: str
    assertion: str
    decision: str
    level: LevelNumber | None
    decided_at: Time
    was_check: bool
    """Whether the item was one whose answer is known: nothing was decided about the person."""
    altered: bool
    """Of such an item: whether another suggestion than the true one was shown."""
    truth: int | None
    """Of such an item: the true level, 0 for none."""


@published("open-dispute")
class OpenDispute(Sent):
    """Contest an assertion: nothing uses it until somebody else has decided."""

    assertion: Id
    reason: Text
    """What is wrong, in the learner's own words."""
    evidence: Annotated[list[EvidenceText], Field(max_length=20)] = Field(default_factory=list)
    """Texts that show it."""


@published("add-evidence")
class AddEvidence(Sent):
    """Texts that show what a dispute says. They count as the learner's own word until whoever decides confirms them."""

    evidence: Annotated[list[EvidenceText], Field(min_length=1, max_length=20)]


@published("decide-dispute")
class DecideDispute(Sent):
    """A decision on a dispute. `amend` needs `level`; the others take none."""

    outcome: Outcome
    reason: Text
    """The learner reads it."""
    level: Level | None = None
    confirmed: Annotated[list[Id], Field(max_length=50)] = Field(default_factory=list)
    """Ids of added evidence that whoever decides has checked."""


@published("say-consent")
class SayConsent(Sent):
    """A person's yes or no to purposes and sources."""

    given: bool
    purposes: Annotated[list[Purpose], Field(max_length=10)] = Field(default_factory=list)
    sources: Annotated[list[Source], Field(max_length=20)] = Field(default_factory=list)
    reason: Text
    """How it was said, in a few words."""
    text_version: Annotated[str, Field(max_length=100)] = ""
    """Of a yes: the version of the text that was agreed to."""
    on: Annotated[str | None, Field(pattern=r"^\d{4}-\d{2}-\d{2}$", json_schema_extra={"format": "date"})] = None
    """The day on which it was said; today by default."""

    @model_validator(mode="after")
    def _about_something(self) -> SayConsent:
        if not self.purposes and not self.sources:
            raise ValueError("give purposes or sources")
        return self


@published("consent-said")
class ConsentSaid(Exchanged):
    """What became of it."""

    learner: str
    given: bool
    recorded: list[str]
    """What is new in the history: the same again changes nothing."""
    taken_away: dict[str, int]
    """Pieces of evidence deleted, assertions that stand no longer, reviews withdrawn."""
    assessed_anew: bool
    """Whether a new assessment was queued; else the next sweep does it."""


class YesOrNo(StrEnum):
    """What may be said to a path."""

    APPROVE = "approve"
    REJECT = "reject"


@published("decide-assignment")
class DecideAssignment(Sent):
    """A yes or no to a proposed path."""

    decision: YesOrNo
    reason: Text
    """The learner reads it."""


@published("accept-role")
class AcceptRole(Sent):
    """Make a job profile of a job that a connected system proposes."""

    proposal: Id
    """Its reference or code."""
    level: Level = 3
    """Asked of every skill that it names."""
    id: Id | None = None
    """Of the new profile; by default its code."""


class RoleRequirement(Exchanged):
    """A skill that a role asks for."""

    skill: str
    level: LevelNumber
    importance: float


@published("accepted-role")
class LedSkill(Exchanged):
    """Where a crosswalk leads an id of another taxonomy; ``relation`` is what the target is to it."""

    source: str
    target: str
    relation: str


class AcceptedRole(Exchanged):
    """The new job profile."""

    id: str
    title: str
    requirements: list[RoleRequirement]
    unknown: list[str]
    """Names for which the taxonomy has no skill."""
    denied: list[str]
    """Names that can never be a skill."""
    led: list[LedSkill]
    """Ids of another taxonomy that an imported crosswalk knows. Broader and narrower ones are among the unknown."""
