"""One command stops all that works by itself: workers, a running push, a sweep, messages, the schedule, the API."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ascertain import runtime
from ascertain.domain.access import Scope
from ascertain.domain.sweeps import SweepState
from ascertain.domain.writeback import WriteResult
from ascertain.errors import InputError
from ascertain.jobs import worker
from ascertain.jobs.receiving import enqueue_open
from ascertain.jobs.schedule import run_scheduler
from ascertain.jobs.server import open_queue
from ascertain.pipeline.keys import create_key
from ascertain.pipeline.stop import Stopped, is_stopped, turn_everything
from ascertain.pipeline.write_back_push import push
from ascertain.runtime import App, open_app
from ascertain.settings import Settings
from tests.agreed import tell_everybody
from tests.integration import job_handlers
from tests.integration.command import call, granted
from tests.integration.job_harness import job_queue, runs, settings_in, submit, wait_for
from tests.integration.pipeline.writing import Board, Clock, everything, home, settle, skill
from tests.integration.service.harness import SigningConnector, serving, signed, told
from tests.integration.service.test_webhooks import problem

SECONDS = 3.0
"""Within which everything stands still."""


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    made = open_app(settings_in(tmp_path))
    yield made
    runtime.set_app(None)
    made.close()


def switch(app: App, *, on: bool) -> None:
    turn_everything(app.units, app.clock, "zoe", "" if on else "an incident", on=on)


def work(settings: Settings) -> None:
    """A worker that asks the real switch."""
    app = open_app(settings)
    runtime.set_app(app)
    worker.run_worker(
        settings, prepare=lambda _: None, handlers=job_handlers.ALL, stopped=lambda: is_stopped(app.units)
    )


def test_a_real_worker_takes_no_job_until_work_goes_on(app: App, tmp_path: Path) -> None:
    with job_queue(app.settings) as jobs:
        process = multiprocessing.get_context("fork").Process(target=work, args=(app.settings,))
        process.start()
        try:
            submit(jobs, "mark", tmp_path, "before")
            wait_for(lambda: runs(tmp_path, "before") == 1)
            submit(jobs, "hold", tmp_path, "running")
            wait_for(lambda: (tmp_path / "running.pid").exists())
            granted(app.settings.home_dir, "zoe", "admin")
            answer = call("stop", "--reason", "an incident", "--as", "zoe", home=app.settings.home_dir)
            assert answer.code == 0, answer
            submit(jobs, "mark", tmp_path, "meanwhile")
            (tmp_path / "go").touch()
            wait_for(lambda: runs(tmp_path, "running") == 1)  # a job that runs ends by itself
            time.sleep(SECONDS)
            assert runs(tmp_path, "meanwhile") == 0
            assert jobs.progress(["meanwhile"])["queued"] == 1
            assert call("resume", "--as", "zoe", home=app.settings.home_dir).code == 0
            begun = time.monotonic()
            wait_for(lambda: runs(tmp_path, "meanwhile") == 1)
            assert time.monotonic() - begun < SECONDS
        finally:
            process.terminate()
            process.join(20)
            process.kill()


@dataclass
class SlowBoard(Board):
    """Takes its time over each write."""

    begun: threading.Event = field(default_factory=threading.Event)

    def write(self, *args: Any, **kwargs: Any) -> WriteResult:
        self.begun.set()
        time.sleep(0.3)
        return super().write(*args, **kwargs)


def test_a_running_push_ends_before_its_next_value_and_goes_on_later(app: App) -> None:
    people = {f"P{i}": str(i) for i in range(20)}
    settle(app.store, people, *(skill(p, "sql") for p in people), system="board")
    board = SlowBoard()
    writing = home(app.store, board)
    run = writing.begin(writing.preview(everything(app.store)), "ops")
    assert run is not None
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(push(writing, run.id)))
    thread.start()
    assert board.begun.wait(10)
    switch(app, on=False)
    stopped_at = time.monotonic()
    thread.join(20)
    assert time.monotonic() - stopped_at < SECONDS
    assert (found[0].paused, found[0].finished) == (True, False)
    assert len(board.calls) < 5
    with pytest.raises(Stopped, match="an incident"):
        push(writing, run.id)
    switch(app, on=True)
    calm = Board(values=board.values, calls=board.calls)
    assert push(home(app.store, calm), run.id).totals == {"written": 20}
    assert len(board.calls) == 20


def test_messages_a_sweep_and_an_assessment_do_nothing(app: App) -> None:
    settle(app.store, {"P1": "1"}, system="board")
    switch(app, on=False)
    for refused in (lambda: app.sweep("all", trigger="t"), lambda: app.assess("P1", trigger="t")):
        with pytest.raises(Stopped):
            refused()
    with app.units(write=False) as uow:
        assert [r.action for r in uow.audit.records()][-1] == "everything.switched"


def test_a_sweep_that_runs_ends_at_its_next_person(app: App) -> None:
    settle(app.store, {f"P{i}": str(i) for i in range(4)}, system="board")
    tell_everybody(app.units)
    seen: list[int] = []

    def after(i: int, n: int, learner: object) -> None:
        seen.append(i)
        switch(app, on=False)

    report = app.sweep("all", trigger="t", force=True, progress=after)
    assert (seen, report.sweep.state, report.sweep.figures["assessed"]) == ([1], SweepState.STOPPED, 1)


def test_the_schedule_and_the_inbox_queue_nothing(app: App, tmp_path: Path) -> None:
    file = tmp_path / "schedules.yaml"
    file.write_text("schedules:\n  often: {cron: '* * * * *', cohort: all}\n")
    settings = app.settings.model_copy(update={"schedules_file": file})
    first, later = datetime(2026, 5, 4, 12, 0, tzinfo=UTC), datetime(2026, 5, 4, 12, 5, tzinfo=UTC)
    with job_queue(settings) as jobs:
        held = lambda: is_stopped(app.units)  # noqa: E731
        run_scheduler(settings, once=True, now=first, stopped=held)
        switch(app, on=False)
        assert run_scheduler(settings, once=True, now=later, stopped=held) == []
        assert enqueue_open(app.units, jobs, app.clock) == []
        assert jobs.waiting() == {"high": 0, "default": 0, "low": 0}
        switch(app, on=True)
        assert len(run_scheduler(settings, once=True, now=later, stopped=held)) == 1


def test_the_service_records_webhooks_and_answers_503(app: App) -> None:
    _, secret = create_key(app.units, app.clock, "lms", [Scope.INFER], actor="zoe")
    switch(app, on=False)
    with serving(app, SigningConnector()) as served, served.client() as client:
        body = told("e1", "e2")
        assert client.post("/v1/webhooks/lms", content=body, headers=signed(body)).status_code == 202
        headers = {"Authorization": f"Bearer {secret}"}
        for prefer in ({}, {"Prefer": "respond-async"}):
            answer = client.post("/v1/skills/infer", json={}, headers={**headers, **prefer})
            assert "stopped" in problem(answer, 503)
            assert int(answer.headers["retry-after"]) >= 60
            assert "incident" not in answer.text
        time.sleep(1.5)  # the dispatcher has looked, more than once
        assert len(served.events()) == 2
        handle = open_queue(app.settings)
        try:
            assert sum(q.count for q in handle.queues.values()) == 0
            switch(app, on=True)
            wait_for(lambda: handle.queues["high"].count == 1)
        finally:
            handle.close()


def test_a_stop_needs_a_name_and_a_reason(app: App) -> None:
    for actor, reason in (("", "x"), ("zoe", " ")):
        with pytest.raises(InputError):
            turn_everything(app.units, Clock(), actor, reason, on=False)
    assert not is_stopped(app.units)
