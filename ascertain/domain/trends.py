"""How skills moved: the belief as the evidence of a day would have shown it, and what finishing something was followed
by. Nothing here is stored; every figure is made again from what is."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from importlib import import_module

from ascertain.domain.belief import Observation, believe, recency
from ascertain.domain.fairness_statistics import share_interval
from ascertain.domain.rules import BeliefRules
from ascertain.domain.skills import Level, SkillFamily

CONFIDENCE = 0.95
"""Of the intervals of means."""
LEAST = 5
"""People on either side; with fewer nothing is said."""
AFTER = timedelta(days=180)
"""How long after finishing something one looks at what has changed."""
LEAST_AFTER = timedelta(days=60)
"""With less time since, it is too early."""


@dataclass(frozen=True, slots=True)
class Piece:
    """An observation with the day of its evidence and the content that the evidence is about."""

    observation: Observation
    occurred_on: date | None
    content_id: str | None = None


def chance_on(
    pieces: Sequence[Piece], level: Level, on: date, family: SkillFamily, rules: BeliefRules, *, without: str = ""
) -> float:
    """P(performs at ``level``) by the evidence up to that day, with its recency of that day.

    Undated evidence counts throughout. ``without`` leaves out what is about that content, and what shares an origin
    with it.
    """
    own = {p.observation.origin for p in pieces if without and p.content_id == without}
    seen = [
        replace(p.observation, recency=recency(p.occurred_on, on, family, rules))
        for p in pieces
        if (p.occurred_on is None or p.occurred_on <= on) and p.observation.origin not in own
    ]
    return 1.0 - believe(seen, rules).chance_below(level, rules)


def mean_interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean with its t interval (Student 1908).

    Raises:
        ValueError: fewer than two values.
    """
    n = len(values)
    if n < 2:
        raise ValueError("an interval needs two values")
    mean = math.fsum(values) / n
    spread = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (n - 1))
    half = float(import_module("scipy.stats").t.ppf((1 + CONFIDENCE) / 2, n - 1)) * spread / math.sqrt(n)
    return mean - half, mean, mean + half


class Verdict(StrEnum):
    """What an effect may be called."""

    TOO_FEW = "too few"
    HIGHER = "rose more"
    LOWER = "rose less"
    NO_DIFFERENCE = "no difference shown"


@dataclass(frozen=True, slots=True)
class Effect:
    """How the chance of performing at a level moved after finishing something, against those who did not.

    Attributes:
        finished, others: people on either side.
        moved: mean change of those who finished; ``moved_others`` that of the others over the same times.
        low, difference, high: mean difference with its interval; ``None`` with too few people.
    """

    finished: int
    others: int
    moved: float | None
    moved_others: float | None
    low: float | None
    difference: float | None
    high: float | None

    @property
    def verdict(self) -> Verdict:
        """In words."""
        if self.low is None or self.high is None:
            return Verdict.TOO_FEW
        if self.low > 0:
            return Verdict.HIGHER
        return Verdict.LOWER if self.high < 0 else Verdict.NO_DIFFERENCE


def effect(
    finished: Mapping[str, date],
    others: Sequence[str],
    chance: Callable[[str, date], float],
    today: date,
) -> Effect:
    """Difference in differences: each who finished, against the mean of the others over the very same time (Angrist and
    Pischke, *Mostly Harmless Econometrics*, ch. 5). What people who finish things do besides is not taken out.

    Args:
        finished: the day on which each finished.
        chance: of somebody on a day, without what is about the thing itself.
    """
    known: dict[tuple[str, date], float] = {}

    def at(who: str, on: date) -> float:
        if (who, on) not in known:
            known[who, on] = chance(who, on)
        return known[who, on]

    ends = {who: min(day + AFTER, today) for who, day in finished.items() if today - day >= LEAST_AFTER}
    if len(ends) < LEAST or len(others) < LEAST:
        return Effect(len(ends), len(others), None, None, None, None, None)
    own, compared, apart = [], [], []
    for who, end in sorted(ends.items()):
        begin = finished[who] - timedelta(days=1)
        moved = at(who, end) - at(who, begin)
        # Of the others the first of the month will do: it is the same for many who finished.
        first, last = begin.replace(day=1), end.replace(day=1)
        theirs = math.fsum(at(o, last) - at(o, first) for o in others) / len(others)
        own.append(moved)
        compared.append(theirs)
        apart.append(moved - theirs)
    low, mean, high = mean_interval(apart)
    n = len(own)
    return Effect(n, len(others), math.fsum(own) / n, math.fsum(compared) / n, low, mean, high)


class Tendency(StrEnum):
    """Whether something is mentioned more often than before."""

    MORE = "more"
    LESS = "less"
    SAME = "about the same"


def tendency(now: int, before: int) -> Tendency:
    """Of two equally long times: whether the share of the second in both leaves one half out of its interval (Wilson
    1927)."""
    if now + before == 0:
        return Tendency.SAME
    low, high = share_interval(now, now + before)
    return Tendency.MORE if low > 0.5 else Tendency.LESS if high < 0.5 else Tendency.SAME
