"""CSV files as exports really are: any encoding and delimiter, ragged rows, quotes that are never closed."""

from __future__ import annotations

import codecs
import csv
import io
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from ascertain.connectors.files_fields import NEEDED
from ascertain.connectors.files_folder import FileProblem, Survey
from ascertain.connectors.files_mapping import TableRule

LONGEST_LINE = 1 << 20
_LONGEST_ROW = 400
_DELIMITERS = (",", ";", "\t", "|")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
csv.field_size_limit(LONGEST_LINE)


@dataclass(frozen=True, slots=True)
class Line:
    """A row: its line (the sheet's row, the file's line), and its values by column or what is wrong with it."""

    number: int
    values: Mapping[str, object]
    reason: str = ""
    field: str = ""


def encoding_of(stream: BinaryIO, seen: Survey, rule: TableRule, notes: list[str]) -> str:
    """As the rule says, else by its mark, else UTF-8; what is none of that is taken for cp1252, and said so."""
    head = stream.read(4)
    stream.seek(0)
    marked = next((name for bom, name in _BOMS if head.startswith(bom)), "")
    if rule.encoding:
        return "utf-8-sig" if codecs.lookup(rule.encoding).name == "utf-8" else rule.encoding
    if marked:
        return marked
    if seen.nul:
        raise FileProblem("has zero bytes: name its `encoding` in the mapping (utf-16-le?), or it is no text")
    if seen.utf8:
        return "utf-8"
    notes.append("is not UTF-8 and was read as cp1252; name its `encoding` in the mapping")
    return "cp1252"


def text_of(stream: BinaryIO, encoding: str) -> io.TextIOWrapper:
    """The stream as text, with line ends untouched; a byte that is none of the encoding becomes U+FFFD."""
    return io.TextIOWrapper(stream, encoding=encoding, errors="replace", newline="")


def csv_rows(stream: BinaryIO, seen: Survey, rule: TableRule, notes: list[str]) -> Iterator[Line]:
    """Every row below the header. One that is ragged, or whose quote is never closed, comes with its reason and the
    rest goes on. Memory does not grow with the file."""
    text = text_of(stream, encoding_of(stream, seen, rule, notes))
    lines = _Lines(text)
    for _ in range(rule.header - 1):
        lines.skip()
    delimiter = rule.delimiter or delimiter_of(lines.peek(), rule)
    header = [h.strip() for h in next(csv.reader(lines.feed(), delimiter=delimiter, strict=True), [])]
    places = columns_of(header, rule, notes)
    while lines.more():
        begin = lines.number + 1
        lines.start()
        reason = ""
        values: list[str] = []
        try:
            values = next(csv.reader(lines.feed(), delimiter=delimiter, strict=True), [])
        except csv.Error as e:
            reason = f"is no CSV: {e}"
        except _TooLong:
            reason = f"goes on for more than {_LONGEST_ROW} lines or a million characters; a quote is not closed"
        if reason:
            lines.restart()
            yield Line(begin, {}, reason)
            continue
        if not any(v.strip() for v in values):
            continue
        yield row_of(begin, values, header, places)


def row_of(number: int, values: Sequence[object], header: Sequence[str], places: Mapping[str, int]) -> Line:
    """A row by column; empty cells beyond the header are no harm."""
    filled = len(values)
    while filled > len(header) and values[filled - 1] in ("", None):
        filled -= 1
    if filled != len(header):
        return Line(number, {}, f"has {filled} columns, the header has {len(header)}")
    for column, at in places.items():
        value = values[at]
        if isinstance(value, str) and "\ufffd" in value:
            return Line(number, {}, "has bytes that are none of the encoding", column)
    return Line(number, {c: values[at] for c, at in places.items()})


def columns_of(header: Sequence[str], rule: TableRule, notes: list[str]) -> dict[str, int]:
    """Where each column of the rule stands.

    Raises:
        FileProblem: when one that is needed is missing, or one that is read is there twice.
    """
    places: dict[str, int] = {}
    folded = [h.casefold() for h in header]
    for column in sorted(rule.read):
        if folded.count(column.casefold()) > 1 and header.count(column) != 1:
            raise FileProblem("is in the header twice", column)
        if column in header:
            places[column] = header.index(column)
        elif column.casefold() in folded:
            places[column] = folded.index(column.casefold())
        elif column in rule.only or column in {rule.columns.get(f) for f in NEEDED[rule.entity] - set(rule.constants)}:
            raise FileProblem(f"is not in the header, which has {', '.join(header)[:300] or 'nothing'}", column)
        else:
            notes.append(f"has no column {column!r}, which the mapping names")
    return places


def delimiter_of(line: str, rule: TableRule) -> str:
    """The one under which the header has most of the columns that the mapping names."""

    def fits(delimiter: str) -> tuple[int, int]:
        header = {h.strip().casefold() for h in next(csv.reader([line], delimiter=delimiter), [])}
        return len(header & {c.casefold() for c in rule.read}), len(header)

    return max(_DELIMITERS, key=fits)


class _TooLong(Exception):
    pass


class _Lines:
    """Feeds lines to csv readers, remembers those of the row at hand, and can begin anew after its first."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._ahead: deque[str] = deque()
        self._row: list[str] = []
        self.number = 0

    def peek(self) -> str:
        if not self.more():
            raise FileProblem("is empty")
        return self._ahead[0]

    def more(self) -> bool:
        if not self._ahead:
            line = self._text.readline(LONGEST_LINE)
            if line:
                self._ahead.append(line)
        return bool(self._ahead)

    def skip(self) -> None:
        if self.more():
            self._ahead.popleft()
            self.number += 1

    def start(self) -> None:
        self._row = []

    def restart(self) -> None:
        """Give the first line of the row up and the others back."""
        self._ahead.extendleft(reversed(self._row[1:]))
        self.number -= len(self._row) - 1
        self._row = []

    def feed(self) -> Iterator[str]:
        size = 0
        while self.more():
            line = self._ahead.popleft()
            self.number += 1
            self._row.append(line)
            size += len(line)
            if len(self._row) > _LONGEST_ROW or size >= LONGEST_LINE:
                raise _TooLong
            yield line
