"""Calibrations, which one is in use, and the decisions that they are fitted on."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, select, update

from ascertain.domain.calibration import NONE, calibration_from
from ascertain.domain.calibration_log import CalibrationRecord, CalibrationUse
from ascertain.domain.runs import ReviewItem, StoredAssertion
from ascertain.errors import IntegrityError, NotFoundError
from ascertain.store.assertions import assertion_of
from ascertain.store.reviews import item_of
from ascertain.store.schema import AssertionRow, ReviewRow, table
from ascertain.store.schema_calibration import CalibrationRow, CalibrationUseRow
from ascertain.store.statements import Tx, chunks

_CALIBRATIONS, _USES = table(CalibrationRow), table(CalibrationUseRow)
_ASSERTIONS, _REVIEWS = table(AssertionRow), table(ReviewRow)


class SqlCalibrations:
    """``ascertain.domain.calibration_log.Calibrations``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def all(self) -> list[CalibrationRecord]:
        query = select(_CALIBRATIONS).order_by(_CALIBRATIONS.c.number)
        return [_record(r) for r in self._tx.connection.execute(query)]

    def get(self, version: str) -> CalibrationRecord | None:
        """By its full version, or its number alone.

        Raises:
            IntegrityError: when the archived text is not the one that its version names.
        """
        same = _CALIBRATIONS.c.version == version
        if version.isdecimal() and len(version) < 19:
            same |= _CALIBRATIONS.c.number == int(version)
        row = self._tx.connection.execute(select(_CALIBRATIONS).where(same)).first()
        return None if row is None else _record(row)

    def add(self, record: CalibrationRecord) -> None:
        """Insert.

        Raises:
            ConflictError: when its number is taken.
        """
        made = record.calibration
        values = {
            "number": made.number,
            "version": made.version,
            "document": made.document(),
            "data": record.data,
            "figures": dict(record.figures),
            "fitted_at": record.fitted_at,
            "fitted_by": record.fitted_by,
            "approved_at": record.approved_at,
            "approved_by": record.approved_by,
            "approval_reason": record.approval_reason,
        }
        self._tx.connection.execute(insert(_CALIBRATIONS).values(values))

    def approve(self, version: str, *, at: datetime, by: str, reason: str) -> None:
        """
        Raises:
            NotFoundError: when there is no such version.
        """
        values = {"approved_at": at, "approved_by": by, "approval_reason": reason}
        statement = update(_CALIBRATIONS).where(_CALIBRATIONS.c.version == version).values(values)
        if not self._tx.connection.execute(statement).rowcount:
            raise NotFoundError(f"there is no calibration {version!r}")

    def use(self, use: CalibrationUse) -> None:
        last = self._tx.connection.execute(select(func.max(_USES.c.number))).scalar() or 0
        values = {"version": use.version, "used_from": use.at, "actor": use.actor, "reason": use.reason}
        self._tx.connection.execute(insert(_USES).values({"number": last + 1, **values}))

    def uses(self) -> list[CalibrationUse]:
        rows = self._tx.connection.execute(select(_USES).order_by(_USES.c.number))
        return [CalibrationUse(r.version, r.used_from, r.actor, r.reason, r.number) for r in rows]

    def in_use(self) -> str:
        query = select(_USES.c.version).order_by(_USES.c.number.desc()).limit(1)
        return self._tx.connection.execute(query).scalar() or NONE

    def decided(self) -> list[tuple[ReviewItem, StoredAssertion]]:
        query = select(_REVIEWS).where(_REVIEWS.c.decision.is_not(None)).order_by(_REVIEWS.c.id)
        items = [item_of(r) for r in self._tx.connection.execute(query)]
        rows: dict[str, StoredAssertion] = {}
        for some in chunks([i.assertion_id for i in items]):
            found = self._tx.connection.execute(select(_ASSERTIONS).where(_ASSERTIONS.c.id.in_(some)))
            rows |= {r.id: assertion_of(r) for r in found}
        return [(i, rows[i.assertion_id]) for i in items if i.assertion_id in rows]


def _record(r: Row[Any]) -> CalibrationRecord:
    try:
        found = calibration_from(json.loads(r.document))
    except (ValueError, KeyError, TypeError):
        found = None
    if found is None or found.version != r.version:
        raise IntegrityError(
            f"the archived text of calibration {r.version} has been changed",
            remedy="restore the archive from a backup; `ascertain audit verify` tells whether more was changed",
        )
    return CalibrationRecord(
        found, r.data, r.figures, r.fitted_at, r.fitted_by, r.approved_at, r.approved_by, r.approval_reason
    )
