"""Brains that stand in for each other: where an endpoint fails for good, the next one takes over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import BaseModel, PrivateAttr

from agents.brains.base import Brain, Message, Thought
from ascertain.errors import BrainError


@dataclass(slots=True)
class Outages:
    """Which endpoints failed for good a moment ago, for all runs of this process: a sweep of thousands need not find
    out thousands of times."""

    now: Callable[[], float] = time.monotonic
    _until: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def rests(self, version: str) -> bool:
        """Whether it is left alone."""
        with self._lock:
            return self._until.get(version, 0.0) > self.now()

    def failed(self, version: str, seconds: float) -> None:
        """Leave it alone for so long."""
        with self._lock:
            self._until[version] = self.now() + seconds


OUTAGES = Outages()


@dataclass(frozen=True, slots=True)
class Member:
    """A brain of the chain, made when it is first asked."""

    version: str
    rest_s: float
    make: Callable[[], Brain]


class ChainBrain(Brain):
    """Thinks with the first of its members that answers.

    Whoever takes over begins anew, with the task and without what the one before had asked for: an answer is of one
    brain alone, which its step names. A refused budget ends the run; it is no failure of an endpoint.
    """

    llm_type: str = "chain"
    _members: Sequence[Member] = PrivateAttr()
    _outages: Outages = PrivateAttr()
    _at: int = PrivateAttr(default=0)
    _since: int = PrivateAttr(default=0)
    _seen: int = PrivateAttr(default=0)
    _made: dict[int, Brain] = PrivateAttr(default_factory=dict)

    def __init__(
        self, *, role: str, members: Sequence[Member], context_window: int, outages: Outages | None = None, **data: Any
    ) -> None:
        super().__init__(role=role, model=members[0].version, provider="chain", context_window=context_window, **data)
        self._members = members
        self._outages = outages or OUTAGES

    @property
    def version(self) -> str:
        """All that may answer."""
        return " else ".join(m.version for m in self._members)

    def think(
        self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]], schema: type[BaseModel] | None
    ) -> Thought:
        """As :meth:`Brain.think`, by whoever answers.

        Raises:
            BrainError: of the last one, when none does.
        """
        last = len(self._members) - 1
        if len(messages) <= self._seen:  # a conversation only grows: this is another try, all of it of one brain
            self._since = 0
        self._seen = len(messages)
        while True:
            member = self._members[self._at]
            if self._at < last and self._outages.rests(member.version):
                self._hand_over(len(messages))
                continue
            try:
                thought = self._brain(self._at).think(self._own(messages), tools, schema)
            except BrainError:
                self._outages.failed(member.version, member.rest_s)
                if self._at == last:
                    raise
                self._hand_over(len(messages))
                continue
            return replace(thought, model=member.version)

    def _brain(self, at: int) -> Brain:
        if at not in self._made:
            self._made[at] = self._members[at].make()
        return self._made[at]

    def _hand_over(self, so_far: int) -> None:
        self._at += 1
        self._since = so_far
        self._asked.clear()  # the new one may ask for the same tools

    def _own(self, messages: Sequence[Message]) -> list[Message]:
        """The task, and what came since this one took over."""
        task = [m for m in messages[: self._since] if m.get("role") in ("system", "user")]
        return [*task, *messages[self._since :]]
