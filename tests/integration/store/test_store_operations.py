"""What agents used and how pulls went, on both databases."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, date, datetime

from ascertain.domain.findings import Step
from ascertain.domain.spending import DayUsage, Usage, added, figures, usage_of
from ascertain.domain.sync_attempts import SyncAttempt
from ascertain.store import Store

DAY = date(2026, 5, 1)
USED = Usage("reviewer", "llm", 2, 100, 20, 0.25, 0)
AT = datetime(2026, 5, 1, 9, tzinfo=UTC)


def test_usage_adds_up_by_day_agent_and_brain(store: Store) -> None:
    other = replace(USED, brain="embedded", prompt=0, completion=0, usd=0.0)
    with store.units() as uow:
        uow.usage.add(DAY, "learner", [USED, other])
        uow.usage.add(DAY, "learner", [replace(USED, unpriced=7)])
        uow.usage.add(date(2026, 5, 2), "learner", [USED])
        uow.commit()
    with store.units(write=False) as uow:
        assert uow.usage.between(DAY, DAY) == [
            DayUsage(DAY, "learner", other),
            DayUsage(DAY, "learner", Usage("reviewer", "llm", 4, 200, 40, 0.5, 7)),
        ]
        assert len(uow.usage.between(DAY, date(2026, 5, 2))) == 3
        assert uow.usage.between(date(2026, 6, 1), date(2026, 6, 2)) == []


def test_two_that_count_at_once_lose_nothing(store: Store) -> None:
    def count() -> None:
        for _ in range(10):
            with store.units() as uow:
                uow.usage.add(DAY, "learner", [USED])
                uow.commit()

    both = [threading.Thread(target=count) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    with store.units(write=False) as uow:
        (row,) = uow.usage.between(DAY, DAY)
    assert (row.usage.calls, row.usage.usd) == (40, 5.0)


def test_steps_without_a_price_are_told_apart_from_free_ones() -> None:
    steps = [
        Step("reviewer", "llm", "p", "o", "{}", calls=1, tokens=(10, 5), usd=None),
        Step("reviewer", "llm", "p", "o", "{}", calls=1, tokens=(10, 5), usd=0.5),
        Step("mapper", "embedded", "p", "o", "{}", calls=2),
    ]
    rows = usage_of(steps)
    assert rows == (Usage("mapper", "embedded", 2), Usage("reviewer", "llm", 2, 20, 10, 0.5, 15))
    assert added(rows).tokens == 30
    assert figures(rows) == {"calls": 4, "tokens": 30, "usd": 0.5, "unpriced": 15}
    assert figures(()) == {"calls": 0, "tokens": 0, "usd": 0.0, "unpriced": 0}


def test_the_last_try_of_a_pull_is_kept_and_the_watermarks_are_listed(store: Store) -> None:
    failed = SyncAttempt("lms", "user", AT, None, 1, "no answer in time", "look at it", AT, 1.5, {}, {"pulled": 3})
    well = replace(failed, ok_at=AT, failures=0, error="", remedy="", retry_at=None, figures={"pulled": 2})
    with store.units() as uow:
        uow.sync.note_attempt(replace(failed, entity="course"))
        uow.sync.note_attempt(failed)
        uow.sync.note_attempt(well)
        uow.sync.set_cursor("lms", "user", {"since": "2026-05-01"})
        uow.commit()
    with store.units(write=False) as uow:
        assert uow.sync.attempts() == [replace(failed, entity="course"), well]
        (mark,) = uow.sync.cursors()
    assert (mark.connector, mark.entity, dict(mark.value)) == ("lms", "user", {"since": "2026-05-01"})
