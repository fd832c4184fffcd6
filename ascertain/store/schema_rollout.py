"""Tables of a rollout: which phase a pilot was moved to by whom, and the reports that it rests on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ascertain.store.schema import Base
from ascertain.store.types import IdText, Sequence64


class RolloutAdvanceRow(Base):
    """Never changed: the row of a pilot with the highest number holds."""

    __tablename__ = "rollout_advances"
    __table_args__ = (CheckConstraint("phase >= 0", name="phase"),)
    number: Mapped[int] = mapped_column(Sequence64, primary_key=True, autoincrement=False)
    pilot: Mapped[str] = mapped_column(IdText, index=True)
    phase: Mapped[int]
    reason: Mapped[str]
    report_id: Mapped[str] = mapped_column(IdText)
    moved_by: Mapped[str]
    moved_at: Mapped[datetime]


class RolloutReportRow(Base):
    """Counts and shares over a pilot; nobody is named in ``figures``."""

    __tablename__ = "rollout_reports"
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    pilot: Mapped[str] = mapped_column(IdText, index=True)
    phase: Mapped[int]
    verdict: Mapped[str]
    figures: Mapped[dict[str, Any]]
    made_by: Mapped[str]
    made_at: Mapped[datetime]
