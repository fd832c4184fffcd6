"""Sweeps with their reports."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select

from ascertain.domain.sweeps import Sweep, SweepState
from ascertain.store.schema import table
from ascertain.store.schema_sweeps import SweepMarkRow, SweepRow
from ascertain.store.statements import Tx, upsert

_SWEEPS, _MARKS = table(SweepRow), table(SweepMarkRow)
_NAMES = "names"


class SqlSweeps:
    """``ascertain.domain.sweeps.Sweeps``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def get(self, sweep_id: str) -> Sweep | None:
        row = self._tx.connection.execute(select(_SWEEPS).where(_SWEEPS.c.id == sweep_id)).first()
        return _sweep(row) if row else None

    def put(self, sweep: Sweep) -> None:
        row = {
            "id": sweep.id,
            "cohort": sweep.cohort,
            "trigger": sweep.trigger,
            "force": sweep.force,
            "queued": sweep.queued,
            "state": sweep.state.value,
            "started_at": sweep.started_at,
            "touched_at": sweep.touched_at,
            "ended_at": sweep.ended_at,
            "after_id": sweep.after,
            "figures": dict(sweep.figures),
            "expected": dict(sweep.expected),
        }
        upsert(self._tx, _SWEEPS, [row])

    def recent(self, limit: int) -> list[Sweep]:
        query = select(_SWEEPS).order_by(_SWEEPS.c.started_at.desc(), _SWEEPS.c.id).limit(limit)
        return [_sweep(r) for r in self._tx.connection.execute(query)]

    def names_known(self) -> int:
        return self._tx.connection.execute(select(_MARKS.c.number).where(_MARKS.c.name == _NAMES)).scalar() or 0

    def set_names_known(self, through: int) -> None:
        upsert(self._tx, _MARKS, [{"name": _NAMES, "number": through}])


def _sweep(r: Row[Any]) -> Sweep:
    return Sweep(
        id=r.id,
        cohort=r.cohort,
        trigger=r.trigger,
        started_at=r.started_at,
        touched_at=r.touched_at,
        force=r.force,
        queued=r.queued,
        state=SweepState(r.state),
        ended_at=r.ended_at,
        after=r.after_id,
        figures=r.figures,
        expected=r.expected,
    )
