"""What is on its way out: write-back runs and their rows, and the switches that stop them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

PAUSE = "writeback"
"""Name of the switch that stops all write-back while it is off."""

_ROWS = uuid.UUID("6f1c2b0e-4a57-5d0c-9a43-2f6c6d1a7e55")


class RunKind(StrEnum):
    """What a run does."""

    PUSH = "push"
    UNDO = "undo"
    RECONCILE = "reconcile"


class OutboxState(StrEnum):
    """How far a row got.

    ``writing`` is stored before the system is called: after a crash it means "perhaps", and the target is read before
    anything else. ``unseen``: written, but the system still showed the old value and is known to lag. ``altered``:
    written, and the system shows something else. ``queued``: the system took it in and works on it later.
    ``withheld``: what it rests on is no longer accepted. ``conflict``: somebody changed the target meanwhile.
    """

    PLANNED = "planned"
    WRITING = "writing"
    WRITTEN = "written"
    UNSEEN = "unseen"
    ALTERED = "altered"
    QUEUED = "queued"
    UNCHANGED = "unchanged"
    WITHHELD = "withheld"
    CONFLICT = "conflict"
    REJECTED = "rejected"
    FAILED = "failed"


OPEN = frozenset({OutboxState.PLANNED, OutboxState.WRITING})
"""Rows that a run still has to work on."""

EFFECTIVE = frozenset({OutboxState.WRITTEN, OutboxState.UNSEEN, OutboxState.ALTERED, OutboxState.QUEUED})
"""Rows that changed something outside."""


@dataclass(frozen=True, slots=True)
class WritebackRun:
    """A push, an undo or a reconciliation. ``options`` are what it was started with; ``totals`` count rows by state."""

    id: str
    kind: RunKind
    actor: str
    started_at: datetime
    undoes: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    finished_at: datetime | None = None
    totals: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """One target of one account in one run.

    Attributes:
        id: also the idempotency key that the system sees.
        account: the account's reference in its connection, as text.
        value: what the target shall hold; ``None`` for nothing.
        previous: what it held when the row was planned, then what it held just before the write.
        assertions: what ``value`` rests on.
    """

    id: str
    run_id: str
    learner_id: str
    connection: str
    account: str
    target: str
    value: str | None
    previous: str | None
    assertions: tuple[str, ...]
    created_at: datetime
    state: OutboxState = OutboxState.PLANNED
    external_id: str = ""
    tries: int = 0
    error: str = ""
    written_at: datetime | None = None

    @property
    def place(self) -> tuple[str, str, str]:
        """Where it is written."""
        return self.connection, self.account, self.target


def row_id(run_id: str, connection: str, account: str, target: str) -> str:
    """The row's id: the same place in the same run has the same one."""
    return str(uuid.uuid5(_ROWS, "\n".join((run_id, connection, account, target))))


@dataclass(frozen=True, slots=True)
class Switch:
    """Something that a person turned on or off."""

    name: str
    on: bool
    actor: str
    reason: str
    changed_at: datetime
