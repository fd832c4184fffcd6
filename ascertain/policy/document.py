"""What ``config/policy.yaml`` may say, field by field."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ascertain.domain.belief import FIRST_FORMULA, FORMULA, MAX_RELIABILITY
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.onboarding_rules import OnboardingRules
from ascertain.domain.path_wishes import Modality
from ascertain.domain.retention import MIN_AUDIT_DAYS, SINCE_THEN, Kind
from ascertain.domain.review_rules import EARLIER_ASSIGNMENT, AssignRule, Party, ReviewRules, WatchRules, When
from ascertain.domain.rules import Opinions
from ascertain.domain.skills import SkillFamily

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Pieces = Annotated[float, Field(ge=0, le=MAX_RELIABILITY)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Chance = Annotated[float, Field(gt=0, lt=1)]
Certainty = Annotated[float, Field(ge=0.5, lt=1)]
Days = Annotated[int, Field(ge=1, le=365)]
LevelNumber = Annotated[int, Field(ge=1, le=5)]

THIRD = 3
"""From this formula on, levels have a distance and a task has a readout."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Readout(_Strict):
    intercept: Annotated[float, Field(allow_inf_nan=False)]
    standing: NotNegative
    chance: NotNegative
    base: NotNegative


class _Belief(_Strict):
    # A policy that names no formula is from before there were two: its results are replayed with the first.
    formula: Annotated[int, Field(ge=FIRST_FORMULA, le=FORMULA)] = FIRST_FORMULA
    prior_strength: Positive
    prior_mean: Annotated[list[Annotated[float, Field(gt=0, lt=1)]], Field(min_length=5, max_length=5)]
    performs_at: Annotated[float, Field(gt=0, lt=1)]
    level_support: Share
    enough_evidence: Positive
    interval: Annotated[float, Field(gt=0, lt=1)]
    half_life_months: dict[SkillFamily, Positive]
    reliability: dict[EvidenceKind, Pieces]
    unscored_reliability: Share
    undated_recency: Share
    default_level: dict[EvidenceKind, LevelNumber]
    level_step: Annotated[float, Field(gt=0, le=10)] | None = None
    reach: Annotated[float, Field(gt=0, le=MAX_RELIABILITY)] | None = None
    readout: _Readout | None = None

    @model_validator(mode="after")
    def _complete(self) -> _Belief:
        if any(a < b for a, b in zip(self.prior_mean, self.prior_mean[1:], strict=False)):
            raise ValueError("prior_mean must not increase with the level")
        for name, table, keys in (
            ("half_life_months", self.half_life_months, SkillFamily),
            ("reliability", self.reliability, EvidenceKind),
            ("default_level", self.default_level, EvidenceKind),
        ):
            missing = [k.value for k in keys if k not in table]
            if missing:
                raise ValueError(f"{name} lacks {', '.join(missing)}")
        for name in ("level_step", "reach", "readout"):
            if (getattr(self, name) is None) is (self.formula >= THIRD):
                raise ValueError(f"formula {self.formula} {'needs' if self.formula >= THIRD else 'knows no'} {name}")
        return self


class _Routing(_Strict):
    target_error_rate: Annotated[float, Field(gt=0, lt=0.5)]
    sensitive_target_error_rate: Annotated[float, Field(gt=0, lt=0.5)]
    review_floor: Share
    dispute_due_days: Annotated[int, Field(ge=1, le=90)] = 30
    dispute_escalate_days: Annotated[int, Field(ge=0, le=90)] | None = 0
    human_for_contradiction: bool
    human_for_first_critical: bool
    human_for_sensitive: Opinions
    # A policy that does not say so is from before: its results are replayed without.
    human_for_compliance: bool = False
    accept_from: Certainty | None = None
    sensitive_accept_from: Certainty | None = None
    review_due_days: Days | None = None

    @field_validator("human_for_sensitive", mode="before")
    @classmethod
    def _yes_or_no(cls, value: object) -> object:
        """Policies from before knew yes and no: assertions that rest on opinions alone, or none."""
        return {True: Opinions.ALONE, False: Opinions.NONE}[value] if isinstance(value, bool) else value


class _AssignRule(_Strict):
    when: When
    to: Party


class _Watch(_Strict):
    check_share: Share
    second_share: Share
    false_alarm: Annotated[float, Field(gt=0, le=0.2)]
    careful_misses: Chance
    careless_misses: Chance
    careful_fast: Chance
    careless_fast: Chance
    words_per_minute: Positive
    settle_seconds: NotNegative

    @model_validator(mode="after")
    def _apart(self) -> _Watch:
        for what in ("misses", "fast"):
            if not getattr(self, f"careful_{what}") < getattr(self, f"careless_{what}"):
                raise ValueError(f"careless_{what} must be above careful_{what}")
        return self


class _Review(_Strict):
    due_days: dict[Annotated[int, Field(ge=1, le=4)], Days]
    assign: Annotated[list[_AssignRule], Field(min_length=1)]
    l_and_d: Annotated[str, Field(min_length=1, max_length=100)]
    bulk_limit: Annotated[int, Field(ge=1, le=500)]
    threshold_bound: Annotated[float, Field(ge=0.5, lt=1)]
    watch: _Watch
    training_required: bool

    @model_validator(mode="after")
    def _complete(self) -> _Review:
        days = [self.due_days.get(p, 0) for p in (1, 2, 3, 4)]
        if not all(days) or days != sorted(days):
            raise ValueError("due_days needs the priorities 1 to 4, the more urgent not later than the others")
        last = self.assign[-1]
        if (last.when, last.to) != (When.ALWAYS, Party.L_AND_D):
            raise ValueError("assign must end with {when: always, to: l_and_d}, so that everything has somebody")
        return self

    def rules(self) -> ReviewRules:
        """As the domain has them."""
        assign = tuple(AssignRule(r.when, r.to) for r in self.assign)
        plain = self.model_dump(exclude={"assign", "watch"})
        return ReviewRules(assign=assign, watch=WatchRules(**self.watch.model_dump()), **plain)


class _Mapping(_Strict):
    claim_floor: Share
    tag_floor: Share
    tags_per_content: Annotated[int, Field(ge=1, le=50)]
    candidates_per_claim: Annotated[int, Field(ge=1, le=50)]
    # Policies of before agents were spared settle nothing by themselves and have nothing implied.
    certain_from: Share = 1.0
    implied: Share = 0.0
    implied_most: Annotated[int, Field(ge=0, le=50)] = 0
    mention: Share
    # Policies of before transcripts were read say nothing of these.
    spoken: Share = 0.7
    spoken_share: Share = 0.05
    spoken_least: Annotated[int, Field(ge=1, le=100)] = 3
    spoken_most: Annotated[int, Field(ge=10, le=1000)] = 120

    @model_validator(mode="after")
    def _implied_counts_less(self) -> _Mapping:
        if self.implied and self.implied >= self.claim_floor:
            raise ValueError("implied must be under claim_floor")
        return self


class _Mix(_Strict):
    least: Share = 0.0
    most: Share = 1.0

    @model_validator(mode="after")
    def _ordered(self) -> _Mix:
        if self.least > self.most:
            raise ValueError("least is more than most")
        return self


class _Path(_Strict):
    horizon_weeks: Annotated[int, Field(ge=1, le=260)]
    default_hours_per_week: Positive
    share_of_week: Share
    learn_probability: Share
    one_level_short: Share
    two_levels_short: Share
    too_hard: Share
    max_items: Annotated[int, Field(ge=1, le=50)]
    min_gap: Share
    solver_seconds: Positive
    # A policy without these is from before there were any.
    micro_hours: NotNegative = 0.5
    after_failure: Share = 0.6
    change_price: Share = 0.02
    mentor_hours: Annotated[float, Field(ge=0, le=100)] = 0.0
    mix: dict[Modality, _Mix] = Field(default_factory=dict)
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "EUR"
    relief_hours: Positive = 2.0
    relief_weeks: Annotated[int, Field(ge=1, le=104)] = 8
    relief_share: Annotated[float, Field(gt=0, le=10)] = 0.5

    @model_validator(mode="after")
    def _possible(self) -> _Path:
        if sum(m.least for m in self.mix.values()) > 1:
            raise ValueError("mix: the least shares come to more than 1")
        return self


class _Permission(_Strict):
    manager_sees_tree: bool = False


class _Calibration(_Strict):
    platt_from: Annotated[int, Field(ge=20)]
    isotonic_from: Annotated[int, Field(ge=200)]
    least_people: Annotated[int, Field(ge=5)]
    folds: Annotated[int, Field(ge=2, le=20)]
    second_person: bool
    audit_share: Share

    @model_validator(mode="after")
    def _ordered(self) -> _Calibration:
        if self.isotonic_from <= self.platt_from:
            raise ValueError("isotonic_from must be more than platt_from")
        if self.folds > self.least_people:
            raise ValueError("folds must not be more than least_people")
        return self


KeptDays = Annotated[int, Field(ge=1, le=36500)]


class _Retention(_Strict):
    audit_days: int
    left_days: KeptDays | None
    left_tombstone: bool
    days: dict[Kind, KeptDays | None]

    @field_validator("audit_days")
    @classmethod
    def _long_enough(cls, value: int) -> int:
        if value < MIN_AUDIT_DAYS:
            raise ValueError(f"{value} days are too short: the audit chain is kept at least {MIN_AUDIT_DAYS} days")
        return value

    @field_validator("days")
    @classmethod
    def _since_then(cls, value: dict[Kind, KeptDays | None]) -> dict[Kind, KeptDays | None]:
        return {**SINCE_THEN, **value}

    @model_validator(mode="after")
    def _complete(self) -> _Retention:
        if missing := [k.value for k in Kind if k not in self.days]:
            raise ValueError(f"days lacks {', '.join(missing)}")
        return self


class _Notice(_Strict):
    days_before_use: Annotated[int, Field(ge=0, le=365)] = 0
    business_days: bool = False


class _Compliance(_Strict):
    due_days: Annotated[int, Field(ge=0, le=3650)] = 30
    soon_days: Annotated[int, Field(ge=0, le=365)] = 30
    repeat_days: dict[str, Annotated[int, Field(ge=1, le=3650)]] = {}


Factor = Annotated[float, Field(ge=1, le=10)]


class _Onboarding(_Strict):
    start_days: Annotated[int, Field(ge=0, le=365)] | None = None
    learning_share: Annotated[float, Field(gt=0, le=1)] = 0.2
    most_goals: Annotated[int, Field(ge=1, le=30)] = 8
    meets_each: Annotated[int, Field(ge=1, le=20)] = 2
    check_in_days: Annotated[list[Annotated[int, Field(ge=1, le=90)]], Field(max_length=20)] = [7, 30, 60, 90]
    named_factor: Factor = 1.5
    uncovered_factor: Factor = 1.25
    last_factor: Annotated[float, Field(gt=0, le=1)] = 0.6
    late_factor: Annotated[float, Field(gt=0, le=1)] = 0.8

    @field_validator("check_in_days")
    @classmethod
    def _ascending(cls, value: list[int]) -> list[int]:
        if value != sorted(set(value)):
            raise ValueError("check_in_days must ascend, each day once")
        return value

    def rules(self) -> OnboardingRules:
        """As the domain has them."""
        plain = self.model_dump(exclude={"check_in_days"})
        return OnboardingRules(check_in_days=tuple(self.check_in_days), **plain)


class PolicyDocument(_Strict):
    """The whole file. A field that it does not know, and a value out of its range, is refused."""

    version: str
    belief: _Belief
    routing: _Routing
    mapping: _Mapping
    path: _Path
    # A policy without these is from before there was retention: replays read it, and nothing is deleted under it.
    retention: _Retention | None = None
    # Policies from before there was notice have none; they are read for replay, which infers nothing.
    notice: _Notice = _Notice()
    # A policy from before says nothing of when mandatory training is due; no result depends on it.
    compliance: _Compliance = _Compliance()
    # A policy from before there was onboarding starts none by itself.
    onboarding: _Onboarding = _Onboarding()
    permission: _Permission = _Permission()
    # A policy from before confidences could be calibrated says nothing about it.
    calibration: _Calibration | None = None
    # A policy without it is from before and has review_due_days.
    review: _Review | None = None

    @model_validator(mode="after")
    def _review_is_somewhere(self) -> PolicyDocument:
        if (self.review is None) is (self.routing.review_due_days is None):
            raise ValueError("review is missing (or routing.review_due_days, which it replaces, is left)")
        return self

    def review_rules(self) -> ReviewRules:
        """The rules of review, also of a policy from before there were any."""
        if self.review is not None:
            return self.review.rules()
        return ReviewRules(dict.fromkeys((1, 2, 3, 4), self.routing.review_due_days or 14), EARLIER_ASSIGNMENT)
