"""Ports of what goes out: the write-back outbox, the switches and the messages (``ascertain.store``)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Protocol

from ascertain.domain.notifications import DIGEST, Notification, NotificationState
from ascertain.domain.outbox import OutboxItem, OutboxState, Switch, WritebackRun


class Outbox(Protocol):
    def add(self, run: WritebackRun, rows: Iterable[OutboxItem]) -> None:
        """Store a run with its rows."""

    def run(self, run_id: str) -> WritebackRun | None:
        """By full id or an unambiguous prefix of it."""

    def runs(self, *, limit: int = 20) -> list[WritebackRun]:
        """Newest first."""

    def undoing(self, run_id: str) -> list[WritebackRun]:
        """Runs that undo this one, oldest first."""

    def row(self, row_id: str) -> OutboxItem | None: ...
    def rows(self, run_id: str, states: Collection[OutboxState] = ()) -> list[OutboxItem]:
        """In the order of connection, account, target; of certain states or all."""

    def put(self, row: OutboxItem) -> None:
        """Replace what may change of a row: state, previous, external id, tries, error, time of writing."""

    def finish(self, run_id: str, at: datetime | None, totals: Mapping[str, int]) -> None:
        """Note how far a run got; ``at`` is ``None`` while rows are open."""

    def effective(self, *, learner_id: str | None = None) -> list[OutboxItem]:
        """For each place the newest row that changed it, of one learner or of all; by place."""

    def counts(self) -> dict[str, dict[OutboxState, int]]:
        """Rows by connection and state."""

    def history(self, learner_id: str) -> list[OutboxItem]:
        """All rows that changed something about a learner, oldest first."""


class Switches(Protocol):
    def get(self, name: str) -> Switch | None: ...
    def put(self, switch: Switch) -> None: ...
    def named(self, prefix: str) -> list[Switch]:
        """Switches whose name begins so."""


class Notifications(Protocol):
    def add(self, rows: Iterable[Notification]) -> None: ...
    def get(self, notification_id: str) -> Notification | None: ...
    def put(self, row: Notification) -> None:
        """Replace what may change of a message: state, due time, tries, error, time of sending."""

    def due(self, now: datetime, *, without: Collection[str] = (), limit: int = 100) -> list[Notification]:
        """Pending and due, the longest due first; ``without`` leaves endpoints out."""

    def latest(self, endpoint: str, state: NotificationState) -> dict[str, Notification]:
        """The newest message of that state to this endpoint about each learner."""

    def latest_mails(self, state: NotificationState, kind: str = DIGEST) -> dict[str, Notification]:
        """The newest mail of that state and type to each recipient."""

    def counts(self) -> dict[tuple[str, str], int]:
        """Number of messages by endpoint (webhooks) or channel (mails), and state."""
