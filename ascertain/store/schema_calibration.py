"""Tables of calibrations: what was fitted and approved, and which one was in use when. Nothing in them is about a
learner; the names are of those who fitted, approved and applied."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from ascertain.store.schema import Base
from ascertain.store.types import IdText, Sequence64


class CalibrationRow(Base):
    """``document`` is the canonical text whose hash stands in ``version``."""

    __tablename__ = "calibrations"
    number: Mapped[int] = mapped_column(Sequence64, primary_key=True, autoincrement=False)
    version: Mapped[str] = mapped_column(IdText, unique=True)
    document: Mapped[str]
    data: Mapped[str]
    figures: Mapped[dict[str, Any]]
    fitted_at: Mapped[datetime]
    fitted_by: Mapped[str]
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[str]
    approval_reason: Mapped[str]


class CalibrationUseRow(Base):
    """The row with the highest number holds."""

    __tablename__ = "calibration_uses"
    number: Mapped[int] = mapped_column(Sequence64, primary_key=True, autoincrement=False)
    version: Mapped[str] = mapped_column(IdText)
    used_from: Mapped[datetime]
    actor: Mapped[str]
    reason: Mapped[str]
