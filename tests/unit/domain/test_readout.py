"""The readout: a chance, monotone in the evidence, and nothing where the policy has none."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.belief import Observation, believe
from ascertain.domain.odds import log_odds
from ascertain.domain.readout import applied, chance_of_reaching, features
from ascertain.domain.rules import ReadoutRules
from ascertain.domain.skills import Level
from tests.unit.domain.makers import FORMULA_2, RULES, levels, observation, observations, shares

marks = st.floats(0.05, 0.95)
readouts = st.builds(ReadoutRules, st.floats(-5, 5), st.floats(0, 5), st.floats(0, 5), st.floats(0, 5))


def _chance(rows: tuple[Observation, ...], level: Level, at: float, readout: ReadoutRules, base: float) -> float:
    rules = dataclasses.replace(RULES, readout=readout)
    found = chance_of_reaching(believe(rows, rules), level, at, rules, base)
    assert found is not None
    return found


@given(observations(), levels, marks, readouts, shares)
def test_it_is_a_probability(
    rows: tuple[Observation, ...], level: Level, at: float, readout: ReadoutRules, base: float
) -> None:
    assert 0 <= _chance(rows, level, at, readout, base) <= 1


@given(observations(), levels, levels, marks, readouts, shares, st.booleans())
def test_a_success_never_lowers_and_a_failure_never_raises(
    rows: tuple[Observation, ...],
    level: Level,
    of_new: Level,
    at: float,
    readout: ReadoutRules,
    base: float,
    success: bool,
) -> None:
    # At τ: there an easier level that takes over for a harder one keeps the order of chances.
    new = observation("new", level=of_new, outcome=float(success), supports=success)
    before = _chance(rows, of_new, RULES.performs_at, dataclasses.replace(readout, standing=0.0), base)
    after = _chance((*rows, new), of_new, RULES.performs_at, dataclasses.replace(readout, standing=0.0), base)
    assert (1 if success else -1) * (after - before) >= -1e-9


@given(st.lists(st.tuples(shares, st.floats(0.1, 3)), max_size=6), marks, readouts, shares, shares, shares)
def test_at_one_level_a_better_score_is_never_worse(
    past: list[tuple[float, float]], at: float, readout: ReadoutRules, base: float, one: float, two: float
) -> None:
    rows = tuple(observation(f"o{i}", outcome=o, reliability=w) for i, (o, w) in enumerate(past))
    low, high = (
        _chance((*rows, observation("new", outcome=o)), Level.PRACTITIONER, at, readout, base)
        for o in sorted((one, two))
    )
    assert high >= low - 1e-9


@given(observations(), levels, marks, readouts, shares, shares)
def test_an_easier_task_is_never_less_likely(
    rows: tuple[Observation, ...], level: Level, at: float, readout: ReadoutRules, one: float, two: float
) -> None:
    hard, easy = sorted((one, two))
    assert _chance(rows, level, at, readout, easy) >= _chance(rows, level, at, readout, hard) - 1e-9
    assert _chance(rows, level, max(0.01, at / 2), readout, easy) >= _chance(rows, level, at, readout, easy) - 1e-9


@given(observations(), st.randoms(use_true_random=False), levels)
def test_order_changes_nothing(rows: tuple[Observation, ...], rng: object, level: Level) -> None:
    shuffled = list(rows)
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    one, two = (chance_of_reaching(believe(r, RULES), level, 0.5, RULES) for r in (rows, tuple(shuffled)))
    assert one == two


def test_by_hand() -> None:
    rules = dataclasses.replace(RULES, readout=ReadoutRules(-0.5, 1.0, 0.5, 0.25))
    belief = believe((observation(reliability=3.0, outcome=0.8),), rules)
    a, b = 0.3 + 2.4, 0.7 + 0.6
    standing, chance, base = features(belief, Level.PRACTITIONER, 0.4, rules, 0.9)
    assert standing == pytest.approx(math.log(a / b) - math.log(0.3 / 0.7))
    assert chance == pytest.approx(log_odds(belief.performs(Level.PRACTITIONER, 0.4)))
    assert base == pytest.approx(math.log(9))
    x = -0.5 + standing + 0.5 * chance + 0.25 * base
    found = chance_of_reaching(belief, Level.PRACTITIONER, 0.4, rules, 0.9)
    assert found == pytest.approx(1 / (1 + math.exp(-x)))


def test_without_a_base_rate_the_prior_speaks_for_everybody() -> None:
    belief = believe((observation(),), RULES)
    prior = believe((), RULES).performs(Level.PRACTITIONER, 0.5)
    assert chance_of_reaching(belief, Level.PRACTITIONER, 0.5, RULES) == chance_of_reaching(
        belief, Level.PRACTITIONER, 0.5, RULES, prior
    )


def test_a_policy_of_the_second_formula_has_none() -> None:
    assert chance_of_reaching(believe((), FORMULA_2), Level.AWARENESS, 0.5, FORMULA_2) is None


def test_the_far_ends() -> None:
    assert applied(ReadoutRules(-1e9, 0, 0, 0), (0, 0, 0)) == 0.0
    assert applied(ReadoutRules(1e9, 0, 0, 0), (0, 0, 0)) == 1.0
    assert math.isfinite(log_odds(0.0))
    assert math.isfinite(log_odds(1.0))
