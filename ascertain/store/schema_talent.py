"""Tables of openings, of what people want, and of the lists that are made for an opening."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ascertain.store.schema import Base
from ascertain.store.types import IdText


class OpeningRow(Base):
    """A role, project or gig. ``manager_id`` is without a foreign key: it stays when the person has left."""

    __tablename__ = "openings"
    __table_args__ = (Index("ix_openings_manager_id", "manager_id"),)
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    kind: Mapped[str]
    title: Mapped[str]
    requirements: Mapped[list[Any]]
    source: Mapped[str] = mapped_column(IdText)
    summary: Mapped[str]
    department: Mapped[str]
    location: Mapped[str]
    timezone: Mapped[str]
    hours_per_week: Mapped[float | None]
    starts_on: Mapped[date | None]
    closes_on: Mapped[date | None]
    manager_id: Mapped[str] = mapped_column(IdText)
    job_profile_id: Mapped[str] = mapped_column(IdText)
    closed_because: Mapped[str]
    closed_at: Mapped[datetime | None]


class WishRow(Base):
    """What a person wants of a skill or an opening. ``about`` is without a foreign key: the opening may go first."""

    __tablename__ = "wishes"
    __table_args__ = (Index("ix_wishes_about", "about"),)
    learner_id: Mapped[str] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"), primary_key=True)
    topic: Mapped[str] = mapped_column(IdText, primary_key=True)
    about: Mapped[str] = mapped_column(IdText, primary_key=True)
    want: Mapped[str]
    stated_at: Mapped[datetime]


class MatchListRow(Base):
    """That a list was made for an opening: of how many, and a digest of it."""

    __tablename__ = "match_lists"
    opening_id: Mapped[str] = mapped_column(IdText, ForeignKey("openings.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[str]
    made_at: Mapped[datetime]
    considered: Mapped[int]


class MatchRow(Base):
    """One person on a list: the places that are open to them, their coverage as a range, and what it rests on."""

    __tablename__ = "matches"
    opening_id: Mapped[str] = mapped_column(
        IdText, ForeignKey("match_lists.opening_id", ondelete="CASCADE"), primary_key=True
    )
    learner_id: Mapped[str] = mapped_column(
        IdText, ForeignKey("learners.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    position: Mapped[int]
    best: Mapped[int]
    worst: Mapped[int]
    low: Mapped[float]
    point: Mapped[float]
    high: Mapped[float]
    detail: Mapped[dict[str, Any]]
    rests_on: Mapped[list[Any]]


class MatchCheckRow(Base):
    """What a bias check of a list came to; no group and no figure of one."""

    __tablename__ = "match_checks"
    opening_id: Mapped[str] = mapped_column(IdText, ForeignKey("openings.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[str]
    checked_at: Mapped[datetime]
    comparisons: Mapped[int]
    flagged: Mapped[int]
    too_few: Mapped[int]
