"""How good confidences are: reliability, calibration error and Brier score of human decisions, with intervals.

Binning is ten bins of equal width. The Brier score is decomposed after Murphy (1973): reliability − resolution +
uncertainty; what confidences differ within a bin is the rest (Stephenson, Coelho, Jolliffe 2008).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

BINS = 10
DRAWS = 500
_Z = 1.959963984540054
_PERFECT_DRAWS = 500


@dataclass(frozen=True, slots=True)
class Judged:
    """A decision as calibration sees it.

    Attributes:
        item: id of the review item, of which there is one a decision.
        person: whose decisions are folded and drawn together.
        posterior: P(θ_level > τ) at the level that was asserted.
        shown: the confidence that was stored then: the posterior, or what a calibration made of it.
        right: the human found that level or a higher one.
        weight: how many decisions it stands for: 1, or 1 / share where only a sample was decided.
        drawn: code had accepted it, and a random sample brought it before the human.
        kind, system, family: of the evidence that weighs most, and of the skill.
    """

    item: str
    person: str
    posterior: float
    shown: float
    right: bool
    weight: float = 1.0
    drawn: bool = False
    kind: str = ""
    system: str = ""
    family: str = ""


@dataclass(frozen=True, slots=True)
class Bin:
    """Decisions whose confidence is in [low, high): their mean confidence, the share that was right with its 95 %
    interval (Wilson 1927, on the effective number of decisions)."""

    low: float
    high: float
    n: int
    said: float
    right: float
    right_95: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Reliability:
    """Figures of one set of confidences. Each ``_95`` is a bootstrap interval over people.

    Attributes:
        n, people: decisions and whose they are about.
        said, right: means of the confidences and of what was right.
        ece: expected calibration error: mean distance of what was said from what was right, over bins.
        perfect_ece: what these very confidences would show on average, were each exactly right.
        brier: mean squared error = ``reliability`` − ``resolution`` + ``uncertainty`` + ``within``.
    """

    n: int
    people: int
    said: float
    right: float
    ece: float
    ece_95: tuple[float, float]
    perfect_ece: float
    brier: float
    brier_95: tuple[float, float]
    reliability: float
    resolution: float
    uncertainty: float
    within: float
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """Brier score and calibration error after minus before, with 95 % intervals over people: negative is better."""

    brier: float
    brier_95: tuple[float, float]
    ece: float
    ece_95: tuple[float, float]


def measure(judged: Sequence[Judged], confidence: Callable[[Judged], float] | Sequence[float]) -> Reliability:
    """Figures of ``confidence`` on these decisions.

    Raises:
        ValueError: when there are none.
    """
    if not judged:
        raise ValueError("there are no decisions")
    p = _confidences(judged, confidence)
    y, w, person = _columns(judged)
    people = int(person.max()) + 1
    parts = _decomposed(p, y, w)
    eces, briers = _drawn([p], y, w, person)[0]
    return Reliability(
        len(judged),
        people,
        float(np.average(p, weights=w)),
        float(np.average(y, weights=w)),
        _ece(p, y, w),
        _interval(eces),
        _perfect(p, w),
        _brier(p, y, w),
        _interval(briers),
        *parts,
        _bins(p, y, w),
    )


def compare(judged: Sequence[Judged], before: Sequence[float], after: Sequence[float]) -> Difference:
    """``after`` minus ``before``, drawn in pairs."""
    y, w, person = _columns(judged)
    b, a = np.asarray(before, float), np.asarray(after, float)
    (eces_b, briers_b), (eces_a, briers_a) = _drawn([b, a], y, w, person)
    return Difference(
        _brier(a, y, w) - _brier(b, y, w),
        _interval(briers_a - briers_b),
        _ece(a, y, w) - _ece(b, y, w),
        _interval(eces_a - eces_b),
    )


def split(judged: Sequence[Judged], by: Callable[[Judged], str]) -> dict[str, list[Judged]]:
    """The decisions by what ``by`` says of them, in the order of these words."""
    found: dict[str, list[Judged]] = {}
    for j in judged:
        found.setdefault(by(j), []).append(j)
    return dict(sorted(found.items()))


def wilson(share: float, n: float) -> tuple[float, float]:
    """95 % interval of a share of ``n`` (Wilson 1927); 0 and 1 when there are none."""
    if n <= 0:
        return 0.0, 1.0
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    reach = _Z / (1 + _Z**2 / n) * sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def _confidences(judged: Sequence[Judged], confidence: Callable[[Judged], float] | Sequence[float]) -> Array:
    if callable(confidence):
        return np.array([confidence(j) for j in judged], float)
    return np.asarray(confidence, float)


def _columns(judged: Sequence[Judged]) -> tuple[Array, Array, Places]:
    numbers: dict[str, int] = {}
    person = [numbers.setdefault(j.person, len(numbers)) for j in judged]
    return np.array([j.right for j in judged], float), np.array([j.weight for j in judged], float), np.array(person)


def _place(p: Array) -> Places:
    return np.minimum((p * BINS).astype(np.int64), BINS - 1)


def _ece(p: Array, y: Array, w: Array) -> float:
    return float(np.abs(np.bincount(_place(p), weights=w * (p - y), minlength=BINS)).sum() / w.sum())


def _brier(p: Array, y: Array, w: Array) -> float:
    return float(np.average((p - y) ** 2, weights=w))


def _decomposed(p: Array, y: Array, w: Array) -> tuple[float, float, float, float]:
    place = _place(p)
    mass = np.bincount(place, weights=w, minlength=BINS)
    held = mass > 0
    share = mass[held] / mass.sum()
    said = np.bincount(place, weights=w * p, minlength=BINS)[held] / mass[held]
    right = np.bincount(place, weights=w * y, minlength=BINS)[held] / mass[held]
    mean = float(np.average(y, weights=w))
    reliability = float((share * (said - right) ** 2).sum())
    resolution = float((share * (right - mean) ** 2).sum())
    uncertainty = mean * (1 - mean)
    return reliability, resolution, uncertainty, _brier(p, y, w) - (reliability - resolution + uncertainty)


def _bins(p: Array, y: Array, w: Array) -> tuple[Bin, ...]:
    place = _place(p)
    found = []
    for k in range(BINS):
        mine = place == k
        if not mine.any():
            continue
        weights = w[mine]
        right = float(np.average(y[mine], weights=weights))
        effective = float(weights.sum() ** 2 / (weights**2).sum())
        said = float(np.average(p[mine], weights=weights))
        found.append(Bin(k / BINS, (k + 1) / BINS, int(mine.sum()), said, right, wilson(right, effective)))
    return tuple(found)


def _drawn(every: Sequence[Array], y: Array, w: Array, person: Places) -> list[tuple[Array, Array]]:
    """Calibration errors and Brier scores of each, over the same draws of whole people."""
    people = int(person.max()) + 1
    picks = np.random.default_rng(0).multinomial(people, np.full(people, 1 / people), size=DRAWS)
    found = [(np.empty(DRAWS), np.empty(DRAWS)) for _ in every]
    for i, pick in enumerate(picks):
        drawn = w * pick[person]
        for p, (eces, briers) in zip(every, found, strict=True):
            eces[i], briers[i] = _ece(p, y, drawn), _brier(p, y, drawn)
    return found


def _perfect(p: Array, w: Array) -> float:
    """The mean calibration error were each right with its own confidence."""
    draws = np.random.default_rng(0).random((_PERFECT_DRAWS, len(p))) < p
    return float(np.mean([_ece(p, y.astype(float), w) for y in draws]))


def _interval(values: Array) -> tuple[float, float]:
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)
