"""Fitting the mapper's regressions, in folds over texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ascertain.taxonomy.features import FEATURES, IS_NAMED
from ascertain.taxonomy.model import COLUMNS, Groups
from training.rows import Array, Rows

FOLDS = 5
REGULARISATION = (0.01, 0.03, 0.1, 0.3)
SMALL_WEIGHT = 0.3

Strengths = tuple[float, ...]
"""Inverse regularisation of each regression, in the order of the groups."""


@dataclass(frozen=True)
class Model:
    """The regressions; ``weights`` (2, features) and ``intercepts`` (2,) in the order of the groups, unscaled."""

    weights: Array
    intercepts: Array

    def probabilities(self, x: Array) -> Array:
        z = x @ self.weights.T + self.intercepts
        p: Array = 1 / (1 + np.exp(-np.where(x[:, IS_NAMED] > 0, z[:, 1], z[:, 0])))
        return p


@dataclass(frozen=True)
class Sample:
    """Rows to fit on: features, labels, weights."""

    x: Array
    y: npt.NDArray[np.bool_]
    weight: Array


def regression(x: Array, y: npt.NDArray[np.bool_], weight: Array, c: float) -> tuple[Array, float]:
    """Weights and intercept of a logistic regression, in the features' own units."""
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=5000))
    pipeline.fit(x, y, logisticregression__sample_weight=weight)
    scaler, fitted = pipeline[0], pipeline[-1]
    w = fitted.coef_[0] / scaler.scale_
    return w, float(fitted.intercept_[0] - (w * scaler.mean_).sum())


def fit(sample: Sample, c: Strengths, groups: Groups) -> Model:
    weights, intercepts = np.zeros((len(groups), len(FEATURES))), np.zeros(len(groups))
    for g, features in enumerate(groups.values()):
        columns = [COLUMNS[f] for f in features]
        mine = (sample.x[:, IS_NAMED] > 0) == bool(g)
        weights[g, columns], intercepts[g] = regression(
            sample.x[mine][:, columns], sample.y[mine], sample.weight[mine], c[g]
        )
    return Model(weights, intercepts)


def folds(texts: int) -> list[npt.NDArray[np.int64]]:
    order = np.random.RandomState(0).permutation(texts)
    return [order[k::FOLDS] for k in range(FOLDS)]


def out_of_fold(rows: Rows, aside: Sample | None, c: Strengths, groups: Groups) -> Array:
    """Probabilities of each row from a model that did not see its text. ``aside`` is always trained on."""
    p = np.zeros(len(rows.skill))
    for part in folds(len(rows.gold)):
        held = np.isin(rows.text, part)
        p[held] = fit(training(rows, aside, ~held), c, groups).probabilities(rows.x[held])
    return p


def training(rows: Rows, aside: Sample | None, mask: npt.NDArray[np.bool_]) -> Sample:
    x, y, w = rows.x[mask], rows.y[mask], np.ones(int(mask.sum()))
    if aside is not None:
        x, y, w = np.concatenate([x, aside.x]), np.concatenate([y, aside.y]), np.concatenate([w, aside.weight])
    return Sample(x, y, w)


def everything(rows: Rows, weight: float = 1.0) -> Sample:
    return Sample(rows.x, rows.y, np.full(len(rows.skill), weight))


def coefficients(model: Model, groups: Groups) -> dict[str, Any]:
    return {
        name: {
            "intercept": round(float(model.intercepts[g]), 5),
            "weights": {f: round(float(model.weights[g, COLUMNS[f]]), 5) for f in features},
        }
        for g, (name, features) in enumerate(groups.items())
    }


def chosen_c(rows: Rows, aside: Sample | None, groups: Groups) -> Strengths:
    """The regularisation of each regression with the lowest out-of-fold log loss."""
    is_named = rows.x[:, IS_NAMED] > 0
    losses = []
    for c in REGULARISATION:
        p = np.clip(out_of_fold(rows, aside, (c,) * len(groups), groups), 1e-9, 1 - 1e-9)
        losses.append(-np.where(rows.y, np.log(p), np.log(1 - p)))
    return tuple(
        REGULARISATION[int(np.argmin([each[is_named == bool(g)].mean() for each in losses]))]
        for g in range(len(groups))
    )


def only_named(rows: Rows) -> Sample:
    mask = rows.x[:, IS_NAMED] > 0
    return Sample(rows.x[mask], rows.y[mask], np.full(int(mask.sum()), SMALL_WEIGHT))


def stacked(*parts: Sample) -> Sample:
    return Sample(*(np.concatenate([getattr(p, f) for p in parts]) for f in ("x", "y", "weight")))
