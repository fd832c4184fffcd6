"""Tables read by header name, with the line each row began on."""

from __future__ import annotations

import csv
import io
import os
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from ascertain.errors import InputError
from ascertain.taxonomy.loaded import Problem

csv.field_size_limit(10_000_000)


@dataclass(frozen=True, slots=True)
class Row:
    """A row; a column that the file does not have reads as empty."""

    file: str
    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def problem(self, column: str, message: str) -> Problem:
        """A problem at this row."""
        return Problem(self.file, self.line, column, message)


def read_table(
    stream: IO[bytes], file: str, *, needed: Sequence[str], problems: list[Problem], delimiter: str = ","
) -> Iterator[Row]:
    """Rows of a CSV (quoted cells may hold line breaks) or tab-separated file.

    A row with more or fewer cells than the header has becomes a problem. ``delimiter`` tab means that quotes are
    ordinary characters, as in the O*NET text database.

    Raises:
        InputError: when a needed column is missing or the file is not UTF-8.
    """
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="", errors="strict")
    tabbed = delimiter == "\t"
    reader = csv.reader(text, delimiter=delimiter, quoting=csv.QUOTE_NONE if tabbed else csv.QUOTE_MINIMAL)
    try:
        header = [h.strip() for h in next(reader, [])]
        missing = [c for c in needed if c not in header]
        if missing:
            raise InputError(
                f"column {', '.join(missing)} is missing",
                where=f"{file}:1",
                field=missing[0],
                remedy=f"the file has: {', '.join(header) or 'nothing'}; use the release as published",
            )
        line = reader.line_num + 1
        for cells in reader:
            if cells and len(cells) == len(header):
                yield Row(file, line, dict(zip(header, cells, strict=True)))
            elif cells:
                problems.append(Problem(file, line, "", f"has {len(cells)} cells, the header {len(header)}"))
            line = reader.line_num + 1
    except UnicodeDecodeError as e:
        raise InputError(f"is not UTF-8 ({e.reason})", where=file, remedy="save it as UTF-8") from None
    except csv.Error as e:
        raise InputError(f"is not a readable table: {e}", where=f"{file}:{reader.line_num}") from None


class Release:
    """The files of a release: a folder, a zip archive, or a folder with zip archives, at any depth. Of files with one
    name the first in order of path counts, one outside an archive before one inside."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._archives: list[zipfile.ZipFile] = []
        self._members: dict[str, tuple[zipfile.ZipFile | None, str]] = {}
        if path.is_dir():
            files = sorted(p for p in path.rglob("*") if p.is_file())
            for p in files:
                self._members.setdefault(p.name, (None, str(p)))
            for p in files:
                if p.suffix.lower() == ".zip" and zipfile.is_zipfile(p):
                    self._read_archive(p)
        elif zipfile.is_zipfile(path):
            self._read_archive(path)
        else:
            raise InputError(
                "is neither a folder nor a zip archive" if path.exists() else "does not exist",
                where=str(path),
                remedy="give the folder or the zip archive of the release as downloaded",
            )

    def _read_archive(self, file: Path) -> None:
        archive = zipfile.ZipFile(file)
        self._archives.append(archive)
        for n in sorted(archive.namelist()):
            # A Mac's archive has a twin of each file, which holds its attributes.
            if not n.endswith("/") and not n.startswith("__MACOSX/"):
                self._members.setdefault(PurePosixPath(n).name, (archive, n))

    def names(self) -> list[str]:
        """Names of all files, without their folders."""
        return list(self._members)

    def place(self, name: str) -> str:
        """Where within the release a file stands: its archive and folders."""
        archive, member = self._members[name]
        if archive is None:
            return os.path.relpath(member, self.path)
        return f"{Path(archive.filename or '').name}/{member}"

    def find(self, *names: str) -> str | None:
        """The first of these file names that the release has (case-insensitive)."""
        lower = {n.lower(): n for n in self._members}
        return next((lower[n.lower()] for n in names if n.lower() in lower), None)

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Open a file found before."""
        archive, member = self._members[name]
        with archive.open(member) if archive else open(member, "rb") as stream:
            yield stream

    def close(self) -> None:
        """Close the archives."""
        for archive in self._archives:
            archive.close()
