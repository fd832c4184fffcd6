"""What learners say of the content that they finished: whether it teaches a skill. A signal, never a decision."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ascertain.domain.content_tags import TagRules, wilson

Key = tuple[str, str]
"""(content hash, skill id)"""


@dataclass(frozen=True, slots=True)
class LearnerWord:
    """One person's word about (text, skill); a later one takes its place. The text is named by its hash."""

    learner_id: str
    content_id: str
    content_hash: str
    skill_id: str
    taxonomy: str
    teaches: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Heard:
    """How many learners who finished the content said that it teaches the skill, and that it does not."""

    yes: int = 0
    no: int = 0

    @property
    def all(self) -> int:
        return self.yes + self.no


def heard(words: Iterable[LearnerWord], finished: Collection[tuple[str, str]], rules: TagRules) -> dict[Key, Heard]:
    """Counts by (text, skill), where at least ``rules.least_learners`` people are behind them: fewer could be told
    apart, and could decide alone. ``finished``: (learner id, content id); words of those who did not are not counted.
    """
    counts: dict[Key, list[int]] = {}
    for w in words:
        if (w.learner_id, w.content_id) in finished:
            counts.setdefault((w.content_hash, w.skill_id), [0, 0])[not w.teaches] += 1
    return {key: Heard(*n) for key, n in counts.items() if sum(n) >= rules.least_learners}


def doubted(said: Heard | None) -> bool:
    """Whether learners doubt the tag: the upper end of Wilson's interval (90 %) of the share of yes is below ½."""
    return said is not None and wilson(said.yes, said.all)[1] < 0.5


class TagWords(Protocol):
    """``ascertain.store.tag_words``."""

    def of(self, learner_id: str) -> list[LearnerWord]:
        """All of one person, by text and skill."""

    def all(self, taxonomy: str) -> list[LearnerWord]:
        """Of everybody, for the taxonomy of that name."""

    def put(self, word: LearnerWord) -> None: ...
    def take_back(self, word: LearnerWord) -> bool:
        """Whether there was one about that text and skill."""

    def finished(self, taxonomy: str) -> frozenset[tuple[str, str]]:
        """(learner id, content id), of those who said something: who has a completion that did not fail."""
