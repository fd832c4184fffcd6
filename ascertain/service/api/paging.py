"""Cuts lists into pages. A cursor says after which row to go on, so rows that come or go meanwhile shift nothing.

It is opaque, and sealed (HMAC-SHA256) for one address with its filters and one caller: one that was changed, or comes
from elsewhere, is refused.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query

from ascertain.service.problems import Problem

MOST = 200
USUAL = 50
_MAC = 16

Row = TypeVar("Row")
Key = tuple[str | int | float, ...]


@dataclass(frozen=True, slots=True)
class Sorted(Generic[Row]):
    """Rows with the key that sorts them: unique, ascending, and always the same for the same row.

    Attributes:
        filters: what was asked besides; a cursor goes on with the same question only.
    """

    rows: Sequence[Row]
    key: Callable[[Row], Key]
    filters: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Cut(Generic[Row]):
    """A page; ``next`` is the cursor of the one after it, ``None`` at the end."""

    rows: list[Row]
    next: str | None


class Paging:
    """A dependency: the query parameters ``limit`` and ``cursor``."""

    def __init__(
        self,
        limit: Annotated[int, Query(ge=1, le=MOST, description="How many rows at most.")] = USUAL,
        cursor: Annotated[
            str, Query(max_length=1000, description="`next` of the page before; empty for the first page.")
        ] = "",
    ) -> None:
        self.limit = limit
        self.cursor = cursor

    def after(self, of: str, filters: Sequence[object], key: bytes) -> Key | None:
        """The key after which the page begins, ``None`` for the first page.

        Raises:
            Problem: 422 for a cursor that was not made for this question.
        """
        if not self.cursor:
            return None
        try:
            raw = base64.b64decode(self.cursor + "=" * (-len(self.cursor) % 4), altchars=b"-_", validate=True)
            mac, body = raw[:_MAC], raw[_MAC:]
            if hmac.compare_digest(mac, _seal(key, of, filters, body)):
                found: list[Any] = json.loads(body)
                return tuple(found)
        except (binascii.Error, ValueError):
            pass  # answered below, as any other that was not made here
        detail = "this cursor was not made for this question; begin without one, and keep the filters"
        raise Problem(422, "the request is not valid", more={"errors": [{"field": "cursor", "detail": detail}]})

    def made(self, last: Key, of: str, filters: Sequence[object], key: bytes) -> str:
        """The cursor that goes on after ``last``."""
        body = json.dumps(last, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(_seal(key, of, filters, body) + body).decode().rstrip("=")

    def cut(self, found: Sorted[Row], *, of: str, key: bytes) -> Cut[Row]:
        """The page of all these rows.

        Args:
            of: address and caller.
            key: seals cursors.

        Raises:
            Problem: 422 for a cursor that was not made for this question.
        """
        after = self.after(of, found.filters, key)
        rows = sorted(found.rows, key=found.key)
        if after is not None:
            rows = [r for r in rows if found.key(r) > after]
        shown = rows[: self.limit]
        more = len(rows) > len(shown)
        return Cut(shown, self.made(found.key(shown[-1]), of, found.filters, key) if more else None)


def _seal(key: bytes, of: str, filters: Sequence[object], body: bytes) -> bytes:
    asked = json.dumps([of, [str(f) for f in filters]], separators=(",", ":")).encode()
    return hmac.digest(key, len(asked).to_bytes(4, "big") + asked + body, "sha256")[:_MAC]
