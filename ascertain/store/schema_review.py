"""Tables of the reviewers' desk: who looked and judged first, and the items whose answer is known."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ascertain.store.schema import Base
from ascertain.store.types import IdText


class LookRow(Base):
    """One a reviewer and item. ``item_id`` is of ``review_items`` or ``review_checks``."""

    __tablename__ = "review_looks"
    __table_args__ = (
        Index("ix_review_looks_item_id", "item_id"),
        CheckConstraint("own_level BETWEEN 0 AND 5", name="own_level"),
    )
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    item_id: Mapped[str] = mapped_column(IdText)
    learner_id: Mapped[str] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"), index=True)
    reviewer: Mapped[str]
    shown_at: Mapped[datetime]
    own_level: Mapped[int | None]
    judged_at: Mapped[datetime | None]


class CheckRow(Base):
    """Items that decide nothing and say how somebody reviews."""

    __tablename__ = "review_checks"
    __table_args__ = (
        CheckConstraint("own_level BETWEEN 0 AND 5", name="own_level"),
        CheckConstraint("truth BETWEEN 0 AND 5", name="truth"),
        CheckConstraint("suggested BETWEEN 1 AND 5", name="suggested"),
        CheckConstraint("decided_level BETWEEN 1 AND 5", name="decided_level"),
    )
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    assertion_id: Mapped[str] = mapped_column(IdText, ForeignKey("assertions.id", ondelete="CASCADE"), index=True)
    learner_id: Mapped[str] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"), index=True)
    skill_id: Mapped[str] = mapped_column(IdText)
    kind: Mapped[str]
    suggested: Mapped[int]
    confidence: Mapped[float]
    truth: Mapped[int]
    altered: Mapped[bool]
    reasons: Mapped[list[Any]]
    priority: Mapped[int]
    assignee: Mapped[str] = mapped_column(IdText, index=True)
    due_on: Mapped[date]
    created_at: Mapped[datetime]
    decision: Mapped[str | None]
    decided_level: Mapped[int | None]
    decided_by: Mapped[str]
    decision_reason: Mapped[str]
    decided_at: Mapped[datetime | None]
    own_level: Mapped[int | None]
    shown_at: Mapped[datetime | None]
