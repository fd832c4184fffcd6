"""Exact phrases: finds a taxonomy's labels and synonyms in a sentence, stem by stem, longest ones marked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ascertain.taxonomy.forms import GAP


@dataclass(frozen=True, slots=True)
class Hit:
    """A form found at words ``start`` to ``end`` (exclusive).

    ``sharing`` is the number of skills written alike; ``nested`` says that a longer form covers these words.
    """

    skill: int
    is_label: bool
    start: int
    end: int
    sharing: int
    nested: bool


_ARTICLES = frozenset({"a", "an", "the", "your", "our", "my", "his", "her", "their"})
"""Left out of account within a phrase, never at its ends."""

_ARTICLE = re.compile(rf"(?<={GAP})(?:{'|'.join(sorted(_ARTICLES))}){GAP}")


class Gazetteer:
    """Phrase dictionary over forms."""

    def __init__(self, forms: Iterable[str], owners: Iterable[int], labels: Iterable[bool]) -> None:
        """Each form's terms, joined by gaps; the skill it belongs to; whether it is a label."""
        self._entries: dict[str, dict[int, bool]] = {}
        lengths: dict[str, set[int]] = {}
        for form, skill, is_label in zip(forms, owners, labels, strict=True):
            bare = _ARTICLE.sub("", form)
            for key in (form,) if bare == form else (form, bare):
                entry = self._entries.setdefault(key, {})
                entry[skill] = entry.get(skill, False) or is_label
                lengths.setdefault(key.partition(GAP)[0], set()).add(key.count(GAP) + 1)
        self._lengths = {first: tuple(sorted(ns, reverse=True)) for first, ns in lengths.items()}

    def hits(self, stems: Sequence[str], bound: Mapping[int, str]) -> list[Hit]:
        """All forms in a sentence's words; ``bound`` gives the case-bound term of a position."""
        spans: dict[tuple[int, int], Mapping[int, bool]] = {}
        n = len(stems)
        for i, first in enumerate(stems):
            lengths = self._lengths.get(first, ())
            for length in lengths:
                if i + length <= n:
                    entry = self._entries.get(first if length == 1 else GAP.join(stems[i : i + length]))
                    if entry:
                        spans[i, i + length] = entry
            if lengths and lengths[0] > 1:
                # "Leading a team" is named by "leading teams".
                bare = [i, *(j for j in range(i + 1, min(n, i + 2 * lengths[0])) if stems[j] not in _ARTICLES)]
                for length in lengths:
                    if 1 < length <= len(bare) and bare[length - 1] - i >= length:
                        entry = self._entries.get(GAP.join(stems[j] for j in bare[:length]))
                        if entry:
                            spans.setdefault((i, bare[length - 1] + 1), entry)
            if i in bound and (entry := self._entries.get(bound[i])):
                spans[i, i + 1] = {**spans.get((i, i + 1), {}), **entry}
        found: list[Hit] = []
        for (a, b), skills in spans.items():
            nested = any(c <= a and b <= d and (c, d) != (a, b) for c, d in spans)
            found.extend(Hit(skill, is_label, a, b, len(skills), nested) for skill, is_label in skills.items())
        return found
