"""Absorb's ``_filter`` and ``_sort``: the part of OData 2 that its API takes, run over rows.

``dateEdited ge datetime'2025-01-01T00:00:00'``, ``id eq guid'…'``, ``startswith(name,'A')``, ``substringof('a',name)``,
joined by ``and``. Anything else is refused, as are names that the rows do not have.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

Row = dict[str, Any]
Test = Callable[[Row], bool]

_LITERAL = r"(?:(?:datetime|guid)?'(?:[^']|'')*'|-?\d+(?:\.\d+)?|true|false|null)"
_COMPARISON = re.compile(rf"(\w+)\s+(eq|ne|gt|ge|lt|le)\s+({_LITERAL})")
_STARTS = re.compile(r"(startswith|endswith)\(\s*(\w+)\s*,\s*'((?:[^']|'')*)'\s*\)")
_HAS = re.compile(r"substringof\(\s*'((?:[^']|'')*)'\s*,\s*(\w+)\s*\)")
_AND = re.compile(r"\s+and\s+")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}


class FilterError(ValueError):
    """A filter or order that the API does not take."""


def select(rows: Iterable[Row], names: Sequence[str], wanted: str, order: str) -> list[Row]:
    """The rows that pass, in order. ``names`` are the properties that may be asked for.

    Raises:
        FilterError: saying what cannot be read.
    """
    tests = _tests(wanted.strip(), names) if wanted.strip() else []
    found = [r for r in rows if all(t(r) for t in tests)]
    for key in reversed([k.strip() for k in order.split(",") if k.strip()]):
        name = _known(key.removeprefix("-"), names)
        found.sort(key=lambda r: (r[name] is not None, _comparable(r[name])), reverse=key.startswith("-"))
    return found


def _tests(text: str, names: Sequence[str]) -> list[Test]:
    tests, place = [], 0
    while True:
        test, place = _one(text, place, names)
        tests.append(test)
        if place == len(text):
            return tests
        joint = _AND.match(text, place)
        if not joint:
            raise FilterError(f"cannot read the filter from {text[place : place + 20]!r} on")
        place = joint.end()


def _one(text: str, place: int, names: Sequence[str]) -> tuple[Test, int]:
    if m := _COMPARISON.match(text, place):
        name, compare, value = _known(m[1], names), _COMPARE[m[2]], _value(m[3])
        return lambda r: _holds(compare, r[name], value), m.end()
    if m := _STARTS.match(text, place):
        name, part = _known(m[2], names), _plain(m[3]).lower()
        if m[1] == "startswith":
            return lambda r: str(r[name] or "").lower().startswith(part), m.end()
        return lambda r: str(r[name] or "").lower().endswith(part), m.end()
    if m := _HAS.match(text, place):
        name, part = _known(m[2], names), _plain(m[1]).lower()
        return lambda r: part in str(r[name] or "").lower(), m.end()
    raise FilterError(f"cannot read the filter from {text[place : place + 20]!r} on")


def _known(name: str, names: Sequence[str]) -> str:
    for known in names:
        if known.lower() == name.lower():
            return known
    raise FilterError(f"no property {name!r}")


def _plain(quoted: str) -> str:
    return quoted.replace("''", "'")


def _value(literal: str) -> Any:
    if literal == "null":
        return None
    if literal in ("true", "false"):
        return literal == "true"
    if literal.startswith("datetime'"):
        return _moment(literal[9:-1])
    if literal.startswith("guid'"):
        return literal[5:-1].lower()
    return _plain(literal[1:-1]) if literal.startswith("'") else float(literal)


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise FilterError(f"{text!r} is not a time") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _holds(compare: Callable[[Any, Any], bool], held: Any, value: Any) -> bool:
    if held is None or value is None:
        return compare in (operator.eq, operator.ne) and compare(held, value)
    if isinstance(value, datetime):
        return compare(_moment(str(held)), value)
    if isinstance(value, bool) or isinstance(held, bool):
        return isinstance(held, bool) and isinstance(value, bool) and compare(held, value)
    if isinstance(value, float):
        return isinstance(held, int | float) and compare(float(held), value)
    return compare(str(held).lower(), value.lower())


def _comparable(value: Any) -> Any:
    return (1, value, "") if isinstance(value, int | float) else (2, 0, str(value))
