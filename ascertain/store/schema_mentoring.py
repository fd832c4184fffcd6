"""Tables of mentoring: what people offer, who asked whom, and what is on record about two people."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from ascertain.store.schema import Base
from ascertain.store.types import IdText


class MentorOfferRow(Base):
    """What somebody offers now; an offer that is taken back is gone."""

    __tablename__ = "mentor_offers"
    learner_id: Mapped[str] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"), primary_key=True)
    places: Mapped[int]
    skills: Mapped[list[Any]]
    level_shown: Mapped[bool]
    timezone: Mapped[str]
    note: Mapped[str]
    offered_at: Mapped[datetime]


class MentorshipRow(Base):
    """A request, and what came of it. It goes with either of the two."""

    __tablename__ = "mentorships"
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    learner_id: Mapped[str] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"), index=True)
    mentor_id: Mapped[str] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"), index=True)
    skill_id: Mapped[str] = mapped_column(IdText)
    state: Mapped[str] = mapped_column(IdText)
    asked_at: Mapped[datetime]
    words: Mapped[str]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str]
    said: Mapped[str]


class MentoringWordRow(Base):
    """A leave along a reporting line, or an objection."""

    __tablename__ = "mentoring_words"
    word: Mapped[str] = mapped_column(IdText, primary_key=True)
    learner_id: Mapped[str] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"), primary_key=True)
    other_id: Mapped[str] = mapped_column(
        IdText, ForeignKey("learners.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    by: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime]
    until: Mapped[date | None]
