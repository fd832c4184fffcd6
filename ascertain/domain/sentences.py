"""Sentences about figures that cannot say a figure of their own.

A template holds words and names in braces; every figure that the sentence shows is looked up by name, with the address
of the data it rests on. A digit in the words themselves is refused, so a sentence says what is in the data or is not
said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_PLACE = re.compile(r"\{([a-z_]+)\}")
_DIGIT = re.compile(r"\d")


def counted(number: int) -> str:
    """A whole number as it is written everywhere: thousands apart."""
    return f"{number:,}".replace(",", "\u202f")


@dataclass(frozen=True, slots=True)
class Figure:
    """What stands in for a name: a count, a share in 0..1 or a word of the data, and where the data can be seen."""

    value: int | float | str
    href: str = ""
    share: bool = False

    @property
    def words(self) -> str:
        """As people read it: shares in whole percent, other fractions with two decimals."""
        if isinstance(self.value, str):
            return self.value
        if self.share:
            return f"{100 * self.value:.0f}\u202f%"
        return counted(self.value) if isinstance(self.value, int) else f"{self.value:.2f}"


@dataclass(frozen=True, slots=True)
class Sentence:
    """Words and figures in turn."""

    parts: tuple[str | Figure, ...]

    @property
    def text(self) -> str:
        """The sentence as plain text."""
        return "".join(p if isinstance(p, str) else p.words for p in self.parts)


def tell(template: str, figures: Mapping[str, Figure]) -> Sentence:
    """Put figures into a template.

    Raises:
        ValueError: the template has a digit of its own, or names a figure that is not there.
    """
    parts: list[str | Figure] = []
    for i, piece in enumerate(_PLACE.split(template)):
        if i % 2:
            if piece not in figures:
                raise ValueError(f"there is no figure {piece!r} for {template!r}")
            parts.append(figures[piece])
        elif _DIGIT.search(piece):
            raise ValueError(f"a figure that is not in the data: {piece!r}")
        elif piece:
            parts.append(piece)
    return Sentence(tuple(parts))
