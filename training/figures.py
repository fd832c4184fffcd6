"""Figures of a ranking with probabilities, against labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from training.rows import Array, Rows

DRAWS = 1000


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
    that get any. ``…_95`` are bootstrap intervals over texts; ``ece_top_1_if_perfect`` is the error that chance alone
    would show on so many texts were every probability exactly right."""
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
        "ece_top_1": _percent(ece(first)),
        "ece_top_1_95": _interval(first, ece),
        "ece_top_1_if_perfect": _percent(by_chance([q for q, _ in first])),
        "ece_top_10": _percent(ece(ten)),
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
    draws = np.random.default_rng(0).integers(0, len(given), (DRAWS, len(given)))
    low, high = np.percentile([figure(given[d]) for d in draws], [2.5, 97.5])
    return [_percent(float(low)), _percent(float(high))]


def _percent(share: float) -> float:
    return round(100 * share, 1)


def ece(pairs: Any, bins: int = 10) -> float:
    """Expected calibration error of (probability, right or not), in bins of equal width; never negative, so that it is
    above zero on a finite set even where nothing is wrong."""
    p, y = np.asarray(pairs, dtype=float).T
    b = np.minimum((p * bins).astype(int), bins - 1)
    return float(sum(abs(p[b == k].sum() - y[b == k].sum()) for k in range(bins)) / len(p))


def by_chance(p: Sequence[float]) -> float:
    """The mean calibration error over answers drawn with just these probabilities: what a perfect model would show."""
    given = np.asarray(p, dtype=float)
    if not len(given):
        return 0.0
    drawn = np.random.default_rng(0).random((DRAWS, len(given))) < given
    return float(np.mean([ece(np.column_stack([given, y])) for y in drawn]))
