"""Tables of what a person may ask for and of what needs a person's yes: disputes, corrections, restrictions and
assignments."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ascertain.store.schema import Base
from ascertain.store.types import IdText, Sequence64


class DisputeRow(Base):
    """A person contests an assertion. Without a foreign key to it: it may be purged before the dispute is."""

    __tablename__ = "disputes"
    __table_args__ = (
        Index("ix_disputes_learner_id_skill_id", "learner_id", "skill_id"),
        Index("ix_disputes_state_due_on", "state", "due_on"),
        CheckConstraint("decided_level BETWEEN 1 AND 5", name="decided_level"),
    )
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    learner_id: Mapped[str] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"))
    assertion_id: Mapped[str] = mapped_column(IdText)
    skill_id: Mapped[str] = mapped_column(IdText)
    reason: Mapped[str]
    opened_by: Mapped[str]
    opened_at: Mapped[datetime]
    due_on: Mapped[date]
    before: Mapped[str]
    evidence: Mapped[list[Any]]
    state: Mapped[str] = mapped_column(IdText)
    decided_by: Mapped[str]
    decision_reason: Mapped[str]
    decided_level: Mapped[int | None]
    decided_at: Mapped[datetime | None]
    escalated_to: Mapped[str | None]
    escalated_at: Mapped[datetime | None]


class RightsRequestRow(Base):
    """What a person asks for about their data, by when, and the answer."""

    __tablename__ = "rights_requests"
    __table_args__ = (Index("ix_rights_requests_state_due_on", "state", "due_on"),)
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    learner_id: Mapped[str] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    field: Mapped[str]
    value: Mapped[str]
    words: Mapped[str]
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    due_on: Mapped[date]
    longer_because: Mapped[str]
    state: Mapped[str] = mapped_column(IdText)
    answered_by: Mapped[str]
    answer: Mapped[str]
    answered_at: Mapped[datetime | None]


class RectificationRow(Base):
    """A correction that the next sync must not undo. What it replaced is in the audit record's payload alone."""

    __tablename__ = "rectifications"
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    learner_id: Mapped[str] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"), index=True)
    field: Mapped[str]
    evidence_id: Mapped[str] = mapped_column(IdText)
    value: Mapped[str]
    by: Mapped[str]
    reason: Mapped[str]
    record: Mapped[int] = mapped_column(Sequence64)
    made_at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str]


class RestrictionRow(Base):
    """Processing of a person is restricted while ``lifted_at`` is null."""

    __tablename__ = "restrictions"
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    learner_id: Mapped[str] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str]
    handler: Mapped[str]
    since: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str]
    lift_reason: Mapped[str]


class AssignmentRow(Base):
    """A proposed learning path and who said yes or no to it."""

    __tablename__ = "assignments"
    __table_args__ = (Index("ix_assignments_learner_id_state", "learner_id", "state"),)
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    learner_id: Mapped[str] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"))
    run_id: Mapped[str] = mapped_column(IdText)
    items: Mapped[list[Any]]
    approver: Mapped[str]
    proposed_at: Mapped[datetime]
    changes: Mapped[list[Any]]
    state: Mapped[str] = mapped_column(IdText, index=True)
    decided_by: Mapped[str]
    reason: Mapped[str]
    decided_at: Mapped[datetime | None]
    plan: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
