"""What a person may ask: who looked at me, and that what was erased stays away."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Access:
    """Somebody looked at a person's skills.

    Attributes:
        record: number of the audit record that seals it; several people looked at at once share one.
        what: ``profile``, ``gaps``, ``path``, ``explain``, ``report``, ``reviews``, ``api.infer``, ``api.run`` …
        people: how many were looked at at once.
    """

    record: int
    learner_id: str
    at: datetime
    actor: str
    what: str
    people: int


@dataclass(frozen=True, slots=True)
class ReadingFilter:
    """Which readings somebody wants to see; what is empty asks for nothing.

    Attributes:
        what: ``profile``, ``team`` …, or their beginning with a dot (``api.``).
        reader, learner_id: who read, and about whom.
        since, until: from the beginning of the first day to the end of the last, UTC.
        least: only readings of at least so many people at once.
    """

    what: str = ""
    reader: str = ""
    learner_id: str = ""
    since: date | None = None
    until: date | None = None
    least: int = 1


@dataclass(frozen=True, slots=True)
class Reader:
    """How much one reader has read: times, people over all of them, and when last."""

    actor: str
    readings: int
    people: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One reading as it is kept: the audit record that seals it, who read what, and about whom."""

    record: int
    actor: str
    what: str
    learner_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tombstone:
    """An erasure. ``marks`` are keyed hashes of the ids and addresses by which the person could come back."""

    id: str
    erased_at: datetime
    marks: tuple[str, ...]


class Accesses(Protocol):
    """``ascertain.store.rights``."""

    def add(self, entries: Collection[Entry]) -> None: ...
    def of(self, learner_id: str) -> list[Access]:
        """Newest first."""

    def search(self, wanted: ReadingFilter, *, before: int | None, limit: int) -> list[Access]:
        """Readings, the newest first, each once however many people it was of (``learner_id`` is then one of them);
        only those sealed by records under ``before``."""

    def readers(self, wanted: ReadingFilter, *, limit: int) -> list[Reader]:
        """Who read, whoever saw the most people first. People are counted once a reader."""

    def kinds(self) -> list[str]:
        """What has been read, by name."""


class Tombstones(Protocol):
    """``ascertain.store.rights``."""

    def add(self, stone: Tombstone) -> None: ...
    def all(self) -> list[Tombstone]:
        """Oldest first."""

    def marks(self) -> frozenset[str]:
        """Those of all that were not lifted."""

    def pseudonym(self, text: str) -> str:
        """The keyed hash of marks."""

    def lift(self, stone_id: str) -> bool:
        """Let a person come back; False when there is no such erasure."""
