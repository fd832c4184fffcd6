"""What fitting a calibration gives, and when it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from ascertain.domain.calibration import Calibration, Method
from ascertain.domain.calibration_figures import Difference, Judged, Reliability
from ascertain.domain.rules import CalibrationRules


class FitOutcome(StrEnum):
    """How a fit ended. Only ``KEPT`` gives a calibration."""

    KEPT = "kept"
    TOO_FEW = "too few"
    ONE_SIDED = "one-sided"
    NOT_BETTER = "not better"


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fit with its figures out of fold: each decision was predicted by a calibration that had not seen the person.

    Attributes:
        why: in plain words.
        before: of the posterior as it is; ``None`` without decisions.
        after, difference: out of fold; ``None`` where nothing was fitted.
        calibration: fitted on all decisions; ``None`` unless kept.
    """

    outcome: FitOutcome
    why: str
    decisions: int
    people: int
    method: Method | None = None
    before: Reliability | None = None
    after: Reliability | None = None
    difference: Difference | None = None
    calibration: Calibration | None = None


class CalibrationFitter(Protocol):
    """``ascertain.calibrating``."""

    def fit(self, judged: Sequence[Judged], rules: CalibrationRules, number: int) -> Fitted:
        """Fit one that would get this number. Equal decisions give an equal calibration, whatever their order."""


def method_for(decisions: int, people: int, rules: CalibrationRules) -> Method | None:
    """Which method so many decisions carry; ``None`` when they are too few."""
    if decisions < rules.platt_from or people < rules.least_people:
        return None
    return Method.ISOTONIC if decisions >= rules.isotonic_from else Method.PLATT


def better(difference: Difference) -> bool:
    """Whether a calibration is worth having: its Brier score is lower out of fold, with the whole 95 % interval. A
    proper score, so a calibration that only moves everything to the mean does not pass for good."""
    return difference.brier < 0 and difference.brier_95[1] < 0
