"""Notice: people are told before their skills are inferred, and when they were told is on record."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

EVERYBODY = "all"


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice that was given.

    Attributes:
        cohort: ``all``, a department or a job profile; empty when it was given to one person.
        given_on: the day people were told; in the future it announces one, and counts for nothing until then.
        text_version: which text they were given.
        channel: how: ``mail``, ``intranet``, ``meeting`` …
        representatives_on: when their representatives were told; ``None`` if they were not, or there are none.
        joiners: whether it also holds for people who join the cohort later, for instance because it is part of
            everybody's first day. They count as told on that day or on the day they were hired, whichever is later.
        people: how many it was recorded for.
    """

    id: str
    cohort: str
    given_on: date
    text_version: str
    channel: str
    representatives_on: date | None
    joiners: bool
    recorded_by: str
    recorded_at: datetime
    people: int = 0


@dataclass(frozen=True, slots=True)
class NoticeRules:
    """``days_before_use``: how many days must lie between the notice and the first use; weekends do not count when
    ``business_days`` (public holidays do: which they are differs from place to place)."""

    days_before_use: int = 0
    business_days: bool = False


def usable_from(given_on: date, rules: NoticeRules) -> date:
    """The first day on which a person told on ``given_on`` may be assessed."""
    if not rules.business_days:
        return given_on + timedelta(days=rules.days_before_use)
    day, left = given_on, rules.days_before_use
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return day


class Notices(Protocol):
    """``ascertain.store.consents``."""

    def add(self, notice: Notice, learner_ids: Iterable[str]) -> int:
        """Keep a notice with those it was given to; how many of them are new to it. The same again changes nothing."""

    def all(self) -> list[Notice]:
        """Oldest first."""

    def dates(self, learner_ids: Collection[str] | None = None) -> Mapping[str, date]:
        """By learner id, the first day somebody was told by a notice that was recorded for them."""
