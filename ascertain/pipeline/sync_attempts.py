"""Keeps how the last pull of each kind of record went, for whoever looks after connections."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from ascertain.domain.ports import UnitOfWorkFactory
from ascertain.domain.sync_attempts import SyncAttempt
from ascertain.pipeline.ingest_report import EntityReport

MOST_TEXT = 500
"""Characters of an error that are kept."""


def note_attempt(units: UnitOfWorkFactory, row: EntityReport, at: datetime) -> None:
    """Keep how it went, beside when it last went well and what all tries have brought. One process at a time pulls from
    a connection, so nothing is counted twice."""
    with units() as uow:
        known = {(a.connector, a.entity): a for a in uow.sync.attempts()}.get((row.connector, row.entity.value))
        now = {k: v for k, v in row.figures().items() if v}
        uow.sync.note_attempt(
            SyncAttempt(
                connector=row.connector,
                entity=row.entity.value,
                tried_at=at,
                ok_at=(known.ok_at if known else None) if row.error else at,
                failures=(known.failures if known else 0) + 1 if row.error else 0,
                error=row.error[:MOST_TEXT],
                remedy=row.remedy[:MOST_TEXT],
                retry_at=at + timedelta(seconds=row.retry_after) if row.error and row.retry_after else None,
                seconds=row.seconds,
                figures=now,
                totals=dict(Counter(known.totals if known else {}) + Counter(now)),
            )
        )
        uow.commit()
