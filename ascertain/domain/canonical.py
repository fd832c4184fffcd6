"""One way to write a value down, so that equal things have equal bytes and equal hashes."""

from __future__ import annotations

import dataclasses
import enum
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

DIGITS = 9
"""Decimals kept of a float: more than any figure needs, fewer than summation order disturbs."""

_EXACT = 2.0**53
"""Up to here every whole float is the same number as an integer."""

_AS_THEY_ARE = frozenset({str, int, bool, type(None)})
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def plain(value: Any) -> Any:
    """Turn dataclasses, enums, dates, sets and tuples into JSON's own types.

    Floats keep ``DIGITS`` decimals, and 40.0 is written 40 as in RFC 8785, so that a figure read back from a database
    column as the other type is the same figure; aware times are written in UTC.

    Raises:
        TypeError: for a value that has no agreed written form.
    """
    kind: Any = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if kind is list or kind is tuple:
        return [plain(v) for v in value]
    if isinstance(value, float):
        rounded = round(float(value), DIGITS)
        return int(rounded) if rounded.is_integer() and abs(rounded) <= _EXACT else rounded
    if (names := _fields(kind)) is not None:
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, enum.Enum):
        return plain(value.value)
    if isinstance(value, str | int):
        return value
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).isoformat()
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        written = {str(plain(k)): plain(v) for k, v in value.items()}
        if len(written) < len(value):
            raise TypeError(f"two keys of {sorted(map(repr, value))} have the same written form")
        return written
    if isinstance(value, set | frozenset):
        return sorted((plain(v) for v in value), key=canonical_json)
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return [plain(v) for v in value]
    raise TypeError(f"{type(value).__name__} has no canonical form")


@cache
def _fields(kind: type) -> tuple[str, ...] | None:
    """Names of a dataclass's fields; ``None`` for any other type."""
    return tuple(f.name for f in dataclasses.fields(kind)) if dataclasses.is_dataclass(kind) else None


def canonical_json(value: Any) -> str:
    """JSON with sorted keys, no spaces, ASCII only: equal values give equal text."""
    return _ENCODER.encode(plain(value))


def digest(value: Any, *, length: int = 64) -> str:
    """Hex SHA-256 of the canonical form, cut to ``length`` characters."""
    return hashlib.sha256(canonical_json(value).encode("ascii")).hexdigest()[:length]
