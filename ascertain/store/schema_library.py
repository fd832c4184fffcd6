"""Tables of the learning library beside its catalogue: transcripts, and what the catalogue crew found."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from ascertain.store.schema import Base
from ascertain.store.types import IdText


class TranscriptRow(Base):
    """The words of one piece of content. ``passages`` holds (second, page, text)."""

    __tablename__ = "content_transcripts"
    content_id: Mapped[str] = mapped_column(IdText, ForeignKey("contents.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    sha: Mapped[str] = mapped_column(IdText)
    passages: Mapped[list[Any]]
    characters: Mapped[int]
    seconds: Mapped[float | None]
    left_out: Mapped[int]
    unread: Mapped[int]
    added_by: Mapped[str]
    added_at: Mapped[datetime]


class WeighingRow(Base):
    """What the catalogue crew found about a text: by the text's hash and the tagger whose tags it weighed. A later look
    takes the place of the one before."""

    __tablename__ = "content_weighings"
    content_hash: Mapped[str] = mapped_column(IdText, primary_key=True)
    tagger: Mapped[str] = mapped_column(IdText, primary_key=True)
    weigher: Mapped[str] = mapped_column(IdText)
    content_id: Mapped[str] = mapped_column(IdText)
    kept: Mapped[list[Any]]
    refused: Mapped[list[Any]]
    terms: Mapped[list[Any]]
    weighed_at: Mapped[datetime]
