"""From which confidence may code accept? Estimated from what reviewers thought before they saw the confidence.

An assertion was wrong when the reviewer's own first judgement was under its level. For a threshold t the error rate
among those at or above t has the one-sided upper bound of Clopper and Pearson (1934). Thresholds are tried from the
strictest down, on a grid that does not depend on the answers, and the search ends at the first whose bound is over the
target: fixed-sequence testing, so that the bound holds for the one proposed although many were tried (Angelopoulos et
al. 2021, "Learn then Test", section 3).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

GRID = tuple(round(0.99 - 0.01 * i, 2) for i in range(50))
"""0.99 down to 0.50."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A decided assertion: its stored confidence, and whether the reviewer's own judgement reached its level."""

    confidence: float
    right: bool


@dataclass(frozen=True, slots=True)
class Step:
    """What is known of one threshold: ``wrong`` of ``n``, and the bound of the error rate."""

    threshold: float
    n: int
    wrong: int
    upper: float


@dataclass(frozen=True, slots=True)
class Proposal:
    """``threshold`` is ``None`` where the decisions do not carry one: ``why`` says what is missing. ``at_present`` is
    what is known of the threshold in force."""

    present: float
    target: float
    threshold: float | None
    why: str
    steps: tuple[Step, ...]
    at_present: Step


def upper_bound(wrong: int, n: int, bound: float) -> float:
    """Clopper and Pearson's one-sided upper bound of an error rate; 1 where nothing is known."""
    if wrong >= n:
        return 1.0
    stats: Any = import_module("scipy.stats")
    return float(stats.beta.ppf(bound, wrong + 1, n - wrong))


def needed(target: float, bound: float) -> int:
    """The fewest decisions, none of them wrong, whose bound meets the target: 59 for 5 % at 95 %."""
    return math.ceil(math.log(1 - bound) / math.log(1 - target))


def propose(judged: Iterable[Judged], *, target: float, present: float, bound: float) -> Proposal:
    """The lowest threshold whose error rate is under ``target`` with confidence ``bound``."""
    rows = sorted(judged, key=lambda j: -j.confidence)
    least = needed(target, bound)
    steps: list[Step] = []
    for t in GRID:
        step = _step(rows, t, bound)
        if step.n < least:
            continue
        steps.append(step)
        if step.upper > target:
            break
    passed = [s for s in steps if s.upper <= target]
    if passed:
        last = passed[-1]
        why = f"{last.wrong} of {last.n} wrong: at most {last.upper:.1%}, where {target:.0%} may be"
    elif steps:
        why = f"{steps[0].wrong} of {steps[0].n} wrong from {steps[0].threshold:.2f}: up to {steps[0].upper:.1%}"
    else:
        why = f"too few: {len(rows)} decisions with a judgement of one's own, {least} are needed at the least"
    found = passed[-1].threshold if passed else None
    return Proposal(present, target, found, why, tuple(steps), _step(rows, present, bound))


def _step(rows: Iterable[Judged], threshold: float, bound: float) -> Step:
    above = [j for j in rows if j.confidence >= threshold]
    wrong = sum(not j.right for j in above)
    return Step(threshold, len(above), wrong, upper_bound(wrong, len(above), bound))
