"""What people say about a path: its limits, and items that they will not take. The port of where that is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ascertain.domain.path_wishes import PathWishes


@dataclass(frozen=True, slots=True)
class PathSkip:
    """Somebody will not take an item, and why. ``title`` is as it was read then."""

    learner_id: str
    content_id: str
    title: str
    reason: str
    by: str
    at: datetime


class PathChoices(Protocol):
    """``ascertain.store.path_choices``."""

    def wishes(self, learner_id: str) -> PathWishes:
        """What was asked for, with what is skipped."""

    def put_wishes(self, learner_id: str, wishes: PathWishes, by: str, reason: str) -> None:
        """Replace what was asked for; what is skipped is kept apart."""

    def skips(self, learner_id: str) -> list[PathSkip]:
        """By content id."""

    def skip(self, row: PathSkip) -> None:
        """Keep it, in place of an earlier one about the same item."""

    def take_back(self, learner_id: str, content_id: str) -> bool:
        """The item may be planned again; whether it had been skipped."""
