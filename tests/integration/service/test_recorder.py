"""Calls that arrive together share a transaction; each is durable when it returns, none pays for another's trouble."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from ascertain.domain.ports import UnitOfWork
from ascertain.domain.records import Entity, SourceRef
from ascertain.domain.webhooks import Event
from ascertain.runtime import App
from ascertain.service.recorder import Recorder


def event(key: str, at: datetime | None = None) -> Event:
    return Event(key, "completed", (SourceRef("lms", Entity.ENROLMENT, "7-1"),), occurred_at=at)


def inbox(app: App) -> set[tuple[str, str]]:
    with app.units(write=False) as uow:
        return {(e.connection, e.key) for e in uow.inbox.unfinished()}


class Counting:
    """Counts transactions; the first waits for a sign, so that the others gather behind it."""

    def __init__(self, units: Callable[[], UnitOfWork]) -> None:
        self._units = units
        self.opened = 0
        self.first = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, *, write: bool = True) -> UnitOfWork:
        self.opened += 1
        if self.opened == 1:
            self.first.set()
            assert self.go_on.wait(10)
        return self._units()


def gathered(recorder: Recorder, counting: Counting, calls: list[tuple[str, list[Event], dict[str, str]]]) -> list[Any]:
    """What each call ended with, when the first is held up until the others wait."""
    with ThreadPoolExecutor(len(calls)) as pool:
        first = pool.submit(recorder.record, *calls[0])
        assert counting.first.wait(10)
        others = [pool.submit(recorder.record, *c) for c in calls[1:]]
        while len(recorder._waiting) < len(others):
            assert not first.done()
        counting.go_on.set()
        return [f.exception(timeout=20) for f in (first, *others)]


def test_calls_that_wait_are_written_together(app: App) -> None:
    counting = Counting(app.units)
    recorder = Recorder(counting)
    calls: list[tuple[str, list[Event], dict[str, str]]] = [("lms", [event(f"together-{n}")], {}) for n in range(12)]
    calls.append(("hris", [event("together-0"), event("together-x")], {"hook": "kept"}))
    calls.append(("lms", [event("together-3")], {}))  # told twice
    assert gathered(recorder, counting, calls) == [None] * 14
    assert counting.opened == 2
    found = inbox(app)
    assert {("lms", f"together-{n}") for n in range(12)} <= found
    assert {("hris", "together-0"), ("hris", "together-x")} <= found
    with app.units(write=False) as uow:
        assert uow.kept.of("hris") == {"hook": "kept"}


def test_one_that_cannot_be_written_leaves_the_others_alone(app: App) -> None:
    counting = Counting(app.units)
    recorder = Recorder(counting)
    naive = event("bad", datetime(2026, 1, 1))  # no zone: the store refuses it
    calls: list[tuple[str, list[Event], dict[str, str]]] = [
        ("lms", [event("alone-0")], {}),
        ("lms", [event("alone-1", datetime(2026, 1, 1, tzinfo=UTC))], {}),
        ("lms", [naive], {}),
        ("lms", [event("alone-2")], {}),
    ]
    ends = gathered(recorder, counting, calls)
    assert [e is None for e in ends] == [True, True, False, True]
    assert {("lms", f"alone-{n}") for n in range(3)} <= inbox(app)
    assert ("lms", "bad") not in inbox(app)


def test_a_failure_by_itself_is_raised_and_the_next_call_works(app: App) -> None:
    recorder = Recorder(app.units)
    with pytest.raises(Exception, match="time zone"):
        recorder.record("lms", [event("bad", datetime(2026, 1, 1))], {})
    recorder.record("lms", [event("good")], {})
    assert ("lms", "good") in inbox(app)
