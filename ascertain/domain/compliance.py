"""Mandatory training: until when somebody has to have finished a course, and how they stand."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum


class Standing(StrEnum):
    """How somebody stands to a mandatory course."""

    FINISHED = "finished"
    EXPIRING = "expires soon"
    OPEN = "open"
    OVERDUE = "overdue"


DONE = frozenset({Standing.FINISHED, Standing.EXPIRING})


@dataclass(frozen=True, slots=True)
class ComplianceRules:
    """When mandatory training is due.

    Attributes:
        due_days: after somebody was hired.
        soon_days: what ends within so many days is said to.
        repeat_days: by code of the course, after how many days it has to be finished again; others once.
    """

    due_days: int = 30
    soon_days: int = 30
    repeat_days: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Duty:
    """One person and one course. ``due`` is the day by which it has to be finished (again); ``None`` where it never is,
    or where nobody knows since when the person is here."""

    standing: Standing
    due: date | None


def duty(
    rules: ComplianceRules, code: str, finished: Collection[date | None], hired_on: date | None, today: date
) -> Duty:
    """How somebody stands on a day.

    Args:
        finished: the days on which they finished the course; ``None`` where the source does not say when: that counts
            as finished, and as nothing that could expire.
    """
    days = [d for d in finished if d is not None and d <= today]
    if days or any(d is None for d in finished):
        again = rules.repeat_days.get(code)
        if again is None or not days:
            return Duty(Standing.FINISHED, None)
        due = max(days) + timedelta(days=again)
        if due < today:
            return Duty(Standing.OVERDUE, due)
        soon = due <= today + timedelta(days=rules.soon_days)
        return Duty(Standing.EXPIRING if soon else Standing.FINISHED, due)
    if hired_on is None:
        return Duty(Standing.OPEN, None)
    due = hired_on + timedelta(days=rules.due_days)
    return Duty(Standing.OVERDUE if due < today else Standing.OPEN, due)
