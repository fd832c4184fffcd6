"""The quarantine as people see it: what waits, why, what to do; one record tried again, or given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ascertain.domain.connector import Budget, Connector
from ascertain.domain.ports import Clock, UnitOfWork, UnitOfWorkFactory
from ascertain.domain.records import Entity, Record, SourceRef
from ascertain.domain.runs import QuarantinedRecord
from ascertain.errors import ConflictError, ConnectorError, NotFoundError
from ascertain.pipeline.connection_lease import ConnectionLeases
from ascertain.pipeline.ingest_pages import Ingest
from ascertain.pipeline.ingest_report import EntityReport
from ascertain.pipeline.messages import MessageReader
from ascertain.pipeline.quarantine import CORRECT


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record in quarantine. ``field`` is the source's name of what is wrong."""

    id: str
    connection: str
    entity: str
    record: str
    field: str
    reason: str
    remedy: str
    since: datetime
    days: int


@dataclass(frozen=True, slots=True)
class Retried:
    """What became of a record tried again: ``taken`` in, or why not."""

    id: str
    record: str
    taken: bool
    detail: str
    remedy: str = ""


def waiting(uow: UnitOfWork, now: datetime, *, connection: str | None = None) -> list[Waiting]:
    """What is in quarantine, oldest first."""
    return [_seen(q, now) for q in uow.sync.quarantined() if connection in (None, q.connector)]


def drop(uow: UnitOfWork, text: str, *, actor: str) -> QuarantinedRecord:
    """Give a record up; the caller commits. If its source sends it again, it is looked at again.

    Raises:
        NotFoundError: when nothing in quarantine has that id.
    """
    held = _one(uow, text)
    uow.sync.release(held.id)
    header = {"connector": held.connector, "entity": _entity(held), "id": held.id, "by": actor}
    uow.audit.append("quarantine.dropped", actor="cli", header=header)
    return held


def retry(
    connector: Connector,
    held: QuarantinedRecord,
    units: UnitOfWorkFactory,
    *,
    clock: Clock,
    budget: Budget | None = None,
    messages: MessageReader | None = None,
) -> Retried:
    """Try one record now: a complete one as it is kept, a malformed one as the source gives it today.

    Raises:
        RetryableConnectorError: while another process works with the connection.
    """
    leases = ConnectionLeases(budget)
    try:
        leases.keep(connector.name)
        entity = Entity(_entity(held))
        ingest = Ingest.load(units, clock, [connector.name], messages)
        row = EntityReport(connector.name, entity)
        if "record" in held.raw:
            ingest.retry_quarantined(units, connector.name, entity, row)
        else:
            try:
                record = connector.fetch(_ref(held, entity))
            except ConnectorError as e:
                return Retried(held.id, held.ref, False, e.message, e.remedy or "correct it in the source")
            if record is None:
                return Retried(
                    held.id,
                    held.ref,
                    False,
                    "the source gives no such single record",
                    "correct it there and sync; drop it if it is gone for good",
                )
            _take(ingest, record, units, row)
        ingest.end(units, connector.name, entity, row)
        ingest.finish(units)
    finally:
        leases.give_back()
    with units(write=False) as uow:
        left = next((q for q in uow.sync.quarantined() if q.id == held.id), None)
    if left is None:
        return Retried(held.id, held.ref, True, "taken in")
    seen = _seen(left, clock.now())
    return Retried(held.id, held.ref, False, seen.reason, seen.remedy)


def held_under(uow: UnitOfWork, text: str) -> QuarantinedRecord:
    """The record in quarantine with that id, or whose id or reference begins with it.

    Raises:
        NotFoundError: when there is none.
        ConflictError: when there are several.
    """
    return _one(uow, text)


def _take(ingest: Ingest, record: Record, units: UnitOfWorkFactory, row: EntityReport) -> None:
    with units() as uow:
        ingest.begin()
        ingest.apply(uow, [record], row)
        header = {"connector": row.connector, "entity": row.entity.value, "released": row.released}
        uow.audit.append("ingest.retry", actor="ingest", header=header)
        uow.commit()


def _one(uow: UnitOfWork, text: str) -> QuarantinedRecord:
    rows = uow.sync.quarantined()
    exact = [q for q in rows if text in (q.id, q.ref)]
    found: Sequence[QuarantinedRecord] = exact or [q for q in rows if q.id.startswith(text)]
    if not text or not found:
        raise NotFoundError(
            f"nothing in quarantine has the id {text!r}", remedy="ascertain connector quarantine shows the ids"
        )
    if len(found) > 1:
        raise ConflictError(f"{len(found)} records in quarantine begin with {text!r}", remedy="give more of the id")
    return found[0]


def _entity(held: QuarantinedRecord) -> str:
    return held.ref.removeprefix(held.connector + ":").partition(":")[0]


def _ref(held: QuarantinedRecord, entity: Entity) -> SourceRef:
    return SourceRef(held.connector, entity, held.ref.removeprefix(f"{held.connector}:{entity.value}:"))


def _seen(held: QuarantinedRecord, now: datetime) -> Waiting:
    reason = held.reason.removesuffix(CORRECT).rstrip()
    if held.reason.endswith(CORRECT):
        remedy = "correct it in the source; the next sync takes it in"
    elif "record" in held.raw:
        remedy = "nothing, if what it refers to comes with a later sync: it is tried again each time"
    else:
        remedy = "nothing, if the person comes with a later sync: the source is then asked again"
    return Waiting(
        id=held.id,
        connection=held.connector,
        entity=_entity(held),
        record=held.ref.removeprefix(f"{held.connector}:{_entity(held)}:"),
        field=held.field,
        reason=reason,
        remedy=remedy,
        since=held.seen_at,
        days=max(0, (now - held.seen_at).days),
    )
