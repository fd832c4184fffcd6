"""What is kept of calibrations: what was fitted on how many decisions, who approved it, which one was in use when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from ascertain.domain.calibration import Calibration
from ascertain.domain.runs import ReviewItem, StoredAssertion


@dataclass(frozen=True, slots=True)
class CalibrationRecord:
    """A fitted calibration. A candidate until somebody approves it.

    Attributes:
        data: digest of the decisions it was fitted on.
        figures: how it did out of fold, see ``calibration_figures``; no personal data.
    """

    calibration: Calibration
    data: str
    figures: Mapping[str, Any]
    fitted_at: datetime
    fitted_by: str
    approved_at: datetime | None = None
    approved_by: str = ""
    approval_reason: str = ""

    @property
    def approved(self) -> bool:
        """Whether a human has said that it may be applied."""
        return self.approved_at is not None


@dataclass(frozen=True, slots=True)
class CalibrationUse:
    """From ``at`` on, ``version`` was in use: a calibration's, or ``calibration.NONE``."""

    version: str
    at: datetime
    actor: str
    reason: str
    number: int = field(default=0)


class Calibrations(Protocol):
    """``ascertain.store.calibrations``."""

    def all(self) -> list[CalibrationRecord]:
        """In the order of their numbers."""

    def get(self, version: str) -> CalibrationRecord | None:
        """By its full version, or its number alone."""

    def add(self, record: CalibrationRecord) -> None: ...
    def approve(self, version: str, *, at: datetime, by: str, reason: str) -> None: ...
    def use(self, use: CalibrationUse) -> None:
        """From now on this one."""

    def uses(self) -> list[CalibrationUse]:
        """Oldest first; the last one holds."""

    def in_use(self) -> str:
        """Version of the calibration in use, or ``calibration.NONE``."""

    def decided(self) -> list[tuple[ReviewItem, StoredAssertion]]:
        """Every decided review item with the assertion that was decided on, in the order of their ids."""
