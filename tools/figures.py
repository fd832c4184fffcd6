"""Which figures a text may name: those of the data it speaks about, and no others."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

_FIGURE = re.compile(r"[.,]?\d(?:[.,]?\d)*")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_DECIMAL = re.compile(r"\d*[.,]\d+")
_SPELLED = re.compile(
    r"\b(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen"
    r"|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred)"
    r"(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?\s+(?:per\s?cent|percent|%|out of|in)\s",
    re.IGNORECASE,
)


def figures(text: str) -> set[Decimal]:
    """Every figure written in digits (of any script), by value: ``1,200``, ``0.85``, ``85 %`` and ``2.50`` = 2.5."""
    found: set[Decimal] = set()
    for token in _FIGURE.findall(unicodedata.normalize("NFKC", text)):
        if _THOUSANDS.fullmatch(token):
            found.add(Decimal(token.replace(",", "")))
        elif _DECIMAL.fullmatch(token):
            found.add(Decimal(token.replace(",", ".")))
        else:  # an integer, or the parts of a date or version
            found.update(Decimal(part) for part in re.split(r"[.,]", token) if part)
    return found


def figures_in(data: Any) -> set[Decimal]:
    """Every figure in JSON data: its numbers, and what stands in its texts (keys are names, not figures)."""
    if isinstance(data, str):
        return figures(data)
    if isinstance(data, bool) or data is None:
        return set()
    if isinstance(data, int | float):
        return {abs(Decimal(str(data)))}
    values = data.values() if isinstance(data, Mapping) else data
    return {f for v in values for f in figures_in(v)}


def unfounded(text: str, allowed: Iterable[Decimal]) -> list[str]:
    """Figures in ``text`` that are not among ``allowed``, as written values; spelled-out shares ("ninety per cent")
    always count as unfounded, since no tool shows one."""
    strange = figures(text) - set(allowed)
    spelled = [squashed.group().strip() for squashed in _SPELLED.finditer(text + " ")]
    return sorted(f"{n:f}" for n in strange) + spelled
