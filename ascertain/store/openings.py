"""Openings."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select

from ascertain.domain.openings import Opening, OpeningKind
from ascertain.domain.skills import Level, Requirement
from ascertain.store.schema import table
from ascertain.store.schema_talent import OpeningRow
from ascertain.store.statements import Tx, upsert

_ROWS = table(OpeningRow)
_SAME = (
    "id", "title", "source", "summary", "department", "location", "timezone", "hours_per_week", "starts_on",
    "closes_on", "manager_id", "job_profile_id", "closed_because", "closed_at",
)  # fmt: skip
"""Columns that are called and kept as the field is."""


class SqlOpenings:
    """``ascertain.domain.openings.Openings``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def get(self, opening_id: str) -> Opening | None:
        row = self._tx.connection.execute(select(_ROWS).where(_ROWS.c.id == opening_id)).first()
        return None if row is None else _opening(row)

    def all(self) -> list[Opening]:
        return [_opening(r) for r in self._tx.connection.execute(select(_ROWS).order_by(_ROWS.c.id))]

    def put(self, opening: Opening) -> None:
        asked = [
            [r.skill_id, int(r.level), r.importance, r.essential, r.critical, r.why, r.compliance]
            for r in opening.requirements
        ]
        row = {name: getattr(opening, name) for name in _SAME}
        upsert(self._tx, _ROWS, [row | {"kind": opening.kind.value, "requirements": asked}])


def _opening(r: Row[Any]) -> Opening:
    asked = tuple(Requirement(s, Level(level), *rest) for s, level, *rest in r.requirements)
    same = {name: getattr(r, name) for name in _SAME}
    return Opening(kind=OpeningKind(r.kind), requirements=asked, **same)
