"""Restricted processing (Art. 18 GDPR): what is held about a person is kept, and nothing is done with it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Restriction:
    """A restriction. ``handler`` is who put it on and alone reads about the person, apart from the person."""

    id: str
    learner_id: str
    reason: str
    handler: str
    since: datetime
    lifted_at: datetime | None = None
    lifted_by: str = ""
    lift_reason: str = ""


class Restrictions(Protocol):
    """``ascertain.store.disputes``."""

    def on(self, learner_id: str) -> Restriction | None:
        """The one in force."""

    def among(self, learner_ids: Collection[str]) -> list[Restriction]:
        """Those in force on any of these people."""

    def of(self, learner_id: str) -> list[Restriction]:
        """All that there were, oldest first."""

    def put(self, restriction: Restriction) -> None:
        """Insert, or replace what lifting changes."""
