"""The mapping benchmark's arithmetic and its reading of annotated sets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.mapping import FITTED_ON, Ranked, cross_validated, ece, line, read_set, table


def test_a_set_is_read_by_sentence_and_label(tmp_path: Path) -> None:
    file = tmp_path / "some_annotations.csv"
    file.write_text(
        "sentence,span,sub_span,label\nWe sell,sell,,selling\nWe sell,we,, teamwork \nHi,,,LABEL NOT PRESENT\n",
        encoding="utf-8-sig",
    )
    assert read_set(file, {"selling": 4, "teamwork": 7}) == {"We sell": {4, 7}, "Hi": set()}
    file.write_text("sentence,skill\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="'label' is not there"):
        read_set(file, {})


def test_figures_by_hand() -> None:
    gold = {"a": {1, 2}, "b": {9}, "none": set()}
    found = Ranked([[1, 5, 2, 3, 4, 6], [3, 4, 5, 6, 7, 9], [8]], [[0.8], [0.4], [0.6]])
    x = line("set", "system", gold, found)
    assert x.figures == {"RP@1": 50.0, "RP@5": 50.0, "RP@10": 100.0, "MRR": 58.3, "ECE": 40.0}
    assert (x.queries, x.no_label, x.no_label_over_half) == (2, 1, 100.0)
    low, high = x.intervals["RP@5"]
    assert low == 0
    assert high == 100
    assert "| set | 2 | system | 50.0 [0.0, 100.0] |" in table([x])


def test_calibration_error() -> None:
    assert ece(np.array([0.95, 0.95]), np.array([1.0, 1.0])) == pytest.approx(0.05)
    assert ece(np.array([0.25, 0.25, 0.25, 0.25]), np.array([1.0, 0, 0, 0])) == pytest.approx(0)


@pytest.mark.parametrize("name", FITTED_ON)
def test_the_shipped_figures_are_there_and_better_than_by_words(name: str) -> None:
    x = cross_validated(name)
    low, high = x.intervals["RP@5"]
    assert low < x.figures["RP@5"] < high
    assert x.figures["RP@5"] > {"tech_validation": 69.2, "house_validation": 47.7}[name]
