"""The audit computes what was worked out by hand in golden_fairness.md."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from ascertain.domain.fairness import FairnessRules, Labels, mean_table, scoring_table, selection_table
from ascertain.domain.fairness_statistics import FISHER, compare_shares, ratio_interval

PAGE = (Path(__file__).parent / "golden_fairness.md").read_text(encoding="utf-8")


def block(name: str) -> list[dict[str, str]]:
    found = re.search(rf"```csv {name}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None, name
    return list(csv.DictReader(found[1].splitlines()))


def people() -> list[tuple[Labels, bool]]:
    return [
        ({"sex": r["sex"], "race": r["race"]}, i < int(r["chosen"]))
        for r in block("people")
        for i in range(int(r["n"]))
    ]


@pytest.mark.parametrize(
    ("name", "by", "unknown"),
    [("intersection", ("sex", "race"), 12), ("sex", ("sex",), 7), ("race", ("race",), 5)],
)
def test_selection_rates_are_as_worked_by_hand(name: str, by: tuple[str, ...], unknown: int) -> None:
    table = selection_table("chosen", by, people(), FairnessRules())

    assert (table.n, table.unknown, table.threshold) == (612, unknown, None)
    expected = block(name)
    assert len(table.groups) == len(expected)
    for g, row in zip(table.groups, expected, strict=True):
        assert g.group == tuple(row[a] for a in by)
        assert (g.n, g.verdict.value) == (int(row["n"]), row["verdict"])
        assert g.chosen == (int(row["chosen"]) if row["chosen"] else None)
        assert g.rate == (pytest.approx(float(row["rate"]), abs=1e-6) if row["rate"] else None)
        assert g.ratio == (pytest.approx(float(row["ratio"]), abs=1e-6) if row["ratio"] else None)
        assert g.short_by == (int(row["short_by"]) if row["short_by"] else None)
        assert (g.test.p if g.test else None) == (pytest.approx(float(row["p"]), abs=6e-5) if row["p"] else None)


def test_the_interval_of_a_ratio_is_as_worked_by_hand() -> None:
    assert ratio_interval(39, 100, 100, 200) == pytest.approx((0.5886, 1.0337), abs=6e-5)


def test_fishers_test_is_as_counted_by_hand() -> None:
    found = compare_shares(2, 10, 7, 10)

    assert found.name == FISHER
    assert found.p == pytest.approx(11720 / 167960)


def test_scoring_rates_and_standardised_differences_are_as_worked_by_hand() -> None:
    rules = FairnessRules(least_people=4)
    sample = [({"sex": r["group"]}, float(r["score"])) for r in block("scores")]
    rates, means = scoring_table("score", ["sex"], sample, rules), mean_table("score", ["sex"], sample, rules)

    assert (rates.threshold, rates.unknown, rates.reference) == (35, 1, ("M",))
    for g, m, row in zip(rates.groups, means.groups, block("scoring"), strict=True):
        assert g.group == m.group == (row["group"],)
        assert (g.n, g.chosen, g.rate, g.ratio) == (
            int(row["n"]),
            int(row["chosen"]),
            float(row["rate"]),
            float(row["ratio"]),
        )
        assert m.mean == float(row["mean"])
        if row["g"]:
            assert m.difference is not None
            figures = (m.difference.g, m.difference.low, m.difference.high)
            assert figures == pytest.approx(tuple(float(row[k]) for k in ("g", "low", "high")), abs=2e-6)
            assert not m.difference.shown
