"""A calibration: a monotone map from the posterior to the confidence that reviewers' decisions bear out.

Pure shapes. How one is fitted: :mod:`ascertain.calibrating`; how good confidences are: ``calibration_figures``.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any

from ascertain.domain.canonical import DIGITS, canonical_json, digest
from ascertain.domain.odds import log_odds, probability

NONE = "none"
"""The version that stands with results that no calibration was applied to."""


class Method(StrEnum):
    """How the map is written: knots with straight lines between them, or a line in log-odds."""

    ISOTONIC = "isotonic"
    PLATT = "platt"


@dataclass(frozen=True, slots=True)
class Calibration:
    """Monotone, from [0, 1] to [0, 1].

    Attributes:
        number: 1, 2, … in the order they were fitted.
        decisions: how many human decisions it was fitted on.
        knots: of ``ISOTONIC``: (posterior, confidence), strictly rising posteriors, confidences that never fall;
            outside of them the nearest one's confidence holds.
        slope, offset: of ``PLATT``: logit confidence = slope · logit posterior + offset (Platt 1999), slope ≥ 0.

    Raises:
        ValueError: when it would not be monotone or would leave [0, 1].
    """

    number: int
    method: Method
    decisions: int
    knots: tuple[tuple[float, float], ...] = ()
    slope: float = 1.0
    offset: float = 0.0

    def __post_init__(self) -> None:
        if self.number < 1 or self.decisions < 1:
            raise ValueError("a calibration has a number and rests on decisions")
        if self.method is Method.PLATT:
            if not (math.isfinite(self.slope) and math.isfinite(self.offset) and self.slope >= 0):
                raise ValueError(f"slope {self.slope} and offset {self.offset} make no monotone map")
            return
        places, values = [x for x, _ in self.knots], [y for _, y in self.knots]
        if not self.knots or not all(0.0 <= v <= 1.0 for v in (*places, *values)):
            raise ValueError("knots must be there, and within 0 and 1")
        if any(a >= b for a, b in pairwise(places)):
            raise ValueError("the posteriors of knots must rise")
        if any(a > b for a, b in pairwise(values)):
            raise ValueError("the confidences of knots must not fall")

    def __call__(self, posterior: float) -> float:
        """The calibrated confidence.

        Raises:
            ValueError: when ``posterior`` is not in [0, 1].
        """
        if not 0.0 <= posterior <= 1.0:  # also what is not a number
            raise ValueError(f"{posterior} is no probability")
        if self.method is Method.PLATT:
            return probability(self.slope * log_odds(posterior) + self.offset)
        after = bisect_right(self.knots, posterior, key=lambda k: k[0])
        if after == 0:
            return self.knots[0][1]
        if after == len(self.knots):
            return self.knots[-1][1]
        (x0, y0), (x1, y1) = self.knots[after - 1], self.knots[after]
        return min(max(y0 + (y1 - y0) * ((posterior - x0) / (x1 - x0)), y0), y1)

    @property
    def version(self) -> str:
        """Number and a hash of what it maps: stands with every result that it was applied to."""
        return f"{self.number}+{digest(self, length=12)}"

    def document(self) -> str:
        """Its canonical JSON, as it is archived."""
        return canonical_json(self)


def rounded(calibration: Calibration) -> Calibration:
    """With as many decimals as are stored, so that the archived one gives the same bytes."""
    places: dict[float, float] = {}
    for x, y in calibration.knots:
        places[round(x, DIGITS)] = round(y, DIGITS)  # knots closer than that are one
    return Calibration(
        calibration.number,
        calibration.method,
        calibration.decisions,
        tuple(places.items()),
        round(calibration.slope, DIGITS),
        round(calibration.offset, DIGITS),
    )


def calibration_from(raw: Mapping[str, Any]) -> Calibration:
    """Out of its canonical JSON.

    Raises:
        ValueError, KeyError, TypeError: when that is no calibration.
    """
    return Calibration(
        int(raw["number"]),
        Method(raw["method"]),
        int(raw["decisions"]),
        tuple((float(x), float(y)) for x, y in raw["knots"]),
        float(raw["slope"]),
        float(raw["offset"]),
    )


def named(version: str) -> str:
    """Of "3+9f…", as people say it: "calibration 3"."""
    return "no calibration" if version == NONE else f"calibration {version.partition('+')[0]}"
