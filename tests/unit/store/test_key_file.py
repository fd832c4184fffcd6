"""The master key of the audit payloads."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from ascertain.errors import ConfigError, IntegrityError
from ascertain.store.key_file import FileKeyManager


def test_a_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    key = FileKeyManager(tmp_path / "audit.key")
    key.make()
    first = key.path.read_bytes()
    FileKeyManager(key.path).make()
    assert key.path.read_bytes() == first
    assert key.path.stat().st_mode & 0o777 == 0o600
    assert len(key.secret) == 32
    assert key.id not in first.decode()
    assert [f.name for f in tmp_path.iterdir()] == ["audit.key"]


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    def work(me: int) -> None:
        key = FileKeyManager(tmp_path / "audit.key")
        key.make()
        (tmp_path / f"seen.{me}").write_text(key.id)

    fork = multiprocessing.get_context("fork")
    children = [fork.Process(target=work, args=(i,)) for i in range(6)]
    for child in children:
        child.start()
    for child in children:
        child.join(30)
    assert {f.read_text() for f in tmp_path.glob("seen.*")} == {FileKeyManager(tmp_path / "audit.key").id}
    assert len(list(tmp_path.glob("seen.*"))) == 6


@pytest.mark.parametrize("content", ["", "ab" * 16, "not hexadecimal", "ab" * 33])
def test_a_file_that_holds_no_key_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "audit.key").write_text(content)
    with pytest.raises(ConfigError, match=r"audit\.key"):
        _ = FileKeyManager(tmp_path / "audit.key").secret


def test_a_key_that_cannot_be_made_or_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot create"):
        FileKeyManager(tmp_path / "none" / "audit.key").make()
    with pytest.raises(ConfigError, match="cannot read"):
        _ = FileKeyManager(tmp_path / "audit.key").secret


def test_a_rotated_ring_opens_what_was_wrapped_before_until_the_old_key_is_retired(tmp_path: Path) -> None:
    ring, other = FileKeyManager(tmp_path / "audit.key"), FileKeyManager(tmp_path / "audit.key")
    ring.make()
    before, wrapped = ring.id, other.wrap(b"k" * 32, b"of ann")

    ring.rotate()

    assert ring.id != before
    assert other.knows(before)  # another process sees the new file without being told
    assert other.knows(ring.id)
    assert other.unwrap(wrapped, b"of ann") == b"k" * 32
    assert other.unwrap(ring.wrap(b"n" * 32, b"of bob"), b"of bob") == b"n" * 32
    ring.retire()
    assert not other.knows(before)
    with pytest.raises(IntegrityError, match="changed or moved"):
        other.unwrap(wrapped, b"of ann")
    assert ring.path.stat().st_mode & 0o777 == 0o600
    assert [f.name for f in tmp_path.iterdir()] == ["audit.key"]


def test_what_is_wrapped_is_bound_to_its_context(tmp_path: Path) -> None:
    ring = FileKeyManager(tmp_path / "audit.key")
    ring.make()
    wrapped = ring.wrap(b"k" * 32, b"of ann")

    with pytest.raises(IntegrityError):
        ring.unwrap(wrapped, b"of bob")
    with pytest.raises(IntegrityError):
        ring.unwrap(wrapped[:-1] + bytes([wrapped[-1] ^ 1]), b"of ann")
    assert "key" in ring.check()
