"""What the desks of all crews share: what was shown, what was refused, what went wrong."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from decimal import Decimal
from threading import RLock
from typing import Any, Generic, TypeVar

from ascertain.domain.findings import Drop, Step
from tools.figures import figures_in
from tools.wording import squash

Found = TypeVar("Found", covariant=True)


class Desk(ABC, Generic[Found]):
    """In memory, for one run, used by one crew. Tools of one turn run in threads, hence the lock."""

    def __init__(self) -> None:
        self.outputs: dict[str, str] = {}
        self.failure: Exception | None = None
        """What made a tool fail; the run ends with it."""
        self._drops: list[Drop] = []
        self._shown: dict[str, set[Decimal]] = {}
        self._lock = RLock()

    def drop(self, stage: str, what: str, why: str) -> None:
        """Count something refused. ``what`` is cut: a drop is a note, not a store."""
        self._drops.append(Drop(stage, squash(what)[:160], why))

    @property
    def drops(self) -> tuple[Drop, ...]:
        """What was refused so far."""
        return tuple(self._drops)

    def show(self, stage: str, data: Mapping[str, Any]) -> None:
        """Remember which figures a stage has been shown."""
        with self._lock:
            self._shown.setdefault(stage, set()).update(figures_in(data))

    def shown(self, stage: str) -> frozenset[Decimal]:
        """Figures that the tools of a stage have shown."""
        return frozenset(self._shown.get(stage, ()))

    @abstractmethod
    def findings(self, steps: Iterable[Step]) -> Found:
        """Everything that survived, with what did not and how it went."""
