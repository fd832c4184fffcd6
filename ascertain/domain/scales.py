"""Brings the words and figures that sources use for level and study time to the product's scales."""

from __future__ import annotations

import re

from ascertain.domain.skills import Level

_WORDS: dict[str, Level] = {
    "awareness": Level.AWARENESS,
    "introduction": Level.AWARENESS,
    "introductory": Level.AWARENESS,
    "novice": Level.AWARENESS,
    "beginner": Level.FOUNDATION,
    "basic": Level.FOUNDATION,
    "basics": Level.FOUNDATION,
    "foundation": Level.FOUNDATION,
    "foundational": Level.FOUNDATION,
    "elementary": Level.FOUNDATION,
    "practitioner": Level.PRACTITIONER,
    "intermediate": Level.PRACTITIONER,
    "professional": Level.PRACTITIONER,
    "advanced": Level.ADVANCED,
    "expert": Level.EXPERT,
    "mastery": Level.EXPERT,
}
_UNIT_HOURS = {
    "minute": 1 / 60,
    "min": 1 / 60,
    "minuto": 1 / 60,
    "hour": 1.0,
    "hr": 1.0,
    "h": 1.0,
    "hora": 1.0,
    "day": 6.0,
    "día": 6.0,
    "week": 4.0,
    "semana": 4.0,
    "month": 16.0,
    "mes": 16.0,
    "year": 192.0,
    "año": 192.0,
}
"""Study hours in a calendar unit: part-time study at 4 hours a week, 6 in a whole day, 12 months in a year."""

_DURATION = re.compile(
    r"(?P<less>less than|under|up to)?\s*(?P<low>\d+(?:[.,]\d+)?)\s*(?P<plus>\+)?"
    r"(?:\s*(?:-|–|—|to|or|a)\s*(?P<high>\d+(?:[.,]\d+)?))?\s*(?P<unit>[a-zñíé]+)",
    re.IGNORECASE,
)


def level_of(word: str) -> Level | None:
    """The level a source's word or digit 1..5 means; ``None`` where it means none (``Mixed``, empty).

    >>> level_of("Beginner ")
    <Level.FOUNDATION: 2>
    """
    plain = word.strip().lower().removesuffix(" level")
    if plain in ("1", "2", "3", "4", "5"):
        return Level(int(plain))
    return _WORDS.get(plain)


def hours_of(duration: str) -> float | None:
    """Study hours of a duration in words; the middle of a range. A bare number is minutes. ``None`` if unreadable.

    >>> hours_of(" 3 - 6 Months"), hours_of("90")
    (72.0, 1.5)
    """
    text = duration.strip()
    if re.fullmatch(r"\d+(?:[.,]\d+)?", text):
        return _number(text) / 60
    found = _DURATION.search(text)
    if found is None or "/" in text[found.end() :][:2]:  # "15 hours of study/wk" is a rate, not a length
        return None
    word = found["unit"].lower()
    unit = next((u for u in (word, word.removesuffix("s"), word.removesuffix("es")) if u in _UNIT_HOURS), None)
    if unit is None or re.search(r"(?:/|per\s+)\s*(?:wk|week|day|month)", text, re.IGNORECASE):
        return None
    low = _number(found["low"])
    high = _number(found["high"]) if found["high"] else low
    return (low + high) / 2 * _UNIT_HOURS[unit]


def _number(text: str) -> float:
    return float(text.replace(",", "."))
