"""Fitting "none fits": whether a sentence shows any skill, from the re-ranker's out-of-fold probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

from ascertain.taxonomy.model import COLUMNS, Presence
from ascertain.taxonomy.presence import PRESENCE, bounded, presence_features
from training.fitting import folds, regression
from training.rows import Array, Rows

STRENGTHS = (0.01, 0.03, 0.1, 0.3, 1.0)


def fit_presence(rows: Rows, p: Array) -> tuple[dict[str, Any], Array]:
    """The regression as data, and ``p`` bounded by one that did not see the text.

    Learns from texts of one sentence: which sentence of a longer one shows the skill, its labels do not say.
    """
    groups = rows.by_sentence
    x = np.array([presence_features(rows.x[g], p[g], COLUMNS) for g in groups])
    text = np.array([rows.text[g[0]] for g in groups])
    shows = np.array([bool(rows.gold[t]) for t in text])
    alone = np.bincount(text, minlength=len(rows.gold))[text] == 1
    said, losses = [], []
    for c in STRENGTHS:
        q = np.zeros(len(text))
        for part in folds(len(rows.gold)):
            held = np.isin(text, part)
            q[held] = _sure(x[held], *_fit(x[alone & ~held], shows[alone & ~held], c))
        said.append(q)
        losses.append(-np.log(np.clip(np.where(shows, q, 1 - q), 1e-9, 1))[alone].mean())
    chosen = int(np.argmin(losses))
    weights, intercept = _fit(x[alone], shows[alone], STRENGTHS[chosen])
    out = p.copy()
    for g, any_fits in zip(groups, said[chosen], strict=True):
        out[g] = bounded(p[g], float(any_fits))
    return {
        "c": STRENGTHS[chosen],
        "intercept": round(intercept, 5),
        "weights": {f: round(float(w), 5) for f, w in zip(PRESENCE, weights, strict=True)},
    }, out


def with_presence(rows: Rows, p: Array, presence: dict[str, Any]) -> Array:
    """``p`` under a regression that :func:`fit_presence` gave, as the mapper does it."""
    fitted = Presence(np.array([presence["weights"][f] for f in PRESENCE]), presence["intercept"])
    out = p.copy()
    for g in rows.by_sentence:
        out[g] = bounded(p[g], fitted.probability(rows.x[g], p[g]))
    return out


def _fit(x: Array, y: Any, c: float) -> tuple[Array, float]:
    return regression(x, y, np.ones(len(y)), c)


def _sure(x: Array, weights: Array, intercept: float) -> Array:
    q: Array = 1 / (1 + np.exp(-(x @ weights + intercept)))
    return q
