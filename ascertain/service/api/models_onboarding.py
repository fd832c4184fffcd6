"""Plans of the first 90 days, as they are exchanged."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from ascertain.domain.onboarding import MilestoneState
from ascertain.pipeline.onboarding import MOST_WORDS
from ascertain.pipeline.onboarding_changes import ChangeInput
from ascertain.service.api.answers import Exchanged
from ascertain.service.api.models_people import Day, Time
from ascertain.service.api.schemas import published
from ascertain.service.api.writing import Sent


@published("onboarding")
class Onboarding(Exchanged):
    """A plan as lists show it."""

    id: str
    learner: str
    name: str
    state: str
    """`asked` (nobody has drafted it yet), `draft` (it waits for the manager), `approved` or `withdrawn`."""
    version: int
    starts_on: Day
    asked_by: str
    asked_at: Time
    done: int
    total: int
    overdue: int


class Remark(Exchanged):
    """What the manager should look at twice; never shown to the new hire."""

    flag: str
    note: str


class Milestone(Exchanged):
    """One thing to do or to reach."""

    id: str
    kind: str
    """`course`, `task`, `meet`, `check_in` or `goal`."""
    title: str
    phase: int
    """30, 60 or 90."""
    day: int
    """Counted from the first day of work."""
    due_on: Day
    owner: str
    """`new_hire`, `manager` or `buddy`."""
    evidence: str
    """What shows that it is done."""
    skill: str | None
    label: str | None
    level: int | None
    """Of a goal: what the role asks for."""
    shown_level: int | None
    """Of the accepted assertion, if there is one."""
    reached: bool
    assertion: str | None
    content_id: str | None
    colleague: str | None
    colleague_name: str
    hours: float
    reason: str
    by: str
    state: str
    """`open`, `done` or `skipped`."""
    overdue: bool
    note: str
    done_on: Day | None
    done_by: str
    remark: Remark | None


class Phase(Exchanged):
    """How one phase stands."""

    phase: int
    total: int
    done: int
    skipped: int
    overdue: int
    hours: float
    hours_done: float


class Skill(Exchanged):
    """A skill of the role."""

    skill: str
    label: str


class GivenSystem(Exchanged):
    """A system to know."""

    name: str
    by: int
    contact: str


class GivenProject(Exchanged):
    """The first piece of work."""

    title: str
    outcome: str
    by: int


class Given(Exchanged):
    """What the manager gave."""

    priorities: list[Skill]
    systems: list[GivenSystem]
    first_project: GivenProject | None
    buddy: str
    hours_per_week: float | None


class Goals(Exchanged):
    """Skills to show, and how many an accepted assertion confirms."""

    total: int
    reached: int


class OnboardingVersion(Exchanged):
    """How the milestones stood after a change."""

    version: int
    by: str
    at: Time
    reason: str
    changes: list[str]
    milestones: int


@published("onboarding-comment")
class OnboardingComment(Exchanged):
    """What somebody said."""

    id: str
    milestone: str
    by: str
    at: Time
    words: str


@published("onboarding-plan")
class OnboardingPlan(Onboarding):
    """A plan. The new hire sees no milestones before it is approved."""

    role: str
    role_title: str
    ends_on: Day
    hours_per_week: float
    given: Given | None
    summary: str
    left_out: list[str]
    made_with: dict[str, str]
    problem: str
    decided_by: str
    reason: str
    decided_at: Time | None
    milestones: list[Milestone]
    progress: list[Phase]
    goals: Goals
    told: list[str]
    """How it goes, in sentences whose figures stand above."""
    versions: list[OnboardingVersion]
    comments: list[OnboardingComment]


class SystemSent(Sent):
    """A system to know, by the end of a phase."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    by: Literal[30, 60, 90] = 30
    contact: Annotated[str, Field(max_length=200)] = ""


class ProjectSent(Sent):
    """The first piece of work of one's own, and what it comes to."""

    title: Annotated[str, Field(min_length=1, max_length=120)]
    outcome: Annotated[str, Field(min_length=1, max_length=500)]
    by: Literal[30, 60, 90] = 60


@published("ask-onboarding")
class AskOnboarding(Sent):
    """Ask for a plan. A worker drafts it."""

    learner: Annotated[str, Field(min_length=1, max_length=200)]
    """Id or e-mail address of the new hire."""
    priorities: Annotated[list[Annotated[str, Field(max_length=120)]], Field(max_length=10)] = Field(
        default_factory=list
    )
    """Skills of the role, by id or label, the most important first."""
    systems: Annotated[list[SystemSent], Field(max_length=20)] = Field(default_factory=list)
    first_project: ProjectSent | None = None
    buddy: Annotated[str, Field(max_length=200)] = ""
    """A colleague of the team or department, by id or e-mail address."""
    hours_per_week: Annotated[float, Field(ge=0.5, le=40)] | None = None
    starts_on: date | None = None


@published("change-onboarding")
class ChangeOnboarding(Sent):
    """Changes of a plan: together they are its next version."""

    changes: Annotated[list[ChangeInput], Field(min_length=1, max_length=50)]
    reason: Annotated[str, Field(min_length=1, max_length=1000)]


@published("decide-onboarding")
class DecideOnboarding(Sent):
    """Approve a draft, or withdraw a plan (which needs a reason)."""

    approve: bool
    reason: Annotated[str, Field(max_length=1000)] = ""


@published("tick-milestone")
class TickMilestone(Sent):
    """Say that a milestone is done, skipped (which needs a note), or open again."""

    state: MilestoneState
    note: Annotated[str, Field(max_length=1000)] = ""


@published("comment-onboarding")
class CommentOnboarding(Sent):
    """Say something about the plan, or about one milestone."""

    words: Annotated[str, Field(min_length=1, max_length=MOST_WORDS)]
    milestone: Annotated[str, Field(max_length=20)] = ""
