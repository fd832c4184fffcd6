"""What language models may still cost today, counted by all processes of an installation in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import Connection, select, update

from ascertain.store.budgets import insert_missing
from ascertain.store.engine import Engines
from ascertain.store.schema import table
from ascertain.store.schema_exchange import BudgetRow

_BUDGETS = table(BudgetRow)
_KEY = "brains/day/{}"
MICRO = 1_000_000
"""US dollars are counted in millionths: a call may cost very little."""


class SqlPurse:
    """``ascertain.domain.spending.Purse``. Each call is a transaction of its own, never part of a unit of work. A day
    is one of UTC."""

    def __init__(self, engines: Callable[[], Engines], now: Callable[[], datetime]) -> None:
        self._engines = engines
        self._now = now

    def admit(self, caps: Mapping[str, float]) -> str:
        with self._engines().write.begin() as connection:
            used = {what: self._used(connection, what) for what in ("calls", "tokens", "usd")}
            for what, cap in caps.items():
                if used[what] >= (cap * MICRO if what == "usd" else cap):
                    return what
            self._put(connection, "calls", used["calls"] + 1)
        return ""

    def charge(self, tokens: int, usd: float) -> None:
        with self._engines().write.begin() as connection:
            for what, more in (("tokens", tokens), ("usd", round(usd * MICRO))):
                self._put(connection, what, self._used(connection, what) + more)

    def _used(self, connection: Connection, what: str) -> int:
        """What was counted today. Holds the row until the transaction ends, so that nobody counts in between."""
        key, began = _KEY.format(what), self._midnight()
        insert_missing(connection, _BUDGETS, {"key": key, "window_began": began, "used": 0, "blocked_until": None})
        row = connection.execute(select(_BUDGETS).where(_BUDGETS.c.key == key).with_for_update()).one()
        return int(row.used) if row.window_began == began else 0

    def _put(self, connection: Connection, what: str, used: int) -> None:
        values = {"window_began": self._midnight(), "used": used}
        connection.execute(update(_BUDGETS).where(_BUDGETS.c.key == _KEY.format(what)).values(values))

    def _midnight(self) -> datetime:
        return self._now().replace(hour=0, minute=0, second=0, microsecond=0)
