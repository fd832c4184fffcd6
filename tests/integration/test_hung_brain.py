"""An endpoint that takes a call and never answers, inside a real worker: the job ends in time, by name, and the next
one is done."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import text

from agents.brains.models import ROLES, Budgets, DayLimits, EmbeddedConfig, EndpointConfig
from ascertain import runtime
from ascertain.domain.casefile import CaseFile
from ascertain.domain.findings import CrewFindings
from ascertain.domain.ports import CrewServices
from ascertain.domain.runs import Run, RunState
from ascertain.jobs import worker
from ascertain.jobs.queue import ASSESS
from ascertain.pipeline.assess_ends import KILLED
from ascertain.pipeline.roles import read_roles
from ascertain.prompts import read_prompts
from ascertain.runtime import App, open_app
from ascertain.settings import Settings
from crews.learner import AgentCrew
from tests.agreed import tell_everybody
from tests.integration import job_handlers
from tests.integration.job_harness import job_queue, runs, settings_in, submit, wait_for
from tests.integration.pipeline.world import ANN, BOB, CHI, course, exam

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:crewai")

SILENT, DEAF = 12, 2
"""Seconds that the two jobs may take: the first has to come to its endpoint in that time."""
SPARE = 5.0
"""Seconds after which, on top of those, the worker is free whatever hangs."""


@contextmanager
def silent_endpoint() -> Iterator[tuple[str, list[float]]]:
    """A socket that accepts and never answers: its address, and when it was called."""
    server = socket.create_server(("127.0.0.1", 0))
    called: list[float] = []
    kept: list[socket.socket] = []

    def accept() -> None:
        while True:
            try:
                kept.append(server.accept()[0])
            except OSError:
                return
            called.append(time.monotonic())

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/v1", called
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)
        for each in kept:
            each.close()


def deaf(self: AgentCrew, case: CaseFile, services: CrewServices) -> CrewFindings:
    """A crew that hangs in code, and hears no alarm."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
    time.sleep(120)
    raise AssertionError("never")


def work(settings: Settings, url: str, log: Path) -> None:
    """A worker. The first agent follows rules and the others ask the endpoint, but for Bob, whose crew is deaf."""
    with log.open("w") as sink:
        os.dup2(sink.fileno(), 1)
        os.dup2(sink.fileno(), 2)
    hung = EndpointConfig(kind="openai", model="silent", base_url=url, timeout_s=60, attempts=3)
    team = dict.fromkeys(ROLES, hung) | {"evidence_collector": EmbeddedConfig(kind="embedded")}
    app = open_app(settings)
    app.__dict__["crew"] = AgentCrew(team, read_prompts(), Budgets(day=DayLimits(calls=100)))
    runtime.set_app(app)
    app.warm()
    real = AgentCrew.run

    def run(self: AgentCrew, case: CaseFile, services: CrewServices) -> CrewFindings:
        return (deaf if case.pseudonym == app.pseudonyms.pseudonym("E2") else real)(self, case, services)

    with patch.object(AgentCrew, "run", run):
        handlers = worker.HANDLERS | job_handlers.ALL
        worker.run_worker(settings, burst=True, prepare=lambda _: None, handlers=handlers, stopped=lambda: False)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    made = open_app(settings_in(tmp_path))
    with made.units() as uow:
        role = read_roles()[0].id
        uow.people.upsert([replace(ANN, job_profile_id=role), replace(BOB, job_profile_id=role), CHI])
        uow.contents.upsert([course("sql-101", "SQL for analysts", description="Write SQL queries with joins.")])
        uow.evidence.upsert([exam(title="SQL for analysts"), exam("e-bob", "E2", title="SQL for analysts")])
        uow.commit()
    tell_everybody(made.units)
    yield made
    made.close()


def the_run(app: App, learner: str) -> tuple[Run, dict[str, Any]]:
    """The one run of somebody, with its documents."""
    with app.store._own().read.connect() as connection:
        ((run,),) = connection.execute(text("SELECT id FROM runs WHERE learner_id = :l"), {"l": learner}).all()
    with app.units(write=False) as uow:
        found = uow.runs.get(run)
        assert found is not None
        return found, uow.runs.documents(run, ("claims", "picks"))


def test_each_job_ends_in_time_and_by_name_and_the_next_one_is_done(app: App, tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    with silent_endpoint() as (url, called), job_queue(app.settings) as jobs:
        for learner, limit in (("E1", SILENT), ("E2", DEAF)):
            jobs.submit(ASSESS, (learner, "f", "test"), job_id=learner, timeout=limit, retry_after=())
        submit(jobs, "mark", tmp_path, "next")
        process = multiprocessing.get_context("spawn").Process(target=work, args=(app.settings, url, log))
        process.start()
        try:
            times = [
                _when(lambda: jobs.progress(["E1"])["running"] == 1),
                _when(lambda: jobs.progress(["E2"])["running"] == 1),
                _when(lambda: runs(tmp_path, "next") == 1),
            ]
            wait_for(lambda: process.exitcode is not None)
        finally:
            process.kill()
        assert jobs.progress(["E1", "E2", "next"])["failed"] == 2, log.read_text()
        assert jobs.progress(["next"])["done"] == 1
    silent, killed = (b - a for a, b in pairwise(times))
    print(
        f"silent endpoint: limit {SILENT} s, free at {silent:.1f} s; deaf code: limit {DEAF} s, free at {killed:.1f} s"
    )
    assert silent < SILENT + SPARE, log.read_text()
    assert killed < DEAF + SPARE, log.read_text()

    run, documents = the_run(app, "E1")
    assert (run.state, len(called)) == (RunState.BUDGET_EXHAUSTED, 1), log.read_text()
    assert "used up its time" in run.outcome["error"]
    assert documents["claims"], "what the first agent had found is kept"
    assert app.store.purse().admit({"calls": 1}) == "calls", "the call that was given up counts for the day"
    assert app.store.purse().admit({"calls": 2}) == "", "and so does no other"
    run, documents = the_run(app, "E2")
    assert (run.state, run.outcome["error"], documents) == (RunState.FAILED, KILLED, {})
    assert run.finished_at is not None
    with app.units(write=False) as uow:
        assert uow.assertions.all() == [], "nothing is asserted of either"
        assert [r.action for r in uow.audit.records()].count("run.failed") == 2


def _when(what: Callable[[], bool]) -> float:
    wait_for(what, seconds=90)
    return time.monotonic()
