"""From when on somebody who was told may be assessed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.notice import NoticeRules, usable_from


@pytest.mark.parametrize(
    ("told", "days", "business", "first"),
    [
        (date(2026, 3, 2), 0, False, date(2026, 3, 2)),
        (date(2026, 3, 2), 10, False, date(2026, 3, 12)),
        (date(2026, 3, 2), 10, True, date(2026, 3, 16)),  # Monday + ten business days
        (date(2026, 3, 6), 1, True, date(2026, 3, 9)),  # Friday, then Monday
        (date(2026, 3, 7), 1, True, date(2026, 3, 9)),  # told on a Saturday
        (date(2026, 3, 7), 0, True, date(2026, 3, 7)),
    ],
)
def test_days_by_hand(told: date, days: int, business: bool, first: date) -> None:
    assert usable_from(told, NoticeRules(days, business)) == first


@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)), st.integers(1, 60))
def test_that_many_business_days_lie_between(told: date, days: int) -> None:
    first = usable_from(told, NoticeRules(days, business_days=True))
    assert first.weekday() < 5
    passed = (told + timedelta(days=n) for n in range(1, (first - told).days + 1))
    assert sum(d.weekday() < 5 for d in passed) == days
