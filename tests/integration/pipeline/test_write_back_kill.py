"""Each write happens once, however the process that makes it dies, and however many work on the run."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from ascertain.domain.outbox import OutboxState
from ascertain.pipeline.write_back_push import push
from ascertain.sandbox.company import build_company
from ascertain.sandbox.docebo import DoceboOptions
from ascertain.sandbox.faults import Fault
from ascertain.sandbox.server import Sandbox
from tests.integration.pipeline.world import World
from tests.integration.pipeline.writing import LoggedCompany, docebo, home, learners, settle, skill

ROOT = Path(__file__).resolve().parents[3]
CHILD = [sys.executable, "-m", "tests.integration.pipeline.write_back_child"]


@pytest.fixture
def lms() -> Iterator[Sandbox]:
    company = LoggedCompany(build_company())
    with Sandbox(
        systems=("docebo",), company=company, options={"docebo": DoceboOptions(hourly_budget=None)}
    ) as sandbox:
        yield sandbox


@pytest.fixture
def url(lms: Sandbox) -> str:
    return lms.environment()["ASCERTAIN_DOCEBO_URL"]


@pytest.fixture
def company(lms: Sandbox) -> LoggedCompany:
    assert isinstance(lms.company, LoggedCompany)
    return lms.company


@pytest.fixture
def planned(world: World, url: str, company: LoggedCompany) -> str:
    """A run with a row for each of thirty users."""
    accounts = [str(p.docebo_id) for p in company.current.learners][:30]
    people = {f"P{n:02}": account for n, account in enumerate(accounts)}
    settle(world.store, people, *(skill(p, s) for p in people for s in ("sql", "python")))
    return plan(world, url)


def plan(world: World, url: str) -> str:
    writing = home(world.store, docebo(url))
    preview = writing.preview(learners(world.store))
    assert preview.problems == ()
    run = writing.begin(preview, "ops")
    assert run is not None
    return run.id


def child(world: World, url: str, run: str, *more: str) -> subprocess.Popen[str]:
    database = f"sqlite:///{world.file}"
    return subprocess.Popen([*CHILD, database, url, run, *more], cwd=ROOT, stdout=subprocess.PIPE, text=True)


def each_once(company: LoggedCompany) -> None:
    assert Counter(user for user, _ in company.log) == dict.fromkeys(company.shown(), 1)
    assert set(company.log) == {(u, v) for u, v in company.shown().items()}
    assert len(company.log) == 30


@pytest.mark.parametrize(("at", "when"), [("7", "before"), ("30", "after")])
def test_killed_at_the_worst_moment(
    world: World, url: str, company: LoggedCompany, planned: str, at: str, when: str
) -> None:
    dead = child(world, url, planned, at, when)
    dead.communicate(timeout=60)
    assert dead.returncode == -9
    seen = len(company.log)
    assert seen == int(at) - (when == "before")
    with world.store.units(write=False) as uow:
        assert [r.state for r in uow.outbox.rows(planned, [OutboxState.WRITING])] == [OutboxState.WRITING]
    report = push(home(world.store, docebo(url)), planned)
    assert (report.finished, report.totals) == (True, {"written": 30})
    each_once(company)
    assert world.actions().count("writeback.written") == 30


def test_killed_again_and_again_at_random(
    world: World, lms: Sandbox, url: str, company: LoggedCompany, planned: str
) -> None:
    chance, kills = random.Random(20260504), 0
    company.pause = 0.02
    for _ in range(20):
        lms.faults["docebo"].inject(Fault("slow", times=1, path="/manage/v1/user/", seconds=0.05))
        running = child(world, url, planned)
        assert running.stdout is not None
        enough = chance.randint(3, 12)
        lines = []
        for line in running.stdout:
            lines.append(line.strip())
            if len(lines) == enough:
                running.kill()
        running.wait(timeout=60)
        running.stdout.close()
        kills += running.returncode == -9
        if lines and lines[-1] == "finished":
            break
    assert kills >= 2
    report = push(home(world.store, docebo(url)), planned)
    assert (report.finished, report.totals) == (True, {"written": 30})
    each_once(company)


def test_two_that_work_on_one_run_at_once_write_once(
    world: World, url: str, company: LoggedCompany, planned: str
) -> None:
    both = [child(world, url, planned) for _ in range(2)]
    said = [p.communicate(timeout=60)[0].splitlines() for p in both]
    assert any(s[-1] == "finished" for s in said)
    each_once(company)
    again = child(world, url, planned)
    assert again.communicate(timeout=60)[0].splitlines() == ["finished"]
    each_once(company)
