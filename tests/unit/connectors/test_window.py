"""Incremental pulls: nothing missed, nothing handed on twice."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.connectors.window import Window
from ascertain.domain.connector import Cursor
from ascertain.domain.records import Entity, SourceRef, UserRecord
from ascertain.errors import ConfigError

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
OVERLAP = timedelta(minutes=5)


def user(number: int, minute: int | None, name: str = "n") -> UserRecord:
    when = None if minute is None else NOW - timedelta(days=1) + timedelta(minutes=minute)
    return UserRecord(SourceRef("s", Entity.USER, str(number)), "a@x", name, updated_at=when)


def pull(cursor: Cursor | None, source: list[UserRecord]) -> tuple[list[UserRecord], Cursor]:
    """One pull from a source that answers ``updated >= start``."""
    window = Window(json.loads(json.dumps(cursor)), OVERLAP, NOW)
    start = window.start
    found = [u for u in source if start is None or u.updated_at is None or u.updated_at >= start]
    return list(window.unseen(found)), window.finished()


CHANGES = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 600)), max_size=20)


@given(CHANGES, CHANGES)
def test_a_second_pull_brings_exactly_what_changed(before: list[tuple[int, int]], after: list[tuple[int, int]]) -> None:
    state = {n: user(n, m) for n, m in before}
    first, cursor = pull(None, sorted(state.values(), key=lambda u: str(u.updated_at)))
    assert {u.ref.id for u in first} == {u.ref.id for u in state.values()}
    nothing, cursor = pull(cursor, list(state.values()))
    assert nothing == []
    latest = max((m for _, m in before), default=0)
    changed = {n: user(n, latest + m, "renamed") for n, m in after}
    second, _ = pull(cursor, list({**state, **changed}.values()))
    assert {u.ref.id: u for u in second} == {u.ref.id: u for u in changed.values()}


def test_what_comes_in_the_overlap_late_is_not_missed() -> None:
    _, cursor = pull(None, [user(1, 100)])
    late = user(2, 97)
    found, _ = pull(cursor, [user(1, 100), late])
    assert found == [late]


def test_a_date_in_the_future_does_not_move_the_watermark() -> None:
    odd = UserRecord(SourceRef("s", Entity.USER, "9"), "a@x", "n", updated_at=NOW + timedelta(days=400))
    _, cursor = pull(None, [user(1, 100), odd])
    newer = user(2, 300)
    found, _ = pull(cursor, [user(1, 100), newer, odd])
    assert found == [newer]


def test_an_interrupted_pull_goes_on_with_what_it_saw() -> None:
    window = Window(None, OVERLAP, NOW)
    window.unseen([user(1, 100)])
    cursor = json.loads(json.dumps(window.checkpoint({"page": 2})))
    resumed = Window(cursor, OVERLAP, NOW)
    assert resumed.position == {"page": 2}
    resumed.unseen([user(2, 101)])
    found, _ = pull(resumed.finished(), [user(1, 100), user(2, 101)])
    assert found == []


def test_a_foreign_cursor_is_refused() -> None:
    with pytest.raises(ConfigError, match="version 99"):
        Window({"v": 99}, OVERLAP, NOW)
