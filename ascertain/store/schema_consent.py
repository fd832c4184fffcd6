"""Tables of consent and notice. What people and the organisation said is only ever added to."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ascertain.store.schema import Base
from ascertain.store.types import IdText, Sequence64


class ConsentRow(Base):
    """One yes or no of a person. ``number`` gives the order."""

    __tablename__ = "consents"
    __table_args__ = (Index("ix_consents_learner_id_number", "learner_id", "number"),)
    number: Mapped[int] = mapped_column(Sequence64, primary_key=True)
    learner_id: Mapped[str] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"))
    topic: Mapped[str]
    given: Mapped[bool]
    origin: Mapped[str]
    said_on: Mapped[date]
    text_version: Mapped[str]
    actor: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime]


class StandingConsentRow(Base):
    """What counts now of a person's statements, so that reading a person costs no walk through their history."""

    __tablename__ = "standing_consents"
    learner_id: Mapped[str] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"), primary_key=True)
    answers: Mapped[dict[str, Any]]


class OrganisationConsentRow(Base):
    """One yes or no of the organisation; ``number`` is the version of its answers."""

    __tablename__ = "organisation_consents"
    number: Mapped[int] = mapped_column(Sequence64, primary_key=True)
    topic: Mapped[str]
    given: Mapped[bool]
    said_on: Mapped[date]
    text_version: Mapped[str]
    actor: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime]


class NoticeRow(Base):
    __tablename__ = "notices"
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    cohort: Mapped[str]
    given_on: Mapped[date]
    text_version: Mapped[str]
    channel: Mapped[str]
    representatives_on: Mapped[date | None]
    joiners: Mapped[bool]
    recorded_by: Mapped[str]
    recorded_at: Mapped[datetime]


class NoticePersonRow(Base):
    """Whom a notice was given to."""

    __tablename__ = "notice_people"
    notice_id: Mapped[str] = mapped_column(IdText, ForeignKey("notices.id", ondelete="CASCADE"), primary_key=True)
    learner_id: Mapped[str] = mapped_column(
        IdText, ForeignKey("learners.id", ondelete="CASCADE"), primary_key=True, index=True
    )
