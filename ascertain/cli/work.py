"""sync, assess, sweep, worker, schedule."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from ascertain.cli.actor import Actor, asking
from ascertain.cli.output import AsJson, console, emit, opened
from ascertain.domain.permission import Action
from ascertain.errors import ConfigError, ConnectorError
from ascertain.logs import set_up

if TYPE_CHECKING:
    from rich.console import Console

    from ascertain.jobs.queue import JobQueue
    from ascertain.pipeline.ingest_report import EntityReport
    from ascertain.runtime import App

Queue = Annotated[bool, typer.Option("--queue", help="Hand the work to the queue instead of doing it here.")]
Estimate = Annotated[
    bool, typer.Option("--estimate", help="Only say what it would take: calls, tokens, money, time. Starts nothing.")
]
Force = Annotated[bool, typer.Option("--force", help="Look at everybody again, changed or not.")]


def sync(
    only: Annotated[list[str] | None, typer.Option("--only", help="Name of a connection; may be repeated.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Pull everything again instead of what changed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Pull from the connected systems what changed, turn it into evidence, tag new content.

    Safe to repeat and to stop: each page is stored with its cursor, and a record that cannot be used goes to
    quarantine with its reason while the rest goes on.
    """
    from rich.control import Control
    from rich.segment import ControlType

    from ascertain.cli.render import sync_table

    app = opened()
    out = console(stderr=True)

    def progress(e: EntityReport) -> None:
        if not as_json and out.is_terminal:
            of = f" of {e.approx_total}" if e.approx_total else ""
            out.print(f"  {e.connector} {e.entity.value}: {e.pulled}{of}", end="")
            out.control(Control(ControlType.CARRIAGE_RETURN))

    report = app.sync(names=tuple(only or ()), full=full, progress=progress)
    tags = app.tag()
    emit({"sync": report.to_json(), "tagging": tags}, as_json, lambda c: sync_table(c, report, tags))
    if not report.ok:
        raise typer.Exit(ConnectorError.exit_code)


def assess(
    learner: Annotated[str | None, typer.Option("--learner", help="Id or e-mail address of one learner.")] = None,
    cohort: Annotated[str | None, typer.Option("--cohort", help="A department, a job profile id, or `all`.")] = None,
    queue: Queue = False,
    force: Force = False,
    estimate: Estimate = False,
    compare: Annotated[
        bool, typer.Option("--compare", help="Show what the model added to what the rules find; for one learner.")
    ] = False,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Let the five agents weigh a learner's or a cohort's evidence, and decide in code. Same result with --queue.

    A case that was assessed before is not assessed again: same inputs, same fingerprint, no new work.
    """
    if (learner is None) == (cohort is None):
        raise ConfigError("give either --learner or --cohort", remedy="ascertain assess --learner ID")
    if compare and (learner is None or queue or estimate):
        raise ConfigError("--compare is for one --learner, now", remedy="ascertain assess --learner ID --compare")
    app = opened()
    if compare:
        _compare(app, actor, str(learner), as_json=as_json)
    elif estimate:
        _estimate(app, actor, learner or "", cohort or "", force=force, as_json=as_json)
    elif learner is not None:
        _assess_one(app, _whom(app, actor, learner), queue=queue, as_json=as_json)
    else:
        _must_be_permitted(app, actor, str(cohort))
        _sweep(app, str(cohort), "assess", queue=queue, force=force, as_json=as_json)


def sweep(
    cohort: Annotated[str, typer.Option("--cohort", help="A department, a job profile id, or `all`.")] = "all",
    queue: Queue = False,
    force: Force = False,
    estimate: Estimate = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the last sweep of this cohort that was killed or stopped.")
    ] = False,
    reports: Annotated[bool, typer.Option("--reports", help="Only show the last sweeps. Starts nothing.")] = False,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Assess those of a cohort whose case has changed since their last run; the others cost next to nothing.

    A report of each sweep is kept: whom it looked at, who was due, what that was expected to take, what came of it.
    """
    app = opened()
    if reports:
        _reports(app, actor, as_json=as_json)
        return
    if estimate:
        _estimate(app, actor, "", cohort, force=force, as_json=as_json)
        return
    _must_be_permitted(app, actor, cohort)
    _sweep(app, cohort, "sweep", queue=queue, force=force, as_json=as_json, resume=resume)


def worker(
    processes: Annotated[int, typer.Option(min=1, max=64, help="Worker processes on this machine.")] = 1,
    burst: Annotated[bool, typer.Option("--burst", help="Stop when the queue is empty.")] = False,
) -> None:
    """Work on the queue until stopped (Ctrl-C or SIGTERM finish the running jobs first)."""
    from ascertain.jobs.worker import run_worker
    from ascertain.settings import load_settings

    settings = load_settings()
    set_up(settings.log_level, settings.log_format)  # of .env too
    run_worker(settings, processes=processes, burst=burst)


def schedule(
    once: Annotated[bool, typer.Option("--once", help="Enqueue what is due now and stop.")] = False,
    as_json: AsJson = False,
) -> None:
    """Enqueue the sweeps of config/schedules.yaml when they are due, and events of webhooks that are still open; of any
    number of schedulers one is elected, and nothing is enqueued twice."""
    from ascertain.jobs.killed import end_lost_runs
    from ascertain.jobs.receiving import enqueue_open
    from ascertain.jobs.schedule import run_scheduler
    from ascertain.pipeline.stop import is_stopped

    app = opened()
    set_up(app.settings.log_level, app.settings.log_format)

    def also(jobs: JobQueue) -> None:
        enqueue_open(app.units, jobs, app.clock)
        end_lost_runs(app, jobs)

    fired = run_scheduler(
        app.settings,
        once=once,
        also=also,
        stopped=lambda: is_stopped(app.units),
    )

    def render(c: Console) -> None:
        for f in fired:
            c.print(f"{f.slot.isoformat()}  {f.name}: {f.ticket.state}")
        if not fired:
            c.print("nothing was due")

    emit({"fired": fired}, as_json, render)


def _reports(app: App, actor: str | None, *, as_json: bool) -> None:
    from ascertain.cli.sweep_views import sweep_reports
    from ascertain.pipeline.permit import demand

    with app.units(write=False) as uow:
        demand(uow, asking(app, actor), Action.SYSTEM_RUN)
        found = uow.sweeps.recent(20)
    emit(found, as_json, lambda c: sweep_reports(c, found))


def _estimate(app: App, actor: str | None, learner: str, cohort: str, *, force: bool, as_json: bool) -> None:
    """What it would take, as the page and the API say it."""
    from ascertain.service.starting import estimate_runs

    found = estimate_runs(app, asking(app, actor), learner, cohort, force=force)

    def render(c: Console) -> None:
        c.print(f"{found['due']} of {found['people']} would be assessed, {found['unchanged']} have not changed")
        _kept_back(c, found["no_notice"], found["no_consent"])
        if found["blocked"]:
            c.print(f"cannot be assessed: {found['blocked']}", style="yellow", soft_wrap=True)
        c.print(f"brain: {found['brain']}", soft_wrap=True)
        if found["tokens"] is not None:
            money = "no price is known" if found["usd"] is None else f"{found['usd']:.4g} USD"
            c.print(f"about {found['calls']:.0f} calls, {found['tokens']:,.0f} tokens, {money}")
        if found["seconds"] is not None:
            c.print(f"about {found['seconds']:.0f} s of one worker")
        if found["rests_on"]:
            c.print(f"by the middle one of {found['rests_on']} runs that ended well with this brain", style="dim")
        elif found["walked"]:
            c.print(
                f"by walking {found['walked']} of the cases without asking the model; repairs come on top", style="dim"
            )
        elif found["due"]:
            c.print("nothing is known to go by yet, and the brain asks no endpoint", style="dim")

    emit(found, as_json, render)


def _whom(app: App, actor: str | None, learner: str) -> str:
    from ascertain.pipeline.permit import permitted_learner

    who = asking(app, actor)
    with app.units(write=False) as uow:
        return permitted_learner(uow, who, Action.ASSESS_RUN, learner).id


def _must_be_permitted(app: App, actor: str | None, cohort: str) -> None:
    from ascertain.pipeline.permit import all_permitted

    who = asking(app, actor)
    with app.units(write=False) as uow:
        all_permitted(uow, who, Action.ASSESS_RUN, uow.people.cohort(cohort))


def _assess_one(app: App, learner: str, *, queue: bool, as_json: bool) -> None:
    if queue:
        data: dict[str, Any] = _enqueue(app, [learner], "assess")
        emit(data, as_json, lambda c: _queued(c, data))
        return
    done = app.assess(learner, trigger="cli")
    data = {"run": done.run.id, "new": done.new, "learner": done.run.learner_id, "outcome": done.run.outcome}

    def render(c: Console) -> None:
        states = ", ".join(f"{n} {s.replace('_', ' ')}" for s, n in done.run.outcome.get("states", {}).items())
        word = "assessed" if done.new else "assessed before, nothing changed"
        c.print(f"{done.run.learner_id}: {word} ({states or 'no assertions'})  run {done.run.id}")

    emit(data, as_json, render)


def _compare(app: App, actor: str | None, learner: str, *, as_json: bool) -> None:
    """Assess, unless that has been done, and show what the model added: whoever asks must be allowed to read it too."""
    from ascertain.cli.compare_views import addition_json, addition_view
    from ascertain.pipeline.access import note_access
    from ascertain.pipeline.beside import addition
    from ascertain.pipeline.permit import permitted_learner

    who = asking(app, actor)
    whom = _whom(app, actor, learner)
    with app.units(write=False) as uow:
        permitted_learner(uow, who, Action.EXPLAIN, whom)
    run = app.assess(whom, trigger="cli").run
    with app.units(write=False) as uow:
        found = addition(uow, run, app.bundle.taxonomy)
    note_access(app.units, who.name, "explain", [run.learner_id])
    emit(addition_json(found) | {"learner": run.learner_id}, as_json, lambda c: addition_view(c, found))


def _sweep(
    app: App, cohort: str, trigger: str, *, queue: bool, force: bool, as_json: bool, resume: bool = False
) -> None:
    from contextlib import ExitStack

    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from ascertain.cli.sweep_views import sweep_lines
    from ascertain.jobs.queue import JobQueue
    from ascertain.jobs.server import open_queue
    from ascertain.pipeline.sweep_run import unfinished

    goes_on = unfinished(app.units, app.clock, cohort, queued=queue) if resume else None
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        ExitStack() as stack,
        Progress(*columns, console=console(stderr=True), disable=as_json, transient=True) as bar,
    ):
        jobs = JobQueue(stack.enter_context(closing(open_queue(app.settings))), app.settings) if queue else None

        def enqueue(learner_id: str) -> str:
            now = app.fingerprint(learner_id)
            return cast(JobQueue, jobs).enqueue_assessment(learner_id, now, trigger=trigger, again=True).state

        task = bar.add_task(f"{'queueing' if queue else 'assessing'} {cohort}", total=None)
        report = app.sweep(
            cohort,
            trigger=trigger,
            force=force,
            hand_on=enqueue if queue else None,
            unfinished=goes_on,
            progress=lambda i, n, _: bar.update(task, completed=i, total=n),
        )
    sweep = report.sweep

    def render(c: Console) -> None:
        sweep_lines(c, sweep)
        _kept_back(c, sweep.figures["no_notice"], sweep.figures["no_consent"])
        for f in report.failures:
            c.print(f"  {f.learner_id}: {f.error}", style="red")

    data = {"sweep": sweep.id, "cohort": cohort, "state": sweep.state, **sweep.figures, "failures": report.failures}
    emit(data, as_json, render)
    if sweep.figures.get("failed"):
        raise typer.Exit(7)


def _kept_back(c: Console, no_notice: int, no_consent: int) -> None:
    if no_notice:
        c.print(
            f"{no_notice} not assessed: no notice to them is on record, or it is not old enough "
            "(`ascertain notice missing`, `ascertain notice record`)",
            style="yellow",
            soft_wrap=True,
        )
    if no_consent:
        c.print(
            f"{no_consent} not assessed: assessment is refused for them (`ascertain consent show ID`)", style="yellow"
        )


def _enqueue(app: App, learners: list[str], trigger: str, *, due: bool = False) -> dict[str, Any]:
    """``due``: the store has no run of the present case, so a job that finished earlier does not count."""
    from ascertain.jobs.queue import JobQueue
    from ascertain.jobs.server import open_queue

    with closing(open_queue(app.settings)) as handle:
        jobs = JobQueue(handle, app.settings)
        tickets = []
        for text in learners:
            now = app.assessor.present(text)
            tickets.append(jobs.enqueue_assessment(now.learner.id, now.fingerprint, trigger=trigger, again=due))
        queued = [t.id for t in tickets if t.state == "queued"]
        return {"queued": queued, "already": len(tickets) - len(queued)}


def _queued(c: Console, data: dict[str, Any]) -> None:
    c.print(f"{len(data['queued'])} queued, {data['already']} queued or done before. `ascertain worker` works on them.")
