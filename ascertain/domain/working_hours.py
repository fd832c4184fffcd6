"""How many working hours two time zones have in common."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

BEGIN, END = time(9), time(17)
"""A working day, by the clock of the place. Contracts differ; this compares places, not people."""


def known_zone(name: str) -> bool:
    """Whether that is an IANA time zone."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def hours_in_common(zone: str, other: str, on: date) -> float:
    """Hours of 9 to 17 o'clock in ``zone`` on that day that are between 9 and 17 in ``other`` too: 0.0 to 8.0.

    Both are IANA names; summer time counts, so the day matters.
    """
    first = _day(zone, on)
    found = 0.0
    for offset in (-1, 0, 1):  # the other place may be a day ahead or behind
        begin, end = _day(other, on + timedelta(days=offset))
        found += max(0.0, (min(first[1], end) - max(first[0], begin)).total_seconds() / 3600)
    return found


def _day(zone: str, on: date) -> tuple[datetime, datetime]:
    place = ZoneInfo(zone)
    return datetime.combine(on, BEGIN, place).astimezone(UTC), datetime.combine(on, END, place).astimezone(UTC)
