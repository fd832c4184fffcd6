"""Corrections that a person asked for."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, insert, select, update

from ascertain.domain.rectification import Field, Rectification
from ascertain.errors import NotFoundError
from ascertain.store.schema import table
from ascertain.store.schema_disputes import RectificationRow
from ascertain.store.statements import Tx, chunks

_ROWS = table(RectificationRow)
_ORDER = (_ROWS.c.made_at, _ROWS.c.id)


class SqlRectifications:
    """``ascertain.domain.rectification.Rectifications``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def get(self, rectification_id: str) -> Rectification | None:
        row = self._tx.connection.execute(select(_ROWS).where(_ROWS.c.id == rectification_id)).first()
        return None if row is None else _row(row)

    def of(self, learner_id: str) -> list[Rectification]:
        query = select(_ROWS).where(_ROWS.c.learner_id == learner_id).order_by(*_ORDER)
        return [_row(r) for r in self._tx.connection.execute(query)]

    def add(self, row: Rectification) -> None:
        values = {
            "id": row.id,
            "learner_id": row.learner_id,
            "field": row.field.value,
            "evidence_id": row.evidence_id,
            "value": row.value,
            "by": row.by,
            "reason": row.reason,
            "record": row.record,
            "made_at": row.made_at,
            "lifted_at": row.lifted_at,
            "lifted_by": row.lifted_by,
        }
        self._tx.connection.execute(insert(_ROWS).values(values))

    def put(self, row: Rectification) -> None:
        """
        Raises:
            NotFoundError: when there is no such correction.
        """
        values = {"lifted_at": row.lifted_at, "lifted_by": row.lifted_by}
        if not self._tx.connection.execute(update(_ROWS).where(_ROWS.c.id == row.id).values(values)).rowcount:
            raise NotFoundError(f"there is no correction {row.id!r}")

    def in_force(self, learner_ids: Collection[str] | None = None) -> list[Rectification]:
        query = select(_ROWS).where(_ROWS.c.lifted_at.is_(None)).order_by(*_ORDER)
        if learner_ids is None:
            return [_row(r) for r in self._tx.connection.execute(query)]
        return [
            _row(r)
            for some in chunks(sorted(set(learner_ids)))
            for r in self._tx.connection.execute(query.where(_ROWS.c.learner_id.in_(some)))
        ]


def _row(r: Row[Any]) -> Rectification:
    return Rectification(
        id=r.id,
        learner_id=r.learner_id,
        field=Field(r.field),
        evidence_id=r.evidence_id,
        value=r.value,
        by=r.by,
        reason=r.reason,
        record=r.record,
        made_at=r.made_at,
        lifted_at=r.lifted_at,
        lifted_by=r.lifted_by,
    )
