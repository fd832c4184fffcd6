"""What agents were asked, and what it cost: by day, crew, agent and brain. Nothing in it is about a learner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Protocol

from ascertain.domain.findings import Step


@dataclass(frozen=True, slots=True)
class Usage:
    """Calls of one agent with one brain.

    Attributes:
        prompt, completion: tokens as the provider counted them, else estimated; 0 for the embedded brain, which has
            none.
        usd: US dollars by the prices of ``config/models.yaml`` at the time of the call.
        unpriced: tokens of brains that no price is known of; ``usd`` is without them.
    """

    agent: str
    brain: str
    calls: int = 0
    prompt: int = 0
    completion: int = 0
    usd: float = 0.0
    unpriced: int = 0

    @property
    def tokens(self) -> int:
        """Read and written."""
        return self.prompt + self.completion


@dataclass(frozen=True, slots=True)
class DayUsage:
    """What a crew's agent and brain used on one day (UTC)."""

    day: date
    crew: str
    usage: Usage


def usage_of(steps: Iterable[Step]) -> tuple[Usage, ...]:
    """What these steps used, by agent and brain."""
    found: dict[tuple[str, str], Usage] = {}
    for s in steps:
        key = (s.agent, s.model)
        one = Usage(s.agent, s.model, s.calls, *s.tokens, s.usd or 0.0, sum(s.tokens) if s.usd is None else 0)
        found[key] = added([found[key], one]) if key in found else one
    return tuple(found[k] for k in sorted(found))


def added(rows: Sequence[Usage]) -> Usage:
    """Their sum, under the names of the first.

    Raises:
        IndexError: there are none.
    """
    return replace(
        rows[0],
        calls=sum(r.calls for r in rows),
        prompt=sum(r.prompt for r in rows),
        completion=sum(r.completion for r in rows),
        usd=sum(r.usd for r in rows),
        unpriced=sum(r.unpriced for r in rows),
    )


def figures(rows: Sequence[Usage]) -> dict[str, Any]:
    """What a run used, as its outcome keeps it: calls, tokens, US dollars, tokens without a price."""
    total = added(rows) if rows else Usage("", "")
    return {"calls": total.calls, "tokens": total.tokens, "usd": round(total.usd, 6), "unpriced": total.unpriced}


class Purse(Protocol):
    """What may still be spent today, by all processes together (``ascertain.store.purse``)."""

    def admit(self, caps: Mapping[str, float]) -> str:
        """Count one more call, unless one of ``caps`` (calls, tokens, usd) is used up: then its name."""

    def charge(self, tokens: int, usd: float) -> None:
        """Count what an answered call used. Two that count at once lose nothing."""


class UsageLog(Protocol):
    """``ascertain.store.spending``."""

    def add(self, day: date, crew: str, rows: Sequence[Usage]) -> None:
        """Count these too. Two that count at once lose nothing."""

    def between(self, first: date, last: date) -> list[DayUsage]:
        """Both days included; by day, crew, agent and brain."""
