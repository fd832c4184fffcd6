"""Rankings and their fusion."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.taxonomy.fusion import CANDIDATES, DENSE, dense_values, first, fused, meaning, ranking


def array(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array(values, np.float32)


def test_equal_scores_share_a_rank_and_no_score_has_none() -> None:
    ranks, top = ranking(array(0.5, 0.0, 0.9, 0.5), 3)
    assert top == [2, 0, 3]
    assert ranks.tolist() == [1, 3, 0, 1]


@given(st.lists(st.floats(0.0625, 1, width=32), min_size=1, max_size=200), st.integers(1, 50))
def test_a_ranking_is_in_order_and_no_longer_than_asked(scores: list[float], size: int) -> None:
    ranks, top = ranking(array(*scores), size)
    assert len(top) == min(size, len(scores))
    got = [float(np.float32(scores[i])) for i in top]
    assert got == sorted(map(float, array(*scores)), reverse=True)[: len(top)]
    assert all(ranks[i] == sum(s > g for s in map(float, array(*scores))) for i, g in zip(top, got, strict=True))


def test_first_everywhere_is_one_and_agreement_beats_a_single_list() -> None:
    a, b = ranking(array(0.9, 0.8, 0.7, 0.0), 3), ranking(array(0.9, 0.8, 0.0, 0.95), 3)
    fusion = fused([a, b], 4)
    assert fused([a, a], 4)[0] == pytest.approx(1)
    assert fusion[0] > fusion[1] > fusion[3] > fusion[2] > 0


def test_no_more_candidates_than_wanted() -> None:
    assert len(first(np.linspace(0.1, 1, 500, dtype=np.float32))) == CANDIDATES


def test_what_meaning_says_of_a_candidate() -> None:
    found = meaning(array(0.2, 0.6, 0.4))
    values = dense_values(found, array(0.1, 0.9, 0.5), np.array([0, 1]))
    assert tuple(values) == DENSE
    assert values["dense"] == pytest.approx([0.2, 0.6])
    assert values["dense_behind"] == pytest.approx([-0.4, 0])
    assert values["dense_best"] == pytest.approx([0.6, 0.6])
    assert values["dense_lead"] == pytest.approx([0, 0.4])  # beside the tenth best, or the last where there are fewer
    assert values["rank_dense"] == pytest.approx([1 / np.sqrt(3), 1])


def test_a_text_near_nothing() -> None:
    values = dense_values(meaning(array(0, 0)), array(0, 0), np.array([0, 1]))
    assert values["dense_best"].tolist() == [0, 0]
