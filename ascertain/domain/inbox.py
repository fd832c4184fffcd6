"""What came in by webhook and waits to be worked off: references only, never what was sent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from ascertain.domain.records import Entity, SourceRef
from ascertain.domain.webhooks import Event

MAX_TRIES = 12
"""After so many, over about two days, an event is given up: it stays on show, and the next sync brings the record."""
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class InboxEvent:
    """A recorded event. Open while ``done_at`` is ``None``; looked at from ``due_at`` on.

    Attributes:
        error: why the last try failed, in the product's own words.
        tries: how many have failed.
    """

    id: str
    connection: str
    key: str
    type: str
    refs: tuple[SourceRef, ...]
    pull: tuple[Entity, ...]
    deleted: bool
    occurred_at: datetime | None
    received_at: datetime
    due_at: datetime
    tries: int = 0
    error: str = ""
    done_at: datetime | None = None

    @property
    def given_up(self) -> bool:
        """No further try is made by itself."""
        return self.done_at is None and self.tries >= MAX_TRIES


def wait_after(tries: int) -> timedelta:
    """How long to wait after so many failed tries: doubled each time, six hours at most."""
    return min(_FIRST_WAIT * 2.0 ** min(max(tries, 1) - 1, 20), _LONGEST_WAIT)


class Inbox(Protocol):
    """``ascertain.store.inbox``."""

    def record(self, connection: str, events: Iterable[Event]) -> int:
        """Keep events that are not there yet (by connection and key); how many were new."""

    def known(self, connection: str, events: Collection[Event]) -> bool:
        """Whether every one of these has been recorded."""

    def open(self, connection: str, *, limit: int) -> list[InboxEvent]:
        """Those that are due, in the order they came."""

    def connections(self) -> list[str]:
        """Connections that have something due."""

    def unfinished(self) -> list[InboxEvent]:
        """Everything that is not done, due or not, given up or not."""

    def done(self, event_ids: Collection[str]) -> None: ...
    def failed(self, event_id: str, error: str, wait: timedelta, *, counts: bool = True) -> None:
        """Try again after ``wait``. ``counts`` False: the try was not the event's fault (the system is away)."""

    def retry(self, event_ids: Collection[str]) -> int:
        """Make unfinished events due now, with all their tries."""

    def has_done(self, before: datetime) -> bool:
        """Whether ``forget`` would find anything."""

    def forget(self, before: datetime) -> int:
        """Delete what was done before that moment."""


class KeptSecrets(Protocol):
    """What systems gave us to prove themselves with later (``ascertain.store.kept``); encrypted at rest."""

    def of(self, connection: str) -> Mapping[str, str]: ...
    def put(self, connection: str, values: Mapping[str, str]) -> None: ...
    def forget(self, connection: str) -> int:
        """How many there were."""
