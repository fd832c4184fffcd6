"""Lengths of time as learning standards write them: ISO 8601 (xAPI, SCORM 2004) and ``HHHH:MM:SS.SS`` (SCORM 1.2)."""

from __future__ import annotations

import re

_ISO = re.compile(
    r"P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+(?:[.,]\d+)?)D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d+(?:[.,]\d+)?)H)?(?:(?P<minutes>\d+(?:[.,]\d+)?)M)?(?:(?P<seconds>\d+(?:[.,]\d+)?)S)?)?",
    re.ASCII,
)
_CLOCK = re.compile(r"(?P<hours>\d{2,4}):(?P<minutes>\d{2}):(?P<seconds>\d{2}(?:\.\d{1,2})?)", re.ASCII)
_MINUTES = {
    "years": 525_600.0,
    "months": 43_200.0,
    "weeks": 10_080.0,
    "days": 1440.0,
    "hours": 60.0,
    "minutes": 1.0,
    "seconds": 1 / 60,
}


def minutes_of(text: str) -> float | None:
    """Minutes of a duration in either form; ``None`` where it is none. A year has 365 days, a month 30.

    >>> minutes_of("PT1H30M"), minutes_of("0001:30:00.00"), minutes_of("90")
    (90.0, 90.0, None)
    """
    found = _ISO.fullmatch(text.strip()) or _CLOCK.fullmatch(text.strip())
    if found is None:
        return None
    parts = {k: v for k, v in found.groupdict().items() if v is not None}
    if not parts:
        return None  # "P" alone says nothing
    return sum(float(v.replace(",", ".")) * _MINUTES[k] for k, v in parts.items())
