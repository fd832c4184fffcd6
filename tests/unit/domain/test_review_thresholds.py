"""Thresholds from decisions: the bound, the order of trying, and what too few decisions say."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.review_thresholds import GRID, Judged, needed, propose, upper_bound


@pytest.mark.parametrize(
    ("wrong", "n", "upper"),
    [(0, 59, 0.0495), (0, 58, 0.0503), (1, 93, 0.0500), (5, 100, 0.1023), (3, 3, 1.0), (0, 0, 1.0)],
)
def test_the_bound_is_clopper_and_pearson_s(wrong: int, n: int, upper: float) -> None:
    """0 of n: 1 − 0.05^(1/n); the others out of printed tables."""
    assert upper_bound(wrong, n, 0.95) == pytest.approx(upper, abs=1e-4)


def test_the_fewest_decisions_are_59() -> None:
    assert needed(0.05, 0.95) == 59
    assert needed(0.02, 0.95) == 149


def test_too_few_propose_nothing() -> None:
    found = propose([Judged(0.9, True)] * 58, target=0.05, present=0.95, bound=0.95)
    assert found.threshold is None
    assert found.why.startswith("too few: 58 decisions")


def test_the_lowest_that_holds_is_proposed() -> None:
    rows = [Judged(0.925, True)] * 100 + [Judged(0.825, i % 4 > 0) for i in range(100)]
    found = propose(rows, target=0.05, present=0.95, bound=0.95)
    assert found.threshold == 0.83  # from 0.82 on, 25 of 200 are wrong
    assert found.steps[-1].wrong == 25
    assert found.at_present.n == 0


def test_what_fails_at_the_strictest_is_not_looked_for_further_down() -> None:
    rows = [Judged(0.97, False)] * 20 + [Judged(0.96, True)] * 40 + [Judged(0.6, True)] * 5000
    found = propose(rows, target=0.05, present=0.95, bound=0.95)
    assert found.threshold is None
    assert len(found.steps) == 1


rows = st.lists(st.builds(Judged, st.floats(0.5, 1), st.booleans()), max_size=120)


@given(rows, st.floats(0.02, 0.3))
def test_what_is_proposed_meets_the_target(judged: list[Judged], target: float) -> None:
    found = propose(judged, target=target, present=1 - target, bound=0.95)
    if found.threshold is not None:
        above = [j for j in judged if j.confidence >= found.threshold]
        assert upper_bound(sum(not j.right for j in above), len(above), 0.95) <= target
        assert found.threshold in GRID


def test_the_target_is_missed_no_more_often_than_said() -> None:
    """Confidences that overstate by 4 points everywhere: thresholds whose true error is over the target are proposed
    in at most 5 % of 300 samples, although 50 thresholds are tried in each."""
    dice, missed = random.Random(3), 0
    for _ in range(300):
        judged = []
        for _ in range(400):
            c = dice.uniform(0.8, 1.0)
            judged.append(Judged(c, dice.random() < c - 0.04))
        found = propose(judged, target=0.1, present=0.9, bound=0.95).threshold
        if found is not None and 1 - ((1 + max(found, 0.8)) / 2 - 0.04) > 0.1:
            missed += 1
    assert missed / 300 <= 0.05
