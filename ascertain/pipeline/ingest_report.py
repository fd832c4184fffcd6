"""What a sync did, in figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ascertain.domain.canonical import plain
from ascertain.domain.records import Entity


@dataclass(slots=True)
class EntityReport:
    """One entity of one connection.

    ``pulled`` records came in: ``quarantined`` of them could not be used, ``idle`` said nothing (a course only begun),
    ``unwanted`` may not be used, because the organisation or the person has not agreed: nothing of them is stored.
    ``new``, ``changed``, ``unchanged`` and ``removed`` count what is stored of the others: learners, catalogue items
    or pieces of evidence. ``released`` left the quarantine. ``error`` is empty unless the pull stopped early;
    ``busy`` that another process has the connection.
    """

    connector: str
    entity: Entity
    pulled: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    idle: int = 0
    unwanted: int = 0
    quarantined: int = 0
    released: int = 0
    pages: int = 0
    approx_total: int | None = None
    seconds: float = 0.0
    error: str = ""
    remedy: str = ""
    retry_after: float | None = None
    busy: bool = False
    warnings: list[str] = field(default_factory=list)

    def figures(self) -> dict[str, int]:
        """Counts only: nothing personal, fit for the audit chain."""
        names = ("pulled", "new", "changed", "unchanged", "removed", "idle", "unwanted", "quarantined", "released")
        return {n: getattr(self, n) for n in names}

    def warn(self, text: str) -> None:
        """Say something once."""
        if text not in self.warnings:
            self.warnings.append(text)


@dataclass(slots=True)
class SyncReport:
    """All entities in the order they were pulled."""

    started_at: datetime
    finished_at: datetime | None = None
    full: bool = False
    entities: list[EntityReport] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """True when nothing stopped early. Quarantined records do not count as failure."""
        return not any(e.error for e in self.entities)

    @property
    def changed(self) -> bool:
        """True when anything stored is different from before."""
        return any(e.new or e.changed or e.removed for e in self.entities)

    def total(self, figure: str) -> int:
        """Sum of one figure over all entities."""
        return sum(e.figures()[figure] for e in self.entities)

    def to_json(self) -> dict[str, Any]:
        """JSON's own types."""
        found: dict[str, Any] = plain(self)
        return {**found, "ok": self.ok}


Progress = Callable[[EntityReport], None]
"""Called after each stored page with the running figures of its entity."""
