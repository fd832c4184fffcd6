"""What the figures of a pilot say of its next phase: go, hold or stop, by the rules of the rollout."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ascertain.domain.fairness_statistics import share_interval
from ascertain.domain.rollout import Verdict, VerdictRules


@dataclass(frozen=True, slots=True)
class Share:
    """A share of counted things with Wilson's 95 % interval; ``value`` and the ends are ``None`` where there are none
    to count."""

    part: int
    of: int

    @property
    def value(self) -> float | None:
        """part / of."""
        return self.part / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Lower and upper end."""
        return share_interval(self.part, self.of) if self.of else None


@dataclass(frozen=True, slots=True)
class Hours:
    """Working hours: ``low`` to ``high``."""

    low: float
    high: float


def hours_saved(established: int, spent_seconds: float, rules: VerdictRules) -> Hours:
    """An estimate: established · minutes by hand / 60 − hours that reviewers spent, from the least to the most minutes
    that the organisation states. Below zero where reviewing costs more than it saves."""
    low, high = rules.manual_minutes
    spent = spent_seconds / 3600
    return Hours(established * low / 60 - spent, established * high / 60 - spent)


class Why(StrEnum):
    """One thing that speaks for, or against, going on."""

    FEW = "few"
    ACCURATE = "accurate"
    UNSURE = "unsure"
    WRONG = "wrong"
    COVERED = "covered"
    UNCOVERED = "uncovered"
    CONTESTED = "contested"
    UNCONTESTED = "uncontested"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict with its reasons, those that weigh most first."""

    verdict: Verdict
    reasons: tuple[Why, ...]


def judge(right: Share, reached: Share, contested: Share, rules: VerdictRules) -> Outcome:
    """What a pilot's figures say.

    Args:
        right: human decisions that found the asserted level right, of those that say either.
        reached: people with something accepted, of the cohort.
        contested: assertions that somebody contests, or contested successfully, of those made.

    Stop outweighs everything: where even the upper end of accuracy is under ``stop_accuracy``, or too much is
    contested. Go needs accuracy and coverage both. Under ``least_decisions`` nothing is known: hold.
    """
    few = right.of < rules.least_decisions
    low, high = right.interval or (0.0, 1.0)
    wrong = not few and high < rules.stop_accuracy
    accurate = not few and low >= rules.go_accuracy
    # As few assertions as that can be contested by one person alone.
    disputed = contested.of >= rules.least_decisions and (contested.value or 0.0) >= rules.stop_disputes
    covered = (reached.value or 0.0) >= rules.go_coverage
    reasons = (
        Why.FEW if few else Why.WRONG if wrong else Why.ACCURATE if accurate else Why.UNSURE,
        Why.CONTESTED if disputed else Why.UNCONTESTED,
        Why.COVERED if covered else Why.UNCOVERED,
    )
    going = Verdict.GO if accurate and covered else Verdict.HOLD
    found = Verdict.STOP if wrong or disputed else going
    return Outcome(found, tuple(sorted(reasons, key=lambda why: why in _FOR)))


_FOR = frozenset({Why.ACCURATE, Why.COVERED, Why.UNCONTESTED})
