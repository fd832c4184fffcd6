"""Assertions explained, gaps, paths and figures of cohorts, as they are exchanged."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ascertain.service.api.answers import Exchanged
from ascertain.service.api.models_people import Assertion, Coverage, Day, LevelNumber, Mentor, Person, Probability, Time
from ascertain.service.api.schemas import published


@published("assertion")
class AssertionOfPerson(Assertion):
    """An assertion by itself."""

    learner: str


class Reason(Exchanged):
    """What one piece of evidence adds."""

    evidence: str
    title: str
    kind: str
    system: str
    on: Day | None
    quote: str
    supports: bool
    weight: float
    """Reliability of the kind × how surely it is about this skill × how recent it is."""
    outcome: Probability
    level: LevelNumber
    delta: Annotated[float, Field(ge=-1, le=1)]
    """By how much the confidence would be lower without it."""
    repeats: int
    """Further records of the same origin, which add nothing."""


@published("explanation")
class Explanation(Exchanged):
    """The receipt of a number."""

    assertion: AssertionOfPerson
    threshold: Probability
    """The confidence from which code accepts by itself, where nothing else speaks against it."""
    before_calibration: Probability | None
    """Null where no calibration was applied."""
    reasons: list[Reason]
    next_proof: str
    """The smallest new evidence that would cross the threshold; empty when none is needed or one would not do."""
    next_task: Probability | None
    """Chance that the next graded task at this level reaches `next_task_at`."""
    next_task_at: Probability
    review: str | None
    """Id of its review item."""
    model: list[str]
    """What a language model did about this skill that the rules did not; empty where none was asked."""


class DayShare(Exchanged):
    """A mean on a day."""

    day: Day
    mean: Probability


class Closing(Exchanged):
    """Mean chance of performing at the level asked for, over time."""

    skill: str
    """Empty for everything asked for."""
    label: str
    people: int
    """Pairs of person and skill, where it is everything."""
    points: list[DayShare]
    """As the evidence up to that day would have shown it, by today's mapping and policy."""
    change: Annotated[float, Field(ge=-1, le=1)]


class WeekOfAssertions(Exchanged):
    """Assertions as they were stored."""

    week: Day
    """Its Monday."""
    made: int
    accepted: int
    """Of these, by rule or by a human since."""
    share: Probability


class CourseEffect(Exchanged):
    """What finishing a course was followed by, within half a year, by other evidence than its own."""

    content: str
    title: str
    skill: str
    label: str
    level: LevelNumber
    finished: int
    others: int
    """People with evidence of the skill who did not finish it."""
    moved: float | None
    moved_others: float | None
    low: float | None
    """This and the next two: mean difference with its 95 % interval; null with too few people."""
    difference: float | None
    high: float | None
    verdict: str
    """`too few`, `rose more`, `rose less` or `no difference shown`. No proof that the course did it."""


class Mentions(Exchanged):
    """Independent pieces of evidence about a skill."""

    skill: str
    label: str
    people: int
    now: int
    """Of the last half year; `before` of the one before."""
    before: int
    tendency: str
    """`more`, `less` or `about the same`."""


@published("trends")
class Trends(Exchanged):
    """How a cohort's skills moved."""

    cohort: str
    people: int
    sampled_out: int
    """Of large cohorts a sample is read that is always the same; these are not in it."""
    left_out: int
    """People about whom the caller may not read."""
    everything: Closing | None
    skills: list[Closing]
    weeks: list[WeekOfAssertions]
    effects: list[CourseEffect]
    mentions: list[Mentions]


@published("replay")
class ReplayResult(Exchanged):
    """A number that was made again from what is stored."""

    assertion: str
    identical: bool
    stored: str
    """The stored result, byte by byte (canonical JSON)."""
    rebuilt: str
    differences: list[str]
    """What is not as it was, with its cause."""


class Gap(Exchanged):
    """What a role asks of one skill, and what the evidence shows. Figures are null where the person contests it."""

    skill: str
    label: str
    required: LevelNumber
    current: LevelNumber | None
    importance: Probability
    essential: bool
    p_below: Probability | None
    """How likely the person is below the required level."""
    range: Annotated[list[float], Field(min_length=2, max_length=2)] | None
    weighted: float | None
    """Importance × `p_below`."""
    status: str
    contested: str | None
    rank: int | None
    reason: str


@published("gaps-of-a-person")
class Gaps(Exchanged):
    """A person against their role."""

    learner: Person
    role: str | None
    role_title: str | None
    coverage: Coverage | None
    gaps: list[Gap]


class PathStep(Exchanged):
    """An item of a plan; weeks count from its start."""

    content_id: str
    title: str
    hours: float
    start_week: float
    end_week: float
    closes: list[str]
    skills: list[str]
    reason: str
    modality: str = "course"
    """course, micro-learning, project, mentor or external."""
    cost: float | None = None
    external: bool = False
    mandatory: bool = False
    url: str = ""


class Relief(Exchanged):
    """What loosening one limit of a plan would bring, found by solving again."""

    limit: str
    """hours, weeks, cost, items or mix."""
    more: float
    gain: float
    """Further expected drop of the summed weighted gap."""
    closes: list[tuple[str, str | None]]
    """Skills whose gap is then closed, and by which day."""
    words: str


class Plan(Exchanged):
    """A feasible path out of the catalogue."""

    id: str
    label: str
    steps: list[PathStep]
    hours: float
    closure: float
    """Expected drop of the summed weighted gap."""
    bound: float
    """The most that any feasible plan could reach, as the solver proves."""
    status: str
    binding: str
    """What limits it."""
    open_skills: list[str]
    open_labels: list[str]
    cost: float = 0.0
    reliefs: list[Relief] = Field(default_factory=list)


class PlanItem(Exchanged):
    """An item of an assignment."""

    content_id: str
    title: str


@published("assignment")
class Assignment(Exchanged):
    """A path as it was put to whoever approves it."""

    id: str
    learner: str
    state: str
    approver: str
    proposed_at: Time
    items: list[PlanItem]
    changes: list[str]
    decided_by: str
    reason: str
    decided_at: Time | None


@published("path")
class Path(Exchanged):
    """A person's path."""

    learner: Person
    plan: Plan | None
    approval: Assignment | None
    summary: str
    mentors: list[Mentor]


@published("gap-of-a-cohort")
class CohortGap(Exchanged):
    """A skill that a cohort's roles ask for."""

    skill: str
    label: str
    people: int
    mean_weighted_gap: float
    total_weighted_gap: float
    without_evidence: int


class HeatSkill(Exchanged):
    """A column."""

    id: str
    label: str


class HeatCell(Exchanged):
    """One person and one skill; figures are null where the person contests it. `assertion` is what explains it."""

    p_below: Probability | None
    current: LevelNumber | None
    required: LevelNumber
    status: str
    assertion: str | None


class HeatRow(Person):
    """A person with a cell for each column; null where their role does not ask for the skill."""

    cells: list[HeatCell | None]


@published("heat-map")
class HeatMap(Exchanged):
    """People × the skills that their roles ask for most."""

    skills: list[HeatSkill]
    people: list[HeatRow]
    left_out: int
    """People who are not shown: the caller may not see them, or they do not want to be in figures of cohorts."""


@published("heat-map-page")
class HeatMapPage(Exchanged):
    """A part of a heat map's people, with all of its columns."""

    data: HeatMap
    next: str | None = None


class Holder(Exchanged):
    """Somebody who has a skill at the level that is asked for."""

    id: str
    name: str
    level: LevelNumber


@published("skill-cover")
class SkillCover(Exchanged):
    """Who covers a skill that roles of a cohort ask for. Only accepted skills count."""

    skill: str
    label: str
    required: LevelNumber
    importance: Probability
    asked_of: int
    holders: list[Holder]
    risk: str


class Least(Exchanged):
    """The skill that is confirmed for the fewest."""

    label: str
    missing: int


class Medians(Exchanged):
    """Medians over the people of a role; null where nobody was assessed."""

    low: Probability | None
    point: Probability | None
    high: Probability | None


class Earlier(Exchanged):
    """Median coverage a period ago, of those who had been assessed by then."""

    on: Day
    assessed: int
    point: Probability | None


class Range(Exchanged):
    """A range of a share; null where nobody was assessed."""

    low: Probability | None
    high: Probability | None


@published("readiness")
class Readiness(Exchanged):
    """How much of what a role asks its people cover. `ready` counts those whose coverage reaches 0.8, `close` those
    whose reaches 0.5, `far` the other assessed ones; `ready_range` is the 95 % interval of the share of the ready."""

    role: str
    title: str
    people: int
    assessed: int
    ready: int
    ready_range: Range
    close: int
    far: int
    computed: Medians
    before: Earlier
    confirmed: Probability
    least: Least


class DepartmentShare(Exchanged):
    """Who of a department has finished a course."""

    name: str
    finished: int
    overdue: int
    people: int
    share: Probability


class FinishedBefore(Exchanged):
    """Who had finished a course a period ago, of those who were here then."""

    on: Day
    finished: int
    people: int
    share: Probability | None


class Due(Exchanged):
    """Somebody to whom a mandatory course does not count, or soon will count no longer. `due` is null where it is not
    known since when they are here."""

    id: str
    name: str
    department: str
    standing: str
    due: Day | None


@published("compliance")
class Compliance(Exchanged):
    """Who has finished a mandatory course, and for whom it is due. `overdue` are those of the others whose day has
    passed, `expiring` those to whom it will soon count no longer."""

    content: str
    title: str
    people: int
    finished: int
    failed: int
    open: int
    overdue: int
    expiring: int
    share: Probability
    before: FinishedBefore
    departments: list[DepartmentShare]
    who: list[Due]


@published("review-row")
class ReviewRow(Exchanged):
    """What waits for a human. Neither the level nor the confidence that are suggested are in it: evidence first."""

    id: str
    learner: str
    name: str
    skill: str
    label: str
    reasons: list[str]
    priority: int
    assignee: str
    due: Day
    overdue: bool
