"""Fairness audits that were made."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, insert, select

from ascertain.domain.fairness_log import AuditMade
from ascertain.store.schema import table
from ascertain.store.schema_fairness import FairnessAuditRow
from ascertain.store.statements import Tx

_AUDITS = table(FairnessAuditRow)


class SqlFairnessLog:
    """``ascertain.domain.fairness_log.FairnessLog``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def add(self, made: AuditMade) -> None:
        values = {
            "id": made.id,
            "made_at": made.at,
            "actor": made.actor,
            "population": made.population,
            "attributes": list(made.attributes),
            "measures": list(made.measures),
            "people": made.people,
            "flagged": made.flagged,
            "too_few": made.too_few,
        }
        self._tx.connection.execute(insert(_AUDITS).values(values))

    def latest(self, population: str) -> AuditMade | None:
        newest = (_AUDITS.c.made_at.desc(), _AUDITS.c.id)
        query = select(_AUDITS).where(_AUDITS.c.population == population).order_by(*newest).limit(1)
        row = self._tx.connection.execute(query).first()
        return _from_row(row) if row else None

    def all(self) -> list[AuditMade]:
        query = select(_AUDITS).order_by(_AUDITS.c.made_at, _AUDITS.c.id)
        return [_from_row(r) for r in self._tx.connection.execute(query)]


def _from_row(r: Row[Any]) -> AuditMade:
    return AuditMade(
        r.id, r.made_at, r.actor, r.population, tuple(r.attributes), tuple(r.measures), r.people, r.flagged, r.too_few
    )
