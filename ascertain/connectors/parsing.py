"""Reads a source's row field by field: typed, in the tenant's time zone, and only what the field map names.

What is not in the map cannot be read, so a column nobody asked for (a national id) never leaves this module.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from ascertain.domain.canonical import digest
from ascertain.domain.records import Record, Rejected, SourceRef
from ascertain.domain.text import clean_plain, clean_text

FieldMap = Mapping[str, str]
"""The product's name of a field → the source's."""

_ZERO = re.compile(r"^0{4}-0{2}-0{2}")
_TRUE = frozenset(("1", "true", "yes", "y", "on", "active"))
_FALSE = frozenset(("0", "false", "no", "n", "off", "inactive", "terminated", ""))
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")
_KEPT = 200


class FieldError(ValueError):
    """A field that cannot be used; ``field`` is the source's own name for it."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


class Row:
    """One row seen through a field map. Methods take the product's field names and raise ``FieldError``."""

    def __init__(self, raw: object, fields: FieldMap, zone: tzinfo = UTC) -> None:
        if not isinstance(raw, Mapping):
            raise FieldError("", f"a record should be an object, not {type(raw).__name__}")
        self._raw: Mapping[str, Any] = raw
        self._fields = fields
        self._zone = zone

    def source_name(self, name: str) -> str:
        """The source's name of a field."""
        return self._fields.get(name, name)

    def value(self, name: str) -> Any:
        """The raw value, ``None`` where the map or the row has none."""
        key = self._fields.get(name)
        return self._raw.get(key) if key else None

    def text(self, name: str) -> str:
        """One line without hidden characters; empty where there is nothing."""
        value = self.value(name)
        if value is None:
            return ""
        plain = value if isinstance(value, str) else _scalar(value, self.source_name(name))
        return clean_plain(plain).replace("\n", " ")

    def prose(self, name: str) -> str:
        """Several lines, HTML brought to text."""
        return clean_text(_scalar(self.value(name), self.source_name(name)))

    def required(self, name: str) -> str:
        """Like ``text``, but there must be something."""
        found = self.text(name)
        if not found:
            raise FieldError(self.source_name(name), "is empty")
        return found

    def address(self, name: str) -> str:
        """An e-mail address, which there must be."""
        found = self.required(name)
        if "@" not in found:
            raise FieldError(self.source_name(name), f"{found!r} is not an e-mail address")
        return found

    def full_name(self, first: str = "first_name", last: str = "last_name") -> str:
        """Given and family name; empty where there is neither."""
        return f"{self.text(first)} {self.text(last)}".strip()

    def number(self, name: str) -> float | None:
        """A finite number, ``None`` where empty."""
        text = self.text(name)
        if not text:
            return None
        try:
            number = float(text)
        except ValueError:
            raise FieldError(self.source_name(name), f"{_cut(text)!r} is not a number") from None
        if not math.isfinite(number):
            raise FieldError(self.source_name(name), f"{_cut(text)!r} is not a number")
        return number

    def scaled(self, name: str, low: float, high: float) -> float | None:
        """A score brought from ``low..high`` to 0..1."""
        number = self.number(name)
        if number is None:
            return None
        if not low <= number <= high:
            raise FieldError(self.source_name(name), f"{number:g} is outside {low:g}..{high:g}")
        return (number - low) / (high - low)

    def flag(self, name: str, default: bool = False) -> bool:
        """Yes or no in any of the usual spellings; ``default`` where the field is missing."""
        value = self.value(name)
        if value is None:
            return default
        word = self.text(name).lower()
        if word not in _TRUE | _FALSE:
            raise FieldError(self.source_name(name), f"{_cut(word)!r} is neither yes nor no")
        return word in _TRUE

    def answer(self, name: str) -> bool | None:
        """Yes or no; ``None`` where nobody has answered."""
        return self.flag(name) if self.text(name) else None

    def moment(self, name: str) -> datetime | None:
        """Aware UTC. Naive times are the tenant's, a mere day is its midnight UTC, zero dates are ``None``."""
        text = self.text(name)
        if not text or _ZERO.match(text):
            return None
        try:
            found = datetime.fromisoformat(text)
            if _DAY.match(text):  # a calendar day has no zone, and must not slip into the day before
                return found.replace(tzinfo=UTC)
            if found.tzinfo is None:
                found = found.replace(tzinfo=self._zone)
            return found.astimezone(UTC)
        except (ValueError, OverflowError):
            raise FieldError(self.source_name(name), f"{_cut(text)!r} is not a date or time") from None

    def excerpt(self) -> dict[str, object]:
        """The allow-listed fields as short strings, for the quarantine."""
        kept = {n: self.value(n) for n in self._fields}
        return {n: _cut(str(v)) for n, v in kept.items() if isinstance(v, str | int | float) and str(v)}


def read_rows(
    rows: Iterable[object],
    fields: FieldMap,
    zone: tzinfo,
    identify: Callable[[Row], SourceRef],
    parse: Callable[[Row, SourceRef], Record | None],
    fallback: str,
) -> tuple[list[Record], list[Rejected]]:
    """Parse each row on its own: a malformed one is rejected with reference, field and reason, the rest goes on.

    ``parse`` may return ``None`` for a row that is none of ours. ``fallback`` begins the reference of a row without a
    usable id, a digest of what may be read of it completes it: the same bad row keeps its reference.
    """
    records: list[Record] = []
    rejected: list[Rejected] = []
    for raw in rows:
        ref, row = "", None
        try:
            row = Row(raw, fields, zone)
            found = identify(row)
            ref = str(found)
            record = parse(row, found)
        except FieldError as e:
            excerpt = row.excerpt() if row else {}
            rejected.append(
                Rejected(ref or f"{fallback}:unidentified {digest(excerpt, length=12)}", e.reason, e.field, excerpt)
            )
            continue
        if record is not None:
            records.append(record)
    return records, rejected


def _scalar(value: object, field: str) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, Mapping):  # {"id": 7, "name": "Data"}: the caption is what people mean
        for key in ("name", "descriptor", "title", "value"):
            if isinstance(value.get(key), str):
                return str(value[key])
    raise FieldError(field, f"should be a single value, not {type(value).__name__}")


def _cut(text: str) -> str:
    return text if len(text) <= _KEPT else text[: _KEPT - 1] + "…"


def naive(moment: datetime, zone: tzinfo, form: str) -> str:
    """``moment`` as the tenant's clock shows it."""
    return moment.astimezone(zone).strftime(form)
