"""What people want, in their own words: of a skill, whether to use or learn it or rather not; of an opening, whether
they are interested. A wish is no evidence: it changes no level, and stands beside it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Topic(StrEnum):
    """What a wish is about."""

    SKILL = "skill"
    OPENING = "opening"


class Want(StrEnum):
    """``use``, ``learn`` and ``avoid`` are said of skills, the last two of openings."""

    USE = "use"
    LEARN = "learn"
    AVOID = "avoid"
    INTERESTED = "interested"
    NOT_INTERESTED = "not_interested"


WANTS: Mapping[Topic, tuple[Want, ...]] = {
    Topic.SKILL: (Want.USE, Want.LEARN, Want.AVOID),
    Topic.OPENING: (Want.INTERESTED, Want.NOT_INTERESTED),
}
"""What can be said of each."""

IN_WORDS: Mapping[Want, str] = {
    Want.USE: "wants to use it more",
    Want.LEARN: "wants to learn it",
    Want.AVOID: "would rather not use it",
    Want.INTERESTED: "is interested",
    Want.NOT_INTERESTED: "is not interested",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """``about`` is the id of a skill or of an opening."""

    learner_id: str
    topic: Topic
    about: str
    want: Want
    stated_at: datetime


class Wishes(Protocol):
    """``ascertain.store.wishes``."""

    def of(self, learner_id: str) -> list[Wish]:
        """By topic and what it is about."""

    def of_all(self, learner_ids: Collection[str]) -> Mapping[str, tuple[Wish, ...]]:
        """The same of several people; who has none is absent."""

    def put(self, wish: Wish) -> None:
        """State it, in place of what was said before."""

    def take_back(self, learner_id: str, topic: Topic, about: str) -> bool:
        """False where nothing was said."""

    def heard_by(self, manager_id: str) -> frozenset[str]:
        """Ids of people who are interested in something for which that manager looks for somebody, and that nobody has
        closed."""
