"""Tables of the API's writes: what was answered under which key, and assessments that somebody asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ascertain.store.schema import Base
from ascertain.store.types import IdText


class ApiRequestRow(Base):
    """A request under an idempotency key; ``status`` is null while it is being worked on."""

    __tablename__ = "api_requests"
    caller: Mapped[str] = mapped_column(IdText, primary_key=True)
    key: Mapped[str] = mapped_column(IdText, primary_key=True)
    digest: Mapped[str]
    began_at: Mapped[datetime]
    learner_id: Mapped[str | None] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"), index=True)
    status: Mapped[int | None]
    body: Mapped[dict[str, Any]]
    headers: Mapped[dict[str, Any]]


class RunRequestRow(Base):
    """Somebody asked for assessments."""

    __tablename__ = "run_requests"
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    cohort: Mapped[str]
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    force: Mapped[bool]
    cancelled_at: Mapped[datetime | None]


class RunRequestMemberRow(Base):
    """A learner of a request."""

    __tablename__ = "run_request_members"
    __table_args__ = (Index("ix_run_request_members_run_id", "run_id"),)
    request_id: Mapped[str] = mapped_column(IdText, ForeignKey("run_requests.id", ondelete="CASCADE"), primary_key=True)
    learner_id: Mapped[str] = mapped_column(
        IdText, ForeignKey("learners.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    run_id: Mapped[str] = mapped_column(IdText)
    state: Mapped[str]
    cancelled_at: Mapped[datetime | None]
