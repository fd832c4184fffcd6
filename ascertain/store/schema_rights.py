"""Tables of a person's rights: who looked at them, and what keeps an erased person away."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ascertain.store.schema import Base
from ascertain.store.types import IdText, Sequence64


class AccessRow(Base):
    """Somebody looked at a person's skills. Sealed by the audit record of that number."""

    __tablename__ = "accesses"
    __table_args__ = (Index("ix_accesses_learner_id_record", "learner_id", "record"),)
    record: Mapped[int] = mapped_column(Sequence64, primary_key=True, autoincrement=False)
    learner_id: Mapped[str] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    what: Mapped[str]
    people: Mapped[int]


class TombstoneRow(Base):
    """An erasure: keyed hashes only, so that it names nobody."""

    __tablename__ = "tombstones"
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    erased_at: Mapped[datetime]
    marks: Mapped[list[Any]]
