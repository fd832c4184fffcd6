"""Call budgets and leases that every process of an installation shares, in the database they all have anyway."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import cast

from sqlalchemy import Connection, Table, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ascertain.domain.connector import QuotaPolicy, Spent
from ascertain.store.engine import Engines
from ascertain.store.schema import table
from ascertain.store.schema_exchange import BudgetRow, LeaseRow

_BUDGETS, _LEASES = table(BudgetRow), table(LeaseRow)


class SqlBudget:
    """``ascertain.domain.connector.Budget``. Each call is a transaction of its own, never part of a unit of work.

    Args:
        now: the clock; without one the database's, where it has one of its own (PostgreSQL): the hosts of an
            installation must agree on when a lease or a window ends.
    """

    def __init__(self, engines: Callable[[], Engines], now: Callable[[], datetime] | None = None) -> None:
        self._engines = engines
        self._clock = now

    def _now(self, connection: Connection) -> datetime:
        if self._clock is not None:
            return self._clock()
        if connection.dialect.name != "postgresql":
            return datetime.now(UTC)
        return cast(datetime, connection.execute(select(func.clock_timestamp())).scalar_one()).astimezone(UTC)

    def take(self, key: str, policy: QuotaPolicy) -> float:
        """Seconds to wait, 0 once a call was taken. Windows are fixed: they begin with the first call after the last
        one ended, as vendors count. Where the vendor names no number, only a pause that was asked for counts."""
        if policy.calls is None:
            with self._engines().read.connect() as connection:
                now = self._now(connection)
                until = connection.execute(select(_BUDGETS.c.blocked_until).where(_BUDGETS.c.key == key)).scalar()
            return _left(until, now)
        with self._engines().write.begin() as connection:
            now = self._now(connection)
            insert_missing(connection, _BUDGETS, {"key": key, "window_began": now, "used": 0, "blocked_until": None})
            row = connection.execute(select(_BUDGETS).where(_BUDGETS.c.key == key).with_for_update()).one()
            now = self._now(connection)  # again: it may have waited for the row, and others have counted since
            if wait := _left(row.blocked_until, now):
                return wait
            began, used = row.window_began, row.used
            # A window that begins in the future by more than its length: the clock was set back.
            if now - began >= policy.window or began - now > policy.window:
                began, used = now, 0
            if used >= policy.calls:
                return _left(began + policy.window, now)
            values = {"window_began": began, "used": used + 1, "blocked_until": None}
            connection.execute(update(_BUDGETS).where(_BUDGETS.c.key == key).values(values))
        return 0.0

    def block(self, key: str, seconds: float) -> None:
        """A shorter pause never ends a longer one early."""
        with self._engines().write.begin() as connection:
            now = self._now(connection)
            until = now + timedelta(seconds=seconds)
            insert_missing(connection, _BUDGETS, {"key": key, "window_began": now, "used": 0, "blocked_until": None})
            row = connection.execute(select(_BUDGETS).where(_BUDGETS.c.key == key).with_for_update()).one()
            if row.blocked_until is None or row.blocked_until < until:
                connection.execute(update(_BUDGETS).where(_BUDGETS.c.key == key).values(blocked_until=until))

    def lease(self, name: str, owner: str, seconds: float) -> bool:
        """Take or prolong; one that has run out may be taken over."""
        with self._engines().write.begin() as connection:
            now = self._now(connection)
            until = now + timedelta(seconds=seconds)
            insert_missing(connection, _LEASES, {"name": name, "owner": owner, "until": until})
            row = connection.execute(select(_LEASES).where(_LEASES.c.name == name).with_for_update()).one()
            if row.owner != owner and row.until > now:
                return False
            connection.execute(update(_LEASES).where(_LEASES.c.name == name).values(owner=owner, until=until))
        return True

    def holder(self, name: str) -> str | None:
        with self._engines().read.connect() as connection:
            query = select(_LEASES.c.owner).where(_LEASES.c.name == name, _LEASES.c.until > self._now(connection))
            owner: str | None = connection.execute(query).scalar()
        return owner

    def spent(self, key: str) -> Spent | None:
        query = select(_BUDGETS).where(_BUDGETS.c.key == key)
        with self._engines().read.connect() as connection:
            row = connection.execute(query).first()
        return None if row is None else Spent(row.used, row.window_began, row.blocked_until)

    def give_back(self, name: str, owner: str) -> None:
        with self._engines().write.begin() as connection:
            connection.execute(delete(_LEASES).where(_LEASES.c.name == name, _LEASES.c.owner == owner))


def _left(until: datetime | None, now: datetime) -> float:
    return max(0.0, (until - now).total_seconds()) if until else 0.0


def insert_missing(connection: Connection, into: Table, row: dict[str, object]) -> None:
    """Make the row unless it is there; two that try at once do no harm."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(insert(into).values(row).on_conflict_do_nothing())
