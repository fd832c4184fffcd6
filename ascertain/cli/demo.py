"""demo, sandbox, doctor."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ascertain.cli.demo_people import MARK
from ascertain.cli.output import AsJson, console, emit, opened
from ascertain.errors import ConfigError, ConflictError, ConnectorError, RunError

if TYPE_CHECKING:
    from rich.console import Console

    from ascertain.runtime import App

START = "tobias.ehrenfeld@fjordlane.example"
"""A manager of the company, whose desk is worth a first look."""


def demo(
    out: Annotated[Path, typer.Option("--out", help="Where to write the HTML report.")] = Path("report.html"),
    processes: Annotated[int, typer.Option(min=1, max=16, help="Worker processes.")] = 2,
) -> None:
    """The whole walk on a demonstration company: sandbox LMS, HRIS and tracker, queue, agents, human review, report.

    Real HTTP, a real queue and forked workers, all on this machine and without any key. The company's managers are
    invented: they decide about part of what waits. Safe to repeat: the second time nothing has changed, so nothing is
    assessed or decided again.
    """
    from ascertain.cli.demo_rights import withdraw_consent
    from ascertain.cli.showcase import show
    from ascertain.paths import CONFIG_DIR
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
        agreed = json.loads((CONFIG_DIR / "demo" / "notice.json").read_text(encoding="utf-8"))
        _opt_in(app, agreed)
        _sync(app, c)
        _tell(app, c, agreed)
        c.print(f"  {withdraw_consent(app)}", soft_wrap=True)
        c.rule("3  the queue: one job a learner, five agents each")
        c.print("  evidence collector → taxonomy mapper → gap analyst → learning-path curator → reviewer")
        _assess(app, c, processes)
        c.rule("4  humans decide")
        _decide(app, c)
    c.rule("5  what came out")
    show(app, c)
    size = write_report(app, out)
    c.rule("6  go on")
    command = _command()
    c.print(f"report: {out.absolute()} ({size / 1024:.0f} kB, opens in any browser)")
    c.print(f"look around with {command}: profile ID, gaps --cohort Data, path ID, review list, explain ID")
    c.print(f"in a browser: {command} serve")
    c.print(f"and to sign in there: {command} access link {START}", soft_wrap=True)
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


def _opt_in(app: App, agreed: dict[str, Any]) -> None:
    """The company's yes to reviews; the people's own answers come from the HR system."""
    from ascertain.pipeline.consent import say_for_all, topics

    say_for_all(
        app.units,
        app.clock,
        topics(agreed["sources"], "source"),
        given=True,
        actor=MARK,
        reason=agreed["reason"],
        text_version=agreed["text_version"],
        on=date.fromisoformat(agreed["on"]),
    )


def _tell(app: App, c: Console, agreed: dict[str, Any]) -> None:
    """The company's notice to its people, without which nobody is assessed."""
    from ascertain.pipeline.notice import record_notice

    record_notice(
        app.units,
        app.clock,
        cohort="all",
        on=date.fromisoformat(agreed["on"]),
        text_version=agreed["text_version"],
        channel=agreed["channel"],
        representatives_on=date.fromisoformat(agreed["representatives_on"]),
        joiners=True,
        actor=MARK,
    )
    c.print(
        f"  everybody was told on {agreed['on']} (`notice list`); "
        "reviews count where the person agrees (`consent list --source reviews`)",
        soft_wrap=True,
    )


def _decide(app: App, c: Console) -> None:
    """What the demonstration's invented people do, a line each."""
    from ascertain.cli import (
        demo_mentors,
        demo_onboard,
        demo_paths,
        demo_people,
        demo_rights,
        demo_steward,
        demo_succession,
        demo_talent,
    )

    with c.status("the demonstration's managers review"):
        demo_people.decide_reviews(app)
    lines = [demo_people.summary(app), *demo_people.alarms(app)]
    lines.append("what they think is made up: calibration and agreement made from it say nothing about the product")
    lines += [demo_rights.open_dispute(app), demo_rights.ask_for_correction(app)]
    lines += [demo_rights.approve_path(app), demo_paths.sync_paths(app), demo_rights.import_labels(app)]
    with c.status("looking what the evidence says about tags and the taxonomy"):
        lines += demo_steward.lines(app)
    lines += demo_talent.lines(app)
    lines += demo_succession.lines(app)
    lines += demo_mentors.lines(app)
    with c.status("drafting the first 90 days of new hires"):
        lines += demo_onboard.lines(app)
    for line in filter(None, lines):
        c.print(f"  {line}", soft_wrap=True)


def _sync(app: App, c: Console) -> None:
    from rich.text import Text

    from ascertain.cli.render import sync_table

    with c.status("pulling") as status:
        report = app.sync(progress=lambda e: status.update(Text(f"pulling {e.connector} {e.entity.value}: {e.pulled}")))
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
        columns = (
            TextColumn("  {task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
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
    from rich.text import Text

    from ascertain.cli.doctor import examine
    from ascertain.settings import load_settings

    checks = examine(load_settings(), opened)

    def render(c: Console) -> None:
        colours = {"ok": "green", "warning": "yellow", "failed": "red"}
        for check in checks:
            state = (f"{check.state:>9}", colours[check.state])
            c.print(Text.assemble(state, f"  {check.name}: {check.detail}"), soft_wrap=True)
            if check.remedy:
                c.print(f"           remedy: {check.remedy}", soft_wrap=True)

    emit(checks, as_json, render)
    if any(check.state == "failed" for check in checks):
        raise typer.Exit(1)
