"""The handlers ask the application, and answer in ids."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ascertain import runtime
from ascertain.domain.casefile import Versions
from ascertain.domain.runs import Run, RunState
from ascertain.domain.sweeps import Sweep
from ascertain.jobs.handlers import assess_learner, sweep_cohort
from ascertain.jobs.queue import JobQueue
from ascertain.jobs.server import open_queue
from ascertain.pipeline.assess import Assessed
from ascertain.pipeline.sweep_run import Each, Swept
from ascertain.settings import Settings

PRINT = "ab" * 32


@dataclass
class KnownApp:
    """Stands for the application: assesses each case once, and finds L2 and L3 changed."""

    settings: Settings
    runs: dict[str, Run] = field(default_factory=dict)
    escalated: int = 0

    def escalate(self) -> None:
        self.escalated += 1

    def units(self, *, write: bool = True) -> Any:
        """A store in which nothing is stopped."""
        return nullcontext(SimpleNamespace(switches=SimpleNamespace(get=lambda name: None)))

    def fingerprint(self, learner: str) -> str:
        return PRINT if learner == "L1" else learner.lower().encode().hex().ljust(64, "0")

    def assess(self, learner: str, *, trigger: str, until: float | None = None) -> Assessed:
        new = learner not in self.runs
        if new:
            self.runs[learner] = Run(
                "r1",
                learner,
                self.fingerprint(learner),
                RunState.DONE,
                date(2026, 5, 1),
                Versions("p", "t", "b", "q"),
                trigger,
                datetime(2026, 5, 4, tzinfo=UTC),
            )
        return Assessed(self.runs[learner], new=new)

    def sweep(self, cohort: str, *, trigger: str, hand_on: Each, ident: str) -> Swept:
        self.escalate()
        counted = [hand_on(i) for i in ("L2", "L3")]
        at = datetime(2026, 5, 4, tzinfo=UTC)
        figures = {"due": 2, "unchanged": 7, "queued": counted.count("queued")}
        return Swept(Sweep("s1", cohort, trigger, at, at, queued=True, figures=figures))


@pytest.fixture
def app(tmp_path: Path) -> Iterator[KnownApp]:
    app: Any = KnownApp(Settings(home=tmp_path / "home", _env_file=None))  # type: ignore[call-arg]
    runtime.set_app(app)
    yield app
    runtime.set_app(None)


def test_a_second_run_of_the_job_answers_with_the_first(app: KnownApp) -> None:
    first = assess_learner("L1", PRINT, "cli")
    again = assess_learner("L1", PRINT, "cli")
    assert (first["run"], first["new"], again["new"]) == ("r1", True, False)
    assert {**first, "new": None} == {**again, "new": None}
    assert first["state"] == "done"
    assert first["current"] is True
    json.dumps(first)


def test_a_case_that_changed_while_it_waited_is_assessed_as_it_is_now(app: KnownApp) -> None:
    assert assess_learner("L1", "cd" * 32, "cli")["current"] is False


def test_a_sweep_queues_the_changed_once_and_names_nobody(app: KnownApp) -> None:
    assert sweep_cohort("Sales", "schedule:nightly", "low") == {
        "sweep": "s1",
        "cohort": "Sales",
        "changed": 2,
        "queued": 2,
        "unchanged": 7,
        "no_notice": 0,
        "no_consent": 0,
    }
    assert app.escalated == 1, "a sweep also looks for disputes that are overdue"
    handle = open_queue(app.settings)
    try:
        jobs = JobQueue(handle, app.settings)
        assert jobs.waiting() == {"high": 0, "default": 0, "low": 2}
        waiting = handle.queues["low"].jobs
        assert [tuple(j.args)[::2] for j in waiting] == [("L2", "schedule:nightly"), ("L3", "schedule:nightly")]
        assert all("Ada" not in str(SimpleNamespace(**j.to_dict())) for j in waiting)
        again = sweep_cohort("Sales", "schedule:nightly", "low")
        assert (again["changed"], again["queued"]) == (2, 0)
    finally:
        handle.close()
