"""Tables of how the product runs: what agents used, and how pulls went. Nothing in them is about a learner."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from ascertain.store.schema import Base
from ascertain.store.types import IdText, Sequence64


class UsageRow(Base):
    """Calls, tokens and US dollars of one day (UTC)."""

    __tablename__ = "usage_days"
    day: Mapped[date] = mapped_column(primary_key=True)
    crew: Mapped[str] = mapped_column(IdText, primary_key=True)
    agent: Mapped[str] = mapped_column(IdText, primary_key=True)
    brain: Mapped[str] = mapped_column(IdText, primary_key=True)
    calls: Mapped[int] = mapped_column(Sequence64)
    prompt: Mapped[int] = mapped_column(Sequence64)
    completion: Mapped[int] = mapped_column(Sequence64)
    usd: Mapped[float]
    unpriced: Mapped[int] = mapped_column(Sequence64)


class SyncAttemptRow(Base):
    """How the last pull of one kind of record of a connection went."""

    __tablename__ = "sync_attempts"
    connector: Mapped[str] = mapped_column(IdText, primary_key=True)
    entity: Mapped[str] = mapped_column(IdText, primary_key=True)
    tried_at: Mapped[datetime]
    ok_at: Mapped[datetime | None]
    failures: Mapped[int]
    error: Mapped[str]
    remedy: Mapped[str]
    retry_at: Mapped[datetime | None]
    seconds: Mapped[float]
    figures: Mapped[dict[str, Any]]
    totals: Mapped[dict[str, Any]]
