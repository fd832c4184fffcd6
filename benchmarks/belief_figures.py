"""AUC, Brier score and calibration error of probabilities, with bootstrap intervals over students."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

BINS = 10


@dataclass(frozen=True)
class Figures:
    """Of one way to predict; each ``_95`` is an interval. ``ahead_95`` is by how much the belief's AUC is higher."""

    auc: float
    brier: float
    ece: float
    auc_95: tuple[float, float]
    brier_95: tuple[float, float]
    ece_95: tuple[float, float]
    ahead_95: tuple[float, float] | None = None

    def document(self) -> dict[str, object]:
        """For JSON, to four decimals."""
        return {k: _rounded(v) for k, v in asdict(self).items() if v is not None}


@dataclass(frozen=True)
class Prediction:
    """``score`` orders (for AUC), ``p`` is its probability (for Brier and ECE)."""

    score: Array
    p: Array


def auc(score: Array, y: Array, weight: Array) -> float:
    """P(a success scores higher than a failure), ties counted half; NaN when there is only one of them."""
    order = np.unique(score, return_inverse=True)[1].ravel()
    return _auc(order, y, weight)


def _auc(order: Places, y: Array, weight: Array) -> float:
    good = np.bincount(order, weights=weight * y)
    bad = np.bincount(order, weights=weight * (1 - y), minlength=len(good))
    pairs = good.sum() * bad.sum()
    return float((good * (np.cumsum(bad) - bad / 2)).sum() / pairs) if pairs else float("nan")


def brier(p: Array, y: Array, weight: Array) -> float:
    """Mean squared error."""
    return float(np.average((p - y) ** 2, weights=weight))


def ece(p: Array, y: Array, weight: Array) -> float:
    """Expected calibration error in ten bins of equal width."""
    b = np.minimum((p * BINS).astype(int), BINS - 1)
    off = np.bincount(b, weights=weight * (p - y), minlength=BINS)
    return float(np.abs(off).sum() / weight.sum())


def bins(p: Array, y: Array) -> list[tuple[int, float, float]]:
    """(count, mean probability, share that came true) of each bin that holds anything."""
    b = np.minimum((p * BINS).astype(int), BINS - 1)
    return [
        (int((b == k).sum()), float(p[b == k].mean()), float(y[b == k].mean())) for k in range(BINS) if (b == k).any()
    ]


def measured(
    every: dict[str, Prediction], y: Array, student: Places, *, ours: str, draws: int, seed: int = 0
) -> dict[str, Figures]:
    """Figures of each prediction. Whole students are drawn, since one's submissions are alike."""
    orders = {name: np.unique(x.score, return_inverse=True)[1].ravel() for name, x in every.items()}
    students = int(student.max()) + 1
    picks = np.random.default_rng(seed).multinomial(students, np.full(students, 1 / students), size=draws)
    one = np.ones(len(y))
    aucs = {name: np.empty(draws) for name in every}
    briers = {name: np.empty(draws) for name in every}
    eces = {name: np.empty(draws) for name in every}
    for i, pick in enumerate(picks):
        w = pick[student].astype(float)
        for name, x in every.items():
            aucs[name][i] = _auc(orders[name], y, w)
            briers[name][i] = brier(x.p, y, w)
            eces[name][i] = ece(x.p, y, w)
    return {
        name: Figures(
            _auc(orders[name], y, one),
            brier(x.p, y, one),
            ece(x.p, y, one),
            _interval(aucs[name]),
            _interval(briers[name]),
            _interval(eces[name]),
            None if name == ours else _interval(aucs[ours] - aucs[name]),
        )
        for name, x in every.items()
    }


def _interval(values: Array) -> tuple[float, float]:
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)


def _rounded(value: object) -> object:
    if isinstance(value, tuple):
        return [round(v, 4) for v in value]
    return round(value, 4) if isinstance(value, float) else value
