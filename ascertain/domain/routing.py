"""Who decides about an assertion: code accepts, a human decides, or it is refused."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ascertain.domain.assertion import Assertion, AssertionState
from ascertain.domain.canonical import DIGITS
from ascertain.domain.evidence import PASSED, RESULT_KINDS
from ascertain.domain.findings import AssertionVerdict, Verdict
from ascertain.domain.rules import Opinions, RoutingRules
from ascertain.domain.skills import Level


@dataclass(frozen=True, slots=True)
class Route:
    """Where an assertion goes, and every reason for it in plain words. ``priority`` 1 is the most urgent."""

    state: AssertionState
    reasons: tuple[str, ...]
    priority: int = 3


class Earlier(StrEnum):
    """What a human said about the same skill of the same person on other evidence."""

    CONFIRMED = "confirmed"
    LOWERED = "lowered"
    REFUSED = "refused"
    ASKED_FOR_MORE = "asked_for_more"


@dataclass(frozen=True, slots=True)
class Before:
    """The newest human decision before this assertion; ``level`` is the one confirmed or set."""

    said: Earlier
    level: Level | None = None


NO_VERDICT = "the reviewer gave no verdict"
CONTRADICTION = "the reviewer found a contradiction"
BOTH_WAYS = "evidence points both ways"
NO_SUPPORT = "the reviewer found no support in the quotes"
NO_SUPPORT_BUT_RESULTS = "the reviewer found no support in the quotes, but results speak for it"
CRITICAL = "critical skill for this role"
COMPLIANCE = "asked for by compliance"
OPINIONS_ALONE = "rests on colleagues' opinions alone"
OPINIONS = "rests in part on colleagues' opinions"
MORE_HAS_COME = "a human asked for more evidence, and there is some now"
IMPLIED_ALONE = "no words name it: an agent read it into them"
REFUSED_BEFORE = "a human refused it before"


def acceptance_threshold(rules: RoutingRules, *, sensitive: bool) -> float:
    """Confidence from which code accepts: the one that the policy names, else 1 − target error rate.

    If the confidences are calibrated, no accepted assertion is wrong with more than the target rate, so neither are
    they on average.
    """
    named = rules.sensitive_accept_from if sensitive else rules.accept_from
    if named is not None:
        return named
    return 1.0 - (rules.sensitive_target_error_rate if sensitive else rules.target_error_rate)


def route(
    assertion: Assertion,
    verdict: AssertionVerdict | None,
    rules: RoutingRules,
    *,
    critical: bool = False,
    compliance: bool = False,
    contradicted: bool = False,
    required: bool = True,
    before: Before | None = None,
    implied: bool = False,
) -> Route:
    """Decide the state of one assertion.

    Args:
        verdict: the reviewer agent's finding; without one nothing is accepted. It can only hold an assertion
            back: no verdict raises a number, lets one pass that the thresholds stop, or refuses what was passed.
        critical: the person's role marks the skill critical; a first assertion then needs a human, a later one only
            above the level that a human has confirmed.
        compliance: a law, a regulator or mandatory training asks for the skill; each assertion needs a human.
        contradicted: independent evidence points both ways.
        required: the person's role asks for the skill; others wait with the lowest priority.
        before: what a human said about the skill earlier; code never accepts what contradicts it.
        implied: no words name the skill, an agent read it into them: a human decides, however low its confidence.
    """
    if not assertion.enough:
        return Route(
            AssertionState.INSUFFICIENT,
            (f"only {assertion.amount:.2f} effective pieces of evidence",),
        )
    confidence = assertion.confidence or 0.0
    if assertion.level is None:
        return Route(AssertionState.REJECTED, ("the evidence speaks against every level",))
    if verdict is not None and verdict.verdict is Verdict.UNSUPPORTED and not _passed(assertion):
        return Route(AssertionState.REJECTED, (NO_SUPPORT,), 3)
    threshold = acceptance_threshold(rules, sensitive=any(o.sensitive for o in assertion.observations))
    reasons: list[str] = []
    priority = 3 if required else 4
    for reason, urgency in (
        *_verdict(verdict),
        *_stakes(rules, assertion.level, critical, compliance, contradicted, before),
        *_opinions(assertion, rules),
        *_earlier(assertion.level, before),
        *([(IMPLIED_ALONE, _AS_IT_WAS)] if implied else []),
    ):
        reasons.append(reason)
        priority = min(priority, urgency)
    if not confidence >= threshold:  # also stops what is not a number
        reasons.append(f"confidence {_below(confidence, threshold)} is under {threshold:.2f}")
    if not reasons:
        return Route(AssertionState.ACCEPTED, (f"confidence {confidence:.2f} reaches {threshold:.2f}",))
    # Whoever asked for more evidence sees what has come, however little it is.
    if confidence < rules.review_floor and MORE_HAS_COME not in reasons and not implied:
        return Route(AssertionState.REJECTED, (*reasons, f"and under the review floor {rules.review_floor:.2f}"), 3)
    return Route(AssertionState.IN_REVIEW, tuple(reasons), priority)


def _passed(assertion: Assertion) -> bool:
    """Whether a result that a system of record keeps speaks for it. Words may be found wanting by an agent alone; what
    was passed may not."""
    return any(o.outcome >= PASSED and o.kind in RESULT_KINDS for o in assertion.observations)


Reasons = list[tuple[str, int]]
"""Each with the priority that it asks for."""
_AS_IT_WAS = 4


def _verdict(verdict: AssertionVerdict | None) -> Reasons:
    if verdict is None:
        return [(NO_VERDICT, _AS_IT_WAS)]
    found: Reasons = [(CONTRADICTION, 2)] if verdict.verdict is Verdict.CONTRADICTED else []
    if verdict.verdict is Verdict.UNSUPPORTED:
        found.append((NO_SUPPORT_BUT_RESULTS, 2))
    if verdict.flags:
        found.append(("flagged: " + ", ".join(sorted(verdict.flags)), _AS_IT_WAS))
    return found


def _stakes(
    rules: RoutingRules, level: Level, critical: bool, compliance: bool, contradicted: bool, before: Before | None
) -> Reasons:
    found: Reasons = []
    if contradicted and rules.human_for_contradiction:
        found.append((BOTH_WAYS, 2))
    known = before is not None and before.said is Earlier.CONFIRMED and (before.level or 0) >= level
    if critical and rules.human_for_first_critical and not known:
        found.append((CRITICAL, 1))
    if compliance and rules.human_for_compliance:
        found.append((COMPLIANCE, 1))
    return found


def _opinions(assertion: Assertion, rules: RoutingRules) -> Reasons:
    supporting = [o for o in assertion.observations if o.supports]
    if rules.human_for_sensitive is not Opinions.NONE and supporting and all(o.sensitive for o in supporting):
        return [(OPINIONS_ALONE, _AS_IT_WAS)]
    if rules.human_for_sensitive is Opinions.ANY and any(o.sensitive for o in assertion.observations):
        return [(OPINIONS, _AS_IT_WAS)]
    return []


def _earlier(level: Level, before: Before | None) -> Reasons:
    if before is None or before.said is Earlier.CONFIRMED:
        return []
    if before.said is Earlier.ASKED_FOR_MORE:
        return [(MORE_HAS_COME, 2)]
    if before.said is Earlier.REFUSED:
        return [(REFUSED_BEFORE, 2)]
    return [(f"a human had set level {int(before.level)}", 2)] if before.level and before.level < level else []


def _below(value: float, threshold: float) -> str:
    """Rounded to two decimals as everywhere, to more where two would not show it below: "0.949 is under 0.95"."""
    for digits in range(2, DIGITS):
        if float(f"{value:.{digits}f}") < threshold:
            return f"{value:.{digits}f}"
    return str(value)
