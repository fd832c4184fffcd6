from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from training.encoder.measure import Vectors, concept_vectors, figures, interval, ranks
from training.encoder.sources import Concept


@given(
    arrays(np.float32, (4, 12), elements=st.integers(-3, 3).map(float)),
    st.lists(st.sets(st.integers(0, 11), min_size=1, max_size=6).map(sorted), min_size=4, max_size=4),
)
def test_figures_are_their_definition(scores: Vectors, gold: list[list[int]]) -> None:
    wanted: dict[str, list[float]] = {"RP@1": [], "RP@5": [], "RP@10": [], "MRR": []}
    for row, right in zip(scores, gold, strict=True):
        order = sorted(range(12), key=lambda i: (-row[i], i))
        for k in (1, 5, 10):
            wanted[f"RP@{k}"].append(len(set(order[:k]) & set(right)) / min(k, len(right)))
        wanted["MRR"].append(1 / (1 + min(order.index(i) for i in right)))
    found = figures(ranks(scores, gold))
    assert found["queries"] == 4
    for name, values in wanted.items():
        assert found[name] == pytest.approx(100 * sum(values) / 4, abs=0.01)


def test_interval_holds_the_figure_and_narrows_with_more_queries() -> None:
    few = [np.array([n % 9 + 1]) for n in range(30)]
    many = few * 20
    for found in (few, many):
        low, high = interval(found)
        assert low < figures(found)["RP@5"] < high
    assert interval(many)[1] - interval(many)[0] < interval(few)[1] - interval(few)[0]


def test_a_concept_is_half_label_and_half_synonyms() -> None:
    table = {"a": [1.0, 0.0], "b": [0.0, 1.0], "c": [0.0, -1.0], "d": [0.6, 0.8]}

    def encode(texts: Sequence[str]) -> Vectors:
        return np.array([table[t] for t in texts], np.float32).reshape(-1, 2)

    concepts = [
        Concept("1", "a", ("b", "c"), "", True),
        Concept("2", "d", (), "", True),
        Concept("3", "a", ("b",), "", True),
    ]
    assert concept_vectors(encode, concepts) == pytest.approx(np.array([[1, 0], [0.6, 0.8], [0.5**0.5, 0.5**0.5]]))
    one = concept_vectors(encode, concepts, most=1)
    assert abs(one[0][1]) == pytest.approx(0.5**0.5)
