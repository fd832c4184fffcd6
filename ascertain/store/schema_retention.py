"""Tables of retention: what was deleted, what must not be, who left when, and where the audit chain begins."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from ascertain.store.schema import Base
from ascertain.store.types import IdText, Sequence64


class DeletionRow(Base):
    """What went at once under a policy. Names nobody."""

    __tablename__ = "deletions"
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str]
    rows: Mapped[int]
    before: Mapped[datetime]
    policy: Mapped[str]
    digest: Mapped[str]


class DeletionMarkRow(Base):
    """A keyed hash of the id of what went, so that a replay can name the cause and a sync does not bring it back."""

    __tablename__ = "deletion_marks"
    mark: Mapped[str] = mapped_column(IdText, primary_key=True)
    deletion_id: Mapped[str] = mapped_column(IdText, ForeignKey("deletions.id", ondelete="CASCADE"), index=True)


class HoldRow(Base):
    """A legal hold on a person or a cohort."""

    __tablename__ = "legal_holds"
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    learner_id: Mapped[str | None] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"), index=True)
    cohort: Mapped[str | None]
    reason: Mapped[str]
    placed_by: Mapped[str]
    placed_at: Mapped[datetime]
    lifted_by: Mapped[str]
    lifted_at: Mapped[datetime | None]


class DepartureRow(Base):
    """Since when somebody is known not to be active any more."""

    __tablename__ = "departures"
    learner_id: Mapped[str] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"), primary_key=True)
    noticed_at: Mapped[datetime]


class CutRow(Base):
    """The audit chain up to ``through`` is gone. Triggers take a row only for a record that is there and old enough,
    and let records go only behind one."""

    __tablename__ = "audit_cuts"
    through: Mapped[int] = mapped_column(Sequence64, primary_key=True, autoincrement=False)
    hash: Mapped[str]
    until: Mapped[datetime]
    at: Mapped[datetime]
    records: Mapped[int]
