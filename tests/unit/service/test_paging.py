"""Cursors: every row once whatever comes or goes, and none that was not made here."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.service.api.paging import Paging, Sorted
from ascertain.service.problems import Problem

KEY = b"k" * 32


def pages(rows: list[int], limit: int, meanwhile: list[int] | None = None) -> list[int]:
    """All rows, page by page; ``meanwhile`` are there from the second page on."""
    found: list[int] = []
    cursor = ""
    while True:
        cut = Paging(limit, cursor).cut(Sorted(rows, lambda r: (r,)), of="here", key=KEY)
        found += cut.rows
        rows = sorted({*rows, *(meanwhile or ())})
        if cut.next is None:
            return found
        cursor = cut.next


@given(st.lists(st.integers(), unique=True), st.integers(1, 200))
def test_every_row_comes_once_and_in_order(rows: list[int], limit: int) -> None:
    assert pages(rows, limit) == sorted(rows)


@given(st.lists(st.integers(), unique=True), st.lists(st.integers(), unique=True), st.integers(1, 5))
def test_what_comes_meanwhile_doubles_and_drops_nothing(rows: list[int], more: list[int], limit: int) -> None:
    found = pages(rows, limit, more)
    assert len(found) == len(set(found))
    assert set(rows) <= set(found) <= {*rows, *more}


@given(st.integers(0, 400), st.integers(1, 255))
def test_a_changed_byte_is_refused(place: int, by: int) -> None:
    cursor = Paging(1).made(("E1", 3, 0.5), "here", ("Data",), KEY)
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    raw[place % len(raw)] ^= by
    changed = base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("=")
    with pytest.raises(Problem):
        Paging(1, changed).after("here", ("Data",), KEY)


@pytest.mark.parametrize(
    ("of", "filters", "key"),
    [("there", ("Data",), KEY), ("here", ("Sales",), KEY), ("here", (), KEY), ("here", ("Data",), b"o" * 32)],
    ids=["another address", "another filter", "no filter", "another installation"],
)
def test_a_cursor_is_for_one_question_of_one_caller(of: str, filters: tuple[str, ...], key: bytes) -> None:
    cursor = Paging(1).made(("E1",), "here", ("Data",), KEY)
    assert Paging(1, cursor).after("here", ("Data",), KEY) == ("E1",)
    with pytest.raises(Problem):
        Paging(1, cursor).after(of, filters, key)
