"""Compound words taken apart: *Kundenbeschwerden* is also about *Kunden* and about *Beschwerden*.

A German text says "Beschwerden von Kunden" where the taxonomy says "Kundenbeschwerden". A compound counts as itself
and as its two parts, in the taxonomy and in a text alike; phrases are matched whole. Which words there are is known
from the taxonomy alone: a word is taken apart where a part of it stands there by itself.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

from ascertain.taxonomy.text import stem

COMPOUNDING = frozenset({"de"})
"""Languages whose compounds are taken apart. Others that have any (nl, sv, da, fi …) were not tried."""
_SHORTEST = 4
_LINKS = ("", "s", "n", "en", "es", "er", "e", "ns")
"""What may stand between two parts: Arbeit-s-recht, Kunde-n-dienst."""


class Splitter:
    """Takes stems apart, given the stems that are known."""

    def __init__(self, known: Container[str], language: str) -> None:
        self._known = known
        self._language = language
        self._active = language in COMPOUNDING
        self._seen: dict[str, tuple[str, ...]] = {}

    def with_parts(self, stems: Sequence[str]) -> list[str]:
        """The stems, each compound followed by its two parts."""
        if not self._active:
            return list(stems)
        return [t for s in stems for t in (s, *self.parts(s))]

    def parts(self, word: str) -> tuple[str, ...]:
        """Stems of a compound's two parts; none where no part of it is known.

        Both known is better than the last, which is better than the first; then the longest last part.
        """
        found = self._seen.get(word)
        if found is None:
            found = self._seen[word] = self._split(word)
        return found

    def _split(self, word: str) -> tuple[str, ...]:
        best: tuple[int, tuple[str, ...]] = (0, ())
        if not word.isalpha():
            return ()
        for i in range(_SHORTEST, len(word) - _SHORTEST + 1):
            tail = stem(word[i:], self._language)
            for link in _LINKS:
                head = word[:i].removesuffix(link) if link else word[:i]
                if len(head) < _SHORTEST or (link and not word[:i].endswith(link)):
                    continue
                head = stem(head, self._language)
                worth = 2 * (tail in self._known) + (head in self._known)
                if worth > best[0]:
                    best = worth, (head, tail)
        return best[1]
