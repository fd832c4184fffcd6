"""The belief's mathematics: monotone, order-free, bounded, and honest about what it does not know."""

from __future__ import annotations

import dataclasses
import itertools
import math
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import beta as beta_distribution

from ascertain.domain.belief import (
    DAYS_PER_MONTH,
    FULL_MARKS,
    Belief,
    Observation,
    believe,
    equated,
    independent,
    recency,
    translated,
)
from ascertain.domain.rules import BeliefRules
from ascertain.domain.skills import LEVELS, Level, SkillFamily
from ascertain.errors import InputError
from tests.unit.domain.makers import RULES, belief_rules, levels, observation, observations, shares

CLOSE = 1e-9


@given(observations(), belief_rules())
def test_bounded_and_finite(rows: tuple[Observation, ...], rules: BeliefRules) -> None:
    belief = believe(rows, rules)
    assert belief.amount >= 0
    for lv in LEVELS:
        assert 0 < belief.mean(lv) < 1
        assert 0 <= belief.performs(lv, rules.performs_at) <= 1
        low, high = belief.interval(lv, rules.interval)
        assert 0 <= low <= high <= 1
        assert belief.alpha[lv - 1] > 0
        assert belief.beta[lv - 1] > 0


@given(observations(), belief_rules())
def test_harder_levels_are_never_likelier(rows: tuple[Observation, ...], rules: BeliefRules) -> None:
    belief = believe(rows, rules)
    for easier, harder in itertools.pairwise(LEVELS):
        assert belief.performs(harder, rules.performs_at) <= belief.performs(easier, rules.performs_at) + CLOSE


@given(observations(), belief_rules(), levels, shares, st.floats(0, 3), st.booleans())
def test_a_success_never_lowers_and_a_failure_never_raises(
    rows: tuple[Observation, ...],
    rules: BeliefRules,
    level: Level,
    mapping: float,
    reliability: float,
    success: bool,
) -> None:
    new = observation(
        "new", level=level, mapping=mapping, reliability=reliability, outcome=float(success), supports=success
    )
    before, after = believe(rows, rules), believe((*rows, new), rules)
    assert after.amount >= before.amount - CLOSE
    sign = 1 if success else -1
    for lv in LEVELS:
        step = after.performs(lv, rules.performs_at) - before.performs(lv, rules.performs_at)
        assert sign * step >= -CLOSE


def test_a_success_speaks_for_easier_levels_and_a_failure_against_harder_ones() -> None:
    nothing = believe((), RULES)
    success = believe((observation(),), RULES)
    failure = believe((observation(outcome=0.0, supports=False),), RULES)
    rises = [success.mean(lv) > nothing.mean(lv) for lv in LEVELS]
    falls = [failure.mean(lv) < nothing.mean(lv) for lv in LEVELS]
    assert rises == [True, True, True, False, False]
    assert falls == [False, False, True, True, True]


@given(observations(), shares, shares, levels)
def test_a_better_score_is_never_worse(rows: tuple[Observation, ...], one: float, two: float, level: Level) -> None:
    worse, better = sorted((one, two))
    low = believe((*rows, observation("new", outcome=worse, level=level)), RULES)
    high = believe((*rows, observation("new", outcome=better, level=level)), RULES)
    at = RULES.performs_at
    assert all(high.performs(lv, at) >= low.performs(lv, at) - CLOSE for lv in LEVELS)


@given(observations(), st.randoms(use_true_random=False), belief_rules())
def test_order_changes_no_bit(rows: tuple[Observation, ...], rng: object, rules: BeliefRules) -> None:
    shuffled = list(rows)
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    assert believe(shuffled, rules) == believe(rows, rules)
    assert independent(shuffled) == independent(rows)


@given(observations())
def test_duplicates_of_an_origin_change_nothing(rows: tuple[Observation, ...]) -> None:
    echoes = tuple(
        dataclasses.replace(o, evidence_id=f"{o.evidence_id}-badge", mapping=o.mapping * 0.9, recency=o.recency * 0.9)
        for o in rows
        if o.weight > 0
    )
    assert believe((*rows, *rows), RULES) == believe(rows, RULES)
    assert believe((*rows, *echoes), RULES) == believe(rows, RULES)
    assert independent(independent(rows)) == independent(rows)


def test_one_origin_counts_once_and_the_heaviest_counts() -> None:
    course = observation("course-7", reliability=0.6, evidence_id="completion")
    badge = observation("course-7", reliability=0.4, evidence_id="badge")
    assert [o.evidence_id for o in independent((badge, course))] == ["completion"]
    assert believe((course, badge), RULES).amount == pytest.approx(0.6)


def test_the_formula_by_hand() -> None:
    rows = (
        observation("a", level=Level.FOUNDATION, mapping=0.8, reliability=1.5, recency=0.5, outcome=0.75),
        observation("b", level=Level.ADVANCED, reliability=0.5, outcome=0.0, supports=False),
    )
    belief = believe(rows, RULES)
    weight = 0.8 * 1.5 * 0.5
    assert belief.amount == pytest.approx(weight + 0.5)
    # One level down the odds of 3 become 3e, one up 3/e, two up 3/e² …; at most half a piece is lent.
    down, up, up2, up3 = (odds / (1 + odds) for odds in (3 * math.e, 3 / math.e, 3 / math.e**2, 3 / math.e**3))
    near = [weight / math.e, weight / math.e**2, weight / math.e**3]
    failure = 0.5 / math.e  # one level easier than level 5, so it counts among what was done there
    amounts = (near[0], near[1], near[2] + failure)
    good = (near[0] * up, near[1] * up2, near[2] * up3)
    lent = (0, 0, *(0.5 * a / (0.5 + w) for a, w in zip(good, amounts, strict=True)))
    own = (0.5 + weight * down, 0.4 + weight * 0.75, 0.3, 0.2, 0.1)
    assert belief.alpha == pytest.approx(own)
    assert [a for a, _ in belief.with_lent] == pytest.approx([a + b for a, b in zip(own, lent, strict=True)])
    assert tuple(b for _, b in belief.with_lent) == belief.beta
    assert belief.beta == pytest.approx((0.5, 0.6 + weight * 0.25, 0.7, 0.8 + 0.5, 0.9 + 0.5))


def test_a_good_score_in_an_easy_course_says_nothing_against_harder_levels_and_a_little_for_them() -> None:
    nothing = believe((), RULES)
    good = believe([observation(f"c{i}", level=Level.FOUNDATION, outcome=0.85) for i in range(6)], RULES)
    poor = believe([observation(f"c{i}", level=Level.FOUNDATION, outcome=0.2) for i in range(6)], RULES)
    at = RULES.performs_at
    assert good.performs(Level.ADVANCED, at) == nothing.performs(Level.ADVANCED, at)
    below = [b.below(Level.ADVANCED, RULES)[1] for b in (good, nothing, poor)]
    assert below == sorted(below)
    assert below[0] < below[1] - 0.05
    assert poor.performs(Level.ADVANCED, at) < nothing.performs(Level.ADVANCED, at)


def test_nobody_is_surer_at_a_harder_level_than_at_an_easier_one() -> None:
    rows = (
        observation("hard", level=Level.ADVANCED, reliability=10, outcome=1.0),
        observation("easier", level=Level.PRACTITIONER, reliability=10, outcome=0.6),
    )
    belief = believe(rows, RULES)
    at = RULES.performs_at
    assert belief.performs(Level.ADVANCED, at) == belief.performs(Level.PRACTITIONER, at)


@given(observations(), belief_rules())
def test_easier_levels_lend_no_more_than_the_policy_says(rows: tuple[Observation, ...], rules: BeliefRules) -> None:
    belief = believe(rows, rules)
    alone = believe(rows, dataclasses.replace(rules, reach=0.0))
    assert (belief.alpha, belief.beta) == (alone.alpha, alone.beta)
    assert belief.highest(rules) == alone.highest(rules)
    for lv in LEVELS:
        assert belief.below(lv, rules, lent=False) == alone.below(lv, rules)
        assert belief.below(lv, rules)[1] <= alone.below(lv, rules)[1] + CLOSE
    if belief.with_lent:
        assert belief.with_lent[0] == (belief.alpha[0], belief.beta[0])


@given(observations(), belief_rules(), levels, levels, st.booleans())
def test_with_what_is_lent_too_a_success_never_makes_below_likelier(
    rows: tuple[Observation, ...], rules: BeliefRules, level: Level, asked: Level, success: bool
) -> None:
    new = observation("new", level=level, outcome=float(success), supports=success)
    before, after = (believe(r, rules).below(asked, rules)[1] for r in (rows, (*rows, new)))
    assert (1 if success else -1) * (before - after) >= -CLOSE


@pytest.mark.parametrize("count", [1, 10, 1000])
@pytest.mark.parametrize("level", LEVELS[:-1])
def test_far_levels_are_lent_less_than_near_ones(level: Level, count: int) -> None:
    belief = believe([observation(f"c{i}", level=level, outcome=0.9, reliability=3.0) for i in range(count)], RULES)
    assert belief.highest(RULES) is level
    lent = [belief.with_lent[lv - 1][0] - belief.alpha[lv - 1] for lv in LEVELS if lv > level]
    assert lent == sorted(lent, reverse=True)
    assert all(0 < x < RULES.reach for x in lent)


@given(shares, shares, st.integers(-4, 4), st.sampled_from([0.0, 0.5, 1.0, 10.0]))
def test_translation_is_monotone_and_leaves_none_and_all_as_they_are(
    one: float, two: float, steps: int, step: float
) -> None:
    rules = dataclasses.replace(RULES, level_step=step)
    low, high = (translated(o, steps, rules) for o in sorted((one, two)))
    assert 0 <= low <= high + CLOSE <= 1 + CLOSE
    assert translated(0.0, steps, rules) == 0.0
    assert translated(1.0, steps, rules) == 1.0
    assert translated(one, 1, rules) <= one + CLOSE
    assert translated(one, -1, rules) >= one - CLOSE


def test_translation_as_the_policy_says_it() -> None:
    assert [round(translated(0.85, n, RULES), 2) for n in (-1, 0, 1, 2)] == [0.94, 0.85, 0.68, 0.43]


@given(st.floats(0.05, 0.95), st.floats(0.05, 0.95), st.floats(0.05, 0.95))
def test_equating_goes_there_and_back(outcome: float, typical: float, reference: float) -> None:
    there = equated(outcome, typical, reference)
    assert equated(outcome, typical, typical) == pytest.approx(outcome)
    assert (there - outcome) * (reference - typical) >= -CLOSE
    if 1 - FULL_MARKS < there < FULL_MARKS:
        assert equated(there, reference, typical) == pytest.approx(outcome)


def test_full_marks_in_an_easy_test_are_worth_less() -> None:
    assert equated(1.0, 0.95, 0.75) < equated(1.0, 0.6, 0.75) < 1
    assert 0 < equated(0.0, 0.95, 0.75) < equated(0.0, 0.6, 0.75)


@given(st.floats(0.2, 50), st.floats(0.2, 50), st.floats(0.05, 0.95))
def test_probabilities_and_interval_are_the_beta_distribution_s(a: float, b: float, at: float) -> None:
    belief = Belief((a,) * 5, (b,) * 5, 1.0)
    assert belief.performs(Level.EXPERT, at) == pytest.approx(beta_distribution.sf(at, a, b), abs=1e-9)
    low, high = belief.interval(Level.EXPERT, 0.9)
    assert beta_distribution.cdf(high, a, b) - beta_distribution.cdf(low, a, b) == pytest.approx(0.9, abs=1e-6)


def test_performs_agrees_with_numerical_integration() -> None:
    belief = Belief((3.0,) * 5, (2.0,) * 5, 1.0)
    area, _ = quad(lambda t: t**2 * (1 - t) * math.gamma(5) / (math.gamma(3) * math.gamma(2)), 0.5, 1)
    assert belief.performs(Level.AWARENESS, 0.5) == pytest.approx(area, abs=1e-9)


@given(st.sampled_from([1e-6, 1e-3, 1.0, 1e6, 1e9]), st.sampled_from([1e-6, 1e-3, 1.0, 1e6, 1e9]))
def test_extreme_counts_stay_finite(a: float, b: float) -> None:
    belief = Belief((a,) * 5, (b,) * 5, a + b)
    low, high = belief.interval(Level.AWARENESS, 0.9)
    assert 0 <= low <= high <= 1
    assert 0 <= belief.performs(Level.AWARENESS, 0.5) <= 1
    assert all(0 <= v <= 1 for v in belief.below(Level.AWARENESS, RULES))


@given(st.dates(date(2000, 1, 1), date(2030, 1, 1)), st.integers(0, 4000), st.integers(0, 4000))
def test_older_never_weighs_more(as_of: date, one: int, two: int) -> None:
    younger, older = sorted((one, two))
    for family in SkillFamily:
        fresh = recency(as_of - timedelta(days=younger), as_of, family, RULES)
        stale = recency(as_of - timedelta(days=older), as_of, family, RULES)
        assert 0 < stale <= fresh <= 1


@pytest.mark.parametrize("family", list(SkillFamily))
def test_the_half_life_halves(family: SkillFamily) -> None:
    as_of = date(2026, 1, 1)
    days = RULES.half_life_months[family] * DAYS_PER_MONTH
    assert recency(as_of, as_of, family, RULES) == 1.0
    assert recency(as_of - timedelta(days=round(days)), as_of, family, RULES) == pytest.approx(0.5, abs=1e-3)
    assert recency(as_of - timedelta(days=round(2 * days)), as_of, family, RULES) == pytest.approx(0.25, abs=1e-3)


def test_the_half_life_is_exact_where_it_is_a_whole_number_of_days() -> None:
    rules = dataclasses.replace(RULES, half_life_months={f: 48.0 for f in SkillFamily})
    assert 48 * DAYS_PER_MONTH == 1461.0
    as_of = date(2026, 1, 1)
    assert recency(as_of - timedelta(days=1461), as_of, SkillFamily.FAST, rules) == 0.5


def test_undated_and_future_evidence() -> None:
    as_of = date(2026, 1, 1)
    assert recency(None, as_of, SkillFamily.FAST, RULES) == RULES.undated_recency
    assert recency(as_of + timedelta(days=30), as_of, SkillFamily.FAST, RULES) == 1.0


def test_faster_families_fade_faster() -> None:
    as_of, then = date(2026, 1, 1), date(2023, 1, 1)
    order = [SkillFamily.FAST, SkillFamily.TECHNICAL, SkillFamily.PROFESSIONAL, SkillFamily.DURABLE]
    values = [recency(then, as_of, f, RULES) for f in order]
    assert values == sorted(values)
    assert len(set(values)) == 4


@given(observations(), belief_rules(), levels)
def test_the_imprecise_range_contains_the_point(
    rows: tuple[Observation, ...], rules: BeliefRules, level: Level
) -> None:
    low, point, high = believe(rows, rules).below(level, rules)
    assert 0 <= low <= point <= high <= 1


@pytest.mark.parametrize("level", LEVELS)
def test_without_evidence_nearly_everything_is_possible(level: Level) -> None:
    low, _, high = believe((), RULES).below(level, RULES)
    assert low < 0.001
    assert high > 0.999


@given(st.integers(1, 12), st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]))
def test_the_range_narrows_with_evidence_that_agrees(n: int, outcome: float) -> None:
    def width(count: int) -> float:
        rows = [observation(f"o{i}", outcome=outcome, supports=outcome > 0) for i in range(count)]
        low, _, high = believe(rows, RULES).below(Level.PRACTITIONER, RULES)
        return high - low

    assert width(n) < width(n - 1)
    assert width(60) < 0.2


@given(observations(), belief_rules())
def test_the_named_level_is_supported_and_the_next_is_not(rows: tuple[Observation, ...], rules: BeliefRules) -> None:
    belief = believe(rows, rules)
    level = belief.highest(rules)
    above = [lv for lv in LEVELS if level is None or lv > level]
    assert all(belief.performs(lv, rules.performs_at) < rules.level_support for lv in above)
    if level is not None:
        below = [lv for lv in LEVELS if lv <= level]
        assert all(belief.performs(lv, rules.performs_at) >= rules.level_support - CLOSE for lv in below)


@pytest.mark.parametrize("value", [-0.01, 1.01, math.nan, math.inf])
@pytest.mark.parametrize("field", ["mapping", "recency", "outcome"])
def test_figures_out_of_range_are_refused_by_name(field: str, value: float) -> None:
    with pytest.raises(InputError, match=f"evidence e-o1, field '{field}'"):
        observation("o1", **{field: value})


@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf, 1e300])
def test_reliability_out_of_range_is_refused(value: float) -> None:
    with pytest.raises(InputError, match="reliability"):
        observation(reliability=value)


def test_no_weight_no_change() -> None:
    nothing = believe((), RULES)
    for field in ("mapping", "reliability", "recency"):
        assert believe((observation("o1", **{field: 0.0}),), RULES) == nothing
