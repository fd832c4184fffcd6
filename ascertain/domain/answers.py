"""Answers of language models that stood, kept for the next try of the same run: nothing is asked, or paid, twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

KEEP_DAYS = 7
"""After so many days a try that was never taken up again is forgotten; ``retention.days.kept_answers`` says others."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """One answer. ``question`` is the SHA-256 over the model's version, everything that was sent, and the schema: the
    same question is the same in all of them. ``tool_calls`` are as the protocol of OpenAI has them."""

    question: str
    agent: str
    model: str
    text: str
    tool_calls: tuple[Mapping[str, Any], ...] = ()


Keep = Callable[[Sequence[KeptAnswer]], None]
"""Keeps the answers of a run that is under way, in place of those before."""


class Answers(Protocol):
    """``ascertain.store.answers``. What is kept lies under the person's key and goes with them."""

    def of(self, run_id: str) -> list[KeptAnswer]:
        """What earlier tries of this run had been answered; nothing where the person's key is gone."""

    def keep(self, run_id: str, learner_id: str, answers: Sequence[KeptAnswer]) -> None:
        """Keep these for the next try, in place of those before."""

    def forget(self, learner_id: str) -> int:
        """Forget all of the person's; how many runs there were."""
