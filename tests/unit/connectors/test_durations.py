"""Durations in both standards' forms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.connectors.durations import minutes_of


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("PT1H", 60.0),
        ("PT90S", 1.5),
        ("P1DT0H", 1440.0),
        ("P2W", 20_160.0),
        ("PT0.5M", 0.5),
        ("PT0S", 0.0),
        ("0001:30:00.00", 90.0),
        ("00:00:30", 0.5),
    ],
)
def test_known_durations(text: str, minutes: float) -> None:
    assert minutes_of(text) == pytest.approx(minutes)


@pytest.mark.parametrize("text", ["", "P", "PT", "90", "1:2:3", "PT1X", "P1H", "-PT1H", "00:00", "٠٠:٠٠:٣٠"])
def test_what_is_none(text: str) -> None:
    assert minutes_of(text) is None


@given(st.integers(0, 5000), st.integers(0, 59), st.integers(0, 59))
def test_both_forms_agree(hours: int, minutes: int, seconds: int) -> None:
    clock = minutes_of(f"{hours:04}:{minutes:02}:{seconds:02}")
    assert clock == pytest.approx(minutes_of(f"PT{hours}H{minutes}M{seconds}S"))


@given(st.text(max_size=40))
def test_any_text_is_a_duration_or_none(text: str) -> None:
    found = minutes_of(text)
    assert found is None or found >= 0
