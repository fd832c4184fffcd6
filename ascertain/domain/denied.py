"""Names that can never become a skill: emotions, traits of character, and what the law protects."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_WORD = re.compile(r"[\w'-]+")


@dataclass(frozen=True, slots=True)
class DeniedGroup:
    """``terms`` are whole names, ``phrases`` may stand anywhere in one; ``why`` and ``source`` are for people."""

    id: str
    why: str
    source: str
    terms: frozenset[tuple[str, ...]]
    phrases: frozenset[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class DenyList:
    """``around``: words that may stand before a term without making it something else, each as a tuple of words."""

    version: str
    groups: tuple[DeniedGroup, ...]
    around: frozenset[tuple[str, ...]] = frozenset()
    allowed: frozenset[tuple[str, ...]] = frozenset()
    _by_term: Mapping[tuple[str, ...], DeniedGroup] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_term", {t: g for g in reversed(self.groups) for t in g.terms})

    def refuses(self, name: str) -> DeniedGroup | None:
        """The group that a name falls under; ``None`` for a name that may be a skill."""
        words = words_of(name)
        if not words or words in self.allowed:
            return None
        for rest in self._stripped(words):
            if group := self._by_term.get(rest):
                return group
        return next((g for g in self.groups if any(_within(p, words) for p in g.phrases)), None)

    def _stripped(self, words: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
        """The words, and what is left without those of ``around`` before them, one after the other."""
        yield words
        for size in (2, 1):
            if len(words) > size and words[:size] in self.around:
                yield from self._stripped(words[size:])


def words_of(name: str) -> tuple[str, ...]:
    """Words in one case; what stands in brackets is left out, as is a possessive s."""
    plain = re.sub(r"\([^)]*\)", " ", unicodedata.normalize("NFKC", name).casefold().replace("’", "'"))
    return tuple(w.removesuffix("'s").strip("'-") for w in _WORD.findall(plain))


def _within(phrase: tuple[str, ...], words: tuple[str, ...]) -> bool:
    size = len(phrase)
    return any(words[i : i + size] == phrase for i in range(len(words) - size + 1))
