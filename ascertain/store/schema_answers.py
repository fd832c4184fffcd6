"""Answers of language models that wait for the next try of their run."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from ascertain.store.schema import Base
from ascertain.store.types import IdText, Sequence64


class KeptAnswersRow(Base):
    """``sealed`` lies under the person's key."""

    __tablename__ = "kept_answers"
    run_id: Mapped[str] = mapped_column(IdText, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    learner_id: Mapped[str] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"), index=True)
    answers: Mapped[int] = mapped_column(Sequence64)
    kept_at: Mapped[datetime]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
