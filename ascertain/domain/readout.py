"""From a belief to the chance that the next graded task goes well.

A posterior says what share of tasks somebody succeeds at; whether the next one succeeds depends on that task too. So

    logit P = intercept + standing·(logit E[θ] − logit E0[θ]) + chance·logit P(θ > at) + base·logit(base rate)

where E0 is the prior's mean and the base rate is how many people reach ``at`` in that task. The coefficients are data
of the policy. None is negative, so evidence that raises the belief never lowers the chance. Confidence, level and
routing do not use it: they say what is known of the skill, this says what to expect of one task.
"""

from __future__ import annotations

from ascertain.domain.belief import Belief, believe
from ascertain.domain.odds import log_odds, probability
from ascertain.domain.rules import BeliefRules, ReadoutRules
from ascertain.domain.skills import Level


def features(belief: Belief, level: Level, at: float, rules: BeliefRules, base: float) -> tuple[float, float, float]:
    """Standing, chance and base in log-odds: what the coefficients multiply."""
    standing = log_odds(belief.mean(level)) - log_odds(rules.prior_mean[level - 1])
    return standing, log_odds(belief.performs(level, at)), log_odds(base)


def chance_of_reaching(
    belief: Belief, level: Level, at: float, rules: BeliefRules, base: float | None = None
) -> float | None:
    """P(the next graded task at ``level`` is done with at least ``at``), or ``None`` if the policy has no readout.

    Args:
        at: the share of the task that counts as success, in (0, 1).
        base: share of people who reach it in that task; where unknown, what the policy's prior says of anybody.
    """
    if rules.readout is None:
        return None
    known = believe((), rules).performs(level, at) if base is None else base
    return applied(rules.readout, features(belief, level, at, rules, known))


def applied(readout: ReadoutRules, of: tuple[float, float, float]) -> float:
    """The readout at given features."""
    standing, chance, base = of
    x = readout.intercept + readout.standing * standing + readout.chance * chance + readout.base * base
    return probability(x)
