"""Intervals and tests behind the fairness audit, on counts and on values. SciPy computes; this module says which, when.

Everything is two-sided at 95 %, and nothing is corrected for the number of comparisons: a missed difference harms
people, a second look does not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

CONFIDENCE = 0.95
SIGNIFICANT = 0.05
EXPECTED_AT_LEAST = 5
"""Smallest expected count of the four cells with which the normal approximation is used (Cochran's rule)."""

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Test:
    """A test of "no difference". ``name`` says which: exact, where counts are too small for an approximation."""

    __test__ = False  # not one of pytest's

    name: str
    p: float

    @property
    def significant(self) -> bool:
        """Whether a difference like this would be rare if there were none."""
        return self.p < SIGNIFICANT


FISHER, TWO_PROPORTIONS, RANKS = "Fisher exact", "two-proportion z", "Mann-Whitney U"


def share_interval(chosen: int, n: int) -> Interval:
    """Wilson's interval of a share."""
    found = _stats().binomtest(chosen, n).proportion_ci(confidence_level=CONFIDENCE, method="wilson")
    return float(found.low), float(found.high)


def ratio_interval(chosen: int, n: int, chosen_best: int, n_best: int) -> Interval | None:
    """Katz's log interval of a ratio of two shares; ``None`` where a share of 0 or two of 1 leave it undefined."""
    if chosen == 0 or chosen_best == 0 or (chosen == n and chosen_best == n_best):
        return None
    found = _stats().contingency.relative_risk(chosen, n, chosen_best, n_best).confidence_interval(CONFIDENCE)
    return float(found.low), float(found.high)


def compare_shares(chosen: int, n: int, chosen_best: int, n_best: int) -> Test:
    """Do two groups differ in their shares?

    Two-proportion z with pooled variance where all four expected counts are at least ``EXPECTED_AT_LEAST``, otherwise
    Fisher's exact test.
    """
    total, taken = n + n_best, chosen + chosen_best
    least = min(n, n_best) * min(taken, total - taken) / total
    if least < EXPECTED_AT_LEAST:
        table = [[chosen, n - chosen], [chosen_best, n_best - chosen_best]]
        return Test(FISHER, min(1.0, float(_stats().fisher_exact(table).pvalue)))
    pooled = taken / total
    error = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / n_best))
    return Test(TWO_PROPORTIONS, math.erfc(abs(chosen / n - chosen_best / n_best) / error / math.sqrt(2)))


def compare_values(values: Sequence[float], best: Sequence[float]) -> Test:
    """Does one group tend to have larger values than another? Counts per head are skewed, so ranks are compared."""
    if len(set(values) | set(best)) == 1:
        return Test(RANKS, 1.0)
    return Test(RANKS, float(_stats().mannwhitneyu(values, best, alternative="two-sided").pvalue))


@dataclass(frozen=True, slots=True)
class Difference:
    """Hedges' g: a difference of means in pooled standard deviations, with its large-sample interval."""

    g: float
    low: float
    high: float

    @property
    def shown(self) -> bool:
        """Whether the interval leaves out "no difference"."""
        return self.low > 0 or self.high < 0


def standardised(values: Sequence[float], best: Sequence[float]) -> Difference | None:
    """How far the mean of ``values`` lies from that of ``best``, negative when below (Hedges and Olkin 1985).

    ``None`` where nothing varies: there is no unit to measure in.
    """
    n, m = len(values), len(best)
    freedom = n + m - 2
    if freedom < 1:
        return None
    pooled = math.sqrt((_squares(values) + _squares(best)) / freedom)
    if pooled == 0:
        return None
    correction = 1 - 3 / (4 * freedom - 1)
    g = correction * (math.fsum(values) / n - math.fsum(best) / m) / pooled
    half = 1.959963984540054 * math.sqrt((n + m) / (n * m) + g * g / (2 * (n + m)))
    return Difference(g, g - half, g + half)


def deviation(values: Sequence[float]) -> float:
    """Standard deviation of a sample; 0 for one value."""
    return math.sqrt(_squares(values) / (len(values) - 1)) if len(values) > 1 else 0.0


def _squares(values: Sequence[float]) -> float:
    mean = math.fsum(values) / len(values)
    # Equal values may have a mean one bit off theirs: that is no spread.
    return 0.0 if min(values) == max(values) else math.fsum((v - mean) ** 2 for v in values)


def _stats() -> Any:
    """scipy.stats, imported with the first audit: a second that no other command need pay."""
    return import_module("scipy.stats")
