"""Workbooks and JSONL as rows; which reader a file needs."""

from __future__ import annotations

import json
import math
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from itertools import repeat
from typing import Any, BinaryIO

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from ascertain.connectors.files_csv import LONGEST_LINE, Line, columns_of, csv_rows, encoding_of, row_of, text_of
from ascertain.connectors.files_folder import FileProblem, Survey
from ascertain.connectors.files_mapping import TableRule
from ascertain.connectors.files_zip import refuse_bombs

SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".jsonl", ".ndjson")
_MISSING = object()
_BROKEN = (zipfile.BadZipFile, zlib.error, KeyError, ValueError, OSError, EOFError, SyntaxError, OverflowError)


def rows(path: str, stream: BinaryIO, seen: Survey, rule: TableRule, notes: list[str]) -> Iterator[Line]:
    """The rows of a file; ``notes`` takes what is odd about it.

    Raises:
        FileProblem: when it cannot be read as a whole.
    """
    suffix = "." + path.rpartition(".")[2].lower()
    if suffix in (".xlsx", ".xlsm"):
        found = _workbook(stream, rule, notes)
    elif suffix in (".jsonl", ".ndjson"):
        found = _jsonl(stream, seen, rule, notes)
    elif suffix in SUFFIXES:
        found = csv_rows(stream, seen, rule, notes)
    else:
        raise FileProblem(f"is none of {', '.join(SUFFIXES)}")
    yield from (line for line in found if line.reason or _wanted(line.values, rule))


def _wanted(values: Mapping[str, object], rule: TableRule) -> bool:
    return all(str(values.get(column, "")).strip() in allowed for column, allowed in rule.only.items())


# -- JSONL --------------------------------------------------------------------------------------------------------


def _jsonl(stream: BinaryIO, seen: Survey, rule: TableRule, notes: list[str]) -> Iterator[Line]:
    text = text_of(stream, encoding_of(stream, seen, rule, notes))
    number = 0
    while line := text.readline(LONGEST_LINE):
        number += 1
        if len(line) >= LONGEST_LINE and not line.endswith("\n"):
            while (rest := text.readline(LONGEST_LINE)) and not rest.endswith("\n"):
                continue
            yield Line(number, {}, "is longer than a million characters")
            continue
        if not line.strip():
            continue
        try:
            found = json.loads(line, parse_constant=str, parse_float=_float)
        except (ValueError, RecursionError):
            yield Line(number, {}, "is no JSON")
            continue
        if not isinstance(found, dict):
            yield Line(number, {}, "is no JSON object")
            continue
        values = {c: v for c in rule.read if (v := _at(found, c)) is not _MISSING}
        yield Line(number, values)


def _float(text: str) -> float | str:
    """A number that is too large for one stays a text, which no field of numbers takes."""
    return number if math.isfinite(number := float(text)) else text


def _at(node: Any, column: str) -> Any:
    """A key's value, or what a JSON Pointer (RFC 6901) leads to."""
    if not column.startswith("/"):
        return node.get(column, _MISSING)
    for part in column[1:].split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(node, dict) and key in node:
            node = node[key]
        elif isinstance(node, list) and key.isdecimal() and int(key) < len(node):
            node = node[int(key)]
        else:
            return _MISSING
    return node


# -- workbooks ----------------------------------------------------------------------------------------------------


def _workbook(stream: BinaryIO, rule: TableRule, notes: list[str]) -> Iterator[Line]:
    formulas = refuse_bombs(stream, look_for=(b"<f>", b"<f "), within="xl/worksheets/")
    book = _book(stream, data_only=True)
    # A formula whose value nobody ever computed is empty in the one view and a text in the other.
    plain = _book(stream, data_only=False) if formulas else None
    try:
        yield from _sheet(book, plain, rule, notes)
    finally:
        book.close()
        if plain is not None:
            plain.close()


def sheet_header(stream: BinaryIO, rule: TableRule) -> list[str]:
    """The names in a sheet's header.

    Raises:
        FileProblem: when it cannot be read.
    """
    refuse_bombs(stream)
    book = _book(stream, data_only=True)
    try:
        name = rule.sheet or book.sheetnames[0]
        book[name].reset_dimensions()
        found = next(book[name].iter_rows(min_row=rule.header, values_only=True), ())
        return [str(c).strip() if c is not None else "" for c in found]
    except (KeyError, IndexError) as e:
        raise FileProblem(f"has no such sheet: {e}") from None
    finally:
        book.close()


def _book(stream: BinaryIO, *, data_only: bool) -> Any:
    try:
        return load_workbook(stream, read_only=True, data_only=data_only, keep_links=False)
    except (InvalidFileException, *_BROKEN) as e:
        raise FileProblem(f"is no workbook that can be read: {type(e).__name__}") from None


def _sheet(book: Any, plain: Any, rule: TableRule, notes: list[str]) -> Iterator[Line]:
    names = [s.title for s in book.worksheets]
    name = rule.sheet or (names[0] if names else "")
    if name not in names:
        raise FileProblem(f"has no sheet {name!r}; it has {', '.join(names)[:200]}")
    sheet = book[name]
    sheet.reset_dimensions()  # some programs write sizes that are not so
    others: Iterator[Any] = repeat(())
    if plain is not None:
        plain[name].reset_dimensions()
        others = plain[name].iter_rows(values_only=True)
    header: list[str] = []
    places: dict[str, int] = {}
    try:
        pairs = enumerate(zip(sheet.iter_rows(values_only=True), others, strict=False), start=1)
        for number, (cells, written) in pairs:
            if number < rule.header:
                continue
            if number == rule.header:
                header = [str(c).strip() if c is not None else "" for c in cells]
                while header and not header[-1]:
                    header.pop()
                places = columns_of(header, rule, notes)
                continue
            if all(c is None or c == "" for c in cells) and not any(written):
                continue
            values = [*map(_cell, cells), *[None] * (len(header) - len(cells))]
            empty = next((c for c, at in places.items() if _uncomputed(values, written, at)), None)
            if empty is not None:
                yield Line(number, {}, "is a formula whose value is not stored: open and save the workbook", empty)
            else:
                yield row_of(number, values, header, places)
    except _BROKEN as e:
        if isinstance(e, FileProblem):
            raise
        raise FileProblem(f"breaks off: {type(e).__name__}") from None
    if not header:
        raise FileProblem("is empty")


def _uncomputed(values: Sequence[object], written: Sequence[object], at: int) -> bool:
    return at < len(written) and values[at] is None and str(written[at]).startswith("=")


def _cell(value: object) -> object:
    """As CSV would have it: numbers without a false fraction, midnight as the day that it stands for."""
    if isinstance(value, datetime):
        return (value.date() if value.time() == time() else value).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, str | int | float) else str(value)
