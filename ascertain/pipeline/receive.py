"""Works off what came in by webhook: fetch what an event names, take it in like a page of a sync, hand on whom it
touched.

An event is a hint. What counts is how the record stands in its system now, so events may come late, twice and in any
order: the end is the same. An event is done once what it named is stored and the learners it touched are handed on; a
crash before that does it again, which changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from traceback import format_tb

from ascertain.domain.connector import Budget, Connector, Incremental
from ascertain.domain.inbox import InboxEvent, wait_after
from ascertain.domain.ports import Clock, UnitOfWork, UnitOfWorkFactory
from ascertain.domain.records import (
    AssessmentRecord,
    AwardRecord,
    EngagementRecord,
    EnrolmentRecord,
    Entity,
    MessageRecord,
    Record,
    SourceRef,
    TextRecord,
    UserRecord,
    WorkerRecord,
)
from ascertain.errors import AscertainError, RetryableConnectorError
from ascertain.pipeline.connection_lease import ConnectionLeases
from ascertain.pipeline.ingest import ORDER, pull_entity
from ascertain.pipeline.ingest_pages import Ingest
from ascertain.pipeline.ingest_report import EntityReport
from ascertain.pipeline.messages import MessageReader
from ascertain.pipeline.normalise import content_id
from ascertain.pipeline.retire import retire
from ascertain.pipeline.stop import stopped

log = logging.getLogger(__name__)

BATCH = 200
AWAY = timedelta(minutes=1)
"""How long to leave a system alone that did not answer and did not say for how long."""

HandOn = Callable[[Collection[str]], None]
"""Gets the ids of learners whose case may have changed; an event is done only after this has returned."""


@dataclass(slots=True)
class InboxReport:
    """What became of a connection's events. ``busy``: another process works with the connection, nothing was done."""

    connection: str
    done: int = 0
    failed: int = 0
    removed: int = 0
    busy: bool = False
    away: bool = False
    learners: set[str] = field(default_factory=set)


def work_off(
    connector: Connector,
    units: UnitOfWorkFactory,
    hand_on: HandOn,
    *,
    clock: Clock,
    budget: Budget | None = None,
    messages: MessageReader | None = None,
) -> InboxReport:
    """Work off everything that is due for a connection.

    An event that fails is tried again later, and the others go on; when the system is away, all of them wait.

    Args:
        hand_on: what to do about the learners touched (enqueue their assessment).
        budget: keeps the lease on the connection.
        messages: reads what people wrote to colleagues, where the organisation opted in.
    """
    leases = ConnectionLeases(budget)
    report = InboxReport(connector.name)
    if not leases.take(connector.name):
        report.busy = True
        return report
    try:
        worker = _Worker(connector, units, hand_on, clock, messages, leases, report)
        while not report.away:
            with units(write=False) as uow:
                halted = stopped(uow) is not None
                batch = uow.inbox.open(connector.name, limit=BATCH)
            if halted or not batch:
                break
            leases.keep(connector.name)
            worker.work(batch)
    finally:
        leases.give_back()
    return report


class _Worker:
    def __init__(
        self,
        connector: Connector,
        units: UnitOfWorkFactory,
        hand_on: HandOn,
        clock: Clock,
        messages: MessageReader | None,
        leases: ConnectionLeases,
        report: InboxReport,
    ) -> None:
        self.connector, self.units, self.hand_on, self.leases = connector, units, hand_on, leases
        self.clock, self.messages, self.report = clock, messages, report
        self.pullable = connector.capabilities().incremental
        self._ingest: Ingest | None = None

    @property
    def ingest(self) -> Ingest:
        """Loaded anew after anything that it could not follow (a failed transaction, a deletion)."""
        if self._ingest is None:
            self._ingest = Ingest.load(self.units, self.clock, [self.connector.name], self.messages)
        return self._ingest

    def work(self, batch: Sequence[InboxEvent]) -> None:
        """All events were received before anything is fetched, so one fetch of a record serves each that names it."""
        seen: dict[SourceRef, Record | None] = {}
        touched: set[str] = set()
        stored: list[InboxEvent] = []
        pulls: dict[Entity, list[InboxEvent]] = {}
        left = list(batch)
        while left:
            event = left[0]
            try:
                wanted = self._store(event, seen, touched)
            except RetryableConnectorError as e:
                self._wait(left, e)
                break
            except Exception as e:
                self._failed([event], _plain(e))
            else:
                stored.append(event)
                for entity in wanted:
                    pulls.setdefault(entity, []).append(event)
            left.pop(0)
        failed = self._pull(pulls, touched)
        self._finish([e for e in stored if e.id not in failed], touched)

    def _store(self, event: InboxEvent, seen: dict[SourceRef, Record | None], touched: set[str]) -> Collection[Entity]:
        """Fetch and store what an event names; the entities that have to be pulled for it."""
        wanted = {e for e in event.pull if e in self.pullable}
        gone: list[SourceRef] = []
        for ref in event.refs:
            record = self._fetch(ref, seen)
            if record is not None:
                self._apply(record, seen, touched)
            elif event.deleted:
                gone.append(ref)
            elif self.pullable.get(ref.entity) is Incremental.UPDATED_SINCE:
                # Gone, or a system that gives no single records: the list of changes tells.
                wanted.add(ref.entity)
        if gone:
            with self.units() as uow:
                for ref in gone:
                    removed, whom = retire(uow, ref)
                    self.report.removed += removed
                    touched |= whom
                header = {"connector": self.connector.name, "entity": gone[0].entity.value, "removed": len(gone)}
                uow.audit.append("ingest.removed", actor="webhook", header=header)
                uow.commit()
            self._ingest = None
        return wanted

    def _apply(self, record: Record, seen: dict[SourceRef, Record | None], touched: set[str]) -> None:
        """Store a record, and before it the account and the course that it refers to, should they be new."""
        with self.units(write=False) as uow:
            missing = [r for r in _refers_to(record) if r.entity in self.pullable and not _known(uow, r)]
        first = [found for ref in missing if (found := self._fetch(ref, seen)) is not None]
        row = EntityReport(self.connector.name, record.ref.entity)
        ingest = self.ingest
        try:
            with self.units() as uow:
                if first:
                    ingest.apply(uow, first, row)
                ingest.apply(uow, [record], row)
                header = {"connector": self.connector.name, "entity": record.ref.entity.value, **row.figures()}
                uow.audit.append("ingest.event", actor="webhook", header=header)
                touched |= _whom(uow, record)
                uow.commit()
        except BaseException:
            self._ingest = None
            raise

    def _fetch(self, ref: SourceRef, seen: dict[SourceRef, Record | None]) -> Record | None:
        if ref not in seen:
            seen[ref] = self.connector.fetch(ref)
        return seen[ref]

    def _pull(self, pulls: dict[Entity, list[InboxEvent]], touched: set[str]) -> set[str]:
        """Ids of the events whose entity could not be pulled."""
        failed: set[str] = set()
        if not pulls:
            return failed
        with self.units(write=False) as uow:
            before = uow.evidence.stamps()
        for entity in sorted(pulls, key=ORDER.index):
            row = EntityReport(self.connector.name, entity)
            try:
                self.leases.keep(self.connector.name)
                pull_entity(self.connector, entity, self.units, self.ingest, row, None, False, self.leases)
            except RetryableConnectorError as e:
                self._ingest = None
                self._wait(pulls[entity], e)
                failed |= {e.id for e in pulls[entity]}
            except Exception as e:
                self._ingest = None
                self._failed(pulls[entity], _plain(e))
                failed |= {e.id for e in pulls[entity]}
        with self.units(write=False) as uow:
            after = uow.evidence.stamps()
        touched |= {i for i in {*before, *after} if before.get(i) != after.get(i)}
        return failed

    def _finish(self, events: Collection[InboxEvent], touched: set[str]) -> None:
        self.ingest.finish(self.units)
        if touched:
            try:
                self.hand_on(sorted(touched))
            except AscertainError as e:
                self._failed(events, e, counts=False)
                self.report.away = True
                return
        with self.units() as uow:
            uow.inbox.done([e.id for e in events])
            uow.commit()
        self.report.done += len(events)
        self.report.learners |= touched

    def _wait(self, events: Collection[InboxEvent], e: RetryableConnectorError) -> None:
        """The system is away, which is no event's fault."""
        self._failed(events, e, wait=timedelta(seconds=e.retry_after) if e.retry_after else AWAY, counts=False)
        self.report.away = True

    def _failed(
        self, events: Collection[InboxEvent], e: AscertainError, *, wait: timedelta | None = None, counts: bool = True
    ) -> None:
        with self.units() as uow:
            for event in events:
                uow.inbox.failed(event.id, e.message, wait or wait_after(event.tries + 1), counts=counts)
            uow.commit()
        self.report.failed += len(events)


def _plain(e: Exception) -> AscertainError:
    """A bug that one record brings out is that event's trouble, not the end of all others'. The text of a foreign
    exception may hold something personal, so only its kind is told."""
    if isinstance(e, AscertainError):
        return e
    log.error("working off an event failed: %s at %s", type(e).__name__, "".join(format_tb(e.__traceback__)[-1:]))
    return AscertainError(f"unexpected {type(e).__name__}")


def _refers_to(record: Record) -> list[SourceRef]:
    """The account and the course that a record names, in the order they have to be stored."""
    if not isinstance(record, EnrolmentRecord | AwardRecord | AssessmentRecord | EngagementRecord):
        return []
    found = []
    if ":" not in record.user_id:  # employee:… and email:… name somebody, not an account
        found.append(SourceRef(record.ref.system, Entity.USER, record.user_id))
    if record.course_id:
        found.append(SourceRef(record.ref.system, Entity.COURSE, record.course_id))
    return found


def _known(uow: UnitOfWork, ref: SourceRef) -> bool:
    if ref.entity is Entity.COURSE:
        return uow.contents.get(content_id(ref.system, ref.id)) is not None
    return str(ref) in uow.people.links(ref.system)


def _whom(uow: UnitOfWork, record: Record) -> set[str]:
    """The learners that a stored record is about; none for one that went to quarantine."""
    match record:
        case UserRecord() | WorkerRecord():
            named = str(record.ref)
        case EnrolmentRecord() | AwardRecord() | AssessmentRecord() | EngagementRecord():
            named = record.user_id
        case TextRecord() | MessageRecord():
            named = record.subject
        case _:
            return set()
    links = uow.people.links(record.ref.system)
    kind, _, value = named.partition(":")
    if kind == "email":
        learner = uow.people.find(value)
        return {learner.id} if learner else set()
    if kind == "employee":
        found = links.get(str(SourceRef(record.ref.system, Entity.WORKER, value)))
        learner = None if found else uow.people.get(value)
        return {found} if found else {learner.id} if learner else set()
    found = links.get(named) or links.get(str(SourceRef(record.ref.system, Entity.USER, named)))
    return {found} if found else set()
