""" "None fits": what the sentence's own probability does to its candidates."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.taxonomy.model import COLUMNS
from ascertain.taxonomy.presence import PRESENCE, bounded, presence_features

PROBABILITIES = st.lists(st.floats(0, 1), min_size=1, max_size=120).map(np.array)


@given(PROBABILITIES, st.floats(0, 1))
def test_it_only_takes_away_and_keeps_the_order(p: np.ndarray, any_fits: float) -> None:
    q = bounded(p, any_fits)
    assert np.all((q >= 0) & (q <= p + 1e-12))
    assert np.all(np.diff(q[np.argsort(p)]) >= -1e-12)


@given(PROBABILITIES, st.floats(0, 1))
def test_no_candidate_is_likelier_than_that_any_fits(p: np.ndarray, any_fits: float) -> None:
    assert bounded(p, any_fits).max() <= any_fits + 1e-6


def test_what_agrees_is_left_alone() -> None:
    p = np.array([0.6, 0.2, 0.01])
    assert bounded(p, 0.99) == pytest.approx(p)
    assert bounded(p, 0.0) == pytest.approx(0)


def test_the_features_are_of_the_sentence() -> None:
    x = np.zeros((2, len(COLUMNS)))
    x[:, COLUMNS["dense_best"]] = 0.7
    x[1, COLUMNS["cover_form"]] = 0.5
    x[:, COLUMNS["sentence_words"]] = 2
    values = dict(zip(PRESENCE, presence_features(x, np.array([0.25, 0.5]), COLUMNS), strict=True))
    assert values["best"] == pytest.approx(0)
    assert values["second"] == pytest.approx(np.log(1 / 3))
    assert values["implied"] == pytest.approx(np.log(1.75))
    assert (values["dense_best"], values["cover_form"], values["sentence_words"]) == (0.7, 0.5, 2)


def test_one_candidate_has_no_second() -> None:
    values = presence_features(np.zeros((1, len(COLUMNS))), np.array([1.0]), COLUMNS)
    assert np.isfinite(values).all()
