"""What a model has answered before: the same question is not asked, or paid, twice.

A question is the model's version with everything that shapes its answers, every message, the tools and the schema. The
answers of one run live as long as the run; those of a process, where somebody wants them, for a short while in memory.
Nothing here writes to disk: whoever called the run keeps its answers as they come, and what a failed run hands over.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from ascertain.domain.answers import Keep, KeptAnswer


@dataclass(slots=True)
class Remembered:
    """Answers of this process, the newest ``most`` of the last ``seconds``."""

    most: int = 512
    seconds: float = 900.0
    now: Callable[[], float] = time.monotonic
    _known: OrderedDict[str, tuple[float, KeptAnswer]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, question: str) -> KeptAnswer | None:
        """The answer, if it is still here."""
        with self._lock:
            at, answer = self._known.get(question, (0.0, None))
            if answer is not None and self.now() - at > self.seconds:
                del self._known[question]
                return None
            return answer

    def put(self, answer: KeptAnswer) -> None:
        """Remember it."""
        with self._lock:
            self._known[answer.question] = (self.now(), answer)
            self._known.move_to_end(answer.question)
            while len(self._known) > self.most:
                self._known.popitem(last=False)


class Memory:
    """Of one run: what earlier tries of it were answered, and what it was answered itself."""

    def __init__(
        self,
        known: Mapping[str, KeptAnswer] | None = None,
        shared: Remembered | None = None,
        keep: Keep | None = None,
    ) -> None:
        self._known = dict(known or {})
        self._shared = shared
        self._keep = keep
        self._used: dict[str, KeptAnswer] = {}

    def recall(self, question: str) -> KeptAnswer | None:
        """The answer to a question that was asked before."""
        found = self._known.get(question) or (self._shared.get(question) if self._shared else None)
        if found is not None:
            self._used[question] = found
        return found

    def note(self, answer: KeptAnswer) -> None:
        """A new answer of the agreed form."""
        self._used[answer.question] = self._known[answer.question] = answer
        if self._shared is not None:
            self._shared.put(answer)
        if self._keep is not None:  # the process may be killed the next moment
            self._keep(tuple(self._known.values()))

    def worth_keeping(self, agents: Collection[str] | None = None) -> tuple[KeptAnswer, ...]:
        """What the next try need not ask: all, or of ``agents`` alone."""
        return tuple(a for a in self._used.values() if agents is None or a.agent in agents)
