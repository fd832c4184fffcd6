"""What the main database keeps of fairness audits. Group labels are not here: :mod:`ascertain.store.groups`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from ascertain.store.schema import Base
from ascertain.store.types import IdText


class FairnessAuditRow(Base):
    """That an audit was made, of whom and by what; no figures by group."""

    __tablename__ = "fairness_audits"
    __table_args__ = (Index("ix_fairness_audits_population_made_at", "population", "made_at"),)
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    made_at: Mapped[datetime]
    actor: Mapped[str]
    population: Mapped[str] = mapped_column(IdText)
    attributes: Mapped[list[Any]]
    measures: Mapped[list[Any]]
    people: Mapped[int]
    flagged: Mapped[int]
    too_few: Mapped[int]
