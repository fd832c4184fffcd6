"""Hours that two places have in common."""

from __future__ import annotations

from datetime import date

import pytest

from ascertain.domain.working_hours import hours_in_common, known_zone


@pytest.mark.parametrize(
    ("one", "other", "day", "hours"),
    [
        ("Europe/Berlin", "Europe/Berlin", date(2026, 1, 7), 8.0),
        ("Europe/Berlin", "Europe/Lisbon", date(2026, 1, 7), 7.0),
        ("Europe/Berlin", "America/New_York", date(2026, 1, 7), 2.0),
        ("Europe/Berlin", "America/New_York", date(2026, 3, 18), 3.0),  # summer time begins later in Europe
        ("Europe/Berlin", "Asia/Kolkata", date(2026, 1, 7), 3.5),
        ("America/Los_Angeles", "Asia/Tokyo", date(2026, 1, 7), 1.0),  # whose day is another one
        ("Europe/London", "Australia/Sydney", date(2026, 1, 7), 0.0),
    ],
)
def test_hours_in_common(one: str, other: str, day: date, hours: float) -> None:
    assert hours_in_common(one, other, day) == hours
    assert hours_in_common(other, one, day) == hours


def test_zones_are_known_by_name() -> None:
    assert known_zone("Europe/Berlin")
    assert not known_zone("Berlin")
    assert not known_zone("../etc/passwd")
