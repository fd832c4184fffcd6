"""Fitting the re-ranker anew around the shipped coefficients, and judging what comes out of it.

The fit minimises  Σ w·log loss + Σ (s·(β − β₀))² / 2C  by Newton steps: β₀ the shipped coefficients, s a feature's
spread. With little data, or a small C, little changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from ascertain.taxonomy.features import IS_NAMED, Offers
from ascertain.taxonomy.model import MappingModel

FOLDS = 5
CAREFUL = (0.00001, 0.0001)
"""C to choose from where there are made texts alone: they say which way to go, but are not what people write. With more
freedom their own figures get better and those of real sentences worse."""
FREE = (0.0001, 0.001, 0.01, 0.1)
"""C to choose from where people have labelled texts."""
DRAWS = 1000
_MISSED = 1e-4
"""Probability that a label gets which is no candidate at all."""

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Case:
    """A text with its labels: candidates of each of its sentences, the rows of its skills, its fold and weight.

    ``judged`` says whether figures are taken on it, or whether it is only learned from.
    """

    offers: tuple[Offers, ...]
    gold: frozenset[int]
    fold: int
    weight: float = 1.0
    judged: bool = True


@dataclass(frozen=True)
class Cases:
    """Many of them, with their candidates in one table."""

    cases: tuple[Case, ...]

    @cached_property
    def x(self) -> Array:
        """(candidates, features)."""
        return np.concatenate([o.x for c in self.cases for o in c.offers])

    @cached_property
    def y(self) -> Array:
        """(candidates,): 1 for a label."""
        return np.array([float(r in c.gold) for c in self.cases for o in c.offers for r in o.rows.tolist()])

    @cached_property
    def fold(self) -> Ints:
        """(candidates,)."""
        return self._spread([c.fold for c in self.cases]).astype(np.int64)

    @cached_property
    def weight(self) -> Array:
        """(candidates,)."""
        return self._spread([c.weight for c in self.cases])

    def _spread(self, values: Sequence[float]) -> Array:
        return np.repeat(np.array(values, float), [sum(len(o.rows) for o in c.offers) for c in self.cases])


def fitted(cases: Cases, mask: npt.NDArray[np.bool_], prior: MappingModel, c: float) -> MappingModel:
    """The model after the candidates of ``mask``. A coefficient that ships as 0 stays 0."""
    weights, intercepts = prior.weights.copy(), prior.intercepts.copy()
    named = cases.x[:, IS_NAMED] > 0
    for g in range(len(weights)):
        mine = mask & (named == bool(g))
        columns = np.flatnonzero(prior.weights[g])
        if not mine.any():
            continue
        start = np.append(prior.weights[g, columns], prior.intercepts[g])
        found = _logistic(cases.x[mine][:, columns], cases.y[mine], cases.weight[mine], start, c)
        weights[g, columns], intercepts[g] = found[:-1], found[-1]
    return replace(prior, weights=weights, intercepts=intercepts)


def _logistic(x: Array, y: Array, weight: Array, start: Array, c: float) -> Array:
    """Coefficients, the intercept last."""
    spread = np.append(x.std(axis=0), 1.0)
    spread[spread == 0] = 1.0  # a figure that is always the same moves as the intercept does
    scaled = np.column_stack([x, np.ones(len(x))]) / spread
    centre = start * spread

    def loss(b: Array) -> float:
        z = scaled @ b
        return float(weight @ (np.logaddexp(0, z) - y * z)) + float((b - centre) @ (b - centre)) / (2 * c)

    def slope(b: Array) -> Array:
        out: Array = scaled.T @ (weight * (_sigmoid(scaled @ b) - y)) + (b - centre) / c
        return out

    def curvature(b: Array) -> Array:
        p = _sigmoid(scaled @ b)
        out: Array = (scaled * (weight * p * (1 - p))[:, None]).T @ scaled + np.eye(len(b)) / c
        return out

    # A few dozen coefficients and strictly convex: second derivatives get there in some ten steps, L-BFGS in hundreds.
    found = minimize(loss, centre, jac=slope, hess=curvature, method="trust-exact")
    out: Array = found.x / spread
    return out


def _sigmoid(z: Array) -> Array:
    out: Array = 1 / (1 + np.exp(-np.clip(z, -40, 40)))
    return out


def out_of_fold(
    cases: Cases, prior: MappingModel, strengths: Sequence[float], say: Callable[[int, int], None]
) -> tuple[list[MappingModel], float]:
    """For each fold the model that did not see it, and the C for a fit on everything.

    C is chosen without the fold: fitted without it and the next one, which judges.
    """
    models = []
    total = dict.fromkeys(strengths, 0.0)
    for k in range(FOLDS):
        inner = (k + 1) % FOLDS
        held = Cases(tuple(case for case in cases.cases if case.fold == inner and case.judged))
        losses = {}
        for c in strengths:
            trial = fitted(cases, (cases.fold != k) & (cases.fold != inner), prior, c)
            losses[c] = float(np.sum([loss(case, trial) for case in held.cases]))
            total[c] += losses[c]
        models.append(fitted(cases, cases.fold != k, prior, min(strengths, key=losses.__getitem__)))
        say(k + 1, FOLDS)
    return models, min(strengths, key=total.__getitem__)


def probabilities(case: Case, model: MappingModel) -> dict[int, float]:
    """Skill row → probability, over the text's sentences as the mapper does it."""
    said: dict[int, list[float]] = {}
    for o in case.offers:
        if len(o.rows):
            for row, p in zip(o.rows.tolist(), model.probabilities(o.x).tolist(), strict=True):
                said.setdefault(row, []).append(p)
    found = {}
    for row, values in said.items():
        values.sort(reverse=True)
        found[row] = 1 - (1 - values[0]) * float(np.prod([(1 - v) ** model.damping for v in values[1:]]))
    return found


def loss(case: Case, model: MappingModel) -> float:
    """Log loss of a text, summed over its candidates and the labels that are none."""
    return _loss(case, probabilities(case, model))


def _loss(case: Case, found: dict[int, float]) -> float:
    p = np.clip(np.array(list(found.values()), float), 1e-9, 1 - 1e-9)
    y = np.array([row in case.gold for row in found], dtype=bool)
    missed = sum(g not in found for g in case.gold)
    return float(-np.log(np.where(y, p, 1 - p)).sum() - missed * np.log(_MISSED))


FIGURES = ("log_loss", "rp_at_1", "rp_at_5", "mrr", "over_half")
"""Columns of ``judge``. ``over_half``: whether a text without label has a candidate over ½."""


def judge(case: Case, model: MappingModel) -> Array:
    """(``FIGURES``,) of one text; not a number where a figure does not apply."""
    found = probabilities(case, model)
    ranked = sorted(found, key=lambda row: (-found[row], row))
    out = np.full(len(FIGURES), np.nan)
    out[0] = _loss(case, found)
    if case.gold:
        for i, k in ((1, 1), (2, 5)):
            out[i] = len(case.gold.intersection(ranked[:k])) / min(k, len(case.gold))
        out[3] = next((1 / n for n, row in enumerate(ranked, start=1) if row in case.gold), 0.0)
    else:
        out[4] = float(bool(ranked) and found[ranked[0]] >= 0.5)
    return out


def interval(values: Array) -> tuple[float, float, float]:
    """Mean with its 95 % bootstrap interval; zeros where nothing applies."""
    given = values[~np.isnan(values)]
    if not len(given):
        return 0.0, 0.0, 0.0
    draws = np.random.default_rng(0).integers(0, len(given), (DRAWS, len(given)))
    low, high = np.percentile(given[draws].mean(axis=1), [2.5, 97.5])
    return float(given.mean()), float(low), float(high)
