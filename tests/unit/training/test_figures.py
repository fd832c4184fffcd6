"""The figures that a fit is judged by."""

from __future__ import annotations

import numpy as np
import pytest

from training.figures import by_chance, ece, measure
from training.rows import Rows, joined


def rows(gold: list[set[int]], candidates: list[list[int]]) -> Rows:
    """One sentence a text; no features."""
    text = np.repeat(np.arange(len(gold)), [len(c) for c in candidates])
    skill = np.array([s for c in candidates for s in c])
    return Rows(np.zeros((len(text), 0)), skill, text, text, gold)


def test_a_ranking_against_its_labels() -> None:
    table = rows([{1, 2}, {5}, set()], [[1, 2, 3], [4, 5], [6]])
    m = measure(table, np.array([0.9, 0.2, 0.6, 0.8, 0.7, 0.55]), range(3), 0.5)
    assert (m["texts_with_label"], m["texts_without_label"]) == (2, 1)
    assert m["rp_at_1"] == pytest.approx(50)
    assert m["rp_at_5"] == pytest.approx(100)
    assert m["mrr"] == pytest.approx(75)
    assert m["ece_top_1"] == pytest.approx(100 * (0.1 + 0.8 + 0.55) / 3, abs=0.05)
    assert m["without_label_over_half"] == pytest.approx(100)
    assert m["precision_at_half"] == pytest.approx(40)


def test_a_perfect_model_shows_an_error_on_few_texts_and_hardly_any_on_many() -> None:
    spread = np.linspace(0.02, 0.98, 49)
    few, many = by_chance(np.tile(spread, 2).tolist()), by_chance(np.tile(spread, 100).tolist())
    assert few > 0.07
    assert many < 0.02


def test_chance_explains_nothing_of_a_model_that_is_sure_and_wrong() -> None:
    p = [0.95] * 200
    assert by_chance(p) < 0.02
    assert ece(np.column_stack([p, np.zeros(200)])) == pytest.approx(0.95)
    assert by_chance([]) == 0


def test_the_sentences_of_a_table_are_found_again_after_joining() -> None:
    both = joined(rows([{1}, {2}], [[1, 2], [2]]), rows([{3}], [[3, 4]]))
    assert [g.tolist() for g in both.by_sentence] == [[0, 1], [2], [3, 4]]
    assert both.text.tolist() == [0, 0, 1, 2, 2]
    assert both.y.tolist() == [True, False, True, True, False]
