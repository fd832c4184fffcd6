"""Belief about (person, skill): Beta counts per level threshold.

For each level l a Beta(α_l, β_l) describes θ_l, the share of level-l tasks the person succeeds at:

    α_l = α0_l + Σ m·w·d·o·1[level_g ≥ l]
    β_l = β0_l + Σ m·w·d·(1−o)·1[level_g = l] + Σ m·w·d·max(0, 1−o/τ)·1[level_g < l]

with mapping probability m, reliability w of the kind, recency d = 2^(−age/half-life) and outcome o in [0, 1]
(conjugate updating: Gelman et al., *Bayesian Data Analysis*, ch. 2). A success at a level speaks for that level and
all easier ones. Only falling short of τ, the share that counts as performing, speaks against harder levels: 85 % in an
easy course is no evidence against a hard one. Performing at a level means performing at all easier ones, so where
counts alone would say otherwise the harder level takes over the easier one's.
"""

from __future__ import annotations

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

FORMULA = 2
"""Raised whenever the same evidence would give other numbers: part of every result's policy version."""

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
    """Posterior Beta parameters per level 1..5, and the effective number of pieces of evidence."""

    alpha: tuple[float, ...]
    beta: tuple[float, ...]
    amount: float

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

    def below(self, level: Level, rules: BeliefRules) -> tuple[float, float, float]:
        """P(θ_level ≤ τ) as (low, point, high).

        The range is that of the imprecise Beta model (Walley 1996): the prior's mean is let go to 1 and to 0 while
        its strength stays. Without evidence it is nearly [0, 1], and it narrows as evidence comes in.
        """
        i, s = level - 1, rules.prior_strength
        a, b = self.alpha[i], self.beta[i]
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


def believe(observations: Sequence[Observation], rules: BeliefRules) -> Belief:
    """Posterior over all levels. ``observations`` need not be independent; duplicates of an origin change nothing."""
    s = rules.prior_strength
    alpha = [s * p for p in rules.prior_mean]
    beta = [s - a for a in alpha]
    amount = 0.0
    for o in independent(observations):
        amount += o.weight
        for level in LEVELS:
            if o.level >= level:
                alpha[level - 1] += o.weight * o.outcome
            if o.level == level:
                beta[level - 1] += o.weight * (1.0 - o.outcome)
            elif o.level < level:
                beta[level - 1] += o.weight * max(0.0, 1.0 - o.outcome / rules.performs_at)
    chances = _special().betaincc(alpha, beta, rules.performs_at)
    best = 0
    for i in range(1, len(alpha)):
        if chances[i] > chances[best]:
            alpha[i], beta[i] = alpha[best], beta[best]
        else:
            best = i
    return Belief(tuple(alpha), tuple(beta), amount)
