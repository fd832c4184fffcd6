"""What is measured of a ranking: RP@k, reciprocal rank, calibration, with bootstrap intervals over queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.mapping_sets import Gold

DRAWS = 1000
BINS = 10
FIGURES = ("RP@1", "RP@5", "RP@10", "MRR")
Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Bin:
    """First candidates of about equal probability: how many, their mean probability, the share that is right."""

    count: int
    said: float
    right: float


@dataclass(frozen=True)
class Line:
    """One system on one set, in per cent; ``intervals`` of each of ``FIGURES`` and of ECE."""

    data: str
    system: str
    queries: int
    figures: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    no_label: int
    no_label_over_half: float | None
    bins: tuple[Bin, ...] = ()


@dataclass(frozen=True)
class Ranked:
    """Of each text: skill rows, best first, and their probabilities (empty where a system gives none)."""

    rows: list[list[int]]
    p: list[list[float]]

    def of(self, places: Sequence[int]) -> Ranked:
        """Some of the texts."""
        return Ranked([self.rows[i] for i in places], [self.p[i] for i in places] if self.p else [])


def line(data: str, system: str, gold: Gold, found: Ranked) -> Line:
    """A system's figures on a set, whose sentences ``found`` has in order."""
    labelled = [i for i, g in enumerate(gold.values()) if g]
    labels = list(gold.values())
    each: dict[str, list[float]] = {f: [] for f in FIGURES}
    for i in labelled:
        for k in (1, 5, 10):
            each[f"RP@{k}"].append(len(set(found.rows[i][:k]) & labels[i]) / min(k, len(labels[i])))
        first = next((n for n, r in enumerate(found.rows[i], start=1) if r in labels[i]), None)
        each["MRR"].append(1 / first if first else 0.0)
    figures: dict[str, float] = {}
    intervals: dict[str, tuple[float, float]] = {}
    if labelled:
        draws = np.random.default_rng(0).integers(0, len(labelled), (DRAWS, len(labelled)))
        figures = {f: _percent(float(np.mean(v))) for f, v in each.items()}
        intervals = {f: _interval(np.array(v)[draws].mean(axis=1)) for f, v in each.items()}
    over, groups = None, ()  # type: float | None, tuple[Bin, ...]
    if found.p:
        # Calibration over all texts: one without label has no right answer.
        p = np.array([ps[0] if ps else 0.0 for ps in found.p])
        y = np.array([bool(rs) and rs[0] in g for rs, g in zip(found.rows, labels, strict=True)], dtype=float)
        every = np.random.default_rng(0).integers(0, len(p), (DRAWS, len(p)))
        figures["ECE"] = _percent(ece(p, y))
        intervals["ECE"] = _interval(np.array([ece(p[d], y[d]) for d in every]))
        none = [float(q) for q, g in zip(p, labels, strict=True) if not g]
        over = _percent(sum(q >= 0.5 for q in none) / len(none)) if none else None
        groups = bins(p, y)
    return Line(data, system, len(labelled), figures, intervals, len(labels) - len(labelled), over, groups)


def bins(p: Array, y: Array) -> tuple[Bin, ...]:
    """Of equal width, those that hold anything."""
    b = np.minimum((p * BINS).astype(int), BINS - 1)
    return tuple(
        Bin(int((b == k).sum()), float(p[b == k].mean()), float(y[b == k].mean()))
        for k in range(BINS)
        if (b == k).any()
    )


def ece(p: Array, y: Array) -> float:
    """Expected calibration error of the first candidates, in bins of equal width."""
    b = np.minimum((p * BINS).astype(int), BINS - 1)
    return float(sum(abs(p[b == k].sum() - y[b == k].sum()) for k in range(BINS)) / len(p))


def _percent(share: float) -> float:
    return round(100 * share, 1)


def _interval(draws: Array) -> tuple[float, float]:
    low, high = np.percentile(draws, [2.5, 97.5])
    return _percent(float(low)), _percent(float(high))
