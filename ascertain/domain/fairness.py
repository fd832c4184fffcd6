"""Fairness: how groups of people fare. Counting and dividing; who is in which group comes from outside.

Selection rates, impact ratios and the four-fifths rule follow 29 CFR 1607.4 D, scoring rates and the 2 % rule New York
City's Local Law 144 (6 RCNY 5-301). A group that is too small to say anything about is "too few", never "pass".
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from statistics import fmean, median
from typing import TypeVar

from ascertain.domain.fairness_statistics import (
    Difference,
    Interval,
    Test,
    compare_shares,
    compare_values,
    deviation,
    ratio_interval,
    share_interval,
    standardised,
)

T = TypeVar("T")
Labels = Mapping[str, str]
Group = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FairnessRules:
    """What counts as what. The first two stand in the law; the third is the organisation's choice.

    Attributes:
        ratio_percent: an impact ratio under this is flagged; exactly this is not.
        share_percent: a group under this share of the known is counted, but left out of the ratios.
        least_people: a group under this number is "too few": no rate of it is stated, and nobody is compared with it.
    """

    ratio_percent: int = 80
    share_percent: int = 2
    least_people: int = 10


class Verdict(StrEnum):
    """What can be said of a group. There is no "pass"."""

    HIGHEST = "highest: the others are compared with it"
    BELOW = "below four fifths"
    NOTICE = "four fifths met, but the difference is significant"
    MET = "four fifths met"
    LOWER = "lower"
    SIMILAR = "no difference shown"
    TOO_FEW = "too few"
    SMALL_SHARE = "under 2 %: counted, left out of the ratios"
    NO_RATIO = "no ratio: every rate is 0"
    ALONE = "nothing to compare with"


FLAGGED = frozenset({Verdict.BELOW, Verdict.NOTICE, Verdict.LOWER})
"""Verdicts that ask for a look."""


@dataclass(frozen=True, slots=True)
class GroupRate:
    """One group's rate beside the highest.

    ``short_by`` is how many more people would have to be chosen for four fifths. With "too few", everything from
    ``chosen`` on is ``None``: a rate over a handful of people says nothing of the group and much of the people.
    """

    group: Group
    n: int
    share: float
    verdict: Verdict
    chosen: int | None = None
    rate: float | None = None
    interval: Interval | None = None
    ratio: float | None = None
    ratio_interval: Interval | None = None
    short_by: int | None = None
    test: Test | None = None


@dataclass(frozen=True, slots=True)
class RateTable:
    """The rates of one measure by one attribute or an intersection of two. ``n`` counts everybody in the sample, also
    those ``unknown``, who lack a label; ``threshold`` is the sample's median where a rate is a scoring rate."""

    measure: str
    by: tuple[str, ...]
    n: int
    unknown: int
    groups: tuple[GroupRate, ...]
    threshold: float | None = None

    @property
    def reference(self) -> Group | None:
        """The group with the highest rate among those large enough."""
        return next((g.group for g in self.groups if g.verdict is Verdict.HIGHEST), None)


@dataclass(frozen=True, slots=True)
class GroupMean:
    """One group's values beside those of the group with the highest mean. ``none`` counts zeros."""

    group: Group
    n: int
    verdict: Verdict
    mean: float | None = None
    deviation: float | None = None
    none: int | None = None
    ratio: float | None = None
    difference: Difference | None = None
    test: Test | None = None


@dataclass(frozen=True, slots=True)
class MeanTable:
    """Values of one measure by one attribute or an intersection."""

    measure: str
    by: tuple[str, ...]
    n: int
    unknown: int
    groups: tuple[GroupMean, ...]


def selection_table(
    measure: str, by: Sequence[str], sample: Iterable[tuple[Labels, bool]], rules: FairnessRules
) -> RateTable:
    """Selection rates and impact ratios: of each group, the share that was chosen, over the highest such share."""
    return _rates(measure, by, list(sample), rules, None)


def scoring_table(
    measure: str, by: Sequence[str], sample: Iterable[tuple[Labels, float]], rules: FairnessRules
) -> RateTable:
    """Scoring rates and impact ratios: of each group, the share with a score above the whole sample's median.

    The median is over everybody who has a score, also those whose group is unknown, so that it is the same whatever
    the attribute.
    """
    rows = list(sample)
    middle = median(score for _, score in rows) if rows else None
    return _rates(measure, by, [(labels, score > (middle or 0.0)) for labels, score in rows], rules, middle)


def mean_table(
    measure: str, by: Sequence[str], sample: Iterable[tuple[Labels, float]], rules: FairnessRules
) -> MeanTable:
    """Means per head and standardised differences against the group with the highest mean."""
    rows = list(sample)
    groups, unknown = _grouped(rows, by)
    large = [g for g in groups if len(groups[g]) >= rules.least_people]
    best = max(large, key=lambda g: (fmean(groups[g]), len(groups[g]), g), default=None)
    found = []
    for group, values in groups.items():
        if group not in large or best is None:
            found.append(GroupMean(group, len(values), Verdict.TOO_FEW))
            continue
        mean, top = fmean(values), fmean(groups[best])
        is_best = group == best
        difference = None if is_best else standardised(values, groups[best])
        test = None if is_best else compare_values(values, groups[best])
        found.append(
            GroupMean(
                group,
                len(values),
                _mean_verdict(len(large), difference, test),
                mean=mean,
                deviation=deviation(values),
                none=sum(v == 0 for v in values),
                ratio=mean / top if top > 0 and mean >= 0 else None,
                difference=difference,
                test=test,
            )
        )
    return MeanTable(measure, tuple(by), len(rows), unknown, tuple(found))


def _mean_verdict(large: int, difference: Difference | None, test: Test | None) -> Verdict:
    if large == 1:
        return Verdict.ALONE
    if test is None:
        return Verdict.HIGHEST
    # Where all have one value here and all another there, nothing varies, and yet nothing could differ more.
    lower = test.significant if difference is None else difference.shown
    return Verdict.LOWER if lower else Verdict.SIMILAR


def _rates(
    measure: str,
    by: Sequence[str],
    rows: Sequence[tuple[Labels, bool]],
    rules: FairnessRules,
    threshold: float | None,
) -> RateTable:
    groups, unknown = _grouped(rows, by)
    known = len(rows) - unknown
    counts = {g: (sum(chosen), len(chosen)) for g, chosen in groups.items()}
    large = [g for g, (_, n) in counts.items() if n >= rules.least_people and 100 * n >= rules.share_percent * known]
    # Of equal rates the larger group stands as the one compared with: its rate is known best.
    best = max(large, key=lambda g: (Fraction(*counts[g]), counts[g][1], g), default=None)
    found = tuple(_rate(g, *counts[g], known, best, counts, large, rules) for g in groups)
    return RateTable(measure, tuple(by), len(rows), unknown, found, threshold)


def _rate(
    group: Group,
    chosen: int,
    n: int,
    known: int,
    best: Group | None,
    counts: Mapping[Group, tuple[int, int]],
    large: Sequence[Group],
    rules: FairnessRules,
) -> GroupRate:
    share = n / known
    if n < rules.least_people:
        return GroupRate(group, n, share, Verdict.TOO_FEW)
    rate, interval = chosen / n, share_interval(chosen, n)
    if best is None or group not in large:
        return GroupRate(group, n, share, Verdict.SMALL_SHARE, chosen, rate, interval)
    top, n_best = counts[best]
    if len(large) == 1 or top == 0:
        verdict = Verdict.ALONE if len(large) == 1 else Verdict.NO_RATIO
        return GroupRate(group, n, share, verdict, chosen, rate, interval)
    if group == best:
        return GroupRate(group, n, share, Verdict.HIGHEST, chosen, rate, interval, 1.0)
    # Exact: in floating point, 28/50 over 35/50 is not four fifths.
    exact = Fraction(chosen, n) / Fraction(top, n_best)
    limit = Fraction(rules.ratio_percent, 100)
    test = compare_shares(chosen, n, top, n_best)
    met = Verdict.NOTICE if test.significant else Verdict.MET
    verdict = Verdict.BELOW if exact < limit else met
    return GroupRate(
        group,
        n,
        share,
        verdict,
        chosen,
        rate,
        interval,
        float(exact),
        ratio_interval(chosen, n, top, n_best),
        max(0, math.ceil(limit * Fraction(top, n_best) * n) - chosen),
        test,
    )


def _grouped(rows: Iterable[tuple[Labels, T]], by: Sequence[str]) -> tuple[dict[Group, list[T]], int]:
    """The values by group, groups in order of their names, and how many have no group."""
    found: defaultdict[Group, list[T]] = defaultdict(list)
    unknown = 0
    for labels, value in rows:
        group = tuple(labels.get(a, "") for a in by)
        if all(group):
            found[group].append(value)
        else:
            unknown += 1
    return dict(sorted(found.items())), unknown


def label_counts(people: Iterable[Labels], attributes: Sequence[str]) -> dict[str, dict[str, int]]:
    """How many people carry each value of each attribute; those without one under the empty text."""
    found: dict[str, Counter[str]] = {a: Counter() for a in attributes}
    for labels in people:
        for a in attributes:
            found[a][labels.get(a, "")] += 1
    return {a: dict(sorted(c.items())) for a, c in found.items()}
