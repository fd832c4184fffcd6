"""Who decides about an assertion: code accepts, a human decides, or it is refused."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ascertain.domain.assertion import Assertion, AssertionState
from ascertain.domain.findings import AssertionVerdict, Verdict
from ascertain.domain.rules import RoutingRules


@dataclass(frozen=True, slots=True)
class Route:
    """Where an assertion goes, and every reason for it in plain words. ``priority`` 1 is the most urgent."""

    state: AssertionState
    reasons: tuple[str, ...]
    priority: int = 3


def acceptance_threshold(rules: RoutingRules, *, sensitive: bool) -> float:
    """Confidence from which code accepts: 1 − target error rate.

    If the confidences are calibrated, no accepted assertion is wrong with more than the target rate, so neither are
    they on average.
    """
    return 1.0 - (rules.sensitive_target_error_rate if sensitive else rules.target_error_rate)


def route(
    assertion: Assertion,
    verdict: AssertionVerdict | None,
    rules: RoutingRules,
    *,
    critical: bool = False,
    contradicted: bool = False,
    required: bool = True,
) -> Route:
    """Decide the state of one assertion.

    Args:
        verdict: the reviewer agent's finding; without one nothing is accepted. It can only hold an assertion
            back: no verdict raises a number or lets one pass that the thresholds stop.
        critical: the person's role marks the skill critical; a first assertion then needs a human.
        contradicted: independent evidence points both ways.
        required: the person's role asks for the skill; others wait with the lowest priority.
    """
    if not assertion.enough:
        return Route(
            AssertionState.INSUFFICIENT,
            (f"only {assertion.amount:.2f} effective pieces of evidence",),
        )
    confidence = assertion.confidence or 0.0
    if assertion.level is None:
        return Route(AssertionState.REJECTED, ("the evidence speaks against every level",))
    if verdict is not None and verdict.verdict is Verdict.UNSUPPORTED:
        return Route(AssertionState.REJECTED, ("the reviewer found no support in the quotes",), 3)
    supporting = [o for o in assertion.observations if o.supports]
    sensitive_only = bool(supporting) and all(o.sensitive for o in supporting)
    leans_on_sensitive = any(o.sensitive for o in assertion.observations)
    threshold = acceptance_threshold(rules, sensitive=leans_on_sensitive)
    reasons: list[str] = []
    priority = 3 if required else 4
    if verdict is None:
        reasons.append("the reviewer gave no verdict")
    elif verdict.verdict is Verdict.CONTRADICTED:
        reasons.append("the reviewer found a contradiction")
        priority = min(priority, 2)
    if verdict is not None and verdict.flags:
        reasons.append("flagged: " + ", ".join(sorted(verdict.flags)))
    if contradicted and rules.human_for_contradiction:
        reasons.append("evidence points both ways")
        priority = min(priority, 2)
    if critical and rules.human_for_first_critical:
        reasons.append("critical skill for this role")
        priority = 1
    if sensitive_only and rules.human_for_sensitive:
        reasons.append("rests on colleagues' opinions alone")
    if not confidence >= threshold:  # also stops what is not a number
        reasons.append(f"confidence {_floor(confidence):.2f} is under {threshold:.2f}")
    if not reasons:
        return Route(AssertionState.ACCEPTED, (f"confidence {confidence:.2f} reaches {threshold:.2f}",))
    if confidence < rules.review_floor:
        return Route(AssertionState.REJECTED, (*reasons, f"and under the review floor {rules.review_floor:.2f}"), 3)
    return Route(AssertionState.IN_REVIEW, tuple(reasons), priority)


def _floor(value: float) -> float:
    """Cut, not rounded: 0.949 must not read as "0.95 is under 0.95"."""
    return math.floor(value * 100) / 100 if math.isfinite(value) else value
