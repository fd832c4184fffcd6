"""Tables of learning paths: what people asked for, and what they skip."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from ascertain.store.schema import Base
from ascertain.store.types import IdText


class PathWishRow(Base):
    """What one person's path has to keep to, by what was said last."""

    __tablename__ = "path_wishes"
    learner_id: Mapped[str] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"), primary_key=True)
    wishes: Mapped[dict[str, Any]]
    by: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime]


class PathSkipRow(Base):
    """An item that somebody will not take."""

    __tablename__ = "path_skips"
    learner_id: Mapped[str] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"), primary_key=True)
    content_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    title: Mapped[str]
    reason: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
