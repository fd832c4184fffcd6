"""That audits were made: what is kept of one, so that anybody can see whether it still holds. No labels, no figures by
group."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Outcome(StrEnum):
    """What can be audited."""

    ACCEPTED = "accepted"
    SCORE = "score"
    REVIEW = "review"
    PATH = "path"


@dataclass(frozen=True, slots=True)
class AuditMade:
    """A fairness audit that was made. ``flagged`` and ``too_few`` count comparisons."""

    id: str
    at: datetime
    actor: str
    population: str
    attributes: tuple[str, ...]
    measures: tuple[str, ...]
    people: int
    flagged: int
    too_few: int


class FairnessLog(Protocol):
    """``ascertain.store.fairness``."""

    def add(self, made: AuditMade) -> None: ...
    def latest(self, population: str) -> AuditMade | None:
        """The newest audit of a population."""

    def all(self) -> list[AuditMade]:
        """Oldest first."""
