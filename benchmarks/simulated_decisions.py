"""Simulated organisations: decisions about people whose confidences are distorted in a known way."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ascertain.domain.calibration_figures import Array, Judged

Truth = Callable[[Array], Array]


def exact(p: Array) -> Array:
    """Each confidence is right."""
    return p


def too_sure(p: Array) -> Array:
    """Log-odds are 0.6 of what is said, less a half."""
    odds = np.log(p / (1 - p))
    return np.asarray(1 / (1 + np.exp(-(0.6 * odds - 0.5))))


def too_modest(p: Array) -> Array:
    """Log-odds are twice of what is said."""
    odds = np.log(p / (1 - p))
    return np.asarray(1 / (1 + np.exp(-2 * odds)))


def stepped(p: Array) -> Array:
    """No line in log-odds: everything over 0.7 is right nine times in ten, everything below four times."""
    return np.where(p > 0.7, 0.9, 0.4)


def decisions(n: int, truth: Truth, *, seed: int = 0, people: int | None = None) -> list[Judged]:
    """``n`` decisions, five about each person unless said otherwise; posteriors mostly high, as reviewers see them."""
    rng = np.random.default_rng(seed)
    crowd = people or max(20, n // 5)
    p = np.clip(rng.beta(5.0, 1.6, n), 0.001, 0.999)
    right = rng.random(n) < truth(p)
    whose = rng.integers(crowd, size=n)
    return [
        Judged(f"v{i:05}", f"E{whose[i]}", float(p[i]), float(p[i]), bool(right[i]), kind="ticket", system="lms")
        for i in range(n)
    ]
