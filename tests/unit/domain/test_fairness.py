"""Rates, ratios and verdicts at their borders, and what holds for any sample."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.fairness import (
    FairnessRules,
    GroupRate,
    Labels,
    RateTable,
    Verdict,
    mean_table,
    scoring_table,
    selection_table,
)
from ascertain.domain.fairness_audit import Measure, MeasureKind, Participant, audit, cuts, stale
from ascertain.domain.fairness_statistics import (
    FISHER,
    RANKS,
    TWO_PROPORTIONS,
    compare_shares,
    compare_values,
    ratio_interval,
    share_interval,
    standardised,
)
from ascertain.errors import InputError

RULES = FairnessRules()
NEVER_PASS = ("pass", "fair", "ok")


def group(name: str, chosen: int, n: int) -> list[tuple[Labels, bool]]:
    return [({"sex": name}, i < chosen) for i in range(n)]


def rows(table: RateTable) -> dict[str, GroupRate]:
    return {"/".join(g.group): g for g in table.groups}


@pytest.mark.parametrize(
    ("chosen", "verdict"), [(79, Verdict.BELOW), (80, Verdict.MET), (81, Verdict.MET)], ids=["0.79", "0.80", "0.81"]
)
def test_four_fifths_exactly_is_not_flagged(chosen: int, verdict: Verdict) -> None:
    table = selection_table("m", ["sex"], group("F", chosen, 1000) + group("M", 100, 1000), RULES)

    assert rows(table)["F"].ratio == pytest.approx(chosen / 100)
    assert rows(table)["F"].verdict is verdict


def test_four_fifths_is_exact_where_floating_point_is_not() -> None:
    assert (29 / 50) / (145 / 200) < 0.8, "the sample no longer shows what it is for"

    table = selection_table("m", ["sex"], group("F", 29, 50) + group("M", 145, 200), RULES)

    assert rows(table)["F"].verdict is Verdict.NOTICE


def test_a_ratio_above_four_fifths_is_still_noticed_when_it_is_no_accident() -> None:
    table = selection_table("m", ["sex"], group("F", 4250, 10_000) + group("M", 5000, 10_000), RULES)

    assert rows(table)["F"].verdict is Verdict.NOTICE


@pytest.mark.parametrize(("n", "verdict"), [(19, Verdict.SMALL_SHARE), (20, Verdict.MET)], ids=["1.9 %", "2.0 %"])
def test_under_two_percent_is_counted_and_shown_but_has_no_ratio(n: int, verdict: Verdict) -> None:
    sample = group("X", n // 2 + 1, n) + group("M", 500, 1000 - n)

    small = rows(selection_table("m", ["sex"], sample, RULES))["X"]

    assert (small.n, small.chosen, small.share) == (n, n // 2 + 1, n / 1000)
    assert small.rate is not None
    assert (small.ratio is None) == (verdict is Verdict.SMALL_SHARE)
    assert small.verdict is verdict or small.verdict is Verdict.HIGHEST


@pytest.mark.parametrize(("n", "few"), [(9, True), (10, False)])
def test_fewer_people_than_asked_for_are_too_few_and_their_rate_is_not_told(n: int, few: bool) -> None:
    found = rows(selection_table("m", ["sex"], group("F", n, n) + group("M", 50, 100), RULES))["F"]

    assert (found.verdict is Verdict.TOO_FEW) == few
    assert (found.rate is None) == (found.chosen is None) == few


def test_a_tiny_group_with_the_highest_rate_is_not_what_others_are_compared_with() -> None:
    sample = group("X", 5, 5) + group("F", 40, 100) + group("M", 50, 100)

    table = selection_table("m", ["sex"], sample, RULES)

    assert table.reference == ("M",)
    assert rows(table)["F"].ratio == pytest.approx(0.8)


def test_people_without_a_label_are_counted_and_compared_with_nobody() -> None:
    unlabelled: list[tuple[Labels, bool]] = [({}, True), ({"sex": ""}, True), ({"age": "30"}, False)]

    table = selection_table("m", ["sex"], group("F", 10, 20) + group("M", 10, 20) + unlabelled, RULES)

    assert (table.n, table.unknown, sum(g.n for g in table.groups)) == (43, 3, 40)
    assert rows(table)["F"].share == 0.5


def test_one_group_alone_and_nobody_chosen_are_said_and_not_passed() -> None:
    alone = selection_table("m", ["sex"], group("F", 10, 20) + group("M", 2, 3), RULES)
    nobody = selection_table("m", ["sex"], group("F", 0, 20) + group("M", 0, 30), RULES)

    assert [g.verdict for g in alone.groups] == [Verdict.ALONE, Verdict.TOO_FEW]
    assert {g.verdict for g in nobody.groups} == {Verdict.NO_RATIO}


def test_no_verdict_says_pass() -> None:
    assert not any(word in v.value.split() for v in Verdict for word in NEVER_PASS)


def test_the_scoring_rate_is_above_not_at_the_median() -> None:
    table = scoring_table("m", ["sex"], [({"sex": "F"}, 1.0)] * 30 + [({"sex": "M"}, 1.0)] * 30, RULES)

    assert table.threshold == 1.0
    assert {g.verdict for g in table.groups} == {Verdict.NO_RATIO}


def test_a_sample_of_nobody_has_no_groups() -> None:
    assert selection_table("m", ["sex"], [], RULES).groups == ()
    assert scoring_table("m", ["sex"], [], RULES).threshold is None
    assert mean_table("m", ["sex"], [], RULES).groups == ()


def test_small_counts_are_tested_exactly_and_large_ones_by_approximation() -> None:
    assert compare_shares(4, 10, 5, 10).name == FISHER
    assert compare_shares(5, 10, 5, 10).name == TWO_PROPORTIONS
    assert compare_shares(0, 1000, 0, 1000).p == 1.0


def test_values_that_do_not_vary_have_no_standardised_difference() -> None:
    assert standardised([0.1] * 12, [0.1] * 15) is None
    assert standardised([1.0], [2.0]) is None
    assert compare_values([0.1] * 12, [0.1] * 15).p == 1.0
    assert compare_values(range(20), range(40, 60)).significant
    assert compare_values([1, 2], [3, 4]).name == RANKS


def test_a_mean_well_below_is_lower_and_one_within_the_noise_is_not() -> None:
    def sample(shift: float) -> list[tuple[Labels, float]]:
        low: list[tuple[Labels, float]] = [({"sex": "F"}, float(i % 10) + 5 - shift) for i in range(50)]
        return [*low, *(({"sex": "M"}, float(i % 10) + 5) for i in range(50))]

    far = {m.group[0]: m for m in mean_table("m", ["sex"], sample(4), RULES).groups}
    near = {m.group[0]: m for m in mean_table("m", ["sex"], sample(0.2), RULES).groups}

    assert (far["F"].verdict, near["F"].verdict) == (Verdict.LOWER, Verdict.SIMILAR)
    assert far["M"].verdict is Verdict.HIGHEST
    assert far["F"].none == 0
    assert far["F"].ratio == pytest.approx(5.5 / 9.5)


def test_everybody_here_and_nobody_there_is_lower_although_nothing_varies() -> None:
    sample: list[tuple[Labels, float]] = [({"sex": "FM"[i % 2]}, float(i % 2)) for i in range(30)]

    found = {m.group[0]: m for m in mean_table("m", ["sex"], sample, RULES).groups}

    assert found["F"].difference is None
    assert found["F"].verdict is Verdict.LOWER
    assert found["F"].none == 15


SELECTION = Measure("hired", MeasureKind.SELECTION, "Chosen", "who was chosen")
SCORE = Measure("score", MeasureKind.SCORE, "Score", "what they scored")
OFFERS = Measure("offers", MeasureKind.OPPORTUNITY, "Offers", "what they were offered")


def people() -> list[Participant]:
    return [
        Participant(
            {"sex": "F" if i % 2 else "M", "age": "old" if i % 3 else "young"},
            {"offers": float(i % 4), "hired": float(i % 5 == 0)} | ({"score": i / 100} if i % 7 else {}),
        )
        for i in range(120)
    ]


def test_an_audit_compares_every_attribute_and_every_two_and_counts_who_stands_outside() -> None:
    assert cuts(["a", "b", "c"]) == [("a",), ("b",), ("c",), ("a", "b"), ("a", "c"), ("b", "c")]
    assert cuts(["a", "b"], intersections=False) == [("a",), ("b",)]

    found = audit(
        people(),
        [OFFERS, SELECTION, SCORE],
        ["sex", "age"],
        made_on=date(2026, 11, 1),
        made_by="ada",
        population="all",
    )

    by = [("sex",), ("age",), ("sex", "age")]
    assert [t.by for t in found.opportunity] == by
    assert [(t.measure, t.by) for t in found.rates] == [("hired", b) for b in by] + [("score", b) for b in by]
    assert found.outside == {"offers": 0, "hired": 0, "score": 18}
    assert found.labels["sex"] == {"F": 60, "M": 60}


def test_an_audit_of_nobody_or_by_an_attribute_that_nobody_has_is_refused() -> None:
    with pytest.raises(InputError, match="nobody"):
        audit([], [SELECTION], ["sex"], made_on=date(2026, 11, 1), made_by="ada", population="x")
    with pytest.raises(InputError, match="faith"):
        audit(people(), [SELECTION], ["faith"], made_on=date(2026, 11, 1), made_by="ada", population="x")


def test_an_audit_holds_for_a_year() -> None:
    made = date(2026, 1, 1)

    assert not stale(made, made + timedelta(days=365))
    assert stale(made, made + timedelta(days=366))
    assert stale(None, made)


counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(st.lists(counts, min_size=1, max_size=6))
def test_ratios_lie_between_nothing_and_one_and_somebody_is_the_reference(sizes: list[tuple[int, int]]) -> None:
    sample = [row for i, (chosen, n) in enumerate(sizes) for row in group(f"g{i}", chosen, n)]

    table = selection_table("m", ["sex"], sample, RULES)

    for g in table.groups:
        assert g.ratio is None or 0 <= g.ratio <= 1
        assert (g.verdict is Verdict.TOO_FEW) == (g.n < RULES.least_people)
        if g.verdict is Verdict.BELOW:
            assert g.short_by
            assert g.chosen is not None
            needed = g.chosen + g.short_by
            best = next(b for b in table.groups if b.group == table.reference)
            assert best.chosen is not None
            assert 5 * needed * best.n >= 4 * best.chosen * g.n > 5 * (needed - 1) * best.n
    assert sum(g.n for g in table.groups) == len(sample)


@given(counts, counts)
def test_tests_and_intervals_agree_in_what_they_can_say(one: tuple[int, int], two: tuple[int, int]) -> None:
    test = compare_shares(*one, *two)
    low, high = share_interval(*one)
    ratio = ratio_interval(*one, *two)

    assert 0 <= test.p <= 1
    assert test.p == pytest.approx(compare_shares(*two, *one).p)
    assert -1e-12 <= low <= one[0] / one[1] + 1e-12
    assert one[0] / one[1] - 1e-12 <= high <= 1 + 1e-12
    if ratio is not None:
        assert ratio[0] <= one[0] / one[1] / (two[0] / two[1]) + 1e-9
        assert ratio[1] >= one[0] / one[1] / (two[0] / two[1]) - 1e-9


values = st.lists(st.floats(-1000, 1000).map(lambda v: round(v, 3)), min_size=2, max_size=30)


@given(values, values, st.floats(0.01, 100))
def test_a_standardised_difference_does_not_depend_on_the_unit(a: list[float], b: list[float], unit: float) -> None:
    plain, scaled = standardised(a, b), standardised([v * unit for v in a], [v * unit for v in b])

    assert (plain is None) == (scaled is None)
    if plain is not None and scaled is not None:
        assert scaled.g == pytest.approx(plain.g, rel=1e-6, abs=1e-6)
        turned = standardised(b, a)
        assert turned is not None
        assert turned.g == pytest.approx(-plain.g)


@given(st.permutations(list(range(60))))
def test_the_order_of_people_changes_nothing(order: list[int]) -> None:
    sample: list[tuple[Labels, float]] = [({"sex": "FMX"[i % 3]}, float(i * i % 17)) for i in range(60)]

    assert scoring_table("m", ["sex"], [sample[i] for i in order], RULES) == scoring_table("m", ["sex"], sample, RULES)
