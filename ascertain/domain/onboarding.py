"""Onboarding: what a new hire does in the first 90 days, by when, and what shows that it is reached.

A plan is drafted by code and belongs to the hiring manager, who changes and approves it. Each change is a new version.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from ascertain.domain.canonical import digest
from ascertain.domain.skills import Level

PHASES = (30, 60, 90)
"""Last day of each phase, counted from the first day of work."""
LAST_DAY = 120
"""A milestone may be put off for a month after the last phase, not further."""
MOST_MILESTONES = 80


class MilestoneKind(StrEnum):
    """What is done. ``goal``: a skill is shown in work at the level that the role asks for."""

    COURSE = "course"
    TASK = "task"
    MEET = "meet"
    CHECK_IN = "check_in"
    GOAL = "goal"


class MilestoneState(StrEnum):
    """``skipped`` by the new hire or the manager, with a note that says why."""

    OPEN = "open"
    DONE = "done"
    SKIPPED = "skipped"


class Owner(StrEnum):
    """Who sees to it that it happens."""

    NEW_HIRE = "new_hire"
    MANAGER = "manager"
    BUDDY = "buddy"


class PlanState(StrEnum):
    """``asked``: nobody has drafted it yet. ``draft``: it waits for the manager. ``withdrawn``: another took its place,
    or the manager wants none."""

    ASKED = "asked"
    DRAFT = "draft"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Goal:
    """What can be measured: a requirement of the role, met when an accepted assertion reaches its level."""

    skill_id: str
    level: Level


@dataclass(frozen=True, slots=True)
class Milestone:
    """One thing to do or to reach.

    Attributes:
        evidence: what shows that it is done.
        content_id: of a course in the catalogue.
        colleague: learner id of whom to meet; their name is looked up when it is shown.
        hours: of study.
        reason: why, in the words of the agent or of whoever added it.
        by: who put it there: ``system``, or a name.
    """

    id: str
    kind: MilestoneKind
    title: str
    due_on: date
    owner: Owner
    evidence: str = ""
    goal: Goal | None = None
    content_id: str = ""
    colleague: str = ""
    hours: float = 0.0
    reason: str = ""
    by: str = "system"
    state: MilestoneState = MilestoneState.OPEN
    note: str = ""
    done_on: date | None = None
    done_by: str = ""

    def overdue(self, today: date) -> bool:
        """Whether its day has passed and nothing was said."""
        return self.state is MilestoneState.OPEN and self.due_on < today


@dataclass(frozen=True, slots=True)
class System:
    """A system that the new hire must know, by the end of a phase (30, 60 or 90); ``contact`` gives access."""

    name: str
    by: int = PHASES[0]
    contact: str = ""


@dataclass(frozen=True, slots=True)
class FirstProject:
    """The first piece of work of one's own, and what it comes to."""

    title: str
    outcome: str
    by: int = PHASES[1]


@dataclass(frozen=True, slots=True)
class Given:
    """What the hiring manager gave. ``priorities`` are skill ids of the role, the most important first; ``buddy`` is a
    learner id; ``hours_per_week`` of learning, ``None`` for the policy's share of working time."""

    priorities: tuple[str, ...] = ()
    systems: tuple[System, ...] = ()
    project: FirstProject | None = None
    buddy: str = ""
    hours_per_week: float | None = None


@dataclass(frozen=True, slots=True)
class Remark:
    """What the reviewing agent would have the manager look at: a flag about one milestone, with a note."""

    milestone_id: str
    flag: str
    note: str


@dataclass(frozen=True, slots=True)
class OnboardingPlan:
    """A plan as it stands now.

    Attributes:
        role_id: the job profile that its goals come from.
        hours_per_week: of learning, that the drafting reckoned with.
        version: 0 while asked, 1 as drafted, one more with each change of the milestones.
        left_out: what could not be placed, in words.
        made_with: versions of policy, taxonomy, brain and prompts, and the solver's status.
        problem: why drafting failed last; empty where it did not.
    """

    id: str
    learner_id: str
    role_id: str
    starts_on: date
    given: Given
    asked_by: str
    asked_at: datetime
    state: PlanState = PlanState.ASKED
    version: int = 0
    hours_per_week: float = 0.0
    milestones: tuple[Milestone, ...] = ()
    summary: str = ""
    remarks: tuple[Remark, ...] = ()
    left_out: tuple[str, ...] = ()
    made_with: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    decided_by: str = ""
    reason: str = ""
    decided_at: datetime | None = None

    def milestone(self, ident: str) -> Milestone | None:
        """By id."""
        return next((m for m in self.milestones if m.id == ident), None)

    def phase_of(self, m: Milestone) -> int:
        """30, 60 or 90: the phase in which it is due. What was put off beyond counts to the last."""
        day = (m.due_on - self.starts_on).days
        return next((p for p in PHASES if day <= p), PHASES[-1])


@dataclass(frozen=True, slots=True)
class Version:
    """How the milestones stood after a change: who made it, why, and what is different, in words."""

    plan_id: str
    learner_id: str
    number: int
    by: str
    at: datetime
    reason: str
    changes: tuple[str, ...]
    milestones: tuple[Milestone, ...]


@dataclass(frozen=True, slots=True)
class Comment:
    """Words of the new hire or the manager about the plan, or about one milestone."""

    id: str
    plan_id: str
    learner_id: str
    milestone_id: str
    by: str
    at: datetime
    words: str


class Onboardings(Protocol):
    """``ascertain.store.onboarding``."""

    def get(self, plan_id: str) -> OnboardingPlan | None:
        """By full id or an unambiguous prefix."""

    def current(self, learner_id: str) -> OnboardingPlan | None:
        """The newest that is not withdrawn."""

    def of(self, learner_id: str) -> list[OnboardingPlan]:
        """All, oldest first."""

    def listed(self, states: Iterable[PlanState] = ()) -> list[OnboardingPlan]:
        """Of these states or all, the first to start first."""

    def add(self, plan: OnboardingPlan) -> None:
        """Nothing happens where one with that id is there."""

    def put(self, plan: OnboardingPlan) -> None:
        """Replace everything that may change."""

    def keep(self, version: Version) -> None: ...
    def versions(self, plan_id: str) -> list[Version]:
        """Oldest first."""

    def comment(self, comment: Comment) -> None: ...
    def comments(self, plan_id: str) -> list[Comment]:
        """Oldest first."""


@dataclass(frozen=True, slots=True)
class PhaseProgress:
    """Counts of one phase; ``hours`` of study, and how many of them are done. What was skipped counts as neither."""

    phase: int
    total: int
    done: int
    skipped: int
    overdue: int
    hours: float
    hours_done: float


def plan_id(learner_id: str, newest: str) -> str:
    """Follows from the newest plan there is (its id, or nothing), so that two processes at once make the same one."""
    return "o" + digest([learner_id, "onboarding", newest], length=15)


def progress(plan: OnboardingPlan, today: date) -> tuple[PhaseProgress, ...]:
    """How each phase stands."""
    return tuple(_phase(p, [m for m in plan.milestones if plan.phase_of(m) == p], today) for p in PHASES)


def _phase(phase: int, rows: Sequence[Milestone], today: date) -> PhaseProgress:
    kept = [m for m in rows if m.state is not MilestoneState.SKIPPED]
    done = [m for m in kept if m.state is MilestoneState.DONE]
    return PhaseProgress(
        phase,
        len(kept),
        len(done),
        len(rows) - len(kept),
        sum(m.overdue(today) for m in kept),
        sum(m.hours for m in kept),
        sum(m.hours for m in done),
    )


def workday(day: date, first: date) -> date:
    """``day``, or the Friday before a weekend, never before ``first``."""
    return max(first, day - timedelta(days=max(0, day.weekday() - 4)))


def in_order(milestones: Iterable[Milestone]) -> tuple[Milestone, ...]:
    """By day; on one day check-ins last."""
    return tuple(sorted(milestones, key=lambda m: (m.due_on, m.kind is MilestoneKind.CHECK_IN, m.id)))
