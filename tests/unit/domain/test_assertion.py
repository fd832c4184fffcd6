"""Assertions: deterministic to the byte, silent below the floor, and explained piece by piece."""

from __future__ import annotations

import dataclasses
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.assertion import assert_skill, belief_of, contributions
from ascertain.domain.belief import Observation, believe, independent
from ascertain.domain.canonical import canonical_json
from ascertain.domain.rules import BeliefRules
from ascertain.domain.skills import Level
from tests.unit.domain.makers import RULES, belief_rules, observation, observations


@given(observations(), st.integers(0, 1000), belief_rules())
def test_replay_is_byte_identical_for_any_order_of_input(
    rows: tuple[Observation, ...], seed: int, rules: BeliefRules
) -> None:
    shuffled = list(rows)
    random.Random(seed).shuffle(shuffled)
    first, again = assert_skill("s", rows, rules), assert_skill("s", tuple(shuffled), rules)
    assert canonical_json(first) == canonical_json(again)
    assert canonical_json(contributions(first, rules)) == canonical_json(contributions(again, rules))
    assert belief_of(first, rules) == believe(rows, rules)


def test_two_picks_of_one_claim_have_a_fixed_order() -> None:
    one, two = observation(mapping=0.9), observation(mapping=0.7, level=Level.EXPERT)
    assert assert_skill("s", (one, two), RULES) == assert_skill("s", (two, one), RULES)


@given(observations(), belief_rules())
def test_below_the_floor_nothing_is_said(rows: tuple[Observation, ...], rules: BeliefRules) -> None:
    a = assert_skill("s", rows, rules)
    amount = sum(o.weight for o in independent(rows))
    assert a.amount == pytest.approx(amount)
    assert a.enough == (a.amount >= rules.enough_evidence)
    if not a.enough:
        assert a.level is None
        assert a.confidence is None
    else:
        assert a.confidence is not None
        assert 0 <= a.confidence <= 1
    assert 0 <= a.low <= a.high <= 1


@given(observations(), belief_rules())
def test_a_named_level_has_its_support(rows: tuple[Observation, ...], rules: BeliefRules) -> None:
    a = assert_skill("s", rows, rules)
    if a.level is not None:
        assert a.confidence is not None
        assert a.confidence >= rules.level_support


def test_one_unscored_completion_is_not_enough_but_a_manager_s_remark_is() -> None:
    assert not assert_skill("s", (observation(reliability=0.3),), RULES).enough
    assert assert_skill("s", (observation(reliability=0.8),), RULES).enough


def test_not_enough_is_not_the_same_as_no_skill() -> None:
    unknown = assert_skill("s", (), RULES)
    poor = assert_skill(
        "s", tuple(observation(f"o{i}", level=Level.AWARENESS, outcome=0.0, supports=False) for i in range(4)), RULES
    )
    assert (unknown.enough, unknown.level) == (False, None)
    assert (poor.enough, poor.level) == (True, None)
    assert poor.confidence is not None
    assert poor.confidence < 0.1


@given(observations(), belief_rules())
def test_contributions_have_the_sign_of_what_they_say(rows: tuple[Observation, ...], rules: BeliefRules) -> None:
    a = assert_skill("s", rows, rules)
    found = contributions(a, rules)
    assert len(found) == len(independent(rows))
    level = a.level or Level.AWARENESS
    for c in found:
        assert -1 <= c.delta <= 1
        if c.outcome == 1.0:
            assert c.delta >= -1e-9
        if c.outcome == 0.0:
            assert c.delta <= 1e-9
        touches = (c.level >= level and c.outcome > 0) or (c.level <= level and c.outcome < 1)
        if c.weight == 0 or not touches:
            assert c.delta == pytest.approx(0, abs=1e-12)
    assert [abs(c.delta) for c in found] == sorted((abs(c.delta) for c in found), reverse=True)


def test_a_contribution_is_the_confidence_without_that_origin() -> None:
    rows = (observation("a"), observation("b", reliability=0.5), observation("c", outcome=0.0, supports=False))
    a = assert_skill("s", rows, RULES)
    assert a.level is not None or a.enough
    level = a.level or Level.AWARENESS
    for c in contributions(a, RULES):
        rest = [o for o in rows if o.evidence_id != c.evidence_id]
        expected = believe(rows, RULES).performs(level, 0.5) - believe(rest, RULES).performs(level, 0.5)
        assert c.delta == pytest.approx(expected)


def test_an_assertion_alone_carries_its_whole_effect() -> None:
    a = assert_skill("s", (observation(reliability=2.0),), RULES)
    (only,) = contributions(a, RULES)
    assert a.level is Level.PRACTITIONER
    assert a.confidence is not None
    assert only.delta == pytest.approx(a.confidence - believe((), RULES).performs(a.level, RULES.performs_at))


def test_the_same_evidence_twice_is_one_contribution() -> None:
    row = observation("a")
    echo = dataclasses.replace(row, evidence_id="badge", reliability=0.4)
    a = assert_skill("s", (row, echo), RULES)
    assert len(a.observations) == 2
    assert [c.evidence_id for c in contributions(a, RULES)] == ["e-a"]
