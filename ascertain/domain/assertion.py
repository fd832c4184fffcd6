"""Skill assertions: what is said about a person's skill, with everything the number rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ascertain.domain.belief import Belief, Observation, believe, independent
from ascertain.domain.rules import BeliefRules
from ascertain.domain.skills import Level


class AssertionState(StrEnum):
    """Where an assertion stands."""

    ACCEPTED = "accepted"
    IN_REVIEW = "in_review"
    REJECTED = "rejected"
    INSUFFICIENT = "not_enough_evidence"
    CONTESTED = "contested"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Assertion:
    """ "Jane → Python → level 3, 0.85".

    Attributes:
        level: the highest level the belief supports; ``None`` when none is.
        confidence: how sure we are that the person performs at that level: the posterior P(θ_level > τ), by the
            calibration where there is one; ``None`` below the floor.
        low, high: credible interval of the success share at that level.
        amount: effective number of pieces of evidence.
        observations: everything it rests on, one row a claim, in a fixed order.
        raw: the posterior before calibration; ``None`` where none was applied, and ``confidence`` is the posterior.
    """

    skill_id: str
    level: Level | None
    confidence: float | None
    low: float
    high: float
    amount: float
    observations: tuple[Observation, ...]
    raw: float | None = None

    @property
    def enough(self) -> bool:
        """False means "not enough evidence", which is not the same as no skill."""
        return self.confidence is not None


def assert_skill(skill_id: str, observations: tuple[Observation, ...], rules: BeliefRules) -> Assertion:
    """Turn observations of one skill into an assertion: a pure function, which is what makes replay possible."""
    ordered = tuple(sorted(observations, key=_place))
    belief = believe(ordered, rules)
    level = belief.highest(rules)
    shown = level or Level.AWARENESS
    low, high = belief.interval(shown, rules.interval)
    if belief.amount < rules.enough_evidence:
        return Assertion(skill_id, None, None, low, high, belief.amount, ordered)
    posterior = belief.performs(shown, rules.performs_at)
    if level is None or rules.calibration is None:
        # Humans decide about levels that are asserted: where none is, there is nothing to calibrate on.
        return Assertion(skill_id, level, posterior, low, high, belief.amount, ordered)
    return Assertion(skill_id, level, rules.calibration(posterior), low, high, belief.amount, ordered, raw=posterior)


def _place(o: Observation) -> tuple[str | float, ...]:
    """A total order: two observations in the same place are the same observation."""
    figures = (o.mapping, o.reliability, o.recency, o.outcome)
    return (o.evidence_id, o.claim_id, o.origin, o.supports, o.skill_id, o.level, *figures, o.kind, o.sensitive)


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one origin adds: the confidence at the asserted level with it minus without it."""

    evidence_id: str
    kind: str
    supports: bool
    weight: float
    outcome: float
    level: Level
    delta: float


def contributions(assertion: Assertion, rules: BeliefRules) -> tuple[Contribution, ...]:
    """Leave each independent observation out in turn; strongest effect first."""
    level = assertion.level or Level.AWARENESS
    kept = independent(assertion.observations)
    calibration = rules.calibration if assertion.raw is not None else None

    def sure(observations: Sequence[Observation]) -> float:
        posterior = believe(observations, rules).performs(level, rules.performs_at)
        return posterior if calibration is None else calibration(posterior)

    whole = sure(kept)
    rows = [
        Contribution(
            o.evidence_id,
            o.kind.value,
            o.supports,
            o.weight,
            o.outcome,
            o.level,
            whole - sure([p for p in kept if p is not o]),
        )
        for o in kept
    ]
    return tuple(sorted(rows, key=lambda r: (-abs(r.delta), r.evidence_id, r.supports)))


def belief_of(assertion: Assertion, rules: BeliefRules) -> Belief:
    """The belief behind an assertion."""
    return believe(assertion.observations, rules)
