"""A temporary file that cannot be read by anybody else: same bytes back, none of them on the disk."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from ascertain.connectors.sealed import SealedFile


@given(st.lists(st.binary(max_size=70), max_size=8), st.integers(0, 300), st.integers(0, 90))
def test_what_was_written_is_read_from_anywhere(parts: list[bytes], at: int, count: int) -> None:
    whole = b"".join(parts)
    with SealedFile(in_memory=100) as file:
        for part in parts:
            file.write(part)
        assert file.seek(0, os.SEEK_END) == len(whole)
        file.seek(at)
        assert file.read(count) == whole[at : at + count]
        file.seek(0)
        assert file.read() == whole


def test_nothing_readable_reaches_the_disk() -> None:
    secret = b"AB123456C national id "
    with SealedFile(in_memory=1000) as file:
        file.write(secret * 500)
        inner = file._file
        inner.flush()
        kept = os.pread(inner.fileno(), 100_000, 0)
        assert len(kept) == 500 * len(secret)
        assert b"national" not in kept
        assert kept[: len(secret)] != kept[len(secret) : 2 * len(secret)]  # no pattern shows through
