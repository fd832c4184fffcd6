"""Takes a write-back run back: what each target held before is put there again, byte for byte."""

from __future__ import annotations

from dataclasses import replace

from ascertain.domain.assertion import AssertionState
from ascertain.domain.outbox import EFFECTIVE, OutboxItem, OutboxState, RunKind, WritebackRun, row_id
from ascertain.domain.ports import UnitOfWork
from ascertain.domain.writeback_plan import WritebackRules
from ascertain.errors import ConflictError, InputError, NotFoundError
from ascertain.pipeline.connection_lease import ConnectionLeases
from ascertain.pipeline.write_back import WriteBack, new_run_id
from ascertain.pipeline.write_back_switch import named

_BACK = frozenset({OutboxState.WRITTEN, OutboxState.UNSEEN, OutboxState.UNCHANGED, OutboxState.QUEUED})
"""States of an undoing row after which its place needs no more undoing."""


def begin_undo(home: WriteBack, run_id: str, actor: str, *, force: bool = False) -> WritebackRun | None:
    """Store the run that undoes ``run_id``; ``None`` when nothing of it is left to undo. ``push`` works it off.

    Rows of an unfinished run that have not been written yet are withdrawn; one whose process died while writing is
    looked at like a written one. ``force`` puts the old value back also where somebody changed it since.

    Raises:
        NotFoundError: there is no such run.
        InputError: the run wrote nothing, or nobody is named.
        ConflictError: another undo of it is under way, or it is being worked on right now.
    """
    actor = named(actor)
    leases = ConnectionLeases(home.budget)
    try:
        with home.units(write=False) as uow:
            run = uow.outbox.run(run_id)
            if run is None:
                raise NotFoundError(f"there is no write-back run {run_id!r}")
            if run.kind is RunKind.RECONCILE:
                raise InputError("a reconciliation wrote nothing", where=run.id)
            under_way = [r.id for r in uow.outbox.undoing(run.id) if r.finished_at is None]
            connections = sorted({r.connection for r in uow.outbox.rows(run.id)})
        if under_way:
            raise ConflictError(
                f"{run.id} is being undone by {under_way[0]}",
                remedy=f"`ascertain writeback push --run {under_way[0]}` goes on with it",
            )
        if held := [c for c in connections if not leases.take(f"{c}/writeback")]:
            raise ConflictError(f"{held[0]}: is being written to right now", remedy="pause or wait, then undo")
        if run.finished_at is None:
            _withdraw(home, run)
        return _store(home, run, actor, force=force)
    finally:
        leases.give_back()


def _withdraw(home: WriteBack, run: WritebackRun) -> None:
    with home.units() as uow:
        for row in uow.outbox.rows(run.id, [OutboxState.PLANNED]):
            uow.outbox.put(replace(row, state=OutboxState.WITHHELD, error="the run was undone before this was written"))
        for row in uow.outbox.rows(run.id, [OutboxState.WRITING]):
            now = home.clock.now()
            uow.outbox.put(replace(row, state=OutboxState.UNSEEN, error="perhaps written; undone", written_at=now))
        totals: dict[str, int] = {}
        for row in uow.outbox.rows(run.id):
            totals[row.state.value] = totals.get(row.state.value, 0) + 1
        uow.outbox.finish(run.id, home.clock.now(), totals)
        uow.commit()


def _store(home: WriteBack, run: WritebackRun, actor: str, *, force: bool) -> WritebackRun | None:
    now, ident = home.clock.now(), new_run_id()
    with home.units(write=False) as uow:
        undone = {
            row.place
            for earlier in uow.outbox.undoing(run.id)
            for row in uow.outbox.rows(earlier.id)
            if row.state in _BACK
        }
        rows = [
            OutboxItem(
                row_id(ident, *r.place),
                ident,
                r.learner_id,
                r.connection,
                r.account,
                r.target,
                r.previous,
                r.value,
                _rests_on(uow, r),
                now,
            )
            for r in uow.outbox.rows(run.id, EFFECTIVE)
            if r.place not in undone
        ]
    if not rows:
        return None
    undo = WritebackRun(ident, RunKind.UNDO, actor, now, undoes=run.id, options={"force": force})
    home.store(undo, rows)
    return undo


def _rests_on(uow: UnitOfWork, row: OutboxItem) -> tuple[str, ...]:
    """The assertions behind the value that comes back, where an earlier run of ours wrote it."""
    if row.previous is None:
        return ()
    at = row.written_at or row.created_at
    before = [
        r
        for r in uow.outbox.history(row.learner_id)
        if r.place == row.place and r.value == row.previous and r.id != row.id and (r.written_at or r.created_at) <= at
    ]
    return before[-1].assertions if before else ()


def may_come_back(uow: UnitOfWork, row: OutboxItem, rules: WritebackRules) -> str:
    """Why what was there before may not be put back; empty when it may. Somebody else's value always may; one of ours
    only while what it says is still accepted, for the person may have contested it since."""
    if row.value is None or not row.assertions:
        return ""
    learner = uow.people.get(row.learner_id)
    if learner is None or not learner.active:
        return "the person has left, and what was there before was written by a push"
    present = {a.skill_id: a for a in uow.assertions.of(row.learner_id)}
    for ident in row.assertions:
        written = uow.assertions.get(ident)
        if written is None:
            return f"what was there before rests on {ident}, which is gone"
        now = written
        if written.state is AssertionState.SUPERSEDED:
            now = present.get(written.skill_id, written)
        if now.state is not AssertionState.ACCEPTED or (rules.human_only and not now.human_reviewed):
            state = now.state.value.replace("_", " ")
            return f"what was there before rests on {ident}, which is {state} now"
    return ""
