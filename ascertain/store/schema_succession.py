"""Tables of key roles, of who was nominated for them, and of how ready they were."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from ascertain.store.schema import Base
from ascertain.store.types import IdText


class KeyRoleRow(Base):
    """A role for which successors are looked after. ``incumbents`` and ``keeper_id`` are without a foreign key: the
    role stays when they have left."""

    __tablename__ = "key_roles"
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    title: Mapped[str]
    job_profile_id: Mapped[str] = mapped_column(IdText)
    seats: Mapped[int]
    source: Mapped[str] = mapped_column(IdText)
    incumbents: Mapped[list[Any]]
    keeper_id: Mapped[str] = mapped_column(IdText)
    closed: Mapped[str]


class SuccessionRow(Base):
    """That somebody was nominated for a key role, by whom and why, and whether they object."""

    __tablename__ = "succession_candidates"
    key_role_id: Mapped[str] = mapped_column(IdText, ForeignKey("key_roles.id", ondelete="CASCADE"), primary_key=True)
    learner_id: Mapped[str] = mapped_column(
        IdText, ForeignKey("learners.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    nominated_by: Mapped[str]
    nominated_at: Mapped[datetime]
    reason: Mapped[str]
    objected_at: Mapped[datetime | None]
    objection: Mapped[str]


class ReadinessRow(Base):
    """How ready somebody was for a key role at the last look in a month."""

    __tablename__ = "readiness_snapshots"
    key_role_id: Mapped[str] = mapped_column(IdText, ForeignKey("key_roles.id", ondelete="CASCADE"), primary_key=True)
    learner_id: Mapped[str] = mapped_column(
        IdText, ForeignKey("learners.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    month: Mapped[date] = mapped_column(primary_key=True)
    taken_at: Mapped[datetime]
    low: Mapped[float]
    point: Mapped[float]
    high: Mapped[float]
    weeks_low: Mapped[float]
    weeks: Mapped[float]
    weeks_high: Mapped[float]
    best: Mapped[str]
    band: Mapped[str]
    worst: Mapped[str]
    enough: Mapped[bool]
    known: Mapped[float]


class SuccessionCheckRow(Base):
    """What a bias check of a key role's list came to; no group and no figure of one."""

    __tablename__ = "succession_checks"
    key_role_id: Mapped[str] = mapped_column(IdText, ForeignKey("key_roles.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[str]
    checked_at: Mapped[datetime]
    comparisons: Mapped[int]
    flagged: Mapped[int]
    too_few: Mapped[int]
