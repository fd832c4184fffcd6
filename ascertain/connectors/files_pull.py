"""A pull of tables: what changed in which file, page by page, resumable in the middle of a file.

A file that is as it was (size and time, else digest) brings nothing. In a changed one, rows are grouped into blocks
whose ends follow from the rows themselves, so that a row put in or taken out changes one block and not all after it;
a block that the last pull has seen brings nothing. Small files have a block for each row. The cursor thus stays small
however large a file is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import tzinfo
from hashlib import blake2b
from typing import Any

from ascertain.connectors.files_csv import Line
from ascertain.connectors.files_folder import FileProblem, Folder, Found, survey
from ascertain.connectors.files_mapping import TableRule
from ascertain.connectors.files_rows import FileRow, identify, parser
from ascertain.connectors.files_tables import rows
from ascertain.connectors.parsing import FieldError
from ascertain.domain.canonical import canonical_json, digest
from ascertain.domain.connector import Cursor, Page
from ascertain.domain.records import Entity, Record, Rejected, SourceRef
from ascertain.errors import ConfigError

VERSION = 1
_SMALL = 128 << 10
_PACKED = 8
"""A workbook unpacks to about eight times its size."""
_RACY_NS = 2_000_000_000
"""A file so young may change again without its time showing it."""


def opened_cursor(cursor: Cursor | None) -> dict[str, Any]:
    """A stored cursor's state.

    Raises:
        ConfigError: of another version.
    """
    state = dict(cursor or {"v": VERSION})
    if state.get("v") != VERSION:
        raise ConfigError(
            f"a stored cursor has version {state.get('v')!r}, this connector writes {VERSION}",
            remedy="run a full sync once",
        )
    return state


class TablePull:
    """One pull of one entity's tables. ``known`` is what is remembered of each file, by rule and path."""

    def __init__(
        self,
        name: str,
        entity: Entity,
        folder: Folder,
        zone: tzinfo,
        job_profiles: Mapping[str, str],
        *,
        page_size: int,
        state: Mapping[str, Any],
    ) -> None:
        self._name = name
        self._entity = entity
        self._folder = folder
        self._zone = zone
        self._jobs = job_profiles
        self._size = page_size
        self.known: dict[str, Any] = dict(state.get("tables", {}))
        self._position: Mapping[str, Any] | None = state.get("position")
        self.gone: list[SourceRef] = []
        self.notes: list[str] = []

    def pages(
        self,
        rules: Sequence[TableRule],
        found: Sequence[Found],
        checkpoint: Callable[[Mapping[str, Any] | None], Cursor],
    ) -> Iterator[Page]:
        """Pages of what is new in the files; none where nothing is. ``checkpoint`` takes the place in a file."""
        seen: set[str] = set()
        for rule in rules:
            fitting = [f for f in found if rule.files.fullmatch(f.path)]
            if not fitting:
                self.notes.append(f"no file fits a table of {rule.entity.value} in the mapping")
            for file in fitting[-1:] if rule.newest else fitting:
                key = rule.mark if rule.newest else f"{rule.mark}:{file.path}"
                seen.add(key)
                yield from self._file(key, file, rule, checkpoint)
        for key in sorted(set(self.known) - seen):
            what = key.partition(":")[2] or "what a rule of the mapping named"
            self.notes.append(f"{what} is no longer read; a full sync retires what only it had")
            del self.known[key]

    def _file(
        self, key: str, file: Found, rule: TableRule, checkpoint: Callable[[Mapping[str, Any] | None], Cursor]
    ) -> Iterator[Page]:
        old = self.known.get(key, {})
        place = self._position if self._position and self._position["key"] == key else None
        stamp = [file.path, file.size, file.changed_ns]
        if place is None and old.get("at") == stamp:
            return
        notes: list[str] = []
        ref = SourceRef(self._name, self._entity, file.path)
        blocks: list[str] = []
        sha = ""
        try:
            with self._folder.open(file.path) as stream:
                looked = survey(stream)
                sha = looked.sha
                if place is None and old.get("sha") == sha:
                    self.known[key] = {**old, "at": settled(stamp)}
                    return
                if place is not None and place["sha"] != sha:
                    place = None  # another file by now: its rows are upserts, so nothing is lost by beginning again
                known = frozenset(old.get("blocks", ()))
                inner = _Blocks(known, _width(file), place)
                lines = rows(file.path, stream, looked, rule, notes)
                for batch in inner.batches(lines, self._size):
                    records, rejected = self._read(batch, file.path, rule)
                    here = {"key": key, "sha": sha, **inner.place()}
                    yield Page(tuple(records), tuple(rejected), checkpoint(here), warnings=self._said(file, notes))
                blocks = inner.marks
        except FileProblem as e:
            self.known[key] = {"at": settled(stamp), "sha": sha, "blocks": [], "bad": True}
            bad = Rejected(str(ref), f"{file.path}: {e.reason}", e.field)
            yield Page((), (bad,), checkpoint(None), warnings=self._said(file, notes))
            return
        if old.get("bad"):
            self.gone.append(ref)
        self.known[key] = {"at": settled(stamp), "sha": sha, "blocks": blocks}
        self._position = None
        self.notes += self._said(file, notes)

    def _said(self, file: Found, notes: list[str]) -> tuple[str, ...]:
        said = tuple(f"{file.path} {n}" for n in dict.fromkeys(notes))
        notes.clear()
        return said

    def _read(self, lines: Sequence[Line], path: str, rule: TableRule) -> tuple[list[Record], list[Rejected]]:
        parse = parser(rule, self._jobs)
        records: list[Record] = []
        rejected: list[Rejected] = []
        for line in lines:
            where = f"{path}:{line.number}"
            ref = f"{self._name}:{self._entity.value}:unidentified {digest([path, line.number], length=12)}"
            if line.reason:
                rejected.append(Rejected(ref, f"{where}: {line.reason}", line.field))
                continue
            row = FileRow(line.values, rule, self._zone)
            try:
                found = identify(self._name, row, rule)
                ref = str(found)
                records.append(parse(row, found))
            except FieldError as e:
                rejected.append(Rejected(ref, f"{where}: {e.reason}", e.field, row.excerpt()))
        return records, rejected


class _Blocks:
    """Groups rows, passes over blocks that are known, and over what an interrupted pull has handed on already."""

    def __init__(self, known: frozenset[str], width: int, place: Mapping[str, Any] | None) -> None:
        self._known = known
        self._width = width
        self._passed = int(place["rows"]) if place else 0
        self._handed = int(place["handed"]) if place else 0
        self.marks: list[str] = list(place["blocks"]) if place else []
        self._rows = self._passed

    def place(self) -> dict[str, Any]:
        """Where the pull stands: rows of finished blocks, rows handed on of the one at hand, blocks so far."""
        return {"rows": self._rows, "handed": self._handed, "blocks": self.marks.copy()}

    def batches(self, lines: Iterator[Line], size: int) -> Iterator[list[Line]]:
        """Rows to hand on, at most ``size`` at a time."""
        for _ in range(self._passed):
            next(lines, None)
        batch: list[Line] = []
        for block, mark in self._blocks(lines):
            fresh = [] if mark in self._known else block[self._handed :]
            while len(batch) + len(fresh) >= size:
                taken = size - len(batch)
                batch += fresh[:taken]
                fresh = fresh[taken:]
                if fresh:
                    self._handed = len(block) - len(fresh)
                else:
                    self._finish(block, mark)
                yield batch
                batch = []
                if not fresh:
                    break
            else:
                batch += fresh
                self._finish(block, mark)
        if batch:
            yield batch

    def _finish(self, block: Sequence[Line], mark: str) -> None:
        self._rows += len(block)
        self._handed = 0
        self.marks.append(mark)

    def _blocks(self, lines: Iterator[Line]) -> Iterator[tuple[list[Line], str]]:
        block: list[Line] = []
        marks: list[bytes] = []
        for line in lines:
            told = line.values or [line.reason, line.number]
            mark = blake2b(canonical_json(told).encode(), digest_size=8).digest()
            block.append(line)
            marks.append(mark)
            if int.from_bytes(mark, "big") % self._width == 0 or len(block) >= 8 * self._width:
                yield block, _joined(marks)
                block, marks = [], []
        if block:
            yield block, _joined(marks)


def _joined(marks: Sequence[bytes]) -> str:
    return blake2b(b"".join(marks), digest_size=8).hexdigest()


def _width(file: Found) -> int:
    """Rows in a block, on average: 1 in a small file, then growing in steps of four."""
    size = file.size * (_PACKED if file.path.lower().endswith((".xlsx", ".xlsm")) else 1)
    width = 1
    while size > _SMALL * width:
        width *= 4
    return width


def settled(stamp: list[Any]) -> list[Any] | None:
    """The stamp to remember; none for a file that changed a moment ago, which is then compared by digest."""
    return stamp if time.time_ns() - stamp[2] > _RACY_NS else None
