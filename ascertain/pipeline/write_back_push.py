"""Works a write-back run off: reads, compares, writes, reads back; each row's state is stored before and after.

Exactly once, also when the process is killed: a row is ``writing`` in the store before the system is called, and a row
found so later is read first. If the target holds the value it was written; if it holds what was there before, the
write never arrived and is made again under the same idempotency key.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from ascertain.domain.outbox import OPEN, PAUSE, OutboxItem, OutboxState, RunKind, WritebackRun
from ascertain.domain.ports import UnitOfWork
from ascertain.domain.records import SourceRef
from ascertain.domain.writeback import TargetKind, WriteState
from ascertain.domain.writeback_plan import Step, next_step, still_wanted
from ascertain.errors import ConnectorError, InputError, NotFoundError, RetryableConnectorError
from ascertain.pipeline.assignments import not_approved
from ascertain.pipeline.connection_lease import ConnectionLeases, busy
from ascertain.pipeline.onboarding import not_approved as onboarding_not_approved
from ascertain.pipeline.stop import must_go_on, stopped
from ascertain.pipeline.write_back import WriteBack
from ascertain.pipeline.write_back_read import LONG_WAIT, MAX_FAILURES, Desk, user_of
from ascertain.pipeline.write_back_switch import must_not_be_paused
from ascertain.pipeline.write_back_undo import may_come_back

log = logging.getLogger(__name__)

Progress = Callable[[OutboxItem], None]


@dataclass(slots=True)
class RunReport:
    """How far a run got: rows by state, and what stopped it. Without ``finished`` it can be taken up again."""

    run: str
    finished: bool
    paused: bool = False
    totals: Mapping[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    retry_after: float | None = None


class _Paused(Exception):
    """Somebody turned write-back off."""


class _Waits(Exception):
    """This connection's rows wait for another time."""


class Pusher:
    """Works on one run."""

    def __init__(self, home: WriteBack, run: WritebackRun, progress: Progress | None = None) -> None:
        self._home = home
        self._run = run
        self._progress = progress
        self._force = bool(run.options.get("force"))
        self._report = RunReport(run.id, finished=False)
        self._failures = 0

    def work(self) -> RunReport:
        """All open rows, connection by connection; an error of one does not stop the others."""
        leases = ConnectionLeases(self._home.budget)
        try:
            with self._home.units(write=False) as uow:
                rows = uow.outbox.rows(self._run.id, OPEN)
            for connection in sorted({r.connection for r in rows}):
                self._connection(connection, [r for r in rows if r.connection == connection], leases)
        except _Paused:
            self._report.paused = True
        finally:
            leases.give_back()
        return self._close()

    def _connection(self, name: str, rows: list[OutboxItem], leases: ConnectionLeases) -> None:
        desk = self._home.desks.get(name)
        if desk is None:
            self._problem(f"{name}: is not set up to write any more, {len(rows)} rows wait")
            return
        self._failures = 0
        for row in rows:
            try:
                hold(leases, desk)
                self._row(desk, row)
            except _Waits as e:
                self._problem(str(e))
                return
            except RetryableConnectorError as e:  # the lease
                self._problem(e.message)
                return

    def _row(self, desk: Desk, row: OutboxItem) -> None:
        """One row from its present state to its next."""
        with self._home.units(write=False) as uow:
            stop_if_paused(uow)
            fresh = uow.outbox.row(row.id)
        if fresh is None or fresh.state not in OPEN:
            return
        row, user, begun = fresh, user_of(fresh.account), fresh.state is OutboxState.WRITING
        try:
            present = desk.writer.read(user, [row.target]).get(row.target)
        except ConnectorError as e:
            self._failed(row, e, keep=True)
            return
        step = next_step(present, row.value, row.previous, begun=begun, force=self._force)
        if step is Step.DONE_BEFORE:
            self._settle(row, OutboxState.WRITTEN, written=True)
        elif step is Step.NOTHING:
            self._settle(row, OutboxState.UNCHANGED)
        elif step is Step.CONFLICT:
            self._settle(row, OutboxState.CONFLICT, "somebody changed the value since: left as it is")
        else:
            self._write(desk, row, user, present)

    def _write(self, desk: Desk, row: OutboxItem, user: SourceRef, present: str | None) -> None:
        try:
            self._look_up(row)
        except ConnectorError as e:
            self._failed(row, e, keep=True)
            return
        with self._home.units() as uow:
            stop_if_paused(uow)
            why = self._forbidden(uow, desk, row, user)
            if not why:
                row = replace(row, state=OutboxState.WRITING, previous=present, tries=row.tries + 1, error="")
                uow.outbox.put(row)
                uow.commit()
        if why:
            self._settle(row, OutboxState.WITHHELD, why)
            return
        try:
            done = desk.writer.write(user, row.target, row.value, request_id=row.id)
        except ConnectorError as e:
            # What may work later may also have worked: such a row stays open and is read before anything else.
            self._failed(row, e, keep=isinstance(e, RetryableConnectorError))
            return
        self._failures = 0
        row = replace(row, external_id=done.external_id)
        if done.state is WriteState.REJECTED:
            self._settle(row, OutboxState.REJECTED, done.reason or "the system gave no reason")
        elif done.state is WriteState.QUEUED:
            self._settle(row, OutboxState.QUEUED, "the system works on it later", written=True)
        else:
            state, note = self._read_back(desk, row, user)
            self._settle(row, state, note, written=True)

    def _read_back(self, desk: Desk, row: OutboxItem, user: SourceRef) -> tuple[OutboxState, str]:
        try:
            seen = desk.writer.read(user, [row.target]).get(row.target)
        except ConnectorError as e:
            return OutboxState.UNSEEN, f"written, but it could not be read back: {e.message}"
        if seen == row.value:
            return OutboxState.WRITTEN, ""
        if lag := desk.writer.lag.total_seconds():
            return OutboxState.UNSEEN, f"not visible yet: the system may show the old value for {lag:.0f} s"
        return OutboxState.ALTERED, "the system shows something else than what was written"

    def _look_up(self, row: OutboxItem) -> None:
        """Ask who somebody is now, where the last look needs it: a transaction must not wait for a system."""
        if row.value is not None or self._run.kind is RunKind.UNDO:
            return
        with self._home.units(write=False) as uow:
            learner, accounts = uow.people.get(row.learner_id), self._home.accounts(uow)
            claims = self._home.claims(uow, learner)[0] if learner else ()
        if learner:
            self._home.intended(learner, accounts, claims, (row.connection, row.account))

    def _forbidden(self, uow: UnitOfWork, desk: Desk, row: OutboxItem, user: SourceRef) -> str:
        """The last look before a value leaves, in the transaction that marks it as leaving."""
        target = desk.target(row.target)
        if target is None:
            return "the target is not configured any more"
        if uow.restrictions.on(row.learner_id) is not None:
            return "processing of the person is restricted"
        if target.kind is TargetKind.LEARNING and row.value is not None:
            return not_approved(uow, row.learner_id, row.assertions)
        if target.kind is TargetKind.ONBOARDING and row.value is not None:
            return onboarding_not_approved(uow, row.learner_id, row.assertions)
        if self._run.kind is RunKind.UNDO:
            return may_come_back(uow, row, self._home.rules)
        learner = uow.people.get(row.learner_id)
        if learner is None:
            return "the person is not known"
        claims, _ = self._home.claims(uow, learner)
        now = None
        if row.value is None:
            place = row.connection, row.account
            now = self._home.intended(learner, self._home.accounts(uow), claims, place).get(row.target)
        return still_wanted(
            row.value, row.target, row.assertions, claims, lambda some: desk.writer.intend(user, some), now
        )

    def _failed(self, row: OutboxItem, error: ConnectorError, *, keep: bool) -> None:
        """Note an error. ``keep`` leaves the row open."""
        self._failures += 1
        if keep:
            with self._home.units() as uow:
                uow.outbox.put(replace(row, error=error.message))
                uow.commit()
        else:
            self._settle(row, OutboxState.FAILED, error.message)
        wait = error.retry_after if isinstance(error, RetryableConnectorError) else None
        if wait is not None and wait > LONG_WAIT:
            self._report.retry_after = max(wait, self._report.retry_after or 0.0)
            raise _Waits(f"{row.connection}: asks to wait {wait:.0f} s; the rest of its rows wait")
        if self._failures >= MAX_FAILURES:
            raise _Waits(f"{row.connection}: {self._failures} errors in a row, the last: {error.message}")

    def _settle(self, row: OutboxItem, state: OutboxState, note: str = "", *, written: bool = False) -> None:
        now = self._home.clock.now()
        row = replace(row, state=state, error=note, written_at=now if written else row.written_at)
        header = {
            "run": row.run_id,
            "row": row.id,
            "connection": row.connection,
            "target": row.target,
            "state": state.value,
            "assertions": row.assertions,
        }
        payload = {"previous": row.previous, "value": row.value, "external_id": row.external_id, "note": note}
        with self._home.units() as uow:
            try:
                uow.outbox.put(row)
            except NotFoundError:
                log.info("row %s is gone: the person was erased while it was worked on", row.id)
                return
            action = f"writeback.{state.value}"
            uow.audit.append(action, actor="writeback", header=header, learner_id=row.learner_id, payload=payload)
            uow.commit()
        if self._progress:
            self._progress(row)

    def _close(self) -> RunReport:
        with self._home.units() as uow:
            totals = Counter(r.state.value for r in uow.outbox.rows(self._run.id))
            self._report.totals = dict(sorted(totals.items()))
            self._report.finished = not any(totals[s.value] for s in OPEN)
            uow.outbox.finish(
                self._run.id, self._home.clock.now() if self._report.finished else None, self._report.totals
            )
            if self._report.finished:
                header = {"run": self._run.id, "kind": self._run.kind.value, "totals": self._report.totals}
                uow.audit.append("writeback.finished", actor="writeback", header=header)
            uow.commit()
        return self._report

    def _problem(self, text: str) -> None:
        self._report.problems.append(text)


def push(home: WriteBack, run_id: str, progress: Progress | None = None) -> RunReport:
    """Work on a run's open rows. Safe to repeat: a finished run is left as it is.

    Raises:
        NotFoundError: there is no such run.
        ConflictError: write-back is paused, or everything is stopped.
        InputError: the run only compared.
    """
    with home.units(write=False) as uow:
        run = uow.outbox.run(run_id)
    if run is None:
        raise NotFoundError(f"there is no write-back run {run_id!r}", remedy="`ascertain writeback list` shows them")
    if run.kind is RunKind.RECONCILE:
        raise InputError("a reconciliation writes nothing", where=run.id, remedy="`ascertain writeback push` does")
    if run.finished_at is not None:
        return RunReport(run.id, finished=True, totals=run.totals)
    with home.units(write=False) as uow:
        must_go_on(uow)
        must_not_be_paused(uow)
    return Pusher(home, run, progress).work()


def hold(leases: ConnectionLeases, desk: Desk) -> None:
    """Take or prolong what only one writer of a connection has at a time.

    Raises:
        RetryableConnectorError: while somebody else has it.
    """
    leases.keep(f"{desk.name}/writeback")
    if desk.exclusive and not leases.take(desk.name):  # a sync would lose its token
        raise busy(desk.name)


def stop_if_paused(uow: UnitOfWork) -> None:
    """The look at the switch before each row."""
    switch = uow.switches.get(PAUSE)
    if stopped(uow) or (switch is not None and not switch.on):
        raise _Paused
