"""Pieces of a benchmark in processes of their own: figures are theirs, failures are told."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from benchmarks.process import fresh, peak_memory, serving

MIB = 1024 * 1024


def hold(megabytes: int) -> int:
    block = bytearray(megabytes * MIB)
    block[::4096] = b"x" * len(block[::4096])
    return os.getpid()


def fail() -> None:
    raise ValueError("no luck")


@contextmanager
def words(text: str) -> Iterator[dict[str, str]]:
    yield {"text": text, "pid": str(os.getpid())}


def test_memory_is_that_of_the_other_process() -> None:
    spent = fresh(hold, 120)
    assert spent.value != os.getpid()
    assert 110 < spent.peak - spent.before < 150
    assert spent.cpu > 0
    assert 5 < peak_memory() < spent.before + 2000


def test_a_failure_in_the_other_process_is_told() -> None:
    with pytest.raises(RuntimeError, match=r"(?s)fail: .*no luck"):
        fresh(fail)


def test_what_is_served_runs_elsewhere() -> None:
    with serving(words, "hello") as found:
        assert found["text"] == "hello"
        assert found["pid"] != str(os.getpid())
