"""Tables of sweeps: how each went, and up to which revision of people names were looked for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from ascertain.store.schema import Base
from ascertain.store.types import IdText, Sequence64


class SweepRow(Base):
    """One sweep. ``after_id`` is the id of a learner while it runs, and empty afterwards."""

    __tablename__ = "sweeps"
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    cohort: Mapped[str]
    trigger: Mapped[str]
    force: Mapped[bool]
    queued: Mapped[bool]
    state: Mapped[str] = mapped_column(IdText)
    started_at: Mapped[datetime] = mapped_column(index=True)
    touched_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    after_id: Mapped[str]
    figures: Mapped[dict[str, Any]]
    expected: Mapped[dict[str, Any]]


class SweepMarkRow(Base):
    """Up to which revision something was looked at."""

    __tablename__ = "sweep_marks"
    name: Mapped[str] = mapped_column(IdText, primary_key=True)
    number: Mapped[int] = mapped_column(Sequence64)
