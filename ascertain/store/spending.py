"""What agents used, by day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select, update

from ascertain.domain.spending import DayUsage, Usage
from ascertain.store.schema import table
from ascertain.store.schema_operations import UsageRow
from ascertain.store.statements import Tx, insert_missing

_USAGE = table(UsageRow)
_COUNTED = ("calls", "prompt", "completion", "usd", "unpriced")


class SqlUsage:
    """``ascertain.domain.spending.UsageLog``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def add(self, day: date, crew: str, rows: Sequence[Usage]) -> None:
        for r in sorted(rows, key=lambda r: (r.agent, r.brain)):  # all processes in the same order
            key = {"day": day, "crew": crew, "agent": r.agent, "brain": r.brain}
            insert_missing(self._tx, _USAGE, [key | dict.fromkeys(_COUNTED, 0)])
            more = {name: _USAGE.c[name] + getattr(r, name) for name in _COUNTED}
            here = [_USAGE.c[name] == value for name, value in key.items()]
            self._tx.connection.execute(update(_USAGE).where(*here).values(more))

    def between(self, first: date, last: date) -> list[DayUsage]:
        query = (
            select(_USAGE)
            .where(_USAGE.c.day >= first, _USAGE.c.day <= last)
            .order_by(_USAGE.c.day, _USAGE.c.crew, _USAGE.c.agent, _USAGE.c.brain)
        )
        return [
            DayUsage(r.day, r.crew, Usage(r.agent, r.brain, *(getattr(r, name) for name in _COUNTED)))
            for r in self._tx.connection.execute(query)
        ]
