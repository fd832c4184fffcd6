"""Reads ``config/policy.yaml`` strictly and turns it into the domain's rules."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ascertain.domain.belief import FIRST_FORMULA, FORMULA, MAX_RELIABILITY
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.rules import BeliefRules, MappingRules, PathRules, Policy, ReadoutRules, RoutingRules
from ascertain.domain.skills import SkillFamily
from ascertain.errors import ConfigError
from ascertain.paths import CONFIG_DIR

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Pieces = Annotated[float, Field(ge=0, le=MAX_RELIABILITY)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
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
    review_due_days: Annotated[int, Field(ge=1, le=365)]
    human_for_contradiction: bool
    human_for_first_critical: bool
    human_for_sensitive: bool


class _Mapping(_Strict):
    claim_floor: Share
    tag_floor: Share
    tags_per_content: Annotated[int, Field(ge=1, le=50)]
    candidates_per_claim: Annotated[int, Field(ge=1, le=50)]
    mention: Share


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


class _Document(_Strict):
    version: str
    belief: _Belief
    routing: _Routing
    mapping: _Mapping
    path: _Path


def text_hash(text: str) -> str:
    """The part of a version after ``+``: tells whether an archived text is still the one it was."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def parse_policy(text: str, *, source: str = "policy.yaml") -> Policy:
    """Read a policy text. Its version names the document's own version, the belief formula's, and the text's hash.

    Raises:
        ConfigError: naming the field at fault.
    """
    try:
        doc = _Document.model_validate(yaml.safe_load(text))
    except (ValidationError, yaml.YAMLError) as e:
        raise ConfigError(
            f"{source} is not a valid policy: {_first(e)}",
            remedy="correct that field, or restore the shipped file",
        ) from None
    b, p = doc.belief, doc.path
    return Policy(
        version=f"{doc.version}.{b.formula}+{text_hash(text)}",
        belief=BeliefRules(
            prior_strength=b.prior_strength,
            prior_mean=tuple(b.prior_mean),
            performs_at=b.performs_at,
            level_support=b.level_support,
            enough_evidence=b.enough_evidence,
            interval=b.interval,
            half_life_months=b.half_life_months,
            reliability=b.reliability,
            unscored_reliability=b.unscored_reliability,
            undated_recency=b.undated_recency,
            default_level=b.default_level,
            level_step=b.level_step or 0.0,
            reach=b.reach or 0.0,
            readout=ReadoutRules(**b.readout.model_dump()) if b.readout else None,
        ),
        routing=RoutingRules(**doc.routing.model_dump()),
        mapping=MappingRules(**doc.mapping.model_dump()),
        path=PathRules(**p.model_dump()),
    )


def read_policy(path: Path | None = None) -> tuple[Policy, str]:
    """The policy and its text, from ``path`` or the shipped file."""
    file = path or CONFIG_DIR / "policy.yaml"
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as e:
        raise ConfigError(
            f"cannot read the policy {file.name}: {e.strerror}",
            remedy="point ASCERTAIN_POLICY_FILE at a policy, or leave it empty for the shipped one",
        ) from None
    except UnicodeDecodeError as e:
        raise ConfigError(f"the policy {file.name} is not UTF-8 text: {e}", remedy="save it as UTF-8") from None
    return parse_policy(text, source=file.name), text


def _first(error: ValidationError | yaml.YAMLError) -> str:
    if isinstance(error, ValidationError):
        e = error.errors()[0]
        return f"{'.'.join(map(str, e['loc']))}: {e['msg']}"
    return str(error)
