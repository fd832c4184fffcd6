"""Reads ``config/policy.yaml`` strictly and turns it into the domain's rules."""

from __future__ import annotations

import hashlib
from pathlib import Path

import yaml
from pydantic import ValidationError

from ascertain.domain.compliance import ComplianceRules
from ascertain.domain.notice import NoticeRules
from ascertain.domain.path_wishes import Share
from ascertain.domain.retention import NOTHING_GOES, RetentionRules
from ascertain.domain.rules import (
    BeliefRules,
    CalibrationRules,
    MappingRules,
    PathRules,
    PermissionRules,
    Policy,
    ReadoutRules,
    RoutingRules,
)
from ascertain.errors import ConfigError
from ascertain.paths import CONFIG_DIR
from ascertain.policy.document import PolicyDocument


def text_hash(text: str) -> str:
    """The part of a version after ``+``: tells whether an archived text is still the one it was."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def parse_policy(text: str, *, source: str = "policy.yaml") -> Policy:
    """Read a policy text. Its version names the document's own version, the belief formula's, and the text's hash.

    Raises:
        ConfigError: naming the field at fault.
    """
    try:
        doc = PolicyDocument.model_validate(yaml.safe_load(text))
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
        routing=RoutingRules(**doc.routing.model_dump(exclude={"review_due_days"})),
        mapping=MappingRules(**doc.mapping.model_dump()),
        path=PathRules(
            **p.model_dump(exclude={"mix"}), mix={m: Share(s.least, s.most) for m, s in sorted(p.mix.items())}
        ),
        notice=NoticeRules(**doc.notice.model_dump()),
        compliance=ComplianceRules(**doc.compliance.model_dump()),
        onboarding=doc.onboarding.rules(),
        permission=PermissionRules(**doc.permission.model_dump()),
        review=doc.review_rules(),
        calibration=CalibrationRules(**doc.calibration.model_dump()) if doc.calibration else CalibrationRules(),
        retention=RetentionRules(**doc.retention.model_dump()) if doc.retention else NOTHING_GOES,
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
