"""Gaps between a belief and a job profile, as ranges and never as a bare yes or no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ascertain.domain.belief import Belief, believe
from ascertain.domain.rules import BeliefRules
from ascertain.domain.skills import JobProfile, Level


class GapStatus(StrEnum):
    """How to say it in one phrase. ``contested`` is never computed: it stands over whatever was."""

    MET = "met"
    LIKELY_MET = "likely met"
    UNSURE = "unsure"
    NOT_SHOWN = "not shown yet"
    BELOW = "below"
    UNKNOWN = "not enough evidence"
    CONTESTED = "contested"


@dataclass(frozen=True, slots=True)
class Gap:
    """One requirement against the belief.

    ``p_below`` is P(performs below the required level) with its range [low, high] from the imprecise Beta model;
    ``weighted`` = importance × p_below, with range [weighted_low, weighted_high].
    """

    skill_id: str
    required: Level
    current: Level | None
    importance: float
    essential: bool
    p_below: float
    low: float
    high: float
    status: GapStatus

    @property
    def weighted(self) -> float:
        """importance × P(below)."""
        return self.importance * self.p_below

    @property
    def weighted_low(self) -> float:
        """Lower end of the weighted gap."""
        return self.importance * self.low

    @property
    def weighted_high(self) -> float:
        """Upper end of the weighted gap."""
        return self.importance * self.high


@dataclass(frozen=True, slots=True)
class Coverage:
    """Share of a role's importance that is covered: Σ importance·(1 − P(below)) / Σ importance, as a range."""

    low: float
    point: float
    high: float


def gaps_for(role: JobProfile, beliefs: Mapping[str, Belief], rules: BeliefRules) -> tuple[Gap, ...]:
    """One gap per requirement, largest weighted gap first."""
    nothing = believe((), rules)
    rows = []
    for r in role.requirements:
        belief = beliefs.get(r.skill_id, nothing)
        low, point, high = belief.below(r.level, rules)
        enough = belief.amount >= rules.enough_evidence
        current = belief.highest(rules) if enough else None
        rows.append(
            Gap(
                r.skill_id,
                r.level,
                current,
                r.importance,
                r.essential,
                point,
                low,
                high,
                _status(belief, r.level, rules),
            )
        )
    return tuple(sorted(rows, key=lambda g: (-g.weighted, g.skill_id)))


VACUOUS = 0.9
"""A range this wide comes from the prior alone: there is evidence of the skill, but none at the required level."""


def _status(belief: Belief, level: Level, rules: BeliefRules) -> GapStatus:
    """What easier levels lend narrows the range, but shows nothing at this level."""
    if belief.amount < rules.enough_evidence:
        return GapStatus.UNKNOWN
    low, _, high = belief.below(level, rules, lent=False)
    if high - low > VACUOUS:
        return GapStatus.NOT_SHOWN
    p_below = belief.below(level, rules)[1]
    if p_below <= 0.1:
        return GapStatus.MET
    if p_below <= 0.35:
        return GapStatus.LIKELY_MET
    return GapStatus.UNSURE if p_below <= 0.65 else GapStatus.BELOW


def coverage(gaps: Sequence[Gap]) -> Coverage:
    """Importance-weighted coverage of a role; (1, 1, 1) for a role without requirements."""
    total = sum(g.importance for g in gaps)
    if total == 0:
        return Coverage(1.0, 1.0, 1.0)
    return Coverage(
        sum(g.importance * (1 - g.high) for g in gaps) / total,
        sum(g.importance * (1 - g.p_below) for g in gaps) / total,
        sum(g.importance * (1 - g.low) for g in gaps) / total,
    )
