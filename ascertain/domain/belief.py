"""Belief about (person, skill): Beta counts per level threshold.

For each level l a Beta(α_l, β_l) describes θ_l, the share of level-l tasks the person succeeds at:

    α_l = α0_l + Σ m·w·d·o(g→l)·1[g ≥ l]
    β_l = β0_l + Σ m·w·d·(1−o)·1[g = l] + Σ m·w·d·max(0, 1−o/τ)·1[g < l]

with mapping probability m, reliability w of the kind, recency d = 2^(−age/half-life), outcome o in [0, 1] and level g
of each piece (conjugate updating: Gelman et al., *Bayesian Data Analysis*, ch. 2). A success at a level speaks for that
level and all easier ones. Only falling short of τ, the share that counts as performing, speaks against harder levels:
85 % in an easy course is no evidence against a hard one.

Levels are taken as equally far apart on the scale of log-odds, as in Rasch's model, so an outcome at level g is worth
o(g→l) = o / (o + (1−o)·e^(δ(l−g))) at level l. To say how likely somebody is below a level, what was done at easier
levels alone is lent to it too: r·A/(r + W) is added to α_l, with W = Σ m·w·d·e^(−δ(l−g)) and
A = Σ m·w·d·e^(−δ(l−g))·o(g→l) over g < l. That is never more than r pieces, however much there is. It names no level
and adds nothing to a confidence. Performing at a level means performing at all easier ones, so where counts alone would
say otherwise the harder level takes over the easier one's.

Formula 2 is the same with δ = 0 and r = 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import import_module
from typing import Any

from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.rules import BeliefRules
from ascertain.domain.skills import LEVELS, Level, SkillFamily
from ascertain.errors import InputError

FORMULA = 3
"""The newest. Raised whenever the same evidence would give other numbers. A policy names the formula it is made for,
which is part of every result's policy version, so that old results are replayed with theirs."""

FIRST_FORMULA = 2
"""The oldest that can still be computed, and that of policies that name none."""

FULL_MARKS = 0.97
"""What full marks are taken for when tests are equated (and 1 − this for none): no test is so hard or easy that the
log-odds are infinite."""

_TINY = 1e-6
"""Stands for a prior pushed to its end in the imprecise model; Beta parameters must stay positive."""

DAYS_PER_MONTH = 365.25 / 12

MAX_RELIABILITY = 1000.0
"""No single piece of evidence can be worth more; beyond about 1e300 the Beta functions lose their meaning."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One claim mapped to one skill, with the figures code gave it (all in [0, 1] but ``reliability`` ≥ 0)."""

    origin: str
    evidence_id: str
    claim_id: str
    skill_id: str
    kind: EvidenceKind
    level: Level
    mapping: float
    reliability: float
    recency: float
    outcome: float
    supports: bool
    sensitive: bool = False

    def __post_init__(self) -> None:
        """Refuse figures out of range: one NaN would slip past every threshold that compares with it.

        Raises:
            InputError: naming the figure and the piece of evidence.
        """
        for name, value in (("mapping", self.mapping), ("recency", self.recency), ("outcome", self.outcome)):
            if not 0.0 <= value <= 1.0:
                raise InputError(f"{value!r} is not between 0 and 1", where=f"evidence {self.evidence_id}", field=name)
        if not 0.0 <= self.reliability <= MAX_RELIABILITY:
            raise InputError(
                f"{self.reliability!r} is not between 0 and {MAX_RELIABILITY:g} pieces of evidence",
                where=f"evidence {self.evidence_id}",
                field="reliability",
                remedy="correct belief.reliability in the policy",
            )

    @property
    def weight(self) -> float:
        """m·w·d: how many pieces of fully reliable, fresh evidence it is worth."""
        return self.mapping * self.reliability * self.recency


@dataclass(frozen=True, slots=True)
class Belief:
    """Posterior Beta parameters per level 1..5, and the effective number of pieces of evidence.

    ``with_lent`` are α and β when easier levels lend to harder ones; empty where nothing is lent.
    """

    alpha: tuple[float, ...]
    beta: tuple[float, ...]
    amount: float
    with_lent: tuple[tuple[float, float], ...] = ()

    def mean(self, level: Level) -> float:
        """Posterior mean of θ at ``level``."""
        a, b = self.alpha[level - 1], self.beta[level - 1]
        return a / (a + b)

    def performs(self, level: Level, at: float) -> float:
        """P(θ_level > at)."""
        return float(_special().betaincc(self.alpha[level - 1], self.beta[level - 1], at))

    def interval(self, level: Level, mass: float) -> tuple[float, float]:
        """Central credible interval of θ_level."""
        a, b = self.alpha[level - 1], self.beta[level - 1]
        tail = (1 - mass) / 2
        return float(_special().betaincinv(a, b, tail)), float(_special().betaincinv(a, b, 1 - tail))

    def highest(self, rules: BeliefRules) -> Level | None:
        """The highest level that the belief supports, or ``None``."""
        supported = [lv for lv in LEVELS if self.performs(lv, rules.performs_at) >= rules.level_support]
        return max(supported, default=None)

    def chance_below(self, level: Level, rules: BeliefRules) -> float:
        """P(θ_level ≤ τ): the point of :meth:`below`, without its range."""
        a, b = self.with_lent[level - 1] if self.with_lent else (self.alpha[level - 1], self.beta[level - 1])
        return float(_special().betainc(a, b, rules.performs_at))

    def below(self, level: Level, rules: BeliefRules, *, lent: bool = True) -> tuple[float, float, float]:
        """P(θ_level ≤ τ) as (low, point, high); ``lent=False`` leaves out what easier levels lend.

        The range is that of the imprecise Beta model (Walley 1996): the prior's mean is let go to 1 and to 0 while
        its strength stays. Without evidence it is nearly [0, 1], and it narrows as evidence comes in.
        """
        i, s = level - 1, rules.prior_strength
        a, b = self.with_lent[i] if lent and self.with_lent else (self.alpha[i], self.beta[i])
        a0 = s * rules.prior_mean[i]
        seen_a, seen_b = a - a0, b - (s - a0)
        point = float(_special().betainc(a, b, rules.performs_at))
        low = float(_special().betainc(max(seen_a + s, _TINY), max(seen_b, _TINY), rules.performs_at))
        high = float(_special().betainc(max(seen_a, _TINY), max(seen_b + s, _TINY), rules.performs_at))
        return min(low, point), point, max(high, point)


@cache
def _special() -> Any:
    """scipy.special, imported with the first belief: half a second that `--help` need not pay."""
    return import_module("scipy.special")


def recency(occurred_on: date | None, as_of: date, family: SkillFamily, rules: BeliefRules) -> float:
    """2^(−age/half-life) in (0, 1]; what lies after ``as_of`` counts as fresh; undated has a factor of its own."""
    if occurred_on is None:
        return rules.undated_recency
    months = max(0.0, (as_of - occurred_on).days / DAYS_PER_MONTH)
    return float(2.0 ** (-months / rules.half_life_months[family]))


def independent(observations: Iterable[Observation]) -> tuple[Observation, ...]:
    """One observation for each origin and direction: the heaviest, ties broken by content.

    Idempotent and order-free: a course, its badge and the manager's mention of it count once.
    """
    best: dict[tuple[str, bool], Observation] = {}
    for o in observations:
        key = (o.origin, o.supports)
        if key not in best or _rank(o) > _rank(best[key]):
            best[key] = o
    return tuple(best[k] for k in sorted(best))


def _rank(o: Observation) -> tuple[float | str, ...]:
    """Heaviest first, then by everything that tells two observations apart, so that input order never decides."""
    return (o.weight, o.outcome, int(o.level), o.evidence_id, o.claim_id, o.mapping, o.recency, o.kind, o.sensitive)


def translated(outcome: float, steps: int, rules: BeliefRules) -> float:
    """What ``outcome`` is worth ``steps`` levels up (down where negative). None stays none, full marks stay full."""
    if steps == 0 or rules.level_step == 0.0:
        return outcome
    return _shifted(outcome, math.exp(rules.level_step * steps))


def equated(outcome: float, typical: float, reference: float) -> float:
    """An outcome in a task where people typically reach ``typical``, on the scale of one where they reach
    ``reference``: the same shift of log-odds that :func:`translated` makes between levels.

    Args:
        outcome: in [0, 1]; taken within 1 − ``FULL_MARKS`` and ``FULL_MARKS``.
        typical, reference: mean outcomes, in (0, 1).
    """
    bounded = min(max(outcome, 1.0 - FULL_MARKS), FULL_MARKS)
    return _shifted(bounded, typical / (1.0 - typical) * (1.0 - reference) / reference)


def _shifted(outcome: float, harder: float) -> float:
    """Divides the odds by ``harder``."""
    return outcome / (outcome + (1.0 - outcome) * harder)


def believe(observations: Sequence[Observation], rules: BeliefRules) -> Belief:
    """Posterior over all levels. ``observations`` need not be independent; duplicates of an origin change nothing."""
    s = rules.prior_strength
    alpha = [s * p for p in rules.prior_mean]
    beta = [s - a for a in alpha]
    easier = [0.0] * len(LEVELS)
    easier_good = [0.0] * len(LEVELS)
    amount = 0.0
    for o in independent(observations):
        amount += o.weight
        for level in LEVELS:
            i = level - 1
            if o.level >= level:
                alpha[i] += o.weight * translated(o.outcome, level - o.level, rules)
            if o.level == level:
                beta[i] += o.weight * (1.0 - o.outcome)
            elif o.level < level:
                beta[i] += o.weight * max(0.0, 1.0 - o.outcome / rules.performs_at)
                near = o.weight * math.exp(-rules.level_step * (level - o.level))
                easier[i] += near
                easier_good[i] += near * translated(o.outcome, level - o.level, rules)
    if not rules.reach:
        return Belief(*_monotone(alpha, beta, rules), amount)
    lent = [rules.reach * good / (rules.reach + total) for good, total in zip(easier_good, easier, strict=True)]
    wide = _monotone([a + x for a, x in zip(alpha, lent, strict=True)], beta, rules)
    return Belief(*_monotone(alpha, beta, rules), amount, tuple(zip(*wide, strict=True)))


def _monotone(
    alpha: Sequence[float], beta: Sequence[float], rules: BeliefRules
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The same, where no harder level is surer than an easier one."""
    a, b = list(alpha), list(beta)
    chances = _special().betaincc(a, b, rules.performs_at)
    best = 0
    for i in range(1, len(a)):
        if chances[i] > chances[best]:
            a[i], b[i] = a[best], b[best]
        else:
            best = i
    return tuple(a), tuple(b)
