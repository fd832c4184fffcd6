"""Workers that are killed, stopped, overrun and lied to."""

from __future__ import annotations

import os
import pickle
import signal
import time
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from rq import Worker
from rq.serializers import DefaultSerializer, PickleSerializer

from ascertain.errors import ConfigError
from ascertain.jobs import worker as worker_module
from ascertain.jobs.queue import JobQueue
from ascertain.jobs.server import Priority, open_queue
from ascertain.jobs.worker import run_worker
from tests.integration.job_harness import (
    dead,
    job_queue,
    last_log,
    runs,
    settings_in,
    submit,
    wait_for,
    work_off,
    worker_process,
)


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[JobQueue]:
    with job_queue(settings_in(tmp_path)) as jobs:
        yield jobs


def horse_of(folder: Path, name: str) -> int:
    """The process that runs the job ``name``, once it runs."""
    file = folder / f"{name}.pid"
    wait_for(lambda: file.exists() and len(file.read_text().split()) == 2)
    return int(file.read_text().split()[0])


def test_killed_worker_and_horse_every_job_is_done_exactly_once(jobs: JobQueue, tmp_path: Path) -> None:
    names = [f"n{i}" for i in range(6)]
    for name in names:
        submit(jobs, "hold" if name == "n2" else "mark", tmp_path, name, retry=(1, 1))
    with worker_process(jobs.settings) as worker:
        horse = horse_of(tmp_path, "n2")
        os.kill(worker.pid, signal.SIGKILL)
        os.kill(horse, signal.SIGKILL)
        wait_for(lambda: dead(horse))
    assert jobs.progress(names) == {"queued": 3, "running": 1, "retrying": 0, "done": 2, "failed": 0, "gone": 0}
    (tmp_path / "go").touch()
    begun = time.monotonic()
    work_off(jobs.settings)
    assert time.monotonic() - begun < 10, "a dead worker's job is picked up at once"
    assert {n: runs(tmp_path, n) for n in names} == dict.fromkeys(names, 1)
    assert jobs.progress(names)["done"] == 6
    assert not list((tmp_path / "home" / "queue" / "workers").iterdir())
    assert not jobs.handle.connection.keys("ascertain:lease:*")


def test_a_living_worker_takes_over_from_a_killed_one(jobs: JobQueue, tmp_path: Path) -> None:
    submit(jobs, "hold", tmp_path, "n", retry=(1,))
    with worker_process(jobs.settings) as first:
        horse = horse_of(tmp_path, "n")
        with worker_process(jobs.settings, MAINTENANCE_SECONDS=1):
            os.kill(first.pid, signal.SIGKILL)
            os.kill(horse, signal.SIGKILL)
            (tmp_path / "go").touch()
            wait_for(lambda: jobs.progress(["n"])["done"] == 1)
    assert runs(tmp_path, "n") == 1


def test_an_orphaned_horse_finishes_and_its_job_is_not_run_twice(jobs: JobQueue, tmp_path: Path) -> None:
    submit(jobs, "hold", tmp_path, "n")
    with worker_process(jobs.settings) as worker:
        horse = horse_of(tmp_path, "n")
        os.kill(worker.pid, signal.SIGKILL)
    submit(jobs, "mark", tmp_path, "other")
    work_off(jobs.settings)
    assert (runs(tmp_path, "n"), runs(tmp_path, "other")) == (0, 1)
    (tmp_path / "go").touch()
    wait_for(lambda: dead(horse))
    work_off(jobs.settings)
    assert jobs.progress(["n"])["done"] == 1
    assert runs(tmp_path, "n") == 1


def test_a_job_that_kills_its_worker_each_time_fails_in_the_end(jobs: JobQueue, tmp_path: Path) -> None:
    submit(jobs, "hold", tmp_path, "n", retry=(1,))
    for _ in range(2):
        (tmp_path / "n.pid").unlink(missing_ok=True)
        with worker_process(jobs.settings) as worker:
            horse = horse_of(tmp_path, "n")
            os.kill(worker.pid, signal.SIGKILL)
            os.kill(horse, signal.SIGKILL)
            wait_for(lambda pid=horse: dead(pid))  # type: ignore[misc]
    work_off(jobs.settings)
    assert [(f.id, "no try is left" in f.error) for f in jobs.failures()] == [("n", True)]


def test_a_killed_horse_is_tried_again_until_its_tries_are_used_up(jobs: JobQueue, tmp_path: Path) -> None:
    submit(jobs, "suicide", tmp_path, "n", retry=(1,))
    work_off(jobs.settings)
    assert runs(tmp_path, "n") == 2
    assert "terminated unexpectedly" in jobs.failures()[0].error


def test_the_timeout_stops_a_job_that_catches_every_exception(jobs: JobQueue, tmp_path: Path) -> None:
    submit(jobs, "stubborn", tmp_path, "n", timeout=1)
    begun = time.monotonic()
    work_off(jobs.settings)
    assert time.monotonic() - begun < 6
    assert jobs.failures()[0].error.endswith("JobHardTimeout: Task exceeded maximum timeout value (1 seconds)")
    assert runs(tmp_path, "n.caught") == runs(tmp_path, "n") == 0


def test_a_job_deaf_to_its_alarm_is_killed(jobs: JobQueue, tmp_path: Path) -> None:
    submit(jobs, "deaf", tmp_path, "n", timeout=1)
    log = work_off(jobs.settings, MONITOR_SECONDS=1, KILL_GRACE=0)
    assert "ignores its time-out" in log
    assert "terminated unexpectedly" in jobs.failures()[0].error
    assert runs(tmp_path, "n") == 0


def test_sigterm_finishes_the_running_job_and_leaves_the_rest(jobs: JobQueue, tmp_path: Path) -> None:
    submit(jobs, "hold", tmp_path, "n")
    with worker_process(jobs.settings) as worker:
        horse_of(tmp_path, "n")
        submit(jobs, "mark", tmp_path, "later")
        worker.send_signal(signal.SIGTERM)
        wait_for(lambda: "warm shut down" in last_log(jobs.settings))
        (tmp_path / "go").touch()
        assert worker.wait(20) == 0
    assert (runs(tmp_path, "n"), runs(tmp_path, "later")) == (1, 0)
    assert jobs.progress(["later"])["queued"] == 1


def test_a_second_sigterm_stops_at_once_and_gives_the_job_back_unblamed(jobs: JobQueue, tmp_path: Path) -> None:
    submit(jobs, "hold", tmp_path, "n")
    with worker_process(jobs.settings) as worker:
        horse = horse_of(tmp_path, "n")
        worker.send_signal(signal.SIGTERM)
        wait_for(lambda: "warm shut down" in last_log(jobs.settings))
        time.sleep(1.05)  # RQ takes two signals within a second for one
        worker.send_signal(signal.SIGTERM)
        worker.wait(20)
    assert dead(horse)
    assert jobs.progress(["n"])["queued"] == 1
    (tmp_path / "go").touch()
    work_off(jobs.settings)
    assert runs(tmp_path, "n") == 1


def test_an_idle_worker_wakes_at_once_and_stops_at_once(jobs: JobQueue, tmp_path: Path) -> None:
    with worker_process(jobs.settings) as worker:
        wait_for(lambda: "Listening" in last_log(jobs.settings))
        submit(jobs, "mark", tmp_path, "n")
        wait_for(lambda: runs(tmp_path, "n") == 1, seconds=5)
        worker.send_signal(signal.SIGINT)
        assert worker.wait(5) == 0


def test_several_processes_share_the_work_and_end_together(jobs: JobQueue, tmp_path: Path) -> None:
    names = [f"n{i}" for i in range(2)]
    for name in names:
        submit(jobs, "hold", tmp_path, name)
    with worker_process(jobs.settings, processes=2) as supervisor:
        for name in names:
            horse_of(tmp_path, name)
        parents = {int((tmp_path / f"{n}.pid").read_text().split()[1]) for n in names}
        assert len(parents) == 2, "both run at the same time, each in a worker of its own"
        assert supervisor.pid not in parents
        (tmp_path / "go").touch()
        wait_for(lambda: jobs.progress(names)["done"] == 2)
        victim = min(parents)
        os.kill(victim, signal.SIGKILL)
        wait_for(lambda: "starting another" in last_log(jobs.settings))
        supervisor.send_signal(signal.SIGTERM)
        assert supervisor.wait(20) == 0
    assert all(dead(p) for p in parents)


def test_children_do_not_outlive_a_killed_supervisor(jobs: JobQueue, tmp_path: Path) -> None:
    submit(jobs, "hold", tmp_path, "n")
    with worker_process(jobs.settings, processes=2) as supervisor:
        horse_of(tmp_path, "n")
        worker = int((tmp_path / "n.pid").read_text().split()[1])
        (tmp_path / "go").touch()
        supervisor.kill()
        supervisor.wait()
        wait_for(lambda: dead(worker))
    assert jobs.progress(["n"])["done"] == 1


@pytest.mark.parametrize("processes", [1, 2])
def test_the_server_dies_under_a_worker(jobs: JobQueue, tmp_path: Path, processes: int) -> None:
    with worker_process(jobs.settings, processes=processes):
        wait_for(lambda: "Listening" in last_log(jobs.settings))
        pid_file = tmp_path / "home" / "queue" / "valkey.pid"
        killed = pid_file.read_text()
        os.kill(int(killed), signal.SIGKILL)
        wait_for(lambda: pid_file.read_text() not in (killed, ""))
        submit(jobs, "mark", tmp_path, "n")
        wait_for(lambda: jobs.progress(["n"])["done"] == 1)


def test_only_this_products_handlers_are_run(jobs: JobQueue, tmp_path: Path) -> None:
    jobs.submit("os.mkdir", (str(tmp_path / "made"),), job_id="evil", timeout=5)
    work_off(jobs.settings)
    assert not (tmp_path / "made").exists()
    assert "'os.mkdir' is not a job of this product" in jobs.failures()[0].error


def test_a_pickled_job_is_never_unpickled_and_stops_nobody(jobs: JobQueue, tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "made"),)

    bomb = pickle.dumps(Bomb())
    connection = jobs.handle.connection
    for name, created_at in (("pickled", "2026-01-01T00:00:00.000000Z"), ("torn", "never")):
        connection.hset(f"rq:job:{name}", "data", zlib.compress(bomb))
        connection.hset(f"rq:job:{name}", "created_at", created_at)
        connection.hset(f"rq:job:{name}", "origin", jobs.handle.queue.name)
        connection.hset(f"rq:job:{name}", "status", "queued")
        connection.rpush(jobs.handle.queue.key, name)
    submit(jobs, "mark", tmp_path, "good")
    work_off(jobs.settings)
    assert runs(tmp_path, "good") == 1
    assert not (tmp_path / "made").exists()
    assert jobs.progress(["pickled", "torn"])["failed"] == 2
    assert [(f.id, f.function) for f in jobs.failures()] == [("pickled", "(not readable)")]


@pytest.mark.parametrize("wrong", [DefaultSerializer, PickleSerializer, None], ids=["default", "pickle", "none"])
@pytest.mark.parametrize("priority", ["high", "default", "low"])
def test_no_worker_starts_on_a_queue_that_is_not_json(
    jobs: JobQueue, monkeypatch: pytest.MonkeyPatch, wrong: Any, priority: Priority
) -> None:
    jobs.submit("os.getpid", (), job_id="waits", timeout=5)
    with closing(open_queue(jobs.settings)) as handle:
        handle.queues[priority].serializer = wrong
        monkeypatch.setattr(worker_module, "open_queue", lambda _: handle)
        with pytest.raises(ConfigError, match=r"serializer: .* is not JSON"):
            run_worker(jobs.settings, burst=True, prepare=lambda _: None)
    assert jobs.progress(["waits"])["queued"] == 1


@pytest.mark.parametrize("wrong", [DefaultSerializer, PickleSerializer], ids=["default", "pickle"])
def test_no_worker_starts_that_is_not_json_itself(jobs: JobQueue, monkeypatch: pytest.MonkeyPatch, wrong: Any) -> None:
    real = Worker.__init__

    def otherwise(self: Worker, *args: Any, **options: Any) -> None:
        real(self, *args, **(options | {"serializer": wrong}))

    monkeypatch.setattr(Worker, "__init__", otherwise)
    with pytest.raises(ConfigError, match=r"serializer: the worker .* is not JSON"):
        run_worker(jobs.settings, burst=True, prepare=lambda _: None)


def test_redis_url_is_taken_out_of_the_workers_environment(jobs: JobQueue, tmp_path: Path) -> None:
    submit(jobs, "environment", tmp_path, "n")
    log = work_off(jobs.settings, env={"REDIS_URL": "redis://somewhere.invalid:6379"})
    assert "REDIS_URL is ignored" in log
    assert jobs.result("n") == {"redis_url": None}


def test_no_processes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="processes: 0"):
        run_worker(settings_in(tmp_path), processes=0)


def test_a_stop_hands_a_long_job_back_when_its_grace_is_over(tmp_path: Path) -> None:
    with job_queue(settings_in(tmp_path, stop_grace=0)) as jobs:
        submit(jobs, "hold", tmp_path, "n")
        with worker_process(jobs.settings, MONITOR_SECONDS=1) as worker:
            horse = horse_of(tmp_path, "n")
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(10) == 0
        assert dead(horse)
        assert jobs.progress(["n"])["queued"] == 1, "handed back, and no try counted"
        assert not jobs.handle.queue.running()


def test_a_limit_holds_over_workers_and_keeps_nothing_else_waiting(tmp_path: Path) -> None:
    with job_queue(settings_in(tmp_path, limits="connection=1")) as jobs:
        for name, lane in (("a", "connection:lms"), ("b", "connection:lms"), ("c", "connection:hris"), ("d", "")):
            submit(jobs, "hold", tmp_path, name)
            jobs.handle.connection.hset(f"rq:job:{name}", "meta", f'{{"lane": "{lane}"}}')
        with worker_process(jobs.settings, processes=4):
            for name in "acd":
                horse_of(tmp_path, name)
            assert jobs.handle.queue.running() == {"connection:lms": 1, "connection:hris": 1, "": 1}
            assert not (tmp_path / "b.pid").exists()
            (tmp_path / "go").touch()
            wait_for(lambda: runs(tmp_path, "b") == 1)
        assert all(runs(tmp_path, n) == 1 for n in "abcd")
