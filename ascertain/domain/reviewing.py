"""A reviewer's desk besides the decision itself: looking, judging first, and items whose answer is known."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from ascertain.domain.canonical import digest
from ascertain.domain.runs import DecisionKind, ReviewItem
from ascertain.domain.skills import Level

NO_LEVEL = 0
"""A reviewer's own judgement that the evidence shows no level."""


@dataclass(frozen=True, slots=True)
class Look:
    """A reviewer was shown an item's evidence, and what they made of it before they saw any number.

    ``own_level`` is 1 to 5, or ``NO_LEVEL``; ``None`` until they have judged.
    """

    item_id: str
    learner_id: str
    reviewer: str
    shown_at: datetime
    own_level: int | None = None
    judged_at: datetime | None = None


class CheckKind(StrEnum):
    """``known``: the right answer is known. ``second``: somebody else has decided the same."""

    KNOWN = "known"
    SECOND = "second"


@dataclass(frozen=True, slots=True)
class ReviewCheck:
    """An item that looks like any other and decides nothing: it says how somebody reviews.

    Attributes:
        assertion_id: whose evidence is shown; the assertion itself never changes.
        suggested, confidence: what is shown as the suggestion.
        truth: the right level, or what the first reviewer decided; ``NO_LEVEL`` for none.
        altered: the suggestion is not the one that code made.
    """

    id: str
    assertion_id: str
    learner_id: str
    skill_id: str
    kind: CheckKind
    suggested: Level
    confidence: float
    truth: int
    altered: bool
    reasons: tuple[str, ...]
    priority: int
    assignee: str
    due_on: date
    created_at: datetime
    decision: DecisionKind | None = None
    decided_level: Level | None = None
    decided_by: str = ""
    decision_reason: str = ""
    decided_at: datetime | None = None
    own_level: int | None = None
    shown_at: datetime | None = None

    def as_item(self) -> ReviewItem:
        """As it stands in the queue: like any other."""
        return ReviewItem(
            id=self.id,
            assertion_id=self.assertion_id,
            learner_id=self.learner_id,
            skill_id=self.skill_id,
            reasons=self.reasons,
            priority=self.priority,
            assignee=self.assignee,
            due_on=self.due_on,
            created_at=self.created_at,
            decision=self.decision,
            decided_level=self.decided_level,
            decided_by=self.decided_by,
            decision_reason=self.decision_reason,
            decided_at=self.decided_at,
            own_level=self.own_level,
            shown_at=self.shown_at,
        )


def check_id(cause: str, kind: CheckKind) -> str:
    """Id of the check that a decision on ``cause`` brings about; it looks like any item's."""
    return "v" + digest(["check", cause, kind], length=15)


def without_figures(reason: str) -> str:
    """A reason of the routing as a reviewer may read it before they have judged: without any number of the machine's,
    and without a level that somebody else has named."""
    if reason.startswith("confidence "):
        return "confidence is under the line from which code accepts"
    if reason.startswith("a human had set level "):
        return "a human had set a lower level"
    return reason


class Looks(Protocol):
    """``ascertain.store.reviewing``."""

    def get(self, item_id: str, reviewer: str) -> Look | None: ...
    def put(self, look: Look) -> None:
        """Insert, or replace the look of that reviewer at that item."""


class Checks(Protocol):
    """``ascertain.store.reviewing``."""

    def get(self, check_id: str) -> ReviewCheck | None:
        """By full id or an unambiguous prefix."""

    def open(self, *, assignee: str | None = None, learner_id: str | None = None) -> list[ReviewCheck]:
        """Undecided ones whose assertion is present still."""

    def add(self, check: ReviewCheck) -> bool:
        """False if it is there already."""

    def put(self, check: ReviewCheck) -> None: ...
    def drop(self, check_id: str) -> bool:
        """Take an undecided one away (full id); False where there is none."""

    def decided(self, *, since: datetime | None = None) -> list[ReviewCheck]:
        """In the order of their decisions."""

    def about(self, learner_ids: Collection[str]) -> list[ReviewCheck]:
        """Decided or not."""
