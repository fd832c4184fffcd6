"""Packed bodies: opened whole or not at all, and never far."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.connectors.unpack import BodyTooLarge, BodyUnreadable, unpacked
from ascertain.domain.webhooks import RawRequest


def packed(body: bytes, encoding: str = "gzip") -> RawRequest:
    return RawRequest("POST", "https://x/", (("content-encoding", encoding),), body)


@given(st.binary(max_size=2000))
def test_what_was_packed_comes_out(body: bytes) -> None:
    assert unpacked(packed(gzip.compress(body))) == body
    assert unpacked(packed(gzip.compress(body), " GZIP ")) == body
    assert unpacked(packed(body, "identity")) == body
    assert unpacked(RawRequest("POST", "https://x/", (), body)) == body


@given(st.binary(max_size=300))
def test_nonsense_is_unreadable(body: bytes) -> None:
    with pytest.raises((BodyUnreadable, BodyTooLarge)):
        unpacked(packed(b"\x00" + body))


def test_cut_off_trailing_and_foreign_bodies_are_unreadable() -> None:
    whole = gzip.compress(b"hello" * 100)
    for body in (whole[:-1], whole + b"x", whole + whole, zlib.compress(b"hello"), b""):
        with pytest.raises(BodyUnreadable):
            unpacked(packed(body))
    with pytest.raises(BodyUnreadable):
        unpacked(packed(whole, "br"))
    with pytest.raises(BodyUnreadable):
        unpacked(packed(whole, "gzip, gzip"))


def test_a_bomb_stops_at_its_limit_in_time_and_memory() -> None:
    bomb = gzip.compress(b"\x00" * 300_000_000)
    tracemalloc.start()
    with pytest.raises(BodyTooLarge):
        unpacked(packed(bomb))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40_000_000


def test_a_small_bomb_is_stopped_by_its_ratio() -> None:
    bomb = gzip.compress(b"\x00" * 1_000_000)
    assert len(bomb) * 200 < 1_000_000
    with pytest.raises(BodyTooLarge):
        unpacked(packed(bomb))
    assert unpacked(packed(bomb), ratio=2000) == b"\x00" * 1_000_000
    with pytest.raises(BodyTooLarge):
        unpacked(packed(b"x" * 11, "identity"), limit=10)
