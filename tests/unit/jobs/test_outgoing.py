"""The jobs of what goes out: queued once, by a person or by the clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ascertain.errors import ConfigError
from ascertain.jobs import outgoing
from ascertain.jobs.queue import JobQueue
from ascertain.jobs.schedule import Scheduler, read_schedules
from ascertain.jobs.server import QueueHandle, open_queue
from ascertain.jobs.worker import HANDLERS
from ascertain.settings import Settings

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", _env_file=None)  # type: ignore[call-arg]


@pytest.fixture
def handle(settings: Settings) -> Iterator[QueueHandle]:
    found = open_queue(settings)
    yield found
    found.close()


def test_the_clock_queues_each_task_once(tmp_path: Path, settings: Settings, handle: QueueHandle) -> None:
    file = tmp_path / "schedules.yaml"
    file.write_text(
        "schedules:\n"
        "  messages: {cron: '*/15 * * * *', task: notify, priority: low}\n"
        "  compare: {cron: '0 * * * *', task: reconcile}\n"
    )
    scheduler = Scheduler(handle, settings, read_schedules(file))
    assert scheduler.tick(NOON) == []
    fired = scheduler.tick(NOON + timedelta(hours=1))
    assert [(f.name, f.ticket.state) for f in fired] == [("messages", "queued"), ("compare", "queued")]
    assert scheduler.tick(NOON + timedelta(hours=1)) == []
    jobs = {j.func_name: tuple(j.args) for q in handle.queues.values() for j in q.jobs}
    assert jobs == {outgoing.NOTIFY: ("schedule:messages",), outgoing.RECONCILE: ("schedule:compare",)}


@pytest.mark.parametrize("entry", ["task: notify, cohort: all", "task: sweep", "task: dance"])
def test_tasks_that_make_no_sense_are_named(tmp_path: Path, entry: str) -> None:
    file = tmp_path / "schedules.yaml"
    file.write_text(f"schedules: {{n: {{cron: '0 0 * * *', {entry}}}}}\n")
    with pytest.raises(ConfigError, match=r"schedules\.n"):
        read_schedules(file)


def test_a_push_is_queued_once_and_the_worker_knows_it(settings: Settings, handle: QueueHandle) -> None:
    jobs = JobQueue(handle, settings)
    assert [outgoing.enqueue_push(jobs, "w1").state for _ in range(2)] == ["queued", "already"]
    assert handle.queue.count == 1
    assert {outgoing.PUSH, outgoing.NOTIFY, outgoing.RECONCILE} <= HANDLERS
