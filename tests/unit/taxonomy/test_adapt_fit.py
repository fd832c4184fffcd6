"""Fitting around the shipped coefficients: little data changes little, much finds what there is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ascertain.paths import CONFIG_DIR
from ascertain.taxonomy.adapt_fit import FIGURES, FOLDS, Case, Cases, fitted, interval, judge, loss, out_of_fold
from ascertain.taxonomy.features import FEATURES, IS_NAMED, Offers
from ascertain.taxonomy.model import MappingModel, read_model

COVER = FEATURES.index("cover_label")


@pytest.fixture(scope="module")
def prior() -> MappingModel:
    return replace(read_model(CONFIG_DIR, 100, "hybrid"), presence=None)


def cases(count: int, *, seed: int = 0) -> Cases:
    """Texts whose right candidate is the one with the smaller ``cover_label``: the reverse of what ships."""
    rng = np.random.default_rng(seed)
    made = []
    for i in range(count):
        x = rng.normal(0, 0.3, (4, len(FEATURES)))
        x[:, IS_NAMED] = 0
        x[:, COVER] = rng.permutation([0.0, 1, 1, 1])
        gold = frozenset([int(np.argmin(x[:, COVER]))])
        made.append(Case((Offers(np.arange(4), x),), gold, i % FOLDS))
    return Cases(tuple(made))


def everything(of: Cases) -> np.ndarray:
    return np.ones(len(of.y), dtype=bool)


def test_freedom_and_data_move_the_coefficients(prior: MappingModel) -> None:
    some = cases(100)
    moved = [
        float(np.abs(fitted(some, everything(some), prior, c).weights - prior.weights).sum()) for c in (1e-9, 1e-4, 1.0)
    ]
    assert moved[0] < 0.001 < moved[1] < moved[2]
    few = cases(3)
    little = fitted(few, everything(few), prior, 1e-4).weights
    much = fitted(some, everything(some), prior, 1e-4).weights
    assert np.abs(little - prior.weights).sum() < np.abs(much - prior.weights).sum()


def test_a_coefficient_that_ships_as_nought_stays_so_and_an_empty_group_is_left_alone(prior: MappingModel) -> None:
    some = cases(50)
    model = fitted(some, everything(some), prior, 1.0)
    assert not model.weights[prior.weights == 0].any()
    assert np.array_equal(model.weights[1], prior.weights[1])  # nothing was named


def test_it_learns_what_the_data_say(prior: MappingModel) -> None:
    some, fresh = cases(200), cases(60, seed=1)
    models, c = out_of_fold(some, prior, (1e-6, 1.0), lambda done, total: None)
    assert c == 1.0
    assert len(models) == FOLDS
    before = np.mean([loss(case, prior) for case in fresh.cases])
    assert np.mean([loss(case, models[0]) for case in fresh.cases]) < 0.7 * before


def test_the_fit_is_at_its_minimum(prior: MappingModel) -> None:
    some = cases(40)
    model = fitted(some, everything(some), prior, 0.01)
    spread = some.x.std(axis=0)
    spread[spread == 0] = 1

    def value(m: MappingModel) -> float:
        p = np.clip(m.separate(some.x), 1e-12, 1 - 1e-12)
        away = (m.weights[0] - prior.weights[0]) * spread
        free = float(m.intercepts[0] - prior.intercepts[0])
        fit = -np.where(some.y > 0, np.log(p), np.log(1 - p)).sum()
        return float(fit + (away @ away + free**2) / 0.02)

    at = value(model)
    for step in (-0.05, 0.05):
        other = model.weights.copy()
        other[0, COVER] += step
        assert value(replace(model, weights=other)) > at


def test_a_label_that_is_no_candidate_costs(prior: MappingModel) -> None:
    (case,) = cases(1).cases
    missed = replace(case, gold=case.gold | {99})
    assert loss(missed, prior) == pytest.approx(loss(case, prior) - np.log(1e-4))


def test_figures_by_hand(prior: MappingModel) -> None:
    sure = replace(prior, weights=np.zeros_like(prior.weights), intercepts=np.zeros(2), damping=0.0)
    x = np.zeros((3, len(FEATURES)))
    case = Case((Offers(np.array([4, 7, 9]), x),), frozenset({7, 8}), 0)
    values = dict(zip(FIGURES, judge(case, sure), strict=True))
    assert values["log_loss"] == pytest.approx(3 * np.log(2) - np.log(1e-4))
    assert (values["rp_at_1"], values["rp_at_5"], values["mrr"]) == (0, 0.5, 0.5)
    assert np.isnan(values["over_half"])
    none = dict(zip(FIGURES, judge(replace(case, gold=frozenset()), sure), strict=True))
    assert none["over_half"] == 1
    assert np.isnan(none["rp_at_1"])


def test_intervals() -> None:
    assert interval(np.array([1.0, np.nan, 1.0])) == (1, 1, 1)
    mean, low, high = interval(np.array([0.0, 1.0] * 50))
    assert low < mean == 0.5 < high
    assert interval(np.array([np.nan])) == (0, 0, 0)
