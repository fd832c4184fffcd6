"""The tables. :mod:`ascertain.store.migrations` makes them; a test keeps the two in step.

Statements are written against the tables (Core): nothing is loaded lazily, and many rows cost one round trip.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import JSON, CheckConstraint, Double, ForeignKey, Index, LargeBinary, MetaData, Table, Text, text, true
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from ascertain.store.types import IdText, Sequence64, UtcDateTime

HEAD = "0042"
"""Revision of the schema that this code needs."""


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  (SQLAlchemy's own declarative hook)
        str: Text(),
        float: Double(),
        datetime: UtcDateTime(),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
    }


def table(row: type[Base]) -> Table:
    """The table behind a model."""
    return cast(Table, row.__table__)


class LearnerRow(Base):
    """A person. The ``…_key`` columns hold case-folded text: SQLite folds ASCII only, so Python does it."""

    __tablename__ = "learners"
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    name: Mapped[str]
    email: Mapped[str]
    email_key: Mapped[str] = mapped_column(IdText, index=True)
    department: Mapped[str]
    department_key: Mapped[str] = mapped_column(IdText, index=True)
    job_title: Mapped[str]
    job_profile_id: Mapped[str | None] = mapped_column(IdText)
    job_profile_key: Mapped[str] = mapped_column(IdText, index=True)
    manager_id: Mapped[str | None] = mapped_column(IdText, index=True)
    hired_on: Mapped[date | None]
    hours_per_week: Mapped[float]
    language: Mapped[str]
    timezone: Mapped[str]
    location: Mapped[str]
    active: Mapped[bool]
    named_in: Mapped[int | None] = mapped_column(Sequence64, index=True)
    """The revision of people since which that name, address or account is known; empty: before that was noted."""
    digest: Mapped[str]
    updated_at: Mapped[datetime]


class LinkRow(Base):
    """Which learner a source's own reference means."""

    __tablename__ = "learner_links"
    source_ref: Mapped[str] = mapped_column(IdText, primary_key=True)
    system: Mapped[str] = mapped_column(IdText, index=True)
    learner_id: Mapped[str] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"), index=True)


class EvidenceRow(Base):
    __tablename__ = "evidence"
    __table_args__ = (
        Index("ix_evidence_learner_id_id_digest", "learner_id", "id", "digest"),  # covers the stamps
        Index("ix_evidence_source_ref", "source_ref"),
        CheckConstraint("score BETWEEN 0 AND 1", name="score"),
        CheckConstraint("level BETWEEN 1 AND 5", name="level"),
    )
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    learner_id: Mapped[str] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"))
    kind: Mapped[str]
    system: Mapped[str]
    source_ref: Mapped[str]
    origin: Mapped[str]
    title: Mapped[str]
    text: Mapped[str]
    content_id: Mapped[str | None] = mapped_column(IdText)
    occurred_on: Mapped[date | None]
    score: Mapped[float | None]
    passed: Mapped[bool | None]
    level: Mapped[int | None]
    codes: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    digest: Mapped[str]
    updated_at: Mapped[datetime]


class RevisionRow(Base):
    """Counts the changes of a kind of record. A clock would not do: a transaction may commit after a later one."""

    __tablename__ = "revisions"
    name: Mapped[str] = mapped_column(IdText, primary_key=True)
    number: Mapped[int] = mapped_column(Sequence64)


class ContentRow(Base):
    __tablename__ = "contents"
    __table_args__ = (CheckConstraint("level BETWEEN 1 AND 5", name="level"),)
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    title: Mapped[str]
    summary: Mapped[str]
    level: Mapped[int]
    hours: Mapped[float]
    modality: Mapped[str]
    language: Mapped[str]
    prerequisites: Mapped[list[Any]]
    mandatory: Mapped[bool]
    external: Mapped[bool]
    cost: Mapped[float | None]
    url: Mapped[str | None]
    system: Mapped[str]
    source_ref: Mapped[str]
    code: Mapped[str]
    description: Mapped[str]
    category: Mapped[str]
    content_hash: Mapped[str] = mapped_column(IdText, index=True)
    active: Mapped[bool]
    level_stated: Mapped[bool] = mapped_column(server_default=true())
    transcript: Mapped[str] = mapped_column(IdText, server_default=text("''"))
    text_hash: Mapped[str] = mapped_column(IdText, index=True, server_default=text("''"))
    digest: Mapped[str]
    updated_at: Mapped[datetime]


class ContentTagsRow(Base):
    """What a tagger found in a text: by the text's hash, so equal texts share it and an old text keeps it."""

    __tablename__ = "content_tags"
    content_hash: Mapped[str] = mapped_column(IdText, primary_key=True)
    tagger: Mapped[str] = mapped_column(IdText, primary_key=True)
    tags: Mapped[list[Any]]
    tagged_at: Mapped[datetime]


class RoleRow(Base):
    __tablename__ = "roles"
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    title: Mapped[str]
    title_key: Mapped[str] = mapped_column(IdText, index=True)
    department: Mapped[str]
    summary: Mapped[str]
    requirements: Mapped[list[Any]]
    refs: Mapped[dict[str, Any]]
    digest: Mapped[str]
    updated_at: Mapped[datetime]


class RunRow(Base):
    __tablename__ = "runs"
    __table_args__ = (
        Index("uq_runs_learner_id_fingerprint", "learner_id", "fingerprint", unique=True),
        Index("ix_runs_learner_id_state_finished_at", "learner_id", "state", "finished_at"),
    )
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    learner_id: Mapped[str] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"))
    fingerprint: Mapped[str] = mapped_column(IdText)
    state: Mapped[str] = mapped_column(IdText, index=True)
    as_of: Mapped[date]
    versions: Mapped[dict[str, Any]]
    started_by: Mapped[str]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    stamp: Mapped[str]
    outcome: Mapped[dict[str, Any]]


class RunDocumentRow(Base):
    __tablename__ = "run_documents"
    run_id: Mapped[str] = mapped_column(IdText, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(IdText, primary_key=True)
    document: Mapped[dict[str, Any]]


class AssertionRow(Base):
    """``result`` and ``inputs`` are text, not JSON columns: replay compares them byte for byte."""

    __tablename__ = "assertions"
    __table_args__ = (
        Index("uq_assertions_run_id_skill_id", "run_id", "skill_id", unique=True),
        Index("ix_assertions_learner_id_state", "learner_id", "state"),
        CheckConstraint("level BETWEEN 1 AND 5", name="level"),
        CheckConstraint("confidence BETWEEN 0 AND 1", name="confidence"),
    )
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    run_id: Mapped[str] = mapped_column(IdText, ForeignKey("runs.id", ondelete="CASCADE"))
    learner_id: Mapped[str] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"))
    skill_id: Mapped[str] = mapped_column(IdText)
    skill_label: Mapped[str]
    level: Mapped[int | None]
    confidence: Mapped[float | None]
    low: Mapped[float]
    high: Mapped[float]
    amount: Mapped[float]
    state: Mapped[str] = mapped_column(IdText)
    reasons: Mapped[list[Any]]
    versions: Mapped[dict[str, Any]]
    as_of: Mapped[date]
    result: Mapped[str]
    inputs: Mapped[str]
    created_at: Mapped[datetime]
    human_reviewed: Mapped[bool]
    raw: Mapped[float | None]


class ReviewRow(Base):
    """Open means: no decision and not withdrawn."""

    __tablename__ = "review_items"
    __table_args__ = (CheckConstraint("decided_level BETWEEN 1 AND 5", name="decided_level"),)
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    assertion_id: Mapped[str] = mapped_column(IdText, ForeignKey("assertions.id", ondelete="CASCADE"), unique=True)
    learner_id: Mapped[str] = mapped_column(IdText, index=True)
    skill_id: Mapped[str] = mapped_column(IdText)
    reasons: Mapped[list[Any]]
    priority: Mapped[int]
    assignee: Mapped[str] = mapped_column(IdText, index=True)
    due_on: Mapped[date]
    created_at: Mapped[datetime]
    decision: Mapped[str | None]
    decided_level: Mapped[int | None]
    decided_by: Mapped[str]
    decision_reason: Mapped[str]
    decided_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    own_level: Mapped[int | None]
    shown_at: Mapped[datetime | None]
    needs: Mapped[str | None]


class AuditRow(Base):
    """The chain. Triggers refuse UPDATE and DELETE; ``header`` is the canonical text that was hashed."""

    __tablename__ = "audit_records"
    seq: Mapped[int] = mapped_column(Sequence64, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    action: Mapped[str]
    actor: Mapped[str]
    subject: Mapped[str] = mapped_column(IdText, index=True)
    header: Mapped[str]
    payload: Mapped[bytes | None] = mapped_column(LargeBinary)
    payload_digest: Mapped[str]
    prev_hash: Mapped[str]
    hash: Mapped[str]


class PersonKeyRow(Base):
    """A person's data key, wrapped by the master key. Deleting the row erases every payload under it."""

    __tablename__ = "person_keys"
    subject: Mapped[str] = mapped_column(IdText, primary_key=True)
    key_id: Mapped[bytes] = mapped_column(LargeBinary)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    master_id: Mapped[str]
    created_at: Mapped[datetime]


class CursorRow(Base):
    __tablename__ = "sync_cursors"
    connector: Mapped[str] = mapped_column(IdText, primary_key=True)
    entity: Mapped[str] = mapped_column(IdText, primary_key=True)
    value: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime]


class QuarantineRow(Base):
    __tablename__ = "quarantine"
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    connector: Mapped[str]
    ref: Mapped[str]
    reason: Mapped[str]
    field: Mapped[str]
    raw: Mapped[dict[str, Any]]
    seen_at: Mapped[datetime]


class PolicyRow(Base):
    __tablename__ = "policies"
    version: Mapped[str] = mapped_column(IdText, primary_key=True)
    document: Mapped[str]
    archived_at: Mapped[datetime]
