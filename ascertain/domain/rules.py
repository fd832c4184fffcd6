"""The policy as the domain sees it: frozen numbers with names. Their reasons stand in ``config/policy.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from ascertain.domain.calibration import Calibration
from ascertain.domain.compliance import ComplianceRules
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.notice import NoticeRules
from ascertain.domain.onboarding_rules import OnboardingRules
from ascertain.domain.path_wishes import Modality, Share
from ascertain.domain.retention import NOTHING_GOES, RetentionRules
from ascertain.domain.review_rules import ReviewRules
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
        calibration: what turns the posterior at the asserted level into the confidence; no number of the policy file,
            but of the calibration in use.
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
    calibration: Calibration | None = None


class Opinions(StrEnum):
    """Which assertions go to a human because a colleague's opinion is among their evidence: ``any`` of it, only those
    that rest on ``alone`` such evidence, or ``none``."""

    ANY = "any"
    ALONE = "alone"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class RoutingRules:
    """Who decides. ``target_error_rate`` 0.05 means: at most 1 in 20 accepted assertions wrong.

    Attributes:
        accept_from, sensitive_accept_from: confidence from which code accepts, where a human took it from decisions
            (:mod:`ascertain.domain.review_thresholds`); ``None`` for 1 − target.
        dispute_escalate_days: so many days after its last day an open dispute is put before learning and development;
            ``None`` for never.
    """

    target_error_rate: float
    sensitive_target_error_rate: float
    review_floor: float
    human_for_contradiction: bool
    human_for_first_critical: bool
    human_for_sensitive: Opinions
    human_for_compliance: bool = False
    accept_from: float | None = None
    sensitive_accept_from: float | None = None
    dispute_due_days: int = 30
    dispute_escalate_days: int | None = 0


@dataclass(frozen=True, slots=True)
class MappingRules:
    """Which mapping probabilities count. ``mention``: a skill that a course's description names and its title does not
    may be mere context; its probability is multiplied by this.

    Attributes:
        certain_from: mapping probability from which a claim's skill is settled by code; no agent is asked about it.
        implied: what a skill counts at, as a mapping probability, that an agent reads into words which do not name it;
            under ``claim_floor``. 0: none may.
        implied_most: of such skills in one case.
        spoken: as ``mention``, of a skill that only the transcript names.
        spoken_share, spoken_least: so large a share of the passages has to name a skill, and so many of them, or all
            where there are fewer.
        spoken_most: passages of one transcript that are read, spread evenly.
    """

    claim_floor: float
    tag_floor: float
    tags_per_content: int
    candidates_per_claim: int
    mention: float
    certain_from: float = 1.0
    implied: float = 0.0
    implied_most: int = 0
    spoken: float = 0.7
    spoken_share: float = 0.05
    spoken_least: int = 3
    spoken_most: int = 120


@dataclass(frozen=True, slots=True)
class PathRules:
    """Numbers of the learning path.

    Attributes:
        micro_hours: a course of so many hours or fewer is micro-learning.
        after_failure: what somebody who failed an item is still expected to learn from it, as a factor a failure.
        change_price: weighted gap that another path must close more, for each promised item that it leaves out.
        mentor_hours: of sessions with a mentor, as one item of a path; 0 plans none.
        mix: shares of the hours by modality, where nobody has agreed on others.
        currency: of all costs.
        relief_hours, relief_weeks, relief_share: by how much a limit is loosened to say what it costs: hours a week,
            weeks until the end, share of the budget.
    """

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
    micro_hours: float = 0.5
    after_failure: float = 0.6
    change_price: float = 0.02
    mentor_hours: float = 0.0
    mix: Mapping[Modality, Share] = field(default_factory=dict)
    currency: str = "EUR"
    relief_hours: float = 2.0
    relief_weeks: int = 8
    relief_share: float = 0.5


@dataclass(frozen=True, slots=True)
class PermissionRules:
    """How far managers see: their direct reports, or also whom those lead."""

    manager_sees_tree: bool = False


@dataclass(frozen=True, slots=True)
class CalibrationRules:
    """When and how confidences are calibrated on human decisions.

    Attributes:
        platt_from, isotonic_from: usable decisions from which each method is fitted.
        least_people: fewer people than this are too few to fold and to draw from.
        folds: of the cross-validation, over people.
        second_person: whoever approves must not be the one who fitted.
        audit_share: share of what code accepts that a human decides about too, drawn at random.
    """

    platt_from: int = 50
    isotonic_from: int = 1000
    least_people: int = 20
    folds: int = 5
    second_person: bool = True
    audit_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Policy:
    """All rules, with the version under which results are stored. ``notice`` decides when somebody may be assessed, and
    never what comes of it; ``compliance`` when mandatory training is due, and nothing about skills."""

    version: str
    belief: BeliefRules
    routing: RoutingRules
    mapping: MappingRules
    path: PathRules
    review: ReviewRules
    permission: PermissionRules = PermissionRules()
    calibration: CalibrationRules = CalibrationRules()
    retention: RetentionRules = NOTHING_GOES
    notice: NoticeRules = field(default_factory=NoticeRules)
    compliance: ComplianceRules = field(default_factory=ComplianceRules)
    onboarding: OnboardingRules = field(default_factory=OnboardingRules)


def calibrated(policy: Policy, calibration: Calibration | None) -> Policy:
    """The policy with this calibration in place of its own."""
    return replace(policy, belief=replace(policy.belief, calibration=calibration))
