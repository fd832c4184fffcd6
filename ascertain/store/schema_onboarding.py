"""Tables of onboarding: plans as they stand, how their milestones stood before, and what people said."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ascertain.store.schema import Base
from ascertain.store.types import IdText


class OnboardingPlanRow(Base):
    """A plan of somebody's first 90 days. Milestones are read and written together, so they lie in one column."""

    __tablename__ = "onboarding_plans"
    __table_args__ = (Index("ix_onboarding_plans_state_starts_on", "state", "starts_on"),)
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    learner_id: Mapped[str] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"), index=True)
    role_id: Mapped[str] = mapped_column(IdText)
    starts_on: Mapped[date]
    given: Mapped[dict[str, Any]]
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(IdText)
    version: Mapped[int]
    hours_per_week: Mapped[float]
    milestones: Mapped[list[Any]]
    summary: Mapped[str]
    remarks: Mapped[list[Any]]
    left_out: Mapped[list[Any]]
    made_with: Mapped[dict[str, Any]]
    problem: Mapped[str]
    decided_by: Mapped[str]
    reason: Mapped[str]
    decided_at: Mapped[datetime | None]


class OnboardingVersionRow(Base):
    """The milestones as a change left them."""

    __tablename__ = "onboarding_versions"
    plan_id: Mapped[str] = mapped_column(
        IdText, ForeignKey("onboarding_plans.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    learner_id: Mapped[str] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"), index=True)
    by: Mapped[str]
    at: Mapped[datetime]
    reason: Mapped[str]
    changes: Mapped[list[Any]]
    milestones: Mapped[list[Any]]


class OnboardingCommentRow(Base):
    """What the new hire or the manager said."""

    __tablename__ = "onboarding_comments"
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    plan_id: Mapped[str] = mapped_column(IdText, ForeignKey("onboarding_plans.id", ondelete="CASCADE"), index=True)
    learner_id: Mapped[str] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"), index=True)
    milestone_id: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
    words: Mapped[str]
