"""demo, sandbox, doctor."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ascertain.cli.output import AsJson, console, emit, opened
from ascertain.errors import ConfigError, ConflictError, ConnectorError, RunError

if TYPE_CHECKING:
    from rich.console import Console

    from ascertain.runtime import App

MARK = "demonstration"


def demo(
    out: Annotated[Path, typer.Option("--out", help="Where to write the HTML report.")] = Path("report.html"),
    processes: Annotated[int, typer.Option(min=1, max=16, help="Worker processes.")] = 2,
) -> None:
    """The whole walk on a demonstration company: sandbox LMS, HRIS and tracker, queue, five agents, report.

    Real HTTP, a real queue and forked workers, all on this machine and without any key. Safe to repeat: the second
    time nothing has changed, so nothing is assessed again.
    """
    from ascertain.cli.showcase import show
    from ascertain.report import write_report
    from ascertain.sandbox.server import Sandbox

    c = console()
    started = time.monotonic()
    _writable(out)
    with Sandbox() as sandbox:
        os.environ.update(sandbox.environment())
        app = opened()
        _claim_home(app)
        c.rule("1  the sandbox: Docebo, Workday and Jira in dialect, over HTTP")
        for name, url in sandbox.environment().items():
            if name.endswith("_URL"):
                c.print(f"  {name.removeprefix('ASCERTAIN_').removesuffix('_URL').capitalize():8} {url}")
        c.rule("2  sync: pull, normalise, deduplicate, quarantine")
        _sync(app, c)
        c.rule("3  the queue: one job a learner, five agents each")
        c.print("  evidence collector → taxonomy mapper → gap analyst → learning-path curator → reviewer")
        _assess(app, c, processes)
    c.rule("4  what came out")
    show(app, c)
    size = write_report(app, out)
    c.rule("5  go on")
    c.print(f"report: {out.absolute()} ({size / 1024:.0f} kB, opens in any browser)")
    c.print(f"look around with {_command()}: profile ID, gaps --cohort Data, path ID, review list, explain ID")
    c.print(f"done in {time.monotonic() - started:.0f} s", style="dim")


def _writable(out: Path) -> None:
    """Better to know before the work than after it."""
    if out.is_dir() or not os.access(out if out.exists() else out.absolute().parent, os.W_OK):
        raise ConfigError(f"cannot write the report to {out}", remedy="choose another --out")


def _command() -> str:
    """How to call us again: by name where that is found, else by path."""
    if shutil.which("ascertain"):
        return "ascertain"
    path = os.path.relpath(sys.argv[0])
    return path if len(path) < len(sys.argv[0]) else sys.argv[0]


def _claim_home(app: App) -> None:
    """The demonstration never mixes with a real installation's data."""
    mark = app.settings.home_dir / MARK
    if mark.exists():
        return
    with app.units(write=False) as uow:
        if uow.people.all(active_only=False):
            raise ConflictError(
                f"{app.settings.home_dir} holds data that is not the demonstration's",
                remedy="run it elsewhere: ASCERTAIN_HOME=/tmp/ascertain-demo ascertain demo",
            )
    mark.write_text("Made by `ascertain demo`.\n")


def _sync(app: App, c: Console) -> None:
    from ascertain.cli.render import sync_table

    with c.status("pulling") as status:
        report = app.sync(progress=lambda e: status.update(f"pulling {e.connector} {e.entity.value}: {e.pulled}"))
        status.update("mapping the catalogue to skills")
        tags = app.tag()
    sync_table(c, report, tags)
    if not report.ok:
        raise ConnectorError("the sandbox could not be pulled to its end", remedy="see the errors above")


def _assess(app: App, c: Console, processes: int) -> None:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from ascertain.jobs.queue import JobQueue
    from ascertain.jobs.server import open_queue

    with c.status("importing CrewAI and building the crew"):
        plan = app.plan_sweep("all")
    c.print(f"  {len(plan.due)} learners are due, {plan.unchanged} have not changed since their last run")
    if not plan.due:
        return
    with closing(open_queue(app.settings)) as handle:
        jobs = JobQueue(handle, app.settings)
        tickets = [
            jobs.enqueue_assessment(p.id, app.fingerprint(p.id), trigger="demo", again=True).id for p in plan.due
        ]
        log = app.settings.home_dir / "logs"
        log.mkdir(mode=0o700, exist_ok=True)
        with (log / "worker.log").open("ab") as sink:
            command = [sys.executable, "-m", "ascertain", "worker", "--burst", "--processes", str(processes)]
            worker = subprocess.Popen(command, stdout=sink, stderr=sink)
        columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=c) as bar:
            task = bar.add_task("workers start", total=len(tickets))
            while True:
                counts = jobs.progress(tickets)
                over = counts["done"] + counts["failed"] + counts["gone"]
                running = f"{counts['running']} running" if over or counts["running"] else "workers start"
                bar.update(task, completed=over, description=running)
                if over == len(tickets):
                    bar.update(task, description="done")
                    break
                if worker.poll() is not None and jobs.progress(tickets) == counts:
                    raise RunError(f"the worker stopped before the queue was empty; see {log / 'worker.log'}")
                time.sleep(0.2)
        worker.wait(timeout=60)
        failed = jobs.failures()
    for f in failed[:5]:
        c.print(f"  failed: {' '.join(f.arguments[:1])}: {f.error}", style="red", soft_wrap=True)


def sandbox(
    systems: Annotated[
        list[str] | None, typer.Argument(help="Systems to serve, perhaps with a port (docebo=8101); all by default.")
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(help="What goes wrong: SYSTEM:KIND[=VALUE][@PATH], may be repeated (docs/sandbox.md lists them)."),
    ] = None,
    rate: Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of calls and webhooks that a fault hits.")] = 0.1,
    as_json: AsJson = False,
) -> None:
    """Serve the demonstration company in the dialects of its systems until stopped, and print the settings that connect
    to it.

    The matching connections are in config/connectors-sandbox.yaml: point ASCERTAIN_CONNECTORS_FILE at it.
    """
    from ascertain.sandbox.dialects import names
    from ascertain.sandbox.server import Sandbox
    from ascertain.sandbox.switches import parse

    ports: dict[str, int] = {}
    for text in systems or names():
        name, _, port = text.partition("=")
        if port and not port.isdigit():
            raise ConfigError(f"{text!r}: {port!r} is not a port", remedy="write docebo, or docebo=8101")
        ports[name] = int(port or 0)
    trouble = [parse(text, share=rate, served=tuple(ports)) for text in fault or ()]
    with Sandbox(systems=tuple(ports), ports=ports) as servers:
        for hit, what in trouble:
            for name in hit:
                servers.faults[name].inject(replace(what))
        environment = servers.environment()
        emit(environment, as_json, lambda c: c.print("\n".join(f"export {k}={v}" for k, v in environment.items())))
        sys.stdout.flush()
        stop = threading.Event()
        for s in (signal.SIGINT, signal.SIGTERM):
            signal.signal(s, lambda *_: stop.set())
        stop.wait()


def doctor(as_json: AsJson = False) -> None:
    """Find the usual mistakes, and say the remedy (exit code 1 if something failed)."""
    from ascertain.cli.doctor import examine
    from ascertain.settings import load_settings

    checks = examine(load_settings(), opened)

    def render(c: Console) -> None:
        marks: dict[str, Any] = {"ok": "[green]ok[/]", "warning": "[yellow]warning[/]", "failed": "[red]failed[/]"}
        for check in checks:
            c.print(f"{marks[check.state]:>18}  {check.name}: {check.detail}", soft_wrap=True)
            if check.remedy:
                c.print(f"           remedy: {check.remedy}", soft_wrap=True)

    emit(checks, as_json, render)
    if any(check.state == "failed" for check in checks):
        raise typer.Exit(1)
