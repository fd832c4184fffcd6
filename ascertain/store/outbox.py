"""Write-back runs, their rows, and the switches."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, select, update

from ascertain.domain.outbox import EFFECTIVE, OutboxItem, OutboxState, RunKind, Switch, WritebackRun
from ascertain.errors import NotFoundError
from ascertain.store.schema import table
from ascertain.store.schema_exchange import OutboxRow, SwitchRow, WritebackRunRow
from ascertain.store.statements import Tx, by_prefix, upsert

_RUNS, _ROWS, _SWITCHES = table(WritebackRunRow), table(OutboxRow), table(SwitchRow)
_PLACE = (_ROWS.c.connection, _ROWS.c.account, _ROWS.c.target)


class SqlOutbox:
    """``ascertain.domain.ports_outgoing.Outbox``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def add(self, run: WritebackRun, rows: Iterable[OutboxItem]) -> None:
        """Insert.

        Raises:
            ConflictError: when the run is stored already.
        """
        self._tx.connection.execute(
            insert(_RUNS).values(
                id=run.id,
                kind=run.kind.value,
                actor=run.actor,
                undoes=run.undoes,
                options=dict(run.options),
                started_at=run.started_at,
                finished_at=run.finished_at,
                totals=dict(run.totals),
            )
        )
        values = [_values(r) for r in rows]
        if values:
            self._tx.connection.execute(insert(_ROWS), values)

    def run(self, run_id: str) -> WritebackRun | None:
        """By full id or an unambiguous prefix.

        Raises:
            ConflictError: when the prefix fits several.
        """
        row = by_prefix(self._tx, _RUNS, run_id, "write-back run")
        return None if row is None else _run(row)

    def runs(self, *, limit: int = 20) -> list[WritebackRun]:
        query = select(_RUNS).order_by(_RUNS.c.started_at.desc(), _RUNS.c.id.desc()).limit(limit)
        return [_run(r) for r in self._tx.connection.execute(query)]

    def undoing(self, run_id: str) -> list[WritebackRun]:
        query = select(_RUNS).where(_RUNS.c.undoes == run_id).order_by(_RUNS.c.started_at, _RUNS.c.id)
        return [_run(r) for r in self._tx.connection.execute(query)]

    def row(self, row_id: str) -> OutboxItem | None:
        found = self._tx.connection.execute(select(_ROWS).where(_ROWS.c.id == row_id)).first()
        return None if found is None else _item(found)

    def rows(self, run_id: str, states: Collection[OutboxState] = ()) -> list[OutboxItem]:
        query = select(_ROWS).where(_ROWS.c.run_id == run_id).order_by(*_PLACE, _ROWS.c.id)
        if states:
            query = query.where(_ROWS.c.state.in_(sorted(s.value for s in states)))
        return [_item(r) for r in self._tx.connection.execute(query)]

    def put(self, row: OutboxItem) -> None:
        """What a row is about never changes.

        Raises:
            NotFoundError: when there is no such row (the person was erased meanwhile).
        """
        values = {
            "state": row.state.value,
            "previous": row.previous,
            "external_id": row.external_id,
            "tries": row.tries,
            "error": row.error,
            "written_at": row.written_at,
        }
        if not self._tx.connection.execute(update(_ROWS).where(_ROWS.c.id == row.id).values(values)).rowcount:
            raise NotFoundError(f"there is no row {row.id!r} in the outbox")

    def finish(self, run_id: str, at: datetime | None, totals: Mapping[str, int]) -> None:
        statement = update(_RUNS).where(_RUNS.c.id == run_id).values(finished_at=at, totals=dict(totals))
        if not self._tx.connection.execute(statement).rowcount:
            raise NotFoundError(f"there is no write-back run {run_id!r}")

    def effective(self, *, learner_id: str | None = None) -> list[OutboxItem]:
        newest = func.row_number().over(
            partition_by=_PLACE, order_by=(_ROWS.c.written_at.desc(), _ROWS.c.created_at.desc(), _ROWS.c.id.desc())
        )
        query = select(_ROWS.c.id, newest.label("rank")).where(_ROWS.c.state.in_(sorted(s.value for s in EFFECTIVE)))
        if learner_id is not None:
            query = query.where(_ROWS.c.learner_id == learner_id)
        ranked = query.subquery()
        chosen = select(_ROWS).join(ranked, ranked.c.id == _ROWS.c.id).where(ranked.c.rank == 1).order_by(*_PLACE)
        return [_item(r) for r in self._tx.connection.execute(chosen)]

    def counts(self) -> dict[str, dict[OutboxState, int]]:
        query = select(_ROWS.c.connection, _ROWS.c.state, func.count()).group_by(_ROWS.c.connection, _ROWS.c.state)
        found: dict[str, dict[OutboxState, int]] = {}
        for name, state, number in self._tx.connection.execute(query):
            found.setdefault(name, {})[OutboxState(state)] = number
        return found

    def history(self, learner_id: str) -> list[OutboxItem]:
        states = sorted(s.value for s in EFFECTIVE)
        query = select(_ROWS).where(_ROWS.c.learner_id == learner_id, _ROWS.c.state.in_(states))
        return [_item(r) for r in self._tx.connection.execute(query.order_by(_ROWS.c.written_at, _ROWS.c.id))]


class SqlSwitches:
    """``ascertain.domain.ports_outgoing.Switches``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def get(self, name: str) -> Switch | None:
        found = self._tx.connection.execute(select(_SWITCHES).where(_SWITCHES.c.name == name)).first()
        return None if found is None else _switch(found)

    def put(self, switch: Switch) -> None:
        row = {
            "name": switch.name,
            "on": switch.on,
            "actor": switch.actor,
            "reason": switch.reason,
            "changed_at": switch.changed_at,
        }
        upsert(self._tx, _SWITCHES, [row])

    def named(self, prefix: str) -> list[Switch]:
        query = select(_SWITCHES).where(_SWITCHES.c.name >= prefix, _SWITCHES.c.name < prefix + "\U0010ffff")
        return [_switch(r) for r in self._tx.connection.execute(query.order_by(_SWITCHES.c.name))]


def _values(r: OutboxItem) -> dict[str, Any]:
    return {
        "id": r.id,
        "run_id": r.run_id,
        "learner_id": r.learner_id,
        "connection": r.connection,
        "account": r.account,
        "target": r.target,
        "value": r.value,
        "previous": r.previous,
        "assertions": list(r.assertions),
        "state": r.state.value,
        "external_id": r.external_id,
        "tries": r.tries,
        "error": r.error,
        "created_at": r.created_at,
        "written_at": r.written_at,
    }


def _item(r: Row[Any]) -> OutboxItem:
    return OutboxItem(
        id=r.id,
        run_id=r.run_id,
        learner_id=r.learner_id,
        connection=r.connection,
        account=r.account,
        target=r.target,
        value=r.value,
        previous=r.previous,
        assertions=tuple(r.assertions),
        created_at=r.created_at,
        state=OutboxState(r.state),
        external_id=r.external_id,
        tries=r.tries,
        error=r.error,
        written_at=r.written_at,
    )


def _run(r: Row[Any]) -> WritebackRun:
    return WritebackRun(
        id=r.id,
        kind=RunKind(r.kind),
        actor=r.actor,
        started_at=r.started_at,
        undoes=r.undoes,
        options=r.options,
        finished_at=r.finished_at,
        totals=r.totals,
    )


def _switch(r: Row[Any]) -> Switch:
    return Switch(r.name, r.on, r.actor, r.reason, r.changed_at)
