"""What an incremental pull has seen, so that the next one asks for what is new and hands on only that.

The watermark is the newest change seen, never a clock's reading: a slow writer in the source is not skipped. Queries
reach back over an ``overlap`` (clock skew, coarse granularity), and what the overlap brings again unchanged is
recognised by a digest and left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from ascertain.domain.canonical import digest
from ascertain.domain.connector import Cursor
from ascertain.domain.records import Record, Rejected
from ascertain.errors import ConfigError

VERSION = 1
_REMEMBERED = 2000
R = TypeVar("R", bound="Record | Rejected")


class Window:
    """State of one pull.

    Attributes:
        position: the connector's place in a pull that was interrupted, ``None`` otherwise.
    """

    def __init__(self, cursor: Cursor | None, overlap: timedelta, now: datetime) -> None:
        state: Mapping[str, Any] = cursor or {}
        if state and state.get("v") != VERSION:
            raise ConfigError(
                f"a stored cursor has version {state.get('v')!r}, this connector writes {VERSION}",
                remedy="run a full sync once",
            )
        self._overlap = overlap
        self._now = now
        self._since = _moment(state.get("since"))
        self._seen: Mapping[str, str] = state.get("seen", {})
        self.position: Mapping[str, Any] | None = state.get("position")
        self._high = _moment(state.get("high")) if self.position else None
        self._recent: dict[str, tuple[datetime | None, str]] = {}
        if self.position:
            self._recent = {k: (_moment(at), d) for k, (at, d) in state.get("recent", {}).items()}

    @property
    def start(self) -> datetime | None:
        """Ask for what changed since then; ``None`` asks for everything."""
        return self._since - self._overlap if self._since else None

    def restart(self) -> None:
        """The source lost our place: begin this pull again. Nothing is lost, because records are upserted."""
        self.position, self._high = None, None
        self._recent.clear()

    def unseen(self, items: Iterable[R]) -> tuple[R, ...]:
        """What the last pull did not bring in exactly this form; notes all of it."""
        fresh: list[R] = []
        for item in items:
            key, mark = str(item.ref), digest(item, length=16)
            at = None if isinstance(item, Rejected) else item.updated_at
            # A date in the future must not hide what will change until then.
            if at is not None and at <= self._now and (self._high is None or at > self._high):
                self._high = at
            if at is None or self._high is None or at >= self._high - self._overlap:
                self._recent[key] = (at, mark)
            if self._seen.get(key) != mark:
                fresh.append(item)
        return tuple(fresh)

    def checkpoint(self, position: Mapping[str, Any]) -> Cursor:
        """In the middle of a pull."""
        self._forget()
        return {
            "v": VERSION,
            "since": _text(self._since),
            "seen": dict(self._seen),
            "position": dict(position),
            "high": _text(self._high),
            "recent": {k: [_text(at), d] for k, (at, d) in self._recent.items()},
        }

    def untouched(self) -> Cursor:
        """As before this pull: the next one starts over."""
        return {"v": VERSION, "since": _text(self._since), "seen": dict(self._seen)}

    def finished(self) -> Cursor:
        """After the last page: where the next increment starts."""
        high = max((m for m in (self._since, self._high) if m), default=None)
        self._forget(high)
        seen = {k: d for k, (_, d) in self._recent.items()}
        if high == self._since:
            seen = {**self._seen, **seen}
        if len(seen) > _REMEMBERED:  # a bulk update: remember nothing, upserts absorb the repetition
            seen = {}
        return {"v": VERSION, "since": _text(high), "seen": seen}

    def _forget(self, high: datetime | None = None) -> None:
        newest = high or self._high
        if newest is None:
            return
        edge = newest - self._overlap
        self._recent = {k: (at, d) for k, (at, d) in self._recent.items() if at is None or at >= edge}
        if len(self._recent) > _REMEMBERED:
            self._recent.clear()


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
