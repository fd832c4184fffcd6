"""The policy as the domain sees it: frozen numbers with names. Their reasons stand in ``config/policy.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.skills import SkillFamily


@dataclass(frozen=True, slots=True)
class ReadoutRules:
    """Coefficients that turn a belief into the chance that the next graded task goes well, see
    :mod:`ascertain.domain.readout`. None but the intercept may be negative."""

    intercept: float
    standing: float
    chance: float
    base: float


@dataclass(frozen=True, slots=True)
class BeliefRules:
    """Numbers of the belief.

    Attributes:
        prior_strength: weight of the prior, in pieces of fully reliable evidence.
        prior_mean: per level 1..5, non-increasing, in (0, 1).
        performs_at: τ: a person performs at a level when they succeed at more than this share of its tasks.
        level_support: the level named is the highest whose posterior P(θ > τ) reaches this.
        enough_evidence: floor of the effective number of pieces below which the answer is
            "not enough evidence".
        interval: mass of the credible interval (0.9).
        half_life_months: per skill family.
        reliability: per kind of evidence, in pieces of fully reliable evidence.
        unscored_reliability: factor for a completion without a score.
        undated_recency: recency factor of evidence without a date.
        default_level: per kind, the level assumed when neither source nor text gives one.
        level_step: δ: how much harder each level is than the one before, in log-odds; 0 in formula 2.
        reach: r: the most that easier levels lend to a harder one, in pieces; 0 in formula 2.
        readout: ``None`` in formula 2.
    """

    prior_strength: float
    prior_mean: tuple[float, ...]
    performs_at: float
    level_support: float
    enough_evidence: float
    interval: float
    half_life_months: Mapping[SkillFamily, float]
    reliability: Mapping[EvidenceKind, float]
    unscored_reliability: float
    undated_recency: float
    default_level: Mapping[EvidenceKind, int]
    level_step: float = 0.0
    reach: float = 0.0
    readout: ReadoutRules | None = None


@dataclass(frozen=True, slots=True)
class RoutingRules:
    """Who decides. ``target_error_rate`` 0.05 means: at most 1 in 20 accepted assertions wrong."""

    target_error_rate: float
    sensitive_target_error_rate: float
    review_floor: float
    review_due_days: int
    human_for_contradiction: bool
    human_for_first_critical: bool
    human_for_sensitive: bool


@dataclass(frozen=True, slots=True)
class MappingRules:
    """Which mapping probabilities count. ``mention``: a skill that a course's description names and its title does not
    may be mere context; its probability is multiplied by this."""

    claim_floor: float
    tag_floor: float
    tags_per_content: int
    candidates_per_claim: int
    mention: float


@dataclass(frozen=True, slots=True)
class PathRules:
    """Numbers of the learning path."""

    horizon_weeks: int
    default_hours_per_week: float
    share_of_week: float
    learn_probability: float
    one_level_short: float
    two_levels_short: float
    too_hard: float
    max_items: int
    min_gap: float
    solver_seconds: float


@dataclass(frozen=True, slots=True)
class Policy:
    """All rules, with the version under which results are stored."""

    version: str
    belief: BeliefRules
    routing: RoutingRules
    mapping: MappingRules
    path: PathRules
