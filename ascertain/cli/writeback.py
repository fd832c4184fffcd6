"""writeback: preview, push, undo, reconcile, pause, resume, list, show."""

from __future__ import annotations

import dataclasses
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ascertain.cli.actor import Actor, Reader, asking
from ascertain.cli.output import AsJson, emit, opened, tell_left_out
from ascertain.domain.permission import Action
from ascertain.errors import ConfigError, ConnectorError, NotFoundError

if TYPE_CHECKING:
    from ascertain.domain.outbox import WritebackRun
    from ascertain.domain.people import Learner
    from ascertain.domain.permission import Principal
    from ascertain.pipeline.write_back import WriteBack
    from ascertain.runtime import App

app = typer.Typer(help="Accepted skills, back into the systems they came from.", no_args_is_help=True)

Person = Annotated[str | None, typer.Option("--learner", help="Id or e-mail address of one learner.")]
Cohort = Annotated[str, typer.Option("--cohort", help="A department, a job profile id, or `all`.")]
To = Annotated[list[str] | None, typer.Option("--to", help="Only this connection; may be repeated.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Queue = Annotated[bool, typer.Option("--queue", help="Hand the writing to the queue.")]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="Id out of `writeback list`.")]


@app.command("preview")
def preview(
    learner: Person = None, cohort: Cohort = "all", to: To = None, actor: Reader = None, as_json: AsJson = False
) -> None:
    """What a push would change, value by value. Reads the systems and writes nothing."""
    from ascertain.cli.writeback_views import preview_table

    shown = opened()
    people, left_out = _to_be_seen(shown, asking(shown, actor), learner, cohort)
    with shown.write_back(tuple(to or ())) as desk:
        found = desk.preview(people)
        data = {"changes": found.changes, "left_out": left_out, **_plain(found)}
        emit(data, as_json, lambda c: preview_table(c, found, desk))
    tell_left_out(left_out)


@app.command("push")
def push(
    learner: Person = None,
    cohort: Cohort = "all",
    to: To = None,
    run: Annotated[str | None, typer.Option("--run", help="Go on with a run that was stopped.")] = None,
    yes: Yes = False,
    queue: Queue = False,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Write accepted skills back: the run is stored first, then each value written once. Safe to stop and to repeat."""
    from ascertain.pipeline.stop import must_go_on
    from ascertain.pipeline.write_back_switch import must_not_be_paused

    shown = opened()
    who = asking(shown, actor)
    with shown.write_back(tuple(to or ())) as desk:
        if run is None:
            with shown.units(write=False) as uow:
                must_go_on(uow)
                must_not_be_paused(uow)
            begun = _begin(shown, desk, learner, cohort, to, who, yes=yes, as_json=as_json)
            if begun is None:
                emit({"run": None, "changes": 0}, as_json, lambda c: c.print("nothing to write"))
                return
            run = begun.id
        _work(shown, desk, run, queue=queue, as_json=as_json)


@app.command("undo")
def undo(
    run: RunId,
    force: Annotated[bool, typer.Option("--force", help="Also where somebody changed the value since.")] = False,
    yes: Yes = False,
    queue: Queue = False,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Put back what was there before a run, byte for byte. Values that somebody changed since are left, and named."""
    from ascertain.pipeline.write_back_undo import begin_undo

    shown = opened()
    who = asking(shown, actor)
    with shown.write_back() as desk:
        _confirm(f"Undo {run}?", yes=yes, as_json=as_json)
        begun = begin_undo(desk, run, who.name, force=force)
        if begun is None:
            emit({"run": None, "changes": 0}, as_json, lambda c: c.print("nothing of it is left to undo"))
            return
        _work(shown, desk, begun.id, queue=queue, as_json=as_json)


@app.command("reconcile")
def reconcile(to: To = None, actor: Actor = None, as_json: AsJson = False) -> None:
    """Compare what was written with what the systems hold now and with what is still accepted. Corrects nothing."""
    from ascertain.cli.writeback_views import reconciliation_table
    from ascertain.pipeline.permit import may_each
    from ascertain.pipeline.write_back_reconcile import reconcile as compare

    shown = opened()
    who = asking(shown, actor)
    with shown.write_back(tuple(to or ())) as desk:
        found = compare(desk, who.name)
    with shown.units(write=False) as uow:
        seen = may_each(uow, who, Action.WRITEBACK_READ, [(d.learner_id, None) for d in found.differences])
    kept = tuple(d for d, yes in zip(found.differences, seen, strict=True) if yes)
    left_out = len(found.differences) - len(kept)
    found = dataclasses.replace(found, differences=kept)
    tell_left_out(left_out)
    emit(found, as_json, lambda c: reconciliation_table(c, found))
    if found.problems:
        raise typer.Exit(ConnectorError.exit_code)


@app.command("pause")
def pause(
    reason: Annotated[str, typer.Option("--reason", help="Why, in a few words.")],
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Stop all write-back now: running pushes stop before their next value."""
    _switch(actor, reason, on=False, as_json=as_json)


@app.command("resume")
def resume(actor: Actor = None, as_json: AsJson = False) -> None:
    """Allow write-back again. Runs that were stopped go on with `writeback push --run RUN`."""
    _switch(actor, "", on=True, as_json=as_json)


@app.command("list")
def list_runs(
    limit: Annotated[int, typer.Option(min=1, help="At most this many runs.")] = 20, as_json: AsJson = False
) -> None:
    """The runs, newest first."""
    from ascertain.cli.writeback_views import runs_table
    from ascertain.domain.outbox import PAUSE

    with opened().units(write=False) as uow:
        runs, switch = uow.outbox.runs(limit=limit), uow.switches.get(PAUSE)
    paused = switch is not None and not switch.on
    emit({"paused": paused, "runs": runs}, as_json, lambda c: runs_table(c, runs, switch if paused else None))


@app.command("show")
def show(run: RunId, actor: Reader = None, as_json: AsJson = False) -> None:
    """One run with every value: what was there, what was written, how far it got."""
    from ascertain.cli.writeback_views import run_table
    from ascertain.pipeline.permit import demand, permitted_rows

    shown = opened()
    who = asking(shown, actor)
    with shown.units(write=False) as uow:
        found = uow.outbox.run(run)
        if found is None:
            demand(uow, who, Action.WRITEBACK_PUSH)
            raise NotFoundError(f"there is no write-back run {run!r}", remedy="`ascertain writeback list` shows them")
        every = uow.outbox.rows(found.id)
        rows, left_out = permitted_rows(uow, who, Action.WRITEBACK_READ, every, lambda r: (r.learner_id, None))
    emit({"run": found, "rows": rows, "left_out": left_out}, as_json, lambda c: run_table(c, found, rows))
    tell_left_out(left_out)


def _people(shown: App, who: Principal, learner: str | None, cohort: str) -> list[Learner]:
    from ascertain.pipeline.permit import permitted_learner
    from ascertain.pipeline.sweep import cohort_or_raise

    with shown.units(write=False) as uow:
        if learner:  # pushing is about nobody in particular; whom they may have assessed, they may know
            return [permitted_learner(uow, who, Action.ASSESS_RUN, learner)]
        return cohort_or_raise(uow, cohort)


def _to_be_seen(shown: App, who: Principal, learner: str | None, cohort: str) -> tuple[list[Learner], int]:
    from ascertain.pipeline.permit import permitted_learner, permitted_of
    from ascertain.pipeline.sweep import cohort_or_raise

    with shown.units(write=False) as uow:
        if learner:
            return [permitted_learner(uow, who, Action.WRITEBACK_READ, learner)], 0
        return permitted_of(uow, who, Action.WRITEBACK_READ, cohort_or_raise(uow, cohort))


def _begin(
    shown: App,
    desk: WriteBack,
    learner: str | None,
    cohort: str,
    to: list[str] | None,
    who: Principal,
    *,
    yes: bool,
    as_json: bool,
) -> WritebackRun | None:
    from ascertain.cli.output import console
    from ascertain.cli.writeback_views import preview_table
    from ascertain.pipeline.permit import may_each

    people = _people(shown, who, learner, cohort)
    found = desk.preview(people)
    if found.changes and not yes:
        with shown.units(write=False) as uow:
            seen = all(may_each(uow, who, Action.WRITEBACK_READ, [(p.id, None) for p in people]))
        if seen:  # pushing is no leave to read
            preview_table(console(stderr=True), found, desk)
        _confirm(f"Write {found.changes} values?", yes=yes, as_json=as_json)
    for problem in found.problems:
        console(stderr=True).print(problem, style="red")
    return desk.begin(found, who.name, {"learner": learner, "cohort": cohort, "to": list(to or ())})


def _work(shown: App, desk: WriteBack, run: str, *, queue: bool, as_json: bool) -> None:
    from ascertain.cli.writeback_views import reasons, report_lines
    from ascertain.pipeline.write_back_push import push as work

    if queue:
        from ascertain.jobs.outgoing import enqueue_push
        from ascertain.jobs.queue import JobQueue
        from ascertain.jobs.server import open_queue

        with closing(open_queue(shown.settings)) as handle:
            ticket = enqueue_push(JobQueue(handle, shown.settings), run)
        emit({"run": run, "job": ticket}, as_json, lambda c: c.print(f"{run}: {ticket.state} as {ticket.id}"))
        return
    report = work(desk, run)
    with shown.units(write=False) as uow:
        why = reasons(uow.outbox.rows(run))
    emit({**_plain(report), "reasons": why}, as_json, lambda c: report_lines(c, report, why))
    if report.problems or any(report.totals.get(s) for s in ("failed", "rejected")):
        raise typer.Exit(ConnectorError.exit_code)


def _switch(actor: str | None, reason: str, *, on: bool, as_json: bool) -> None:
    from ascertain.pipeline.write_back_switch import turn

    shown = opened()
    switch = turn(shown.units, shown.clock, asking(shown, actor).name, reason, on=on)
    word = "on again" if on else f"paused by {switch.actor}: {switch.reason}"
    emit(switch, as_json, lambda c: c.print(f"write-back is {word}"))


def _confirm(question: str, *, yes: bool, as_json: bool) -> None:
    if yes:
        return
    if as_json or not sys.stdin.isatty():
        raise ConfigError("nobody is there to ask", remedy="say --yes")
    typer.confirm(question, abort=True, err=True)


def _plain(value: Any) -> dict[str, Any]:
    from ascertain.domain.canonical import plain

    found: dict[str, Any] = plain(value)
    return found
