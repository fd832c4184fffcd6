"""Fitting and judging the mapper's regressions: candidates of labelled texts, logistic regression, figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ascertain.taxonomy.features import FEATURES, IS_NAMED
from ascertain.taxonomy.lexicon import Lexicon
from ascertain.taxonomy.library import TaxonomyBundle
from ascertain.taxonomy.model import COLUMNS, Groups
from ascertain.taxonomy.screens import visible_sentences

FOLDS = 5
REGULARISATION = (0.01, 0.03, 0.1, 0.3)
SMALL_WEIGHT = 0.3

Strengths = tuple[float, ...]
"""Inverse regularisation of each regression, in the order of the groups."""
Gold = Mapping[str, set[int]]
Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """Candidates of a set of texts: features, skill rows, number of the text and of the sentence, label;
    ``gold`` per text."""

    x: Array
    skill: npt.NDArray[np.int64]
    text: npt.NDArray[np.int64]
    sentence: npt.NDArray[np.int64]
    gold: list[set[int]]

    @cached_property
    def y(self) -> npt.NDArray[np.bool_]:
        return np.array([s in self.gold[t] for s, t in zip(self.skill, self.text, strict=True)])


def candidates(bundle: TaxonomyBundle, labelled: Gold, lexicon: Lexicon) -> Rows:
    texts = list(labelled)
    split = [visible_sentences(t, lexicon) for t in texts]
    offers = bundle.mapper.featuriser.offers([s for found in split for s in found])
    owner = [i for i, found in enumerate(split) for _ in found]
    return Rows(
        np.concatenate([o.x for o in offers]),
        np.concatenate([o.rows for o in offers]),
        np.concatenate([np.full(len(o.rows), i) for o, i in zip(offers, owner, strict=True)]),
        np.concatenate([np.full(len(o.rows), i) for i, o in enumerate(offers)]),
        [labelled[t] for t in texts],
    )


def joined(*parts: Rows) -> Rows:
    texts = np.cumsum([0, *(len(p.gold) for p in parts)])
    sentences = np.cumsum([0, *(int(p.sentence.max(initial=-1)) + 1 for p in parts)])
    return Rows(
        np.concatenate([p.x for p in parts]),
        np.concatenate([p.skill for p in parts]),
        np.concatenate([p.text + start for p, start in zip(parts, texts, strict=False)]),
        np.concatenate([p.sentence + start for p, start in zip(parts, sentences, strict=False)]),
        [g for p in parts for g in p.gold],
    )


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


def best_per_text(rows: Rows, p: Array, texts: Sequence[int], damping: float = 0.0) -> list[list[tuple[float, int]]]:
    """For each text its (probability, skill), best first, aggregated over its sentences as the mapper does."""
    result = []
    for t in texts:
        said: dict[int, list[float]] = {}
        for i in np.flatnonzero(rows.text == t):
            said.setdefault(int(rows.skill[i]), []).append(float(p[i]))
        scored = []
        for skill, values in said.items():
            values.sort(reverse=True)
            rest = np.prod([(1 - v) ** damping for v in values[1:]])
            scored.append((1 - (1 - values[0]) * float(rest), skill))
        result.append(sorted(scored, key=lambda s: (-s[0], s[1])))
    return result


def measure(
    rows: Rows, p: Array, texts: Sequence[int], floor: float, damping: float = 0.0
) -> dict[str, float | int | list[float]]:
    """RP@k (share of the labels, at most k, among the first k), mean reciprocal rank, expected calibration error in
    ten bins of the first and of the first ten candidates, precision and recall of what reaches ½, texts without label
    that get any. ``…_95`` are bootstrap intervals over texts."""
    ranked = best_per_text(rows, p, texts, damping)
    gold = [rows.gold[t] for t in texts]
    pairs = [(r, g) for r, g in zip(ranked, gold, strict=True) if g]
    rp = {k: [len({s for _, s in r[:k]} & g) / min(k, len(g)) for r, g in pairs] for k in (1, 5, 10)}
    rr = [next((1 / n for n, (_, s) in enumerate(r, start=1) if s in g), 0.0) for r, g in pairs]
    first = [(r[0][0], r[0][1] in g) for r, g in zip(ranked, gold, strict=True) if r]
    ten = [(q, s in g) for r, g in zip(ranked, gold, strict=True) for q, s in r[:10]]
    half = [(s in g) for r, g in zip(ranked, gold, strict=True) for q, s in r if q >= 0.5]
    none = [r for r, g in zip(ranked, gold, strict=True) if not g]
    labels = sum(map(len, gold))
    return {
        "texts_with_label": len(pairs),
        "texts_without_label": len(none),
        **{f"rp_at_{k}": _percent(_mean(v)) for k, v in rp.items()},
        "rp_at_5_95": _interval([[v] for v in rp[5]], lambda v: float(v.mean())),
        "mrr": _percent(_mean(rr)),
        "ece_top_1": _percent(_ece(first)),
        "ece_top_1_95": _interval(first, _ece),
        "ece_top_10": _percent(_ece(ten)),
        "brier_top_10": _percent(float(np.mean([(q - y) ** 2 for q, y in ten]))),
        "precision_at_half": _percent(sum(half) / max(1, len(half))),
        "recall_at_half": _percent(sum(half) / max(1, labels)),
        "without_label_over_half": _percent(sum(bool(r) and r[0][0] >= 0.5 for r in none) / max(1, len(none))),
        "without_label_over_floor": _percent(sum(bool(r) and r[0][0] >= floor for r in none) / max(1, len(none))),
    }


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else 0.0


def _interval(values: Sequence[Any], figure: Callable[[Array], float]) -> list[float]:
    if not values:
        return [0.0, 0.0]
    given = np.array(values, dtype=float)
    draws = np.random.default_rng(0).integers(0, len(given), (1000, len(given)))
    low, high = np.percentile([figure(given[d]) for d in draws], [2.5, 97.5])
    return [_percent(float(low)), _percent(float(high))]


def _percent(share: float) -> float:
    return round(100 * share, 1)


def _ece(pairs: Any, bins: int = 10) -> float:
    p, y = np.asarray(pairs, dtype=float).T
    b = np.minimum((p * bins).astype(int), bins - 1)
    return float(sum(abs(p[b == k].sum() - y[b == k].sum()) for k in range(bins)) / len(p))


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
