"""Column types that behave alike on SQLite and PostgreSQL, and the JSON that both keep."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, cast

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

IdText = Text().with_variant(Text(collation="C"), "postgresql")
"""Text compared and sorted by code point on both databases, so that order and prefix search agree."""

Sequence64 = BigInteger().with_variant(Integer(), "sqlite")
"""64-bit number; on SQLite the row id itself."""


_WIDTH = len("2026-03-01 09:00:00.000000")


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Takes aware datetimes only, gives them back aware, in UTC, to the microsecond.

    SQLite keeps text of fixed width, which sorts in time order. It is read strictly: SQLAlchemy's own type would
    overlook what somebody appended to the time of an audit record.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value.isoformat()} has no time zone")
        value = value.astimezone(UTC)
        return value.isoformat(" ", "microseconds")[:_WIDTH] if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if dialect.name != "sqlite":
            return cast(datetime, value).astimezone(UTC)
        if len(value) != _WIDTH:
            raise ValueError(f"{value!r} is not a time as the store writes it")
        return datetime.fromisoformat(value).replace(tzinfo=UTC)


def dump_json(value: Any) -> str:
    """JSON text of a value that may hold dataclasses, enums, dates and sets; floats keep every digit, ASCII only.

    Raises:
        TypeError: for a value without an agreed form.
        ValueError: for NaN or infinity.
    """
    return _ENCODER.encode(value)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} cannot be kept as JSON")


_ENCODER = json.JSONEncoder(default=_plain, separators=(",", ":"), allow_nan=False)
