"""A pull over many parents, for systems that have no list of everything: course by course, person by person.

Beside ``crawl``, which keeps a mark for each of a few parents, this one is for thousands of them that share one
watermark: it keeps no list and hands on several parents at a time.

The place in such a pull is the parent that comes next and the page within it. Parents are read in the order of their
ids, so a parent that came or went meanwhile moves nobody else, and a stop costs a few calls and not the whole crawl.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ascertain.connectors.window import VERSION, Window
from ascertain.domain.connector import Cursor, Page
from ascertain.domain.records import Record, Rejected
from ascertain.errors import ConnectorError, PermanentConnectorError

MAX_INNER_PAGES = 10_000


@dataclass(frozen=True, slots=True)
class Part:
    """One page of one parent; ``more`` says that the parent has another."""

    records: list[Record] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    more: bool = False


Read = Callable[[str, int], Part]
"""One page of a parent, from its id and the page's number (from 0)."""


def position_of(cursor: Cursor | None) -> Mapping[str, Any] | None:
    """Where an interrupted pull stood, ``None`` for one that begins."""
    place = (cursor or {}).get("position")
    return place if isinstance(place, Mapping) else None


def fan_out(
    name: str,
    parents: Iterable[str],
    read: Read,
    *,
    calls: int,
    window: Window | None = None,
    place: Mapping[str, Any] | None = None,
    carry: Mapping[str, Any] | None = None,
) -> Iterator[Page]:
    """Pages of at most ``calls`` parts each.

    Args:
        name: the connection's, for messages.
        window: what earlier pulls have seen; without one everything is handed on.
        place: where an interrupted pull stood.
        carry: kept in the position beside the parent and its page.

    Raises:
        ConnectorError: of ``read``, once what came before it has been handed on.
    """
    begin, number = (str(place["parent"]), int(place["page"])) if place else ("", 0)
    todo = [p for p in sorted(set(parents)) if p >= begin]
    records: list[Record] = []
    rejected: list[Rejected] = []
    made = 0

    def page(following: Mapping[str, Any] | None) -> Page:
        fresh = window.unseen(records) if window else tuple(records)
        bad = window.unseen(rejected) if window else tuple(rejected)
        records.clear()
        rejected.clear()
        if window is None:
            return Page(fresh, bad, {"v": VERSION, "position": dict(following)} if following else {"v": VERSION})
        return Page(fresh, bad, window.checkpoint(following) if following else window.finished())

    for index, parent in enumerate(todo):
        inner = number if parent == begin else 0
        more = True
        while more:
            here = {**(carry or {}), "parent": parent, "page": inner}
            try:
                part = read(parent, inner)
            except ConnectorError:
                if made:
                    yield page(here)
                raise
            made += 1
            inner += 1
            more = part.more
            records += part.records
            rejected += part.rejected
            if inner > MAX_INNER_PAGES:
                raise PermanentConnectorError(f"{name}: what belongs to {parent} never ends")
            after = parent if more else todo[index + 1] if index + 1 < len(todo) else None
            if made >= calls and after is not None:
                made = 0
                yield page({**(carry or {}), "parent": after, "page": inner if more else 0})
    yield page(None)
