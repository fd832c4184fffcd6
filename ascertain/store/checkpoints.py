"""Checkpoints of the audit chain, kept outside the database: one JSON line ``{"seq", "hash"}`` a commit."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

from ascertain.domain.audit import Checkpoint
from ascertain.errors import IntegrityError


class CheckpointFile:
    """An append-only file that several processes share (``flock``), with access for its owner alone."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, checkpoint: Checkpoint) -> None:
        """Write one line through to the disk.

        Raises:
            IntegrityError: when it cannot be written. The records it stands for are committed all the same.
        """
        line = json.dumps({"seq": checkpoint.seq, "hash": checkpoint.hash}, separators=(",", ":")) + "\n"
        try:
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX)
                _drop_torn_tail(fd)
                os.write(fd, line.encode("ascii"))
                os.fsync(fd)
            finally:
                os.close(fd)
        except OSError as e:
            raise IntegrityError(
                f"audit record {checkpoint.seq} is stored, but not its checkpoint in {self.path.name}: {e.strerror}",
                remedy="make the file writable and free disk space; the next commit writes a newer checkpoint",
            ) from e

    def read(self) -> list[Checkpoint]:
        """All checkpoints; none when there is no file yet.

        Raises:
            IntegrityError: naming the line that is not a checkpoint.
        """
        try:
            text = self.path.read_text(encoding="ascii", errors="replace")
        except FileNotFoundError:
            return []
        found: list[Checkpoint] = []
        for number, line in enumerate(text.split("\n")[:-1], start=1):  # what follows the last newline is torn
            try:
                entry = json.loads(line)
                found.append(Checkpoint(int(entry["seq"]), str(entry["hash"])))
            except (ValueError, KeyError, TypeError):
                raise IntegrityError(f"{self.path.name}:{number} is not a checkpoint") from None
        return found


def _drop_torn_tail(fd: int) -> None:
    """Cut off a line that a crash left without its end: it was never acknowledged."""
    size = os.fstat(fd).st_size
    if size == 0 or os.pread(fd, 1, size - 1) == b"\n":
        return
    os.ftruncate(fd, os.pread(fd, size, 0).rfind(b"\n") + 1)
