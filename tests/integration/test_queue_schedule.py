"""The scheduler on the real queue: each slot once, missed ones made up for once."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ascertain.errors import ConfigError
from ascertain.jobs import schedule
from ascertain.jobs.election import Election
from ascertain.jobs.queue import JobQueue
from ascertain.jobs.schedule import Fired, Scheduler, read_schedules, run_scheduler
from tests.integration.job_harness import job_queue, settings_in, wait_for

START = datetime(2026, 5, 4, 12, 0, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[JobQueue]:
    file = tmp_path / "schedules.yaml"
    file.write_text("schedules: {often: {cron: '*/5 * * * *', cohort: Sales, priority: low}}")
    with job_queue(settings_in(tmp_path, schedules_file=file)) as jobs:
        yield jobs


def once(jobs: JobQueue, now: datetime) -> list[Fired]:
    return run_scheduler(jobs.settings, once=True, now=now)


def test_a_new_entry_starts_with_its_next_slot(jobs: JobQueue) -> None:
    assert once(jobs, START) == []
    assert once(jobs, START + 4 * MINUTE) == []
    fired = once(jobs, START + 5 * MINUTE)
    assert [(f.name, f.slot, f.ticket.state) for f in fired] == [
        ("often", datetime(2026, 5, 4, 12, 5, tzinfo=UTC), "queued")
    ]
    assert once(jobs, START + 6 * MINUTE) == []
    assert jobs.waiting() == {"high": 0, "default": 0, "low": 1}


def test_the_job_is_json_and_names_cohort_and_priority(jobs: JobQueue) -> None:
    once(jobs, START)
    (fired,) = once(jobs, START + 5 * MINUTE)
    raw: dict[bytes, bytes] = jobs.handle.connection.hgetall(f"rq:job:{fired.ticket.id}")  # type: ignore[assignment]
    assert json.loads(zlib.decompress(raw[b"data"])) == [
        "ascertain.jobs.handlers.sweep_cohort",
        None,
        ["Sales", "schedule:often", "low"],
        {},
    ]


def test_missed_slots_are_made_up_for_once(jobs: JobQueue) -> None:
    once(jobs, START)
    later = START + timedelta(days=3, minutes=2)
    assert [f.slot for f in once(jobs, later)] == [datetime(2026, 5, 7, 12, 0, tzinfo=UTC)]
    assert once(jobs, later + MINUTE) == []
    assert len(once(jobs, later + 3 * MINUTE)) == 1


def test_a_clock_set_back_repeats_nothing(jobs: JobQueue) -> None:
    once(jobs, START)
    assert len(once(jobs, START + 60 * MINUTE)) == 1
    assert once(jobs, START + 30 * MINUTE) == []
    assert once(jobs, START + 62 * MINUTE) == []


def test_two_schedulers_queue_each_slot_once(jobs: JobQueue) -> None:
    once(jobs, START)
    slots = 40
    found: list[Fired] = []
    barrier = threading.Barrier(2)

    def scheduler() -> None:
        with job_queue(jobs.settings) as own:
            mine = Scheduler(own.handle, own.settings, read_schedules(own.settings.schedules_file))
            for i in range(1, slots + 1):
                barrier.wait(10)
                found.extend(mine.tick(START + 5 * i * MINUTE))

    threads = [threading.Thread(target=scheduler) for _ in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    queued = [f.slot for f in found if f.ticket.state == "queued"]
    assert len(queued) == len(set(queued)) == slots
    assert jobs.waiting()["low"] == slots


def test_a_scheduler_that_dies_between_queueing_and_remembering_queues_nothing_twice(jobs: JobQueue) -> None:
    once(jobs, START)
    before = jobs.handle.connection.hget("ascertain:schedule", "often")
    assert before is not None
    once(jobs, START + 5 * MINUTE)
    jobs.handle.connection.hset("ascertain:schedule", "often", before)
    assert [f.ticket.state for f in once(jobs, START + 6 * MINUTE)] == ["already"]
    assert jobs.waiting()["low"] == 1


def test_it_runs_by_the_clock_and_stops_on_sigterm(jobs: JobQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = read_schedules(jobs.settings.schedules_file)["often"]
    due = entry.last_slot(datetime.now(UTC))
    earlier = int((due - timedelta(minutes=5)).timestamp())
    jobs.handle.connection.hset("ascertain:schedule", "often", earlier)  # as if the last one had been missed
    process = multiprocessing.get_context("fork").Process(target=run_scheduler, args=(jobs.settings,))
    process.start()
    assert process.pid is not None
    wait_for(lambda: jobs.waiting()["low"] >= 1)
    os.kill(process.pid, signal.SIGTERM)
    process.join(10)
    assert process.exitcode == 0


def test_one_scheduler_is_elected_and_another_takes_over_when_it_is_killed(
    jobs: JobQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Election.__init__, "__defaults__", (0.6,))
    connection, key = jobs.handle.connection, "ascertain:scheduler"
    context = multiprocessing.get_context("fork")
    both = [context.Process(target=run_scheduler, args=(jobs.settings,)) for _ in range(2)]
    for process in both:
        process.start()
    wait_for(lambda: connection.get(key) is not None)
    first = (connection.get(key) or b"").decode()  # type: ignore[union-attr]
    elected = next(p for p in both if f"-{p.pid}-" in first)
    standby = next(p for p in both if p is not elected)
    assert standby.pid is not None
    elected.kill()
    wait_for(lambda: f"-{standby.pid}-".encode() in (connection.get(key) or b""))
    os.kill(standby.pid, signal.SIGTERM)
    standby.join(10)
    assert standby.exitcode == 0
    assert connection.get(key) is None, "it resigned: nobody has to wait"


def test_it_naps_until_the_next_slot_at_most(jobs: JobQueue) -> None:
    scheduler = Scheduler(jobs.handle, jobs.settings, read_schedules(jobs.settings.schedules_file))
    assert scheduler.nap(START) == schedule.LONGEST_NAP
    assert scheduler.nap(datetime(2026, 5, 4, 12, 4, 50, tzinfo=UTC)) == pytest.approx(10)


def test_now_is_for_a_single_look(jobs: JobQueue) -> None:
    with pytest.raises(ConfigError, match="now:"):
        run_scheduler(jobs.settings, now=START)
    with pytest.raises(ConfigError, match="now:"):
        run_scheduler(jobs.settings, once=True, now=START.replace(tzinfo=None))
