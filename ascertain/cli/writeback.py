"""writeback: preview, push, undo, reconcile, pause, resume, list, show."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ascertain.cli.output import AsJson, emit, opened
from ascertain.errors import ConfigError, ConnectorError, NotFoundError

if TYPE_CHECKING:
    from ascertain.domain.outbox import WritebackRun
    from ascertain.domain.people import Learner
    from ascertain.pipeline.write_back import WriteBack
    from ascertain.runtime import App

app = typer.Typer(help="Accepted skills, back into the systems they came from.", no_args_is_help=True)

Person = Annotated[str | None, typer.Option("--learner", help="Id or e-mail address of one learner.")]
Cohort = Annotated[str, typer.Option("--cohort", help="A department, a job profile id, or `all`.")]
To = Annotated[list[str] | None, typer.Option("--to", help="Only this connection; may be repeated.")]
Actor = Annotated[str | None, typer.Option("--as", help="Who does this (else the login name).")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Queue = Annotated[bool, typer.Option("--queue", help="Hand the writing to the queue.")]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="Id out of `writeback list`.")]


@app.command("preview")
def preview(learner: Person = None, cohort: Cohort = "all", to: To = None, as_json: AsJson = False) -> None:
    """What a push would change, value by value. Reads the systems and writes nothing."""
    from ascertain.cli.writeback_views import preview_table

    shown = opened()
    with shown.write_back(tuple(to or ())) as desk:
        found = desk.preview(_people(shown, learner, cohort))
        emit({"changes": found.changes, **_plain(found)}, as_json, lambda c: preview_table(c, found, desk))


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
    who = _who(actor)
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
    who = _who(actor)
    with shown.write_back() as desk:
        _confirm(f"Undo {run}?", yes=yes, as_json=as_json)
        begun = begin_undo(desk, run, who, force=force)
        if begun is None:
            emit({"run": None, "changes": 0}, as_json, lambda c: c.print("nothing of it is left to undo"))
            return
        _work(shown, desk, begun.id, queue=queue, as_json=as_json)


@app.command("reconcile")
def reconcile(to: To = None, actor: Actor = None, as_json: AsJson = False) -> None:
    """Compare what was written with what the systems hold now and with what is still accepted. Corrects nothing."""
    from ascertain.cli.writeback_views import reconciliation_table
    from ascertain.pipeline.write_back_reconcile import reconcile as compare

    shown = opened()
    with shown.write_back(tuple(to or ())) as desk:
        found = compare(desk, _who(actor))
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
    _switch(_who(actor), reason, on=False, as_json=as_json)


@app.command("resume")
def resume(actor: Actor = None, as_json: AsJson = False) -> None:
    """Allow write-back again. Runs that were stopped go on with `writeback push --run RUN`."""
    _switch(_who(actor), "", on=True, as_json=as_json)


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
def show(run: RunId, as_json: AsJson = False) -> None:
    """One run with every value: what was there, what was written, how far it got."""
    from ascertain.cli.writeback_views import run_table

    with opened().units(write=False) as uow:
        found = uow.outbox.run(run)
        if found is None:
            raise NotFoundError(f"there is no write-back run {run!r}", remedy="`ascertain writeback list` shows them")
        rows = uow.outbox.rows(found.id)
    emit({"run": found, "rows": rows}, as_json, lambda c: run_table(c, found, rows))


def _people(shown: App, learner: str | None, cohort: str) -> list[Learner]:
    from ascertain.pipeline.cases import learner_or_raise
    from ascertain.pipeline.sweep import cohort_or_raise

    with shown.units(write=False) as uow:
        return [learner_or_raise(uow, learner)] if learner else cohort_or_raise(uow, cohort)


def _begin(
    shown: App,
    desk: WriteBack,
    learner: str | None,
    cohort: str,
    to: list[str] | None,
    who: str,
    *,
    yes: bool,
    as_json: bool,
) -> WritebackRun | None:
    from ascertain.cli.output import console
    from ascertain.cli.writeback_views import preview_table

    found = desk.preview(_people(shown, learner, cohort))
    if found.changes and not yes:
        preview_table(console(stderr=True), found, desk)
        _confirm(f"Write {found.changes} values?", yes=yes, as_json=as_json)
    for problem in found.problems:
        console(stderr=True).print(problem, style="red")
    return desk.begin(found, who, {"learner": learner, "cohort": cohort, "to": list(to or ())})


def _work(shown: App, desk: WriteBack, run: str, *, queue: bool, as_json: bool) -> None:
    from ascertain.cli.writeback_views import report_lines
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
    emit(report, as_json, lambda c: report_lines(c, report))
    if report.problems or any(report.totals.get(s) for s in ("failed", "rejected")):
        raise typer.Exit(ConnectorError.exit_code)


def _switch(who: str, reason: str, *, on: bool, as_json: bool) -> None:
    from ascertain.pipeline.write_back_switch import turn

    shown = opened()
    switch = turn(shown.units, shown.clock, who, reason, on=on)
    word = "on again" if on else f"paused by {switch.actor}: {switch.reason}"
    emit(switch, as_json, lambda c: c.print(f"write-back is {word}"))


def _confirm(question: str, *, yes: bool, as_json: bool) -> None:
    if yes:
        return
    if as_json or not sys.stdin.isatty():
        raise ConfigError("nobody is there to ask", remedy="say --yes")
    typer.confirm(question, abort=True, err=True)


def _who(actor: str | None) -> str:
    from ascertain.cli.review import login_name

    return login_name() if actor is None else actor


def _plain(value: Any) -> dict[str, Any]:
    from ascertain.domain.canonical import plain

    found: dict[str, Any] = plain(value)
    return found
