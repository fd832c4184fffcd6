"""Tables of ingest: what folded evidence is counted from, and the jobs that an HRIS describes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ascertain.store.schema import Base
from ascertain.store.types import IdText


class EngagementRow(Base):
    """One use of one piece of content, so that the same one is never counted twice."""

    __tablename__ = "engagements"
    __table_args__ = (Index("ix_engagements_evidence_id", "evidence_id"),)
    ref: Mapped[str] = mapped_column(IdText, primary_key=True)
    learner_id: Mapped[str] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"), index=True)
    evidence_id: Mapped[str] = mapped_column(IdText)
    verb: Mapped[str]
    minutes: Mapped[float | None]
    progress: Mapped[float | None]
    used_on: Mapped[date | None]


class ProposalRow(Base):
    """A job as an HRIS describes it. No requirement before somebody accepted it."""

    __tablename__ = "job_proposals"
    ref: Mapped[str] = mapped_column(IdText, primary_key=True)
    connection: Mapped[str] = mapped_column(IdText, index=True)
    code: Mapped[str]
    title: Mapped[str]
    summary: Mapped[str]
    department: Mapped[str]
    skills: Mapped[list[Any]]
    active: Mapped[bool]
    accepted_as: Mapped[str | None] = mapped_column(IdText)
    seen_at: Mapped[datetime]
