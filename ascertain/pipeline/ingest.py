"""Sync: pull from every connection, normalise, store.

Order: HRIS workers, LMS accounts, jobs, courses, enrolments, tests, awards, uses of content, texts, messages, so that
each step finds what it refers to. One process at a time works with a connection (``connection_lease``). Each page is
one transaction: its records, its cursor and one audit record (counts only). A crash loses at most the page in work,
and pulling it again changes nothing. What cannot be used waits in quarantine with its reason and is looked at again
by the next sync.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence

from ascertain.domain.connector import Budget, Connector, Page
from ascertain.domain.ports import Clock, UnitOfWorkFactory
from ascertain.domain.records import Entity, Rejected
from ascertain.errors import ConnectorError, InputError, RetryableConnectorError
from ascertain.pipeline.connection_lease import ConnectionLeases, busy
from ascertain.pipeline.ingest_pages import Ingest
from ascertain.pipeline.ingest_report import EntityReport, Progress, SyncReport
from ascertain.pipeline.messages import MessageReader
from ascertain.pipeline.quarantine import CORRECT
from ascertain.pipeline.stop import must_go_on
from ascertain.pipeline.sync_attempts import note_attempt

ORDER = (
    Entity.WORKER,
    Entity.USER,
    Entity.JOB_PROFILE,
    Entity.COURSE,
    Entity.ENROLMENT,
    Entity.ASSESSMENT,
    Entity.AWARD,
    Entity.ENGAGEMENT,
    Entity.STATEMENT,
    Entity.REVIEW,
    Entity.PROJECT,
    Entity.TICKET,
    Entity.DOCUMENT,
    Entity.MESSAGE,
)
_NEEDS = dict.fromkeys(
    (Entity.ENROLMENT, Entity.ASSESSMENT, Entity.AWARD, Entity.ENGAGEMENT, Entity.STATEMENT),
    (Entity.USER, Entity.COURSE),
)
"""Of the same connection: without its accounts and courses, all its enrolments would land in quarantine."""


def sync(
    connectors: Sequence[Connector],
    units: UnitOfWorkFactory,
    *,
    clock: Clock,
    progress: Progress | None = None,
    full: bool = False,
    budget: Budget | None = None,
    messages: MessageReader | None = None,
) -> SyncReport:
    """Bring the store up to date with every connection.

    Incremental unless ``full``: then everything is pulled anew, and what is gone from the source is retired (see
    ``ingest_missing``). A connection that fails, or that another process is syncing, is reported and the others go on;
    only when workers cannot be read nothing else is, because accounts would get identities that the HRIS has to give.
    Where several systems know workers, that is the first of them.

    Args:
        budget: keeps the leases on connections; without one nobody else may be at work.
        messages: reads what people wrote to colleagues, where the organisation opted in; without it nobody does.

    Raises:
        InputError: when two connections have the same name.
    """
    names = [c.name for c in connectors]
    if len(set(names)) != len(names):
        raise InputError("two connections have the same name", field="name")
    report = SyncReport(clock.now(), full=full)
    leases = ConnectionLeases(budget)
    try:
        free = {name for name in sorted(names) if leases.take(name)}
        ingest = Ingest.load(units, clock, names, messages)
        _every_entity(connectors, free, units, ingest, report, progress, leases, clock)
        ingest.finish(units)
    finally:
        leases.give_back()
    report.finished_at = clock.now()
    return report


def _every_entity(
    connectors: Sequence[Connector],
    free: Collection[str],
    units: UnitOfWorkFactory,
    ingest: Ingest,
    report: SyncReport,
    progress: Progress | None,
    leases: ConnectionLeases,
    clock: Clock,
) -> None:
    failed: set[tuple[str, Entity]] = set()
    hris = next((c.name for c in connectors if Entity.WORKER in c.capabilities().entities), "")
    for entity in ORDER:
        for connector in connectors:
            if entity not in connector.capabilities().entities:
                continue
            row = EntityReport(connector.name, entity)
            report.entities.append(row)
            if connector.name not in free:
                taken = busy(connector.name)
                row.error, row.remedy, row.busy = taken.message, taken.remedy or "", True
                failed.add((connector.name, entity))
                continue
            if obstacle := _obstacle(connector.name, entity, failed, hris):
                row.error = f"not pulled, because {obstacle} could not be read"
                failed.add((connector.name, entity))
                continue
            begun = time.perf_counter()
            try:
                leases.keep(connector.name)
                pull_entity(connector, entity, units, ingest, row, progress, report.full, leases)
            except ConnectorError as e:
                failed.add((connector.name, entity))
                row.error, row.remedy = e.message, e.remedy or ""
                row.retry_after = e.retry_after if isinstance(e, RetryableConnectorError) else None
            row.seconds = round(time.perf_counter() - begun, 4)
            note_attempt(units, row, clock.now())


def pull_entity(
    connector: Connector,
    entity: Entity,
    units: UnitOfWorkFactory,
    ingest: Ingest,
    row: EntityReport,
    progress: Progress | None,
    full: bool,
    leases: ConnectionLeases,
) -> None:
    """One entity of one connection, page by page; the caller holds its lease and calls ``ingest.finish`` at the end."""
    if entity is Entity.MESSAGE and not ingest.activity.reads_messages_of(connector.name):
        row.warn("messages are not read: the organisation has not opted in (options.messages_opt_in)")
        return
    if entity is Entity.MESSAGE and not ingest.activity.organisation_reads_messages():
        row.warn("messages are not read: the organisation has not opted in (`ascertain consent organisation`)")
        return
    with units(write=False) as uow:
        cursor = uow.sync.cursor(connector.name, entity.value)
    whole = full or cursor is None or ingest.wants_everything(connector.name, entity)
    ingest.begin(remove_missing=full)
    ingest.retry_quarantined(units, connector.name, entity, row)
    for page in connector.pull(entity, None if whole else cursor):
        with units(write=False) as uow:
            must_go_on(uow)
        leases.keep(connector.name)  # before anything is stored: whoever lost it must not move the watermark
        _store(connector.name, entity, page, units, ingest, row)
        if progress is not None:
            progress(row)
    ingest.end(units, connector.name, entity, row)
    if progress is not None:
        progress(row)


def _store(name: str, entity: Entity, page: Page, units: UnitOfWorkFactory, ingest: Ingest, row: EntityReport) -> None:
    before = row.figures()
    with units() as uow:
        ingest.apply(uow, page.records, row)
        for rejected in page.rejected:
            ingest.reject(uow, _readable(rejected), row)
        ingest.forget(uow, page.gone, row)
        row.pulled += len(page.records) + len(page.rejected)
        uow.sync.set_cursor(name, entity.value, page.checkpoint)
        if page.records or page.rejected or page.gone:
            step = {k: v - before[k] for k, v in row.figures().items() if v != before[k]}
            uow.audit.append("ingest.page", actor="ingest", header={"connector": name, "entity": entity.value, **step})
        uow.commit()
    row.pages += 1
    row.approx_total = page.approx_total if page.approx_total is not None else row.approx_total
    for text in page.warnings:
        row.warn(text)


def _readable(rejected: Rejected) -> Rejected:
    reason = f"{rejected.reason} {CORRECT}"
    return Rejected(rejected.ref, reason, rejected.field, rejected.raw)


def _obstacle(name: str, entity: Entity, failed: set[tuple[str, Entity]], hris: str) -> str:
    """What had to be read first and was not; ``hris`` is the connection that leads for workers."""
    if entity is not Entity.WORKER and (hris, Entity.WORKER) in failed:
        return "the workers of the HRIS"
    missing = [e for e in _NEEDS.get(entity, ()) if (name, e) in failed]
    return f"its {missing[0].value}s" if missing else ""
