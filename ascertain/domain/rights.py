"""What a person may ask: who looked at me, and that what was erased stays away."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
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
class Tombstone:
    """An erasure. ``marks`` are keyed hashes of the ids and addresses by which the person could come back."""

    id: str
    erased_at: datetime
    marks: tuple[str, ...]


class Accesses(Protocol):
    """``ascertain.store.rights``."""

    def add(self, record: int, actor: str, what: str, learner_ids: Collection[str]) -> None: ...
    def of(self, learner_id: str) -> list[Access]:
        """Newest first."""


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
