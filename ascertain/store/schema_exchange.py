"""Tables of the exchange with other systems: call budgets, what came in by webhook, what goes back out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from ascertain.store.schema import Base
from ascertain.store.types import IdText


class BudgetRow(Base):
    """Calls made in the present window of a shared budget, and until when the system asked everybody to wait."""

    __tablename__ = "call_budgets"
    key: Mapped[str] = mapped_column(IdText, primary_key=True)
    window_began: Mapped[datetime]
    used: Mapped[int]
    blocked_until: Mapped[datetime | None]


class LeaseRow(Base):
    """Who alone may do something, and until when."""

    __tablename__ = "leases"
    name: Mapped[str] = mapped_column(IdText, primary_key=True)
    owner: Mapped[str]
    until: Mapped[datetime]


class InboxRow(Base):
    """An event of another system: references only, what it is about is fetched. Open while ``done_at`` is null."""

    __tablename__ = "webhook_inbox"
    __table_args__ = (Index("ix_webhook_inbox_done_at_due_at", "done_at", "due_at"),)
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    connection: Mapped[str] = mapped_column(IdText, index=True)
    key: Mapped[str]
    type: Mapped[str]
    refs: Mapped[list[Any]]
    pull: Mapped[list[Any]]
    deleted: Mapped[bool]
    occurred_at: Mapped[datetime | None]
    received_at: Mapped[datetime]
    due_at: Mapped[datetime]
    tries: Mapped[int]
    error: Mapped[str]
    done_at: Mapped[datetime | None]


class KeptSecretRow(Base):
    """What a system gave us to prove itself with later (a handshake), wrapped by the master key."""

    __tablename__ = "kept_secrets"
    connection: Mapped[str] = mapped_column(IdText, primary_key=True)
    name: Mapped[str] = mapped_column(IdText, primary_key=True)
    value: Mapped[bytes] = mapped_column(LargeBinary)
    kept_at: Mapped[datetime]


class ApiKeyRow(Base):
    """Who may call the service; of the key itself only a digest."""

    __tablename__ = "api_keys"
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    name: Mapped[str]
    scopes: Mapped[list[Any]]
    digest: Mapped[str]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    replaced_by: Mapped[str | None] = mapped_column(IdText)
    populations: Mapped[list[Any] | None]


class WritebackRunRow(Base):
    """A push, an undo or a reconciliation."""

    __tablename__ = "writeback_runs"
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    kind: Mapped[str]
    actor: Mapped[str]
    undoes: Mapped[str | None] = mapped_column(IdText)
    options: Mapped[dict[str, Any]]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    totals: Mapped[dict[str, Any]]


class OutboxRow(Base):
    """One target of one person in one write-back run: what was there, what shall be there, how far it got."""

    __tablename__ = "writeback_outbox"
    __table_args__ = (
        Index("ix_writeback_outbox_run_id_state", "run_id", "state"),
        Index("ix_writeback_outbox_learner_id", "learner_id"),
    )
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    run_id: Mapped[str] = mapped_column(IdText, ForeignKey("writeback_runs.id", ondelete="CASCADE"))
    learner_id: Mapped[str] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"))
    connection: Mapped[str]
    account: Mapped[str]
    target: Mapped[str]
    value: Mapped[str | None]
    previous: Mapped[str | None]
    assertions: Mapped[list[Any]]
    state: Mapped[str] = mapped_column(IdText)
    external_id: Mapped[str]
    tries: Mapped[int]
    error: Mapped[str]
    created_at: Mapped[datetime]
    written_at: Mapped[datetime | None]


class NotificationRow(Base):
    """A message to somebody outside: a signed webhook or a mail, until it is delivered or given up."""

    __tablename__ = "notifications"
    __table_args__ = (Index("ix_notifications_state_due_at", "state", "due_at"),)
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    channel: Mapped[str]
    endpoint: Mapped[str]
    type: Mapped[str]
    learner_id: Mapped[str | None] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"), index=True)
    body: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(IdText)
    tries: Mapped[int]
    due_at: Mapped[datetime]
    error: Mapped[str]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class SwitchRow(Base):
    """Something that a person turned on or off (``writeback`` paused), with who and why."""

    __tablename__ = "switches"
    name: Mapped[str] = mapped_column(IdText, primary_key=True)
    on: Mapped[bool]
    actor: Mapped[str]
    reason: Mapped[str]
    changed_at: Mapped[datetime]
