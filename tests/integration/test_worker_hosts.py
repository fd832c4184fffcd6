"""Workers of several hosts on one queue: homes, names and clocks of their own."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import rq.job
import rq.registry
import rq.utils
from rq.job import Job, JobStatus
from rq.utils import as_text
from rq.worker import BaseWorker

from ascertain.jobs import leases as leases_module
from ascertain.jobs import worker as worker_module
from ascertain.jobs.leases import Leases
from ascertain.jobs.queue import JobQueue
from ascertain.jobs.server import queue_folder
from ascertain.jobs.worker import CrewWorker
from ascertain.settings import Settings
from tests.integration.job_harness import (
    WorkerProcess,
    dead,
    job_queue,
    runs,
    settings_in,
    submit,
    wait_for,
    work_off,
    worker_process,
)
from tests.integration.test_worker import horse_of

AHEAD = 7200.0
"""Seconds."""


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[JobQueue]:
    with job_queue(settings_in(tmp_path)) as jobs:
        yield jobs


def other_host(jobs: JobQueue, folder: Path, name: str, **more: object) -> Settings:
    """Settings of a host with a home of its own, on the same queue."""
    settings = settings_in(folder / name, queue_url=jobs.handle.url, **more)
    settings.home_dir.mkdir(parents=True, exist_ok=True)
    return settings


def leases_of(jobs: JobQueue) -> Leases:
    return Leases(jobs.handle.connection, list(jobs.handle.queues.values()), queue_folder(jobs.settings) / "workers")


def kill_all(worker: WorkerProcess, horse: int) -> None:
    os.kill(worker.pid, signal.SIGKILL)
    os.kill(horse, signal.SIGKILL)
    wait_for(lambda: dead(horse))


@contextmanager
def two_hours_ahead(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process's clock, wherever RQ and the queue look at it."""
    seconds, now = rq.utils.current_timestamp, rq.utils.now

    def later_seconds() -> int:
        return seconds() + int(AHEAD)

    def later() -> datetime:
        return now() + timedelta(seconds=AHEAD)

    with monkeypatch.context() as m:
        m.setattr(rq.registry, "current_timestamp", later_seconds)
        m.setattr(leases_module, "current_timestamp", later_seconds)
        m.setattr(rq.job, "now", later)
        m.setattr(leases_module, "now", later)
        yield


def test_two_hosts_share_the_work_and_each_limit(tmp_path: Path) -> None:
    with job_queue(settings_in(tmp_path, limits="connection=1")) as jobs:
        for n in range(8):
            submit(jobs, "mark", tmp_path, f"n{n}")
        for name, lane in (("a", "connection:lms"), ("b", "connection:lms"), ("c", "connection:hris")):
            submit(jobs, "hold", tmp_path, name)
            jobs.handle.connection.hset(f"rq:job:{name}", "meta", f'{{"lane": "{lane}"}}')
        elsewhere = other_host(jobs, tmp_path, "two", limits="connection=1")
        with worker_process(jobs.settings, processes=2), worker_process(elsewhere, processes=2):
            try:
                for name in "ac":
                    horse_of(tmp_path, name)
                wait_for(lambda: jobs.progress([f"n{n}" for n in range(8)])["done"] == 8)
                # a job is done a moment before its lane is given back
                wait_for(lambda: jobs.handle.queue.running() == {"connection:lms": 1, "connection:hris": 1})
                assert not (tmp_path / "b.pid").exists()
                wait_for(lambda: jobs.workers() == 4)
                for home in (jobs.settings, elsewhere):
                    assert len(list((queue_folder(home) / "workers").iterdir())) == 2
            finally:
                (tmp_path / "go").touch()  # no job of a test that failed must wait for ever
            wait_for(lambda: runs(tmp_path, "b") == 1)
        assert all(runs(tmp_path, n) == 1 for n in [*"abc", *(f"n{i}" for i in range(8))])


def test_what_a_dead_host_held_is_taken_over_once_its_sign_of_life_has_run_out(jobs: JobQueue, tmp_path: Path) -> None:
    submit(jobs, "hold", tmp_path, "n", retry=(1,))
    with worker_process(other_host(jobs, tmp_path, "two")) as elsewhere:
        kill_all(elsewhere, horse_of(tmp_path, "n"))
    leases = leases_of(jobs)
    assert leases.recover() == [], "its lock is not here, and it may be alive"
    (name,) = jobs.handle.connection.smembers(leases.workers_key)
    key = BaseWorker.redis_worker_namespace_prefix + as_text(name)
    assert 0 < int(jobs.handle.connection.ttl(key)) <= 120, "the sign of life ends by itself"
    jobs.handle.connection.delete(key)
    (tmp_path / "go").touch()
    work_off(jobs.settings)
    assert (runs(tmp_path, "n"), jobs.progress(["n"])["done"]) == (1, 1)


def test_whoever_died_at_a_job_is_told_of_before_anybody_takes_it_up(jobs: JobQueue, tmp_path: Path) -> None:
    submit(jobs, "hold", tmp_path, "n", retry=(1, 1))
    with worker_process(jobs.settings) as worker:
        kill_all(worker, horse_of(tmp_path, "n"))
    told: list[tuple[str, bool]] = []
    leases = leases_of(jobs)
    leases.on_death = lambda job: told.append((job.id, jobs.handle.queue.count > 0))
    assert leases.recover() == ["n"]
    assert told == [("n", False)], "though it has a try left"
    assert jobs.handle.queue.count == 1


def test_a_job_that_is_handed_back_is_told_of(jobs: JobQueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "killed", lambda job: (tmp_path / "told").write_text(job.id))
    submit(jobs, "hold", tmp_path, "n")
    settings = jobs.settings.model_copy(update={"stop_grace": 0})
    with worker_process(settings, MONITOR_SECONDS=1) as worker:
        horse_of(tmp_path, "n")
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(15) == 0
    assert (tmp_path / "told").read_text() == "n"
    assert jobs.progress(["n"])["queued"] == 1


def test_a_host_whose_clock_is_ahead_takes_no_job_from_a_living_worker(
    jobs: JobQueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(jobs, "hold", tmp_path, "n", retry=(1,))
    with worker_process(jobs.settings):
        horse_of(tmp_path, "n")
        other = CrewWorker(jobs.handle, leases_of(jobs))
        with two_hours_ahead(monkeypatch):
            other.clean_registries()
        job = Job.fetch("n", connection=jobs.handle.connection, serializer=jobs.handle.queue.serializer)
        assert (job.get_status(), job.retries_left) == (JobStatus.STARTED, 1)
        (tmp_path / "go").touch()
        wait_for(lambda: jobs.progress(["n"])["done"] == 1)
    assert runs(tmp_path, "n") == 1


def test_a_job_that_nobody_holds_any_more_is_still_given_up(
    jobs: JobQueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue's server lost the lease, not the job: RQ's own maintenance is for that."""
    submit(jobs, "hold", tmp_path, "n", retry=(1,))
    with worker_process(jobs.settings) as worker:
        kill_all(worker, horse_of(tmp_path, "n"))
    for key in jobs.handle.connection.keys("ascertain:lease:*"):
        jobs.handle.connection.delete(key)
    with two_hours_ahead(monkeypatch):
        CrewWorker(jobs.handle, leases_of(jobs)).clean_registries()
    assert jobs.progress(["n"])["retrying"] == 1


def test_another_try_comes_in_time_though_the_failing_host_is_two_hours_ahead(
    jobs: JobQueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(jobs, "mark", tmp_path, "n", retry=(1,))
    job = Job.fetch("n", connection=jobs.handle.connection, serializer=jobs.handle.queue.serializer)
    jobs.handle.connection.lrem(jobs.handle.queue.key, 0, "n")
    with two_hours_ahead(monkeypatch), jobs.handle.connection.pipeline() as pipe:
        job.retry(jobs.handle.queue, pipe)
        pipe.execute()
    assert jobs.progress(["n"])["retrying"] == 1
    work_off(jobs.settings)
    assert runs(tmp_path, "n") == 1


def test_a_job_that_found_the_database_away_is_tried_again(jobs: JobQueue, tmp_path: Path) -> None:
    submit(jobs, "away", tmp_path, "n", retry=(1, 1))
    work_off(jobs.settings)
    assert runs(tmp_path, "n.away") == 3
    assert jobs.failed() == 1
