"""A pull over many parents stops anywhere and goes on there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.connectors.parents import Part, fan_out, position_of
from ascertain.connectors.window import Window
from ascertain.domain.connector import Cursor
from ascertain.domain.records import EnrolmentRecord, EnrolmentStatus, Entity, SourceRef
from ascertain.errors import RetryableConnectorError

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def record(parent: str, page: int, at: datetime | None = None) -> EnrolmentRecord:
    ref = SourceRef("lms", Entity.ENROLMENT, f"{parent}.{page}")
    return EnrolmentRecord(ref, "u", parent, EnrolmentStatus.COMPLETED, updated_at=at)


class Source:
    """Parents with so many pages each; fails on the ``fails``-th call."""

    def __init__(self, pages: dict[str, int], fails: int | None = None) -> None:
        self.pages, self.fails, self.calls = pages, fails, 0

    def read(self, parent: str, number: int) -> Part:
        self.calls += 1
        if self.calls == self.fails:
            raise RetryableConnectorError("stopped")
        return Part([record(parent, number)], more=number + 1 < self.pages[parent])


def pulled(source: Source, cursor: Cursor | None, calls: int) -> tuple[list[str], Cursor | None, bool]:
    found: list[str] = []
    try:
        for page in fan_out("lms", source.pages, source.read, calls=calls, place=position_of(cursor)):
            found += [r.ref.id for r in page.records]
            cursor = page.checkpoint
    except RetryableConnectorError:
        return found, cursor, False
    return found, cursor, True


@given(
    st.dictionaries(st.text("abc123", min_size=1, max_size=3), st.integers(1, 4), min_size=1, max_size=6),
    st.integers(1, 5),
    st.integers(1, 20),
)
def test_a_stop_anywhere_loses_nothing_and_repeats_nothing(pages: dict[str, int], calls: int, fails: int) -> None:
    everything = sorted(f"{p}.{n}" for p, count in pages.items() for n in range(count))
    first, cursor, done = pulled(Source(pages, fails), None, calls)
    assert done == (fails > len(everything))
    if done:
        assert sorted(first) == everything
        assert position_of(cursor) is None
        return
    source = Source(pages)
    rest, cursor, done = pulled(source, cursor, calls)
    assert done
    assert sorted(first + rest) == everything, "what came before the failure had been handed on"
    assert source.calls == len(rest)


def test_parents_that_came_or_went_move_nobody_else() -> None:
    first, cursor, _ = pulled(Source({"b": 2, "d": 3, "f": 1}, fails=4), None, 1)
    assert first == ["b.0", "b.1", "d.0"]
    gone, _, _ = pulled(Source({"a": 1, "b": 2, "e": 2, "f": 1}), cursor, 1)
    assert gone == ["e.0", "e.1", "f.0"], "the next one begins with its first page, not with the place of the lost one"


def test_no_parents_are_an_empty_page_with_a_checkpoint() -> None:
    (page,) = fan_out("lms", [], Source({}).read, calls=5)
    assert (page.records, position_of(page.checkpoint)) == ((), None)


def test_a_change_in_a_parent_already_read_is_not_skipped_next_time() -> None:
    """The watermark stays at the crawl's beginning although a later parent had something newer."""
    late = NOW + timedelta(minutes=50)
    window = Window(None, timedelta(minutes=5), NOW)
    pages = list(
        fan_out(
            "lms",
            ["a", "z"],
            lambda parent, number: Part([record(parent, 0, NOW - timedelta(days=1) if parent == "a" else late)]),
            calls=1,
            window=window,
            carry={"begun": NOW.isoformat()},
        )
    )
    assert position_of(pages[0].checkpoint) == {"parent": "z", "page": 0, "begun": NOW.isoformat()}
    following = Window(pages[-1].checkpoint, timedelta(minutes=5), late)
    assert following.start is not None
    assert following.start < NOW, "a change of parent a at any time since the crawl began will be asked for"
    assert following.unseen([record("z", 0, late)]) == (), "and what was brought already does not come again"


def test_a_parent_without_an_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ascertain.connectors.parents.MAX_INNER_PAGES", 10)
    with pytest.raises(Exception, match="never ends"):
        list(fan_out("lms", ["a"], lambda parent, number: Part(more=True), calls=3))
