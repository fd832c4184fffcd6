"""What language models may cost: counted in this process, call by call, and refused when it is used up.

A meter is asked before each call and told after it what the call used. A run has one :class:`RunMeter` for all its
agents. A budget of a wider scope (a day, a tenant) is another meter in the same row: each of them may refuse.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from agents.brains.models import DayLimits, Limits
from ascertain.domain.spending import Purse
from ascertain.errors import BudgetError


class Meter(Protocol):
    """Counts what is spent in one scope."""

    def admit(self) -> None:
        """Count one more call that is about to be made, retries included.

        Raises:
            BudgetError: nothing may be spent any more.
        """

    def charge(self, tokens: int, usd: float) -> None:
        """Count what an answered call used."""

    def left(self) -> float | None:
        """Seconds within which a call that is made now must be answered; ``None`` where there is no limit."""


class RunMeter:
    """The budget of one run, over all its agents.

    What an answer costs is known when it is there, so that tokens and money may go over their limit by the cost of
    one call, and by no more. Calls and seconds never go over: a call under way when the time is up is given up.
    """

    def __init__(self, limits: Limits, *, now: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._now = now
        self._start = now()
        self.calls = 0
        self.tokens = 0
        self.usd = 0.0

    def admit(self) -> None:
        """As :meth:`Meter.admit`."""
        limits = self._limits
        spent: tuple[tuple[str, float, float | None], ...] = (
            ("calls", self.calls, limits.calls),
            ("tokens", self.tokens, limits.tokens),
            ("usd", self.usd, limits.usd),
            ("seconds", self._now() - self._start, limits.seconds),
        )
        for what, used, limit in spent:
            if limit is not None and used >= limit:
                if what == "seconds":
                    raise out_of_time(limit)
                raise BudgetError(
                    f"the run has used up its budget: {used:.10g} of {limit:.10g} {what}",
                    remedy=f"look why this case needs so much, or raise budget.run.{what} in config/models.yaml",
                )
        self.calls += 1

    def charge(self, tokens: int, usd: float) -> None:
        """As :meth:`Meter.charge`."""
        self.tokens += tokens
        self.usd += usd

    def left(self) -> float | None:
        """As :meth:`Meter.left`."""
        limit = self._limits.seconds
        return None if limit is None else max(0.0, limit - (self._now() - self._start))


class DayMeter:
    """The budget of a day, over all runs and processes of an installation.

    The count of calls is exact. What an answer costs is known when it is there: tokens and money may go over by the
    calls that are under way at that moment, one a worker at most.
    """

    def __init__(self, limits: DayLimits, purse: Purse) -> None:
        self._caps = limits.caps
        self._purse = purse

    def admit(self) -> None:
        """As :meth:`Meter.admit`."""
        if what := self._purse.admit(self._caps):
            raise BudgetError(
                f"the day's budget is used up: {self._caps[what]:.10g} {what}",
                remedy=f"it is whole again at midnight UTC, or raise budget.day.{what} in config/models.yaml",
                day=True,
            )

    def charge(self, tokens: int, usd: float) -> None:
        """As :meth:`Meter.charge`."""
        self._purse.charge(tokens, usd)

    def left(self) -> float | None:
        """As :meth:`Meter.left`: the calls of a day have no time of their own."""
        return None


def admit(meters: Sequence[Meter]) -> None:
    """Ask every meter.

    Raises:
        BudgetError: the first that refuses.
    """
    for meter in meters:
        meter.admit()


def seconds_left(meters: Sequence[Meter]) -> float | None:
    """The shortest of their times; ``None`` where none has one."""
    return min((left for m in meters if (left := m.left()) is not None), default=None)


def out_of_time(limit: float | None = None) -> BudgetError:
    """The error of a run whose time is up."""
    told = f": {limit:.10g} seconds" if limit is not None else " while an endpoint was silent"
    return BudgetError(
        f"the run has used up its time{told}",
        remedy="look why this case needs so long, or raise budget.run.seconds in config/models.yaml and, for jobs,"
        " ASCERTAIN_JOB_TIMEOUT",
    )
