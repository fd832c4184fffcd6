"""When mandatory training is due, worked out by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.compliance import ComplianceRules, Duty, Standing, duty

RULES = ComplianceRules(due_days=30, soon_days=14, repeat_days={"YEARLY": 365})
HIRED = date(2026, 1, 1)


@pytest.mark.parametrize(
    ("code", "finished", "hired", "today", "expected"),
    [
        ("ONCE", [], HIRED, date(2026, 1, 31), Duty(Standing.OPEN, date(2026, 1, 31))),
        ("ONCE", [], HIRED, date(2026, 2, 1), Duty(Standing.OVERDUE, date(2026, 1, 31))),
        ("ONCE", [], None, date(2026, 2, 1), Duty(Standing.OPEN, None)),
        ("ONCE", [date(2020, 1, 1)], HIRED, date(2026, 2, 1), Duty(Standing.FINISHED, None)),
        ("YEARLY", [date(2026, 1, 1)], HIRED, date(2026, 12, 17), Duty(Standing.FINISHED, date(2027, 1, 1))),
        ("YEARLY", [date(2026, 1, 1)], HIRED, date(2026, 12, 18), Duty(Standing.EXPIRING, date(2027, 1, 1))),
        ("YEARLY", [date(2026, 1, 1)], HIRED, date(2027, 1, 1), Duty(Standing.EXPIRING, date(2027, 1, 1))),
        ("YEARLY", [date(2026, 1, 1)], HIRED, date(2027, 1, 2), Duty(Standing.OVERDUE, date(2027, 1, 1))),
        (
            "YEARLY",
            [date(2025, 1, 1), date(2026, 1, 1)],
            None,
            date(2026, 6, 1),
            Duty(Standing.FINISHED, date(2027, 1, 1)),
        ),
        ("YEARLY", [None], HIRED, date(2030, 1, 1), Duty(Standing.FINISHED, None)),
        ("YEARLY", [date(2026, 5, 1)], HIRED, date(2026, 4, 1), Duty(Standing.OVERDUE, date(2026, 1, 31))),
    ],
    ids=[
        "last day",
        "day after",
        "hired nobody knows when",
        "once and for good",
        "counts",
        "soon",
        "to its last day",
        "expired",
        "the newest counts",
        "finished nobody knows when",
        "what comes later does not count yet",
    ],
)
def test_standing(code: str, finished: list[date | None], hired: date | None, today: date, expected: Duty) -> None:
    assert duty(RULES, code, finished, hired, today) == expected


@given(st.lists(st.dates(date(2020, 1, 1), date(2027, 1, 1))), st.dates(date(2020, 1, 1), date(2027, 1, 1)))
def test_finishing_again_never_makes_it_worse(days: list[date], today: date) -> None:
    order = [Standing.OVERDUE, Standing.OPEN, Standing.EXPIRING, Standing.FINISHED]
    before = duty(RULES, "YEARLY", days, HIRED, today)
    after = duty(RULES, "YEARLY", [*days, today - timedelta(days=1)], HIRED, today)
    assert order.index(after.standing) >= order.index(before.standing)
