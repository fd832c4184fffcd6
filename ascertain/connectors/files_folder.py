"""A folder whose files are read and never left: no links are followed, only ordinary files are opened."""

from __future__ import annotations

import codecs
import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ascertain.errors import PermanentConnectorError

_CHUNK = 1 << 20


class FileProblem(ValueError):
    """A file that cannot be used as a whole; ``field`` is a column where one is at fault."""

    def __init__(self, reason: str, field: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field


@dataclass(frozen=True, slots=True)
class Found:
    """A file: its path from the folder on, with ``/``; bytes; time of its last change in nanoseconds."""

    path: str
    size: int
    changed_ns: int


@dataclass(frozen=True, slots=True)
class Survey:
    """What one look over the bytes tells."""

    sha: str
    utf8: bool
    nul: bool


class Folder:
    """One connection's folder."""

    def __init__(self, name: str, path: str) -> None:
        self._name = name
        self.root = Path(path)

    def files(self) -> tuple[list[Found], list[str]]:
        """All ordinary files in the order of their paths, and what is left alone: links, names that are no text.

        Raises:
            PermanentConnectorError: when the folder or one in it cannot be listed: half a folder looks like deletions.
        """
        found: list[Found] = []
        alone: list[str] = []
        try:
            self._list(self.root.resolve(strict=True), "", found, alone)
        except OSError as e:
            raise PermanentConnectorError(
                f"{self._name}: the folder cannot be read: {e.strerror}",
                remedy="check that `path` of the connection is there, is a folder, and may be read",
            ) from None
        return sorted(found, key=lambda f: f.path), sorted(alone)

    def _list(self, folder: Path, inside: str, found: list[Found], alone: list[str]) -> None:
        with os.scandir(folder) as entries:
            for entry in entries:
                path = inside + entry.name
                if entry.name.startswith((".", "~$")):
                    continue
                if not entry.name.isprintable():  # line ends, or bytes that are no UTF-8
                    alone.append(f"{path.encode(errors='replace').decode()!r} has a name that is no text")
                elif entry.is_symlink():
                    alone.append(f"{path} is a link")
                elif entry.is_dir(follow_symlinks=False):
                    self._list(folder / entry.name, path + "/", found, alone)
                elif entry.is_file(follow_symlinks=False):
                    info = entry.stat(follow_symlinks=False)
                    found.append(Found(path, info.st_size, info.st_mtime_ns))

    def open(self, path: str) -> BinaryIO:
        """Open a file of the folder for reading.

        Raises:
            FileProblem: when it is gone, may not be read, or leads out of the folder.
        """
        try:
            root = self.root.resolve(strict=True)
            wanted = root / path
            if wanted.resolve(strict=True) != wanted:
                raise FileProblem("leads out of the folder through a link")
            # NONBLOCK: a pipe that took the file's place must not hold us up.
            handle = os.open(wanted, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as e:
            raise FileProblem(f"cannot be opened: {e.strerror}") from None
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise FileProblem("is no ordinary file")
        return os.fdopen(handle, "rb")


def survey(stream: BinaryIO) -> Survey:
    """Digest and encoding in one pass; the stream is at its beginning again afterwards."""
    sha = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")()
    utf8, nul = True, False
    for chunk in _chunks(stream):
        sha.update(chunk)
        nul = nul or b"\0" in chunk
        if utf8:
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                utf8 = False
    if utf8:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            utf8 = False
    stream.seek(0)
    return Survey(sha.hexdigest()[:24], utf8, nul)


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    while chunk := stream.read(_CHUNK):
        yield chunk
