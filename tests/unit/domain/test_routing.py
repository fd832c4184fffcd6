"""Routing: every reason, every threshold, and verdicts that can only hold back."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.assertion import Assertion, AssertionState
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.findings import AssertionVerdict, Verdict
from ascertain.domain.routing import Before, Earlier, Route, acceptance_threshold, route
from ascertain.domain.rules import Opinions
from ascertain.domain.skills import Level
from tests.unit.domain.makers import POLICY, levels, observation, shares

RULES = POLICY.routing
GOOD = AssertionVerdict("s", Verdict.SUPPORTED)
RANK = {
    AssertionState.REJECTED: 0,
    AssertionState.INSUFFICIENT: 0,
    AssertionState.IN_REVIEW: 1,
    AssertionState.ACCEPTED: 2,
}
verdicts = st.one_of(
    st.none(),
    st.builds(
        AssertionVerdict,
        st.just("s"),
        st.sampled_from(Verdict),
        st.text(max_size=5),
        st.lists(st.text(min_size=1, max_size=5), max_size=2).map(tuple),
    ),
)


def _assertion(
    confidence: float | None = 0.97, level: Level | None = Level.PRACTITIONER, **changes: object
) -> Assertion:
    base = Assertion("s", level, confidence, 0.5, 0.9, 2.0, (observation(),))
    return replace(base, **changes)  # type: ignore[arg-type]


def _route(confidence: float | None = 0.97, verdict: AssertionVerdict | None = GOOD, **flags: Any) -> Route:
    return route(_assertion(confidence), verdict, RULES, **flags)


def test_thresholds_follow_from_the_target_error_rates() -> None:
    assert acceptance_threshold(RULES, sensitive=False) == pytest.approx(0.95)
    assert acceptance_threshold(RULES, sensitive=True) == pytest.approx(0.98)


@pytest.mark.parametrize(
    ("confidence", "state"),
    [
        (0.951, AssertionState.ACCEPTED),
        (0.95, AssertionState.ACCEPTED),
        (0.949, AssertionState.IN_REVIEW),
        (0.5, AssertionState.IN_REVIEW),
        (0.499, AssertionState.REJECTED),
        (None, AssertionState.INSUFFICIENT),
        (math.nan, AssertionState.IN_REVIEW),
    ],
)
def test_confidence_alone(confidence: float | None, state: AssertionState) -> None:
    assert _route(confidence).state is state


@pytest.mark.parametrize(
    ("confidence", "told"), [(0.9, "0.90"), (0.766, "0.77"), (0.949, "0.949"), (0.94999999, "0.94999999")]
)
def test_the_reason_says_the_figure_that_all_else_says_and_never_one_that_reaches(confidence: float, told: str) -> None:
    assert f"{confidence:.2f}" == f"{float(told):.2f}"
    assert _route(confidence).reasons == (f"confidence {told} is under 0.95",)


def test_not_enough_evidence_says_how_much_there_is() -> None:
    assert _route(None).reasons == ("only 2.00 effective pieces of evidence",)


def test_no_level_is_refused() -> None:
    found = route(_assertion(0.97, None), GOOD, RULES)
    assert (found.state, found.reasons) == (AssertionState.REJECTED, ("the evidence speaks against every level",))


def test_unsupported_is_refused_however_confident() -> None:
    words = _assertion(0.999, observations=(observation(kind=EvidenceKind.PROJECT),))
    found = route(words, AssertionVerdict("s", Verdict.UNSUPPORTED), RULES)
    assert (found.state, found.reasons) == (AssertionState.REJECTED, ("the reviewer found no support in the quotes",))


@pytest.mark.parametrize("supports", [True, False])
def test_what_was_passed_is_not_refused_by_an_agent_alone(supports: bool) -> None:
    passed = observation(outcome=0.9, supports=supports)
    found = route(_assertion(0.999, observations=(passed,)), AssertionVerdict("s", Verdict.UNSUPPORTED), RULES)
    assert found.state is AssertionState.IN_REVIEW
    assert found.priority == 2
    assert "the reviewer found no support in the quotes, but results speak for it" in found.reasons


def test_a_failed_result_is_no_shield() -> None:
    failed = _assertion(0.999, observations=(observation(outcome=0.3),))
    assert route(failed, AssertionVerdict("s", Verdict.UNSUPPORTED), RULES).state is AssertionState.REJECTED


@pytest.mark.parametrize(
    ("verdict", "flags", "reason", "priority"),
    [
        (None, {}, "the reviewer gave no verdict", 3),
        (AssertionVerdict("s", Verdict.CONTRADICTED), {}, "the reviewer found a contradiction", 2),
        (AssertionVerdict("s", Verdict.SUPPORTED, "", ("b", "a")), {}, "flagged: a, b", 3),
        (GOOD, {"contradicted": True}, "evidence points both ways", 2),
        (GOOD, {"critical": True}, "critical skill for this role", 1),
        (GOOD, {"critical": True, "contradicted": True}, "critical skill for this role", 1),
    ],
)
def test_what_sends_a_confident_assertion_to_a_human(
    verdict: AssertionVerdict | None, flags: dict[str, bool], reason: str, priority: int
) -> None:
    found = _route(0.999, verdict, **flags)
    assert found.state is AssertionState.IN_REVIEW
    assert reason in found.reasons
    assert found.priority == priority


@pytest.mark.parametrize(
    ("name", "flags"),
    [
        ("human_for_contradiction", {"contradicted": True}),
        ("human_for_first_critical", {"critical": True}),
        ("human_for_compliance", {"compliance": True}),
    ],
)
def test_the_policy_may_waive_a_human(name: str, flags: dict[str, Any]) -> None:
    waived = replace(RULES, **{name: False})  # type: ignore[arg-type]
    assert route(_assertion(0.999), GOOD, waived, **flags).state is AssertionState.ACCEPTED


def test_a_colleague_s_opinion_raises_the_threshold() -> None:
    mixed = (observation("a"), observation("b", sensitive=True))
    alone = replace(RULES, human_for_sensitive=Opinions.ALONE)
    assert route(_assertion(0.96, observations=mixed), GOOD, alone).reasons == ("confidence 0.96 is under 0.98",)
    assert route(_assertion(0.985, observations=mixed), GOOD, alone).state is AssertionState.ACCEPTED
    found = route(_assertion(0.999, observations=mixed), GOOD, RULES)
    assert (found.state, found.reasons) == (AssertionState.IN_REVIEW, ("rests in part on colleagues' opinions",))


def test_opinions_alone_need_a_human() -> None:
    opinions = (observation("a", sensitive=True), observation("b", sensitive=True))
    found = route(_assertion(0.999, observations=opinions), GOOD, RULES)
    assert found.state is AssertionState.IN_REVIEW
    assert found.reasons == ("rests on colleagues' opinions alone",)
    waived = replace(RULES, human_for_sensitive=Opinions.NONE)
    assert route(_assertion(0.999, observations=opinions), GOOD, waived).state is AssertionState.ACCEPTED


def test_without_any_support_it_is_not_called_an_opinion() -> None:
    against = (observation("a", supports=False, outcome=0.0),)
    found = route(_assertion(0.8, observations=against), GOOD, RULES)
    assert found.reasons == ("confidence 0.80 is under 0.95",)


CONFIRMED = Before(Earlier.CONFIRMED, Level.PRACTITIONER)


@pytest.mark.parametrize(
    ("flags", "reasons"),
    [
        ({"critical": True, "before": CONFIRMED}, ()),
        ({"critical": True, "before": Before(Earlier.CONFIRMED, Level.EXPERT)}, ()),
        ({"critical": True, "before": Before(Earlier.CONFIRMED, Level.FOUNDATION)}, ("critical skill for this role",)),
        ({"critical": True, "contradicted": True, "before": CONFIRMED}, ("evidence points both ways",)),
        ({"compliance": True, "critical": True, "before": CONFIRMED}, ("asked for by compliance",)),
        ({"before": Before(Earlier.LOWERED, Level.FOUNDATION)}, ("a human had set level 2",)),
        ({"before": Before(Earlier.LOWERED, Level.PRACTITIONER)}, ()),
        ({"before": Before(Earlier.REFUSED)}, ("a human refused it before",)),
        ({"before": Before(Earlier.ASKED_FOR_MORE)}, ("a human asked for more evidence, and there is some now",)),
    ],
    ids=range(9),
)
def test_what_a_human_said_before_counts(flags: dict[str, Any], reasons: tuple[str, ...]) -> None:
    found = _route(0.99, **flags)
    assert found.reasons == (reasons or ("confidence 0.99 reaches 0.95",))
    assert found.state is (AssertionState.IN_REVIEW if reasons else AssertionState.ACCEPTED)


def test_confirmed_before_does_not_replace_confidence() -> None:
    assert _route(0.9, critical=True, before=CONFIRMED).reasons == ("confidence 0.90 is under 0.95",)


def test_who_asked_for_more_evidence_sees_it_however_little() -> None:
    assert _route(0.3, before=Before(Earlier.ASKED_FOR_MORE)).state is AssertionState.IN_REVIEW
    assert _route(0.3, before=Before(Earlier.REFUSED)).state is AssertionState.REJECTED


def test_a_threshold_in_the_policy_counts() -> None:
    named = replace(RULES, accept_from=0.9, sensitive_accept_from=0.97)
    assert (acceptance_threshold(named, sensitive=False), acceptance_threshold(named, sensitive=True)) == (0.9, 0.97)
    assert route(_assertion(0.9), GOOD, named).state is AssertionState.ACCEPTED


def test_under_the_review_floor_the_reasons_are_kept() -> None:
    found = _route(0.4, critical=True)
    assert found.state is AssertionState.REJECTED
    assert found.reasons == (
        "critical skill for this role",
        "confidence 0.40 is under 0.95",
        "and under the review floor 0.50",
    )


@given(
    st.one_of(st.none(), shares),
    st.one_of(st.none(), levels),
    verdicts,
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.one_of(st.none(), st.builds(Before, st.sampled_from(Earlier), st.one_of(st.none(), levels))),
)
def test_verdicts_and_flags_only_hold_back(
    confidence: float | None,
    level: Level | None,
    verdict: AssertionVerdict | None,
    sensitive: bool,
    critical: bool,
    contradicted: bool,
    compliance: bool,
    before: Before | None,
) -> None:
    a = _assertion(confidence, level, observations=(observation(sensitive=sensitive),))
    clean = route(a, GOOD, RULES)
    found = route(a, verdict, RULES, critical=critical, compliance=compliance, contradicted=contradicted, before=before)
    if before is None or before.said is not Earlier.ASKED_FOR_MORE:
        assert RANK[found.state] <= RANK[clean.state]
    assert found.reasons
    assert 1 <= found.priority <= 3
    if found.state is AssertionState.ACCEPTED:
        assert confidence is not None
        assert confidence >= acceptance_threshold(RULES, sensitive=sensitive)
        assert not compliance
        assert not contradicted
        assert not critical or (before is not None and (before.level or 0) >= (level or 9))
        assert verdict is not None
        assert (verdict.verdict, verdict.flags) == (Verdict.SUPPORTED, ())


@given(shares, shares, verdicts)
def test_more_confidence_never_routes_worse(one: float, two: float, verdict: AssertionVerdict | None) -> None:
    low, high = sorted((one, two))
    assert RANK[_route(high, verdict).state] >= RANK[_route(low, verdict).state]


@pytest.mark.parametrize("confidence", [0.2, 0.7, 0.999])
def test_what_an_agent_read_into_words_waits_for_a_human_however_sure(confidence: float) -> None:
    routed = _route(confidence, implied=True)
    assert routed.state is AssertionState.IN_REVIEW
    assert "no words name it: an agent read it into them" in routed.reasons
