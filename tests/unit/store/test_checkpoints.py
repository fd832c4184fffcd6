"""The checkpoint file survives crashes, sharing and doubt."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from ascertain.domain.audit import Checkpoint
from ascertain.errors import IntegrityError
from ascertain.store.checkpoints import CheckpointFile


def test_what_is_appended_is_read_and_the_file_is_private(tmp_path: Path) -> None:
    file = CheckpointFile(tmp_path / "c.jsonl")
    assert file.read() == []
    points = [Checkpoint(i, f"{i:064x}") for i in range(1, 4)]
    for point in points:
        file.append(point)
    assert file.read() == points
    assert file.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("torn", ['{"seq":2,"ha', "x", "{" * 9000])
def test_a_line_torn_by_a_crash_is_left_out_and_cut_off(tmp_path: Path, torn: str) -> None:
    file = CheckpointFile(tmp_path / "c.jsonl")
    file.append(Checkpoint(1, "a"))
    whole = file.path.read_text()
    file.path.write_text(whole + torn)
    assert file.read() == [Checkpoint(1, "a")]
    file.append(Checkpoint(3, "b"))
    assert file.read() == [Checkpoint(1, "a"), Checkpoint(3, "b")]


def test_a_file_that_is_one_torn_line_starts_anew(tmp_path: Path) -> None:
    file = CheckpointFile(tmp_path / "c.jsonl")
    file.path.write_text("torn")
    file.append(Checkpoint(1, "a"))
    assert file.read() == [Checkpoint(1, "a")]


@pytest.mark.parametrize("line", ["nonsense", "[]", '{"seq":1}', '{"seq":"x","hash":"y"}', "", "ü"])
def test_a_line_that_is_no_checkpoint_is_named(tmp_path: Path, line: str) -> None:
    file = CheckpointFile(tmp_path / "c.jsonl")
    file.append(Checkpoint(1, "a"))
    file.path.write_text(file.path.read_text() + line + "\n", encoding="utf-8")
    with pytest.raises(IntegrityError, match=r"c\.jsonl:2"):
        file.read()


def test_a_file_that_cannot_be_written_says_that_the_record_is_stored(tmp_path: Path) -> None:
    (tmp_path / "c.jsonl").mkdir()
    with pytest.raises(IntegrityError, match="record 7 is stored, but not its checkpoint"):
        CheckpointFile(tmp_path / "c.jsonl").append(Checkpoint(7, "a"))


def test_processes_never_mix_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"

    def work(me: int) -> None:
        for i in range(20):
            CheckpointFile(path).append(Checkpoint(me * 100 + i, f"{me:064x}"))

    fork = multiprocessing.get_context("fork")
    children = [fork.Process(target=work, args=(i,)) for i in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join(30)
    assert sorted(c.seq for c in CheckpointFile(path).read()) == [m * 100 + i for m in range(3) for i in range(20)]
