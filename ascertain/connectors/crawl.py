"""A crawl over many parents (projects, channels), one after the other, that can stop anywhere and go on there.

Each parent has a mark of its own: "" once it has been read, or what the system gave to continue with (a sync token, a
delta link). A parent without a mark is new and read from its beginning, however late it appears. The watermark never
passes the crawl's own beginning, because a parent read early may change while the later ones are read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ascertain.connectors.window import Window
from ascertain.domain.connector import Cursor

Parents = Callable[[], tuple[Sequence[str], datetime | None]]
"""Ids of the parents, and the server's clock when they were listed."""


class Crawl:
    """Where a crawl stands.

    Args:
        cursor: of the last checkpoint.
        overlap: how far a query reaches back.
        parents: lists the parents; asked only when a crawl begins.

    Attributes:
        token: the page of the present parent, ``None`` for its first.
    """

    def __init__(self, cursor: Cursor | None, overlap: timedelta, parents: Parents) -> None:
        state: Mapping[str, Any] = cursor or {}
        place = state.get("position")
        self._marks: dict[str, str] = dict(state.get("marks", {}))
        if place:
            self._parents: list[str] = list(place["parents"])
            self._at: int = place["at"]
            self.token: str | None = place["token"]
            self._pending: str | None = place["pending"]
            begun = datetime.fromisoformat(place["begun"])
        else:
            found, clock = parents()
            self._parents, self._at, self.token, self._pending = list(found), 0, None, None
            begun = clock or datetime.now(UTC)
            self._marks = {p: m for p, m in self._marks.items() if p in set(self._parents)}
        self._begun = begun
        self.window = Window(cursor, overlap, begun)

    @property
    def parent(self) -> str | None:
        """What is being read; ``None`` when there is nothing left."""
        return self._parents[self._at] if self._at < len(self._parents) else None

    @property
    def mark(self) -> str | None:
        """What the last pull left for the present parent; ``None`` where it is new."""
        return self._marks.get(self.parent or "")

    @property
    def start(self) -> datetime | None:
        """Ask the present parent for what changed since then; ``None`` asks for everything."""
        return self.window.start if self.mark is not None else None

    def promise(self, mark: str) -> None:
        """The present parent's next mark, known before it is read (a token that counts from now on)."""
        self._pending = mark

    def step(self, token: str | None, mark: str = "") -> Cursor:
        """After a page: ``token`` of the next one, or ``None`` and the parent's ``mark``. The checkpoint to store."""
        self.token = token
        if token is None and self.parent is not None:
            self._marks[self.parent] = mark or self._pending or ""
            self._at, self._pending = self._at + 1, None
        return self._checkpoint()

    def again(self) -> Cursor:
        """The page token died: the present parent is read from its first page. Upserts absorb the repetition."""
        self.token = None
        return self._checkpoint()

    def forget(self) -> Cursor:
        """The present parent's mark died: it is read as if it were new."""
        if self.parent is not None:
            self._marks.pop(self.parent, None)
        self.token = None
        return self._checkpoint()

    def _checkpoint(self) -> Cursor:
        if self.parent is None:
            return {**self.window.finished(), "marks": dict(self._marks)}
        position = {
            "parents": self._parents,
            "at": self._at,
            "token": self.token,
            "pending": self._pending,
            "begun": self._begun.isoformat(),
        }
        return {**self.window.checkpoint(position), "marks": dict(self._marks)}
