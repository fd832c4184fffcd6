"""Sync: pull from every connection, normalise, store.

Order: HRIS workers, LMS accounts, courses, enrolments, awards, texts, so that each step finds what it refers to.
Each page is one transaction: its records, its cursor and one audit record (counts only). A crash loses at most the
page in work, and pulling it again changes nothing. What cannot be used waits in quarantine with its reason and is
looked at again by the next sync.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from ascertain.domain.connector import Connector, Page
from ascertain.domain.ports import Clock, UnitOfWorkFactory
from ascertain.domain.records import Entity, Rejected
from ascertain.errors import ConnectorError, InputError, RetryableConnectorError
from ascertain.pipeline.ingest_pages import Ingest
from ascertain.pipeline.ingest_report import EntityReport, Progress, SyncReport

ORDER = (
    Entity.WORKER,
    Entity.USER,
    Entity.COURSE,
    Entity.ENROLMENT,
    Entity.AWARD,
    Entity.REVIEW,
    Entity.PROJECT,
    Entity.TICKET,
)
_NEEDS = {Entity.ENROLMENT: (Entity.USER, Entity.COURSE), Entity.AWARD: (Entity.USER, Entity.COURSE)}
"""Of the same connection: without its accounts and courses, all its enrolments would land in quarantine."""


def sync(
    connectors: Sequence[Connector],
    units: UnitOfWorkFactory,
    *,
    clock: Clock,
    progress: Progress | None = None,
    full: bool = False,
) -> SyncReport:
    """Bring the store up to date with every connection.

    Incremental unless ``full``: then everything is pulled anew, and what is gone from the source is retired (see
    ``ingest_missing``). A connection that fails is reported and the others go on; only when workers cannot be read
    nothing else is, because accounts would get identities that the HRIS has to give.

    Raises:
        InputError: when two connections have the same name.
    """
    names = [c.name for c in connectors]
    if len(set(names)) != len(names):
        raise InputError("two connections have the same name", field="name")
    report = SyncReport(clock.now(), full=full)
    ingest = Ingest.load(units, clock, names)
    failed: set[tuple[str, Entity]] = set()
    for entity in ORDER:
        for connector in connectors:
            if entity not in connector.capabilities().entities:
                continue
            row = EntityReport(connector.name, entity)
            report.entities.append(row)
            if obstacle := _obstacle(connector.name, entity, failed):
                row.error = f"not pulled, because {obstacle} could not be read"
                failed.add((connector.name, entity))
                continue
            begun = time.perf_counter()
            try:
                _pull(connector, entity, units, ingest, row, progress, full)
            except ConnectorError as e:
                failed.add((connector.name, entity))
                row.error, row.remedy = e.message, e.remedy or ""
                row.retry_after = e.retry_after if isinstance(e, RetryableConnectorError) else None
            row.seconds = round(time.perf_counter() - begun, 4)
    ingest.finish(units)
    report.finished_at = clock.now()
    return report


def _pull(
    connector: Connector,
    entity: Entity,
    units: UnitOfWorkFactory,
    ingest: Ingest,
    row: EntityReport,
    progress: Progress | None,
    full: bool,
) -> None:
    with units(write=False) as uow:
        cursor = uow.sync.cursor(connector.name, entity.value)
    whole = full or cursor is None or ingest.wants_everything(connector.name, entity)
    ingest.begin()
    ingest.retry_quarantined(units, connector.name, entity, row)
    for page in connector.pull(entity, None if whole else cursor):
        _store(connector.name, entity, page, units, ingest, row)
        if progress is not None:
            progress(row)
    ingest.end(units, connector.name, entity, row, remove_missing=full)
    if progress is not None:
        progress(row)


def _store(name: str, entity: Entity, page: Page, units: UnitOfWorkFactory, ingest: Ingest, row: EntityReport) -> None:
    before = row.figures()
    with units() as uow:
        ingest.apply(uow, page.records, row)
        for rejected in page.rejected:
            ingest.reject(uow, _readable(rejected), row)
        row.pulled += len(page.records) + len(page.rejected)
        uow.sync.set_cursor(name, entity.value, page.checkpoint)
        if page.records or page.rejected:
            step = {k: v - before[k] for k, v in row.figures().items() if v != before[k]}
            uow.audit.append("ingest.page", actor="ingest", header={"connector": name, "entity": entity.value, **step})
        uow.commit()
    row.pages += 1
    row.approx_total = page.approx_total if page.approx_total is not None else row.approx_total
    for text in page.warnings:
        row.warn(text)


def _readable(rejected: Rejected) -> Rejected:
    reason = f"{rejected.reason} (correct it in the source; the next sync takes it in)"
    return Rejected(rejected.ref, reason, rejected.field, rejected.raw)


def _obstacle(name: str, entity: Entity, failed: set[tuple[str, Entity]]) -> str:
    """What had to be read first and was not."""
    if entity is not Entity.WORKER and any(e is Entity.WORKER for _, e in failed):
        return "the workers of the HRIS"
    missing = [e for e in _NEEDS.get(entity, ()) if (name, e) in failed]
    return f"its {missing[0].value}s" if missing else ""
