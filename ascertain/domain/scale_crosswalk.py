"""Scales of other systems beside the product's five levels: each value of theirs is at most one level, a higher value
is never a lower level, and what is lost on the way there and back is known.

A value reaches a level when it is at or above where that level begins: nothing is rounded up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ascertain.domain.skills import Level
from ascertain.errors import InputError

MOST_VALUES = 50
"""Values that a scale with steps may have."""


class Scale(Protocol):
    """A scale of another system."""

    @property
    def name(self) -> str: ...
    @property
    def about(self) -> str:
        """What it is, in words."""

    def level(self, value: str) -> Level | None:
        """The level that a value is; ``None`` where it is below all of them.

        Raises:
            InputError: it is no value of the scale.
        """

    def value(self, level: Level) -> str | None:
        """The value that stands for a level: the lowest that reaches it; ``None`` where none does."""

    def shown(self) -> Sequence[tuple[str, Level | None]]:
        """Values with their levels, the lowest first; of numbers without steps those at which something begins."""


@dataclass(frozen=True, slots=True)
class NumberScale:
    """``begins``: for each of the five levels the value at which it begins; not falling, from ``low`` on. A level that
    begins where the next one does, or above ``high``, has no value. ``step``: distance of its values from ``low`` on,
    where it has few; ``None`` for any number between."""

    name: str
    about: str
    low: float
    high: float
    begins: tuple[float, ...]
    step: float | None = None

    def __post_init__(self) -> None:
        if self.step is not None and not (self.high - self.low) / MOST_VALUES <= self.step <= self.high - self.low:
            raise InputError(
                "step does not fit between low and high", where=self.name, field="step", remedy="leave it out"
            )
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise InputError("low has to be less than high", where=self.name, field="low", remedy="swap the two")
        if len(self.begins) != len(Level) or list(self.begins) != sorted(self.begins) or self.begins[0] < self.low:
            raise InputError(
                "begins needs five values from low on, none less than the one before",
                where=self.name,
                field="begins",
                remedy="say for each level from which value on it holds",
            )

    def level(self, value: str) -> Level | None:
        """See :class:`Scale`."""
        try:
            number = float(value.strip().replace(",", ".").removesuffix("%"))
        except ValueError:
            number = math.nan
        if not self.low <= number <= self.high:
            raise InputError(
                f"{value[:60]!r} is no number from {self.low:g} to {self.high:g}",
                where=self.name,
                field="value",
                remedy="correct the value, or name another scale",
            )
        reached = [lv for lv in Level if number >= self.begins[lv - 1]]
        return reached[-1] if reached else None

    def value(self, level: Level) -> str | None:
        """See :class:`Scale`."""
        start = self.begins[level - 1]
        return f"{start:g}" if start <= self.high and self.level(f"{start!r}") is level else None

    def shown(self) -> Sequence[tuple[str, Level | None]]:
        """See :class:`Scale`."""
        values = sorted({self.low, *(b for b in self.begins if b <= self.high), self.high})
        if self.step is not None:
            count = math.floor((self.high - self.low) / self.step + 1e-9)
            values = sorted({*values, *(self.low + i * self.step for i in range(count + 1))})
        return [(f"{v:g}", self.level(repr(v))) for v in values]


@dataclass(frozen=True, slots=True)
class WordScale:
    """``levels``: the words of each of the five levels, the lowest first; ``none``: words below all levels."""

    name: str
    about: str
    levels: tuple[tuple[str, ...], ...]
    none: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.levels) != len(Level):
            raise InputError(
                "levels needs five lists of words", where=self.name, field="levels", remedy="leave empty what has none"
            )
        every = [w.strip().casefold() for w in (*self.none, *(w for words in self.levels for w in words))]
        twice = sorted({w for w in every if every.count(w) > 1 or not w})
        if twice or not any(self.levels):
            said = f"{twice[0]!r} stands twice or is empty" if twice else "no level has a word"
            raise InputError(said, where=self.name, field="levels", remedy="give each word one place")

    def _known(self) -> Mapping[str, Level | None]:
        found: dict[str, Level | None] = dict.fromkeys((w.strip().casefold() for w in self.none), None)
        for level, words in zip(Level, self.levels, strict=True):
            found.update((w.strip().casefold(), level) for w in words)
        return found

    def level(self, value: str) -> Level | None:
        """See :class:`Scale`."""
        known = self._known()
        word = " ".join(value.split()).casefold()
        if word not in known:
            raise InputError(
                f"{value[:60]!r} is no value of this scale",
                where=self.name,
                field="value",
                remedy=f"one of {', '.join(w for w, _ in self.shown())}, or name another scale",
            )
        return known[word]

    def value(self, level: Level) -> str | None:
        """See :class:`Scale`."""
        return next(iter(self.levels[level - 1]), None)

    def shown(self) -> Sequence[tuple[str, Level | None]]:
        """See :class:`Scale`."""
        named: list[tuple[str, Level | None]] = [(w, None) for w in self.none]
        return named + [(w, level) for level, words in zip(Level, self.levels, strict=True) for w in words]


@dataclass(frozen=True, slots=True)
class Loss:
    """What does not survive.

    Attributes:
        levels: levels that the scale has no value for: written there they cannot be said.
        merged: values of the scale that become one level, by level, where there are several: read and written back,
            they come out as the lowest of them.
        below: values that are no level at all.
    """

    levels: tuple[Level, ...]
    merged: Mapping[Level, tuple[str, ...]]
    below: tuple[str, ...]

    @property
    def words(self) -> str:
        """In one sentence."""
        parts = []
        if self.levels:
            parts.append(f"it has no value for {', '.join(f'level {int(lv)}' for lv in self.levels)}")
        for level, values in self.merged.items():
            parts.append(f"{', '.join(values)} all become level {int(level)} and come back as {values[0]}")
        if self.below:
            parts.append(f"{', '.join(self.below)} {'is' if len(self.below) == 1 else 'are'} no level")
        return "; ".join(parts) if parts else "nothing is lost on the way there and back"


def loss(scale: Scale) -> Loss:
    """Of a number scale without steps only values at which something begins are looked at: all between become the
    same."""
    by_level: dict[Level, list[str]] = {}
    below = []
    for value, level in scale.shown():
        if level is None:
            below.append(value)
        else:
            by_level.setdefault(level, []).append(value)
    merged = {lv: tuple(values) for lv, values in by_level.items() if len(values) > 1}
    return Loss(tuple(lv for lv in Level if scale.value(lv) is None), merged, tuple(below))


def convert(value: str, source: Scale, target: Scale) -> str | None:
    """A value of one scale as the value of another that stands for the same level; where the other has none for it, the
    highest below. ``None`` where it is below all levels, or the other scale has none so low.

    Raises:
        InputError: it is no value of the first scale.
    """
    level = source.level(value)
    if level is None:
        return None
    return next((v for lv in reversed(Level) if lv <= level and (v := target.value(lv)) is not None), None)
