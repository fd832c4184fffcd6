"""Probabilities and their log-odds."""

from __future__ import annotations

import math

SURE = 0.9999
"""Shares are taken within 1 − this and this: log-odds beyond say nothing more, and end in infinity."""


def log_odds(share: float) -> float:
    """ln(p / (1 − p)), bounded by ``SURE``."""
    p = min(max(share, 1.0 - SURE), SURE)
    return math.log(p / (1.0 - p))


def probability(odds: float) -> float:
    """The probability that has these log-odds, in [0, 1]."""
    return 1.0 / (1.0 + math.exp(-odds)) if odds > -700 else 0.0
