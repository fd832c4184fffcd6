"""The part of OData's ``$filter`` that Cornerstone documents: comparisons, ``and``, ``or``, ``not``, brackets.

Dates are written ``cast('2025-01-01T00:00:00Z',Edm.DateTimeOffset)``; a literal of another type than its column's is
refused, as a typed warehouse does.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any

Row = dict[str, Any]
Test = Callable[[Row], bool]
_TOKEN = re.compile(
    r"\s*(?:(?P<date>cast\(\s*'(?P<at>[^']*)'\s*,\s*Edm\.DateTimeOffset\s*\))"
    r"|(?P<guid>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"
    r"|(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?)(?![\w-])|(?P<word>[A-Za-z_]\w*)|(?P<mark>[()]))"
)
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_LITERAL = {
    "Edm.Int32": "number",
    "Edm.Decimal": "number",
    "Edm.String": "text",
    "Edm.DateTimeOffset": "date",
    "Edm.Guid": "guid",
    "Edm.Boolean": "word",
}


class FilterError(ValueError):
    """A filter that cannot be used."""


def matcher(text: str, columns: Mapping[str, str], allowed: Collection[str]) -> Test:
    """What a filter asks. ``columns`` gives each column's type, ``allowed`` are those that may be filtered.

    Raises:
        FilterError: naming what is wrong.
    """
    parser = _Parser(_tokens(text), columns, allowed)
    found = parser.either()
    if parser.rest:
        raise FilterError(f"unexpected {parser.rest[0][1]!r}")
    return found


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    place = 0
    while place < len(text.rstrip()):
        match = _TOKEN.match(text, place)
        if match is None:
            raise FilterError(f"cannot read {text[place : place + 20]!r}")
        kind = next(k for k in ("date", "guid", "text", "number", "word", "mark") if match[k] is not None)
        found.append((kind, match["at"] if kind == "date" else match[kind]))
        place = match.end()
    return found


class _Parser:
    def __init__(self, rest: list[tuple[str, str]], columns: Mapping[str, str], allowed: Collection[str]) -> None:
        self.rest = rest
        self._columns = columns
        self._allowed = allowed

    def either(self) -> Test:
        parts = [self._both()]
        while self._took("or"):
            parts.append(self._both())
        return lambda row: any(p(row) for p in parts)

    def _both(self) -> Test:
        parts = [self._one()]
        while self._took("and"):
            parts.append(self._one())
        return lambda row: all(p(row) for p in parts)

    def _one(self) -> Test:
        if self._took("not"):
            inner = self._one()
            return lambda row: not inner(row)
        if self._took("("):
            inside = self.either()
            if not self._took(")"):
                raise FilterError("a bracket is not closed")
            return inside
        return self._comparison()

    def _comparison(self) -> Test:
        column, word, (kind, literal) = self._next("word"), self._next("word"), self._any()
        if column not in self._columns:
            raise FilterError(f"Could not find a property named '{column}'")
        if column not in self._allowed:
            raise FilterError(f"{column} is not part of an index, so it cannot be filtered")
        if word not in _COMPARE:
            raise FilterError(f"{word!r} is no comparison")
        compare = _COMPARE[word]
        if (kind, literal) == ("word", "null"):
            return lambda row: compare(row[column] is None, True) if word in ("eq", "ne") else False
        if kind != _LITERAL[self._columns[column]]:
            raise FilterError(f"a value of {column} must be of type {self._columns[column]}")
        value = _value(kind, literal)

        def test(row: Row) -> bool:
            held = row[column]
            if held is None:
                return word == "ne"
            return compare(_moment(held) if kind == "date" else str(held).lower() if kind == "guid" else held, value)

        return test

    def _took(self, word: str) -> bool:
        if self.rest and self.rest[0][1] == word and self.rest[0][0] in ("word", "mark"):
            self.rest.pop(0)
            return True
        return False

    def _next(self, kind: str) -> str:
        found, value = self._any()
        if found != kind:
            raise FilterError(f"unexpected {value!r}")
        return value

    def _any(self) -> tuple[str, str]:
        if not self.rest:
            raise FilterError("it ends too early")
        return self.rest.pop(0)


def _value(kind: str, literal: str) -> Any:
    if kind == "date":
        return _moment(literal)
    if kind == "number":
        return float(literal)
    if kind == "text":
        return literal[1:-1].replace("''", "'")
    if kind == "guid":
        return literal.lower()
    if literal not in ("true", "false"):
        raise FilterError(f"unexpected {literal!r}")
    return literal == "true"


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise FilterError(f"{text!r} is no date and time") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
