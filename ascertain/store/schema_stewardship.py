"""Tables of content tags that people voted on, and of changes to the taxonomy: proposals, answers, overlays, moves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ascertain.store.schema import Base
from ascertain.store.types import IdText, Sequence64


class TagVoteRow(Base):
    """Never changed: a later vote of the same person stands beside the earlier one."""

    __tablename__ = "content_tag_votes"
    __table_args__ = (
        Index("ix_content_tag_votes_content_hash_skill_id", "content_hash", "skill_id"),
        CheckConstraint("level BETWEEN 1 AND 5", name="level"),
    )
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    content_id: Mapped[str] = mapped_column(IdText, index=True)
    content_hash: Mapped[str] = mapped_column(IdText)
    skill_id: Mapped[str] = mapped_column(IdText)
    taxonomy: Mapped[str] = mapped_column(IdText)
    vote: Mapped[str]
    level: Mapped[int | None]
    suggested: Mapped[float | None]
    suggested_level: Mapped[int]
    voter: Mapped[str]
    reason: Mapped[str]
    voted_at: Mapped[datetime]


class TagRulingRow(Base):
    """What the votes come to, by text and skill: an old text keeps it, and a new one begins without."""

    __tablename__ = "content_tag_rulings"
    __table_args__ = (
        CheckConstraint("level BETWEEN 1 AND 5", name="level"),
        CheckConstraint("probability BETWEEN 0 AND 1", name="probability"),
    )
    content_hash: Mapped[str] = mapped_column(IdText, primary_key=True)
    skill_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    taxonomy: Mapped[str] = mapped_column(IdText, primary_key=True)
    state: Mapped[str]
    level: Mapped[int]
    probability: Mapped[float]
    yes: Mapped[int]
    no: Mapped[int]


class TagOutcomeRow(Base):
    """How many finishers and others did well, by content and skill: counts over everybody."""

    __tablename__ = "content_tag_outcomes"
    content_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    skill_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    taxonomy: Mapped[str] = mapped_column(IdText, primary_key=True)
    finished: Mapped[int]
    finished_well: Mapped[int]
    others: Mapped[int]
    others_well: Mapped[int]
    measured_at: Mapped[datetime]


class TaxonomyProposalRow(Base):
    """A change that is proposed. ``evidence`` holds counts, and references to quotes that stay with people's runs."""

    __tablename__ = "taxonomy_proposals"
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    taxonomy: Mapped[str] = mapped_column(IdText, index=True)
    kind: Mapped[str]
    change: Mapped[dict[str, Any]]
    evidence: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(IdText, index=True)
    proposed_by: Mapped[str]
    proposed_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    overlay: Mapped[str | None] = mapped_column(IdText)


class TaxonomyAnswerRow(Base):
    """Somebody's yes or no to a proposal, and who applied or reverted it."""

    __tablename__ = "taxonomy_answers"
    number: Mapped[int] = mapped_column(Sequence64, primary_key=True, autoincrement=False)
    proposal_id: Mapped[str] = mapped_column(
        IdText, ForeignKey("taxonomy_proposals.id", ondelete="CASCADE"), index=True
    )
    answer: Mapped[str]
    actor: Mapped[str]
    role: Mapped[str]
    reason: Mapped[str]
    answered_at: Mapped[datetime]


class TaxonomyOverlayRow(Base):
    """Changes laid over a release, whole: ``document`` is the canonical text whose hash stands in ``version``."""

    __tablename__ = "taxonomy_overlays"
    version: Mapped[str] = mapped_column(IdText, primary_key=True)
    base: Mapped[str] = mapped_column(IdText)
    taxonomy: Mapped[str] = mapped_column(IdText, index=True)
    document: Mapped[str]
    made_at: Mapped[datetime]


class TaxonomyCrosswalkRow(Base):
    """A crosswalk that was put up for decision: ``document`` is the canonical text whose hash stands in ``id``."""

    __tablename__ = "taxonomy_crosswalks"
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    document: Mapped[str]
    kept_at: Mapped[datetime]


class TaxonomyUseRow(Base):
    """The row of a taxonomy with the highest number holds; ``version`` is empty where the release alone does."""

    __tablename__ = "taxonomy_uses"
    number: Mapped[int] = mapped_column(Sequence64, primary_key=True, autoincrement=False)
    taxonomy: Mapped[str] = mapped_column(IdText, index=True)
    version: Mapped[str] = mapped_column(IdText)
    proposal_id: Mapped[str] = mapped_column(IdText)
    used_from: Mapped[datetime]


class TaxonomyBatchRow(Base):
    """Whose results a change that is applied in batches moves, and whether that is done."""

    __tablename__ = "taxonomy_batches"
    proposal_id: Mapped[str] = mapped_column(
        IdText, ForeignKey("taxonomy_proposals.id", ondelete="CASCADE"), primary_key=True
    )
    learner_id: Mapped[str] = mapped_column(
        IdText, ForeignKey("learners.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    done: Mapped[bool]


class TaxonomyMoveRow(Base):
    """Whose results a change moved: from which run to which."""

    __tablename__ = "taxonomy_moves"
    proposal_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    learner_id: Mapped[str] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"), primary_key=True)
    before_run: Mapped[str] = mapped_column(IdText)
    after_run: Mapped[str] = mapped_column(IdText)


class TagWordRow(Base):
    """What a learner says of a tag; a later word takes the place of the earlier one."""

    __tablename__ = "learner_tag_words"
    learner_id: Mapped[str] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"), primary_key=True)
    content_hash: Mapped[str] = mapped_column(IdText, primary_key=True)
    skill_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    taxonomy: Mapped[str] = mapped_column(IdText, primary_key=True)
    content_id: Mapped[str] = mapped_column(IdText)
    teaches: Mapped[bool]
    said_at: Mapped[datetime]


class TagNoticeRow(Base):
    """Since when a tag is on notice, and when code retired it."""

    __tablename__ = "content_tag_notices"
    content_hash: Mapped[str] = mapped_column(IdText, primary_key=True)
    skill_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    taxonomy: Mapped[str] = mapped_column(IdText, primary_key=True)
    why: Mapped[str]
    since: Mapped[datetime]
    retired_at: Mapped[datetime | None]
