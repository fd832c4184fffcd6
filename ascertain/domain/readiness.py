"""How ready somebody is for a role: what is covered of it, and how long the rest would take to learn, both as ranges.

Coverage is that of :func:`ascertain.domain.matching.match`: Σ importance·(1 − P(below)) / Σ importance with the range
of the imprecise Beta model, of skills that a human confirmed and nobody contests.

Time counts the must-haves (essential requirements) alone. One that asks for level l, with level c confirmed (0 where
none is), takes H = Σ over the steps c+1 … l of the hours of a step, and is expected to need

    P(below)·H,   from P_low(below)·H   to P_high(below)·H

hours, nothing where c ≥ l. Their sum by the hours a week gives the weeks, as a range; a band is what the weeks fall
into. P is a chance, so the hours are an expectation over what is not known, and no forecast for one person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ascertain.domain.gaps import Gap
from ascertain.domain.matching import Confirmed, Match, confirmed_gaps, match
from ascertain.domain.rules import BeliefRules
from ascertain.domain.skills import JobProfile, Level
from ascertain.domain.wishes import Want

WEEKS_A_YEAR = 52.0
LEAST_PACE = 0.25
"""Hours a week below which nothing is divided by: who has no time for learning never gets there."""


class Band(StrEnum):
    """When somebody could be ready, the earliest first."""

    NOW = "ready now"
    YEAR = "within 1 year"
    TWO_YEARS = "within 2 years"
    LATER = "later"


BANDS = tuple(Band)
StepHours = Callable[[str, Level], "Step"]
"""Of a skill and a level: what getting from the level below to it takes."""


@dataclass(frozen=True, slots=True)
class Step:
    """Hours of learning and practice for one level, and the content that they are counted from; empty where the
    policy's hours stand in."""

    hours: float
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class ReadinessRules:
    """``readiness`` in ``config/talent.yaml``.

    Attributes:
        level_hours: hours from the level below to each level, where the catalogue has nothing that teaches it.
        practice: hours of practice at work for each hour of a course.
        now_weeks: so many weeks of learning or fewer count as ready now: what a handover takes.
        known_share: share of the must-haves' importance that has to be confirmed at some level for a band to be said.
    """

    level_hours: Mapping[Level, float]
    practice: float = 3.0
    now_weeks: float = 2.0
    known_share: float = 0.5


@dataclass(frozen=True, slots=True)
class Span:
    """A figure with its range; low ≤ point ≤ high."""

    low: float
    point: float
    high: float


@dataclass(frozen=True, slots=True)
class Open:
    """A requirement that is not confirmed at the level asked for.

    Attributes:
        hours: expected hours, as a range; ``full`` is what it takes if the level is missing for certain.
        worth: importance · P(below): what closing it covers.
        contents: content that the hours are counted from, lowest level first.
    """

    skill_id: str
    required: Level
    confirmed: Level | None
    essential: bool
    importance: float
    hours: Span
    full: float
    worth: float
    contents: tuple[str, ...] = ()

    @property
    def pull(self) -> float:
        """Importance that is expected to be closed for each hour that it takes: what the plan is ordered by."""
        return self.worth / max(self.hours.point, LEAST_PACE)


@dataclass(frozen=True, slots=True)
class Readiness:
    """Somebody beside a role.

    Attributes:
        match: coverage, what is met and missing, as for an opening.
        open: every requirement that is not met, must-haves first, then by ``pull``: the order of the plan.
        hours: of the must-haves together; ``weeks`` the same at ``pace`` hours a week.
        known: share of the must-haves' importance that is confirmed at some level.
        best, band, worst: of the low end, the point and the high end of ``weeks``.
        enough: whether enough is known to say a band.
        decides: the must-have that takes most of the hours; ``None`` where none is open.
        unsure: the must-have whose confirmation would narrow the range most; ``None`` where the range is a point.
    """

    match: Match
    open: tuple[Open, ...]
    hours: Span
    weeks: Span
    pace: float
    known: float
    best: Band
    band: Band
    worst: Band
    enough: bool
    decides: str | None
    unsure: str | None

    @property
    def word(self) -> str:
        """The band, or that it is not known."""
        return self.band.value if self.enough else "not known"

    @property
    def must_haves(self) -> tuple[Open, ...]:
        """Essential requirements that are open."""
        return tuple(o for o in self.open if o.essential)


def band_of(weeks: float, rules: ReadinessRules) -> Band:
    """The band that so many weeks fall into."""
    if weeks <= rules.now_weeks:
        return Band.NOW
    if weeks <= WEEKS_A_YEAR:
        return Band.YEAR
    return Band.TWO_YEARS if weeks <= 2 * WEEKS_A_YEAR else Band.LATER


def readiness(
    learner_id: str,
    profile: JobProfile,
    confirmed: Mapping[str, Confirmed],
    step: StepHours,
    pace: float,
    belief: BeliefRules,
    rules: ReadinessRules,
    *,
    wishes: Mapping[str, Want] | None = None,
) -> Readiness:
    """Compare somebody with a role.

    Args:
        pace: hours of learning a week.
        wishes: what they want, by skill id.
    """
    rows = confirmed_gaps(profile, confirmed, belief)
    still = [_open(g, said, step) for g, said in rows.values() if said is None or said.level < g.required]
    still.sort(key=lambda o: (not o.essential, -o.pull, o.skill_id))
    musts = [o for o in still if o.essential]
    hours = Span(*(sum(getattr(o.hours, end) for o in musts) for end in ("low", "point", "high")))
    weeks = Span(*(h / max(pace, LEAST_PACE) for h in (hours.low, hours.point, hours.high)))
    asked = [r for r in profile.requirements if r.essential]
    total = sum(r.importance for r in asked)
    known = sum(r.importance for r in asked if r.skill_id in confirmed) / total if total else 1.0
    return Readiness(
        match(learner_id, profile, confirmed, belief, wishes=wishes),
        tuple(still),
        hours,
        weeks,
        pace,
        known,
        band_of(weeks.low, rules),
        band_of(weeks.point, rules),
        band_of(weeks.high, rules),
        known >= rules.known_share,
        _most(musts, lambda o: o.hours.point),
        _most(musts, lambda o: o.hours.high - o.hours.low),
    )


def _open(gap: Gap, said: Confirmed | None, step: StepHours) -> Open:
    steps = [step(gap.skill_id, Level(lv)) for lv in range(int(said.level if said else 0) + 1, int(gap.required) + 1)]
    full = sum(s.hours for s in steps)
    return Open(
        gap.skill_id,
        gap.required,
        said.level if said else None,
        gap.essential,
        gap.importance,
        Span(gap.low * full, gap.p_below * full, gap.high * full),
        full,
        gap.weighted,
        tuple(s.content_id for s in steps if s.content_id),
    )


def _most(rows: list[Open], figure: Callable[[Open], float]) -> str | None:
    best = max(rows, key=lambda o: (figure(o), o.skill_id), default=None)
    return best.skill_id if best is not None and figure(best) > 0 else None
