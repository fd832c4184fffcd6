"""Words for level and study time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.scales import hours_of, level_of
from ascertain.domain.skills import Level


@pytest.mark.parametrize(
    ("word", "level"),
    [
        ("Beginner ", Level.FOUNDATION),
        ("INTERMEDIATE", Level.PRACTITIONER),
        ("Advanced level", Level.ADVANCED),
        ("5", Level.EXPERT),
        ("Mixed", None),
        ("", None),
        ("6", None),
    ],
)
def test_levels(word: str, level: Level | None) -> None:
    assert level_of(word) is level


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("90", 1.5),
        (" 3 - 6 Months", 72.0),
        (" Less Than 2 Hours", 2.0),
        ("1 - 4 Weeks", 10.0),
        ("1.5 – 3 years", 432.0),
        ("2,5 h", 2.5),
        ("45 min", 0.75),
        ("18 a 24 meses", 336.0),
        ("2 or 3 years", 480.0),
        ("15+ hours of study/wk per course", None),
        ("3 hours per week", None),
        ("soon", None),
        ("3 parsecs", None),
        ("None", None),
    ],
)
def test_durations(text: str, hours: float | None) -> None:
    assert hours_of(text) == pytest.approx(hours) if hours is not None else hours_of(text) is None


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    hours = hours_of(text)
    assert hours is None or hours >= 0
