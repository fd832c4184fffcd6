"""What the catalogue crew is given about learning content, what it may find, and what that leaves of the mapper's tags.

The crew takes tags away and says, word for word, what a text says of its level; the probability stays the mapper's.
People's votes stand above it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from ascertain.domain.findings import Drop, Step
from ascertain.domain.skills import ContentTag, Level
from ascertain.domain.transcripts import Passage

if TYPE_CHECKING:
    from ascertain.domain.ports import CrewServices


@dataclass(frozen=True, slots=True)
class LibraryItem:
    """One piece of content as agents may read it: masked, and without sentences that give orders to a machine.

    Attributes:
        text_hash: which text was weighed.
        level: of the whole content; ``stated`` where a source says it.
        candidates: the mapper's tags, each with the quote that it rests on.
    """

    content_id: str
    text_hash: str
    title: str
    description: str
    passages: tuple[Passage, ...]
    level: Level
    stated: bool
    candidates: tuple[ContentTag, ...]

    def holds(self, quote: str) -> bool:
        """Whether the words stand in it."""
        return quote in self.title or quote in self.description or any(quote in p.text for p in self.passages)


@dataclass(frozen=True, slots=True)
class KeptTag:
    """A candidate that stood. ``level`` is what ``level_quote`` says, where no source states the content's."""

    skill_id: str
    level: Level | None = None
    level_quote: str = ""


@dataclass(frozen=True, slots=True)
class RefusedTag:
    """A candidate that did not stand: which agent held it back, and what it said."""

    skill_id: str
    by: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Weighing:
    """What was found about one text. ``terms`` are words of it for which the taxonomy has no skill."""

    content_id: str
    text_hash: str
    kept: tuple[KeptTag, ...]
    refused: tuple[RefusedTag, ...] = ()
    terms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TaggingFindings:
    """One run of the catalogue crew. Content that no agent spoke of is not among ``weighings``."""

    weighings: tuple[Weighing, ...] = ()
    drops: tuple[Drop, ...] = ()
    steps: tuple[Step, ...] = ()


class CatalogueCrew(Protocol):
    """``crews.catalogue``: tagger and reviewer. Raises ``BrainError`` when a brain fails, ``BudgetError`` when nothing
    may be spent any more."""

    @property
    def version(self) -> str:
        """Brains and prompts: other ones, another look."""

    @property
    def batch(self) -> int:
        """How many items one run takes."""

    def preload(self) -> None: ...
    def weigh(self, items: Sequence[LibraryItem], services: CrewServices) -> TaggingFindings: ...


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far the library is read: active content, mapped, weighed by the present crew; when last."""

    contents: int
    mapped: int
    weighed: int
    last: datetime | None


class Weighings(Protocol):
    """``ascertain.store.weighings``. The newest look at a text counts, also one of an earlier crew."""

    def open(self, tagger: str, weigher: str) -> list[str]:
        """Ids of mapped content, retired items too, at whose present text ``weigher`` has not looked; texts that
        several items share are there once."""

    def put(self, tagger: str, weigher: str, found: Sequence[Weighing]) -> None: ...
    def of(self, tagger: str) -> dict[str, Weighing]:
        """By text hash."""

    def coverage(self, tagger: str, weigher: str) -> Coverage: ...


def after_weighing(tags: Sequence[ContentTag], weighing: Weighing | None) -> tuple[ContentTag, ...]:
    """The mapper's tags that stood, with the level that the text itself says; all of them where nobody has looked."""
    if weighing is None:
        return tuple(tags)
    kept = {k.skill_id: k for k in weighing.kept}
    return tuple(
        replace(t, level=level) if (level := kept[t.skill_id].level) is not None else t
        for t in tags
        if t.skill_id in kept
    )


def lacking(weighings: Mapping[str, Weighing], texts: Collection[str]) -> dict[str, int]:
    """Terms without a skill in these texts, the most frequent first: term → texts."""
    counts: dict[str, int] = {}
    spelt: dict[str, str] = {}
    for text in sorted(texts):
        if (w := weighings.get(text)) is None:
            continue
        for term in {t.casefold(): t for t in w.terms}.values():
            name = spelt.setdefault(term.casefold(), term)
            counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items(), key=lambda kv: (-kv[1], kv[0])))
