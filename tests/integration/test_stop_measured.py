"""How long it takes after `ascertain stop` until nothing happens any more: real workers, a real queue, a sandbox LMS
that is being written to, a receiver of messages, assessments that wait and a schedule. The seconds are printed."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ascertain import runtime
from ascertain.jobs import worker
from ascertain.jobs.outgoing import HANDLERS, NOTIFY, enqueue_push
from ascertain.jobs.queue import ASSESS
from ascertain.jobs.schedule import run_scheduler
from ascertain.jobs.server import Priority
from ascertain.pipeline.stop import is_stopped
from ascertain.runtime import App, open_app
from ascertain.sandbox.company import build_company
from ascertain.sandbox.docebo import DoceboOptions
from ascertain.sandbox.server import Sandbox
from ascertain.settings import Settings
from tests.agreed import tell_everybody
from tests.integration.command import call, granted
from tests.integration.job_harness import job_queue, settings_in, wait_for
from tests.integration.pipeline.world import ScriptedCrew, exam
from tests.integration.pipeline.writing import LoggedCompany, everything, settle, skill
from tests.integration.test_cli_writeback import CONNECTIONS

BOUND = 10.0
"""Seconds after which nothing may happen any more, on a machine however slow."""
QUIET = 2.0
"""Seconds that are watched after the last effect."""
PEOPLE = 60
UNDER_WAY = 120.0
"""Seconds within which each kind of work has begun."""
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OUTGOING = """
notifications:
  webhooks:
    - {name: crm, url: "http://127.0.0.1:PORT/in", secrets: [CRM_SECRET], allow_private: true, allow_http: true}
"""
FIRED = "fired"
"""File with a line for each time that the schedule queued something."""
UNDER_WAY_FILE = "under-way"
"""File that tells the workers' processes that every kind of work is under way."""
OFTEN = "schedules:\n  often: {cron: '* * * * *', cohort: all}\n"


class Pace:
    """Lets a first few through quickly and then holds back, until every kind of work is under way: else the kind that
    begins first could be over before the last has begun."""

    def __init__(self) -> None:
        self.all_under_way = threading.Event()

    def wait(self, done: int) -> None:
        time.sleep(0.1) if done < 5 else self.all_under_way.wait(4.0)
        time.sleep(0.1 if self.all_under_way.is_set() else 0.0)


class TimedCompany(LoggedCompany):
    """Notes when it was written to."""

    def __init__(self, pace: Pace, *args: object) -> None:
        super().__init__(*args)
        self.pace = pace
        self.times: list[float] = []

    def write_fields(self, docebo_id: int, values: dict[str, str]) -> None:
        super().write_fields(docebo_id, values)
        self.pace.wait(len(self.times))
        self.times.append(time.time())


@contextmanager
def receiver(pace: Pace) -> Iterator[tuple[int, list[float]]]:
    """Takes messages at that pace: its port, and when they came."""
    times: list[float] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            pace.wait(len(times))
            times.append(time.time())
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1], times
    finally:
        server.shutdown()
        server.server_close()


def work(settings: Settings) -> None:
    """A worker with the product's own handlers and switch; its crew follows a script, half a second a person (three
    until all is under way)."""
    app = open_app(settings)
    swing = settings.home_dir / UNDER_WAY_FILE
    app.__dict__["crew"] = ScriptedCrew(meanwhile=lambda: time.sleep(0.5 if swing.exists() else 3.0))
    runtime.set_app(app)
    _ = app.assessor
    worker.run_worker(
        settings,
        prepare=lambda _: None,
        handlers=worker.HANDLERS | HANDLERS,
        processes=3,
        stopped=lambda: is_stopped(app.units),
    )


def schedule(settings: Settings) -> None:
    """The schedule, whose every second is a minute's slot, so that it is always due."""
    app = open_app(settings)
    now = datetime.now(UTC).replace(second=0)
    while True:
        now = now.replace(minute=(now.minute + 1) % 60)
        if run_scheduler(settings, once=True, now=now, stopped=lambda: is_stopped(app.units)):
            with (settings.home_dir / FIRED).open("a") as file:
                file.write(f"{time.time()}\n")
        time.sleep(0.3)


def test_after_a_stop_nothing_happens_within_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pace = Pace()
    company = TimedCompany(pace, build_company())
    options = {"docebo": DoceboOptions(hourly_budget=None)}
    with receiver(pace) as (port, told), Sandbox(systems=("docebo",), company=company, options=options) as lms:
        for name, value in (lms.environment() | {"CRM_SECRET": SECRET}).items():
            monkeypatch.setenv(name, value)
        files = {"connectors.yaml": CONNECTIONS, "outgoing.yaml": OUTGOING.replace("PORT", str(port))}
        files["schedules.yaml"] = OFTEN
        for name, content in files.items():
            (tmp_path / name).write_text(content)
        chosen = {f"{n.partition('.')[0]}_file": tmp_path / n for n in files}
        settings = settings_in(tmp_path, **chosen)
        app = open_app(settings)
        try:
            run = prepared(app, company)
            took = stopped(app, run, company, told)
        finally:
            runtime.set_app(None)
            app.close()
    print("seconds from the stop to the last effect: " + ", ".join(f"{k} {v:.2f}" for k, v in took.items()))
    assert max(took.values()) < BOUND


def prepared(app: App, company: LoggedCompany) -> str:
    """People with accepted skills and something new to assess, and a write-back run; its id."""
    people = {f"P{n:02}": str(p.docebo_id) for n, p in enumerate(company.current.learners[:PEOPLE])}
    settle(app.store, people, *(skill(p, "sql") for p in people))
    with app.units() as uow:
        uow.evidence.upsert([exam(f"e-{p}", p, title="SQL for analysts") for p in people])
        uow.commit()
    tell_everybody(app.units)
    with app.write_back() as home:
        begun = home.begin(home.preview(everything(app.store)), "ops")
    assert begun is not None
    return begun.id


def stopped(app: App, run: str, company: TimedCompany, told: list[float]) -> dict[str, float]:
    """Seconds from the stop to the last effect of each kind, after all were under way."""
    home, processes_of = app.settings.home_dir, multiprocessing.get_context("spawn")  # threads serve in this process
    granted(home, "zoe", "admin")
    with job_queue(app.settings) as jobs:
        enqueue_push(jobs, run)
        jobs.submit(NOTIFY, ("test",), job_id="notify", timeout=600)
        for n in range(PEOPLE):
            jobs.submit(ASSESS, (f"P{n:02}", "f", "test"), job_id=f"a{n}", timeout=600)
        processes = [
            processes_of.Process(target=work, args=(app.settings,)),
            processes_of.Process(target=schedule, args=(app.settings,)),
        ]
        for process in processes:
            process.start()
        try:
            wait_for(lambda: len(company.times) > 3, seconds=UNDER_WAY)
            wait_for(lambda: len(told) > 3, seconds=UNDER_WAY)
            wait_for(lambda: bool(concluded(app)), seconds=UNDER_WAY)
            wait_for(lambda: len(fired(app)) > 1, seconds=UNDER_WAY)
            company.pace.all_under_way.set()
            (home / UNDER_WAY_FILE).touch()
            time.sleep(0.5)  # in full swing
            asked = time.time()
            answer = call("stop", "--reason", "an incident", "--as", "zoe", home=home)
            at = time.time()
            assert answer.code == 0, answer
            before = counts(app, company, told, jobs.waiting())
            while True:  # until nothing has happened for a while
                time.sleep(QUIET)
                now = counts(app, company, told, jobs.waiting())
                if now == before:
                    break
                before = now
                assert time.time() - at < BOUND + QUIET
            left = jobs.waiting()
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.join(20)
                process.kill()
    assert len(company.times) < PEOPLE, "the push was over before it could be stopped"
    assert len(told) < PEOPLE
    assert sum(left.values()) > 10, "the rest waits"
    last = {"written": company.times, "told": told, "assessed": concluded(app), "queued": fired(app)}
    return {"the command": at - asked} | {k: max(0.0, max(v) - at) for k, v in last.items()}


def concluded(app: App) -> list[float]:
    """When runs were concluded."""
    with app.units(write=False) as uow:
        return [r.at.timestamp() for r in uow.audit.records() if r.action == "run.concluded"]


def fired(app: App) -> list[float]:
    """When the schedule queued something."""
    file = app.settings.home_dir / FIRED
    return [float(line) for line in file.read_text().splitlines()] if file.exists() else []


def counts(app: App, company: TimedCompany, told: list[float], waiting: Mapping[Priority, int]) -> tuple[object, ...]:
    return len(company.times), len(told), len(concluded(app)), len(fired(app)), tuple(waiting.items())
