"""What is queued, once each, and what is told of it; on the real server, with real workers."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from rq.job import Job

from ascertain.errors import ConflictError, InputError, NotFoundError
from ascertain.jobs.queue import FAILURE_TTL, RESULT_TTL, JobQueue
from tests.integration.job_harness import job_queue, runs, settings_in, submit, work_off

PRINT = "ab" * 32


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[JobQueue]:
    with job_queue(settings_in(tmp_path, job_timeout=77)) as jobs:
        yield jobs


def test_the_same_case_is_queued_once(jobs: JobQueue) -> None:
    first = jobs.enqueue_assessment("L1", PRINT, trigger="cli")
    again = jobs.enqueue_assessment("L1", PRINT, trigger="webhook", priority="high")
    other = jobs.enqueue_assessment("L1", "cd" * 32, trigger="cli")
    assert (first.state, again.state, other.state) == ("queued", "already", "queued")
    assert first.id == again.id != other.id
    assert jobs.waiting() == {"high": 0, "default": 2, "low": 0}


def test_many_at_once_queue_one(jobs: JobQueue) -> None:
    with ThreadPoolExecutor(8) as pool:
        states = list(pool.map(lambda _: jobs.enqueue_assessment("L1", PRINT, trigger="cli").state, range(32)))
    assert sorted(states) == ["already"] * 31 + ["queued"]


def test_what_travels_is_json_of_ids_with_limits_set_on_purpose(jobs: JobQueue) -> None:
    ticket = jobs.enqueue_assessment("L1", PRINT, trigger="cli")
    raw: dict[bytes, bytes] = jobs.handle.connection.hgetall(f"rq:job:{ticket.id}")  # type: ignore[assignment]
    name, instance, args, kwargs = json.loads(zlib.decompress(raw[b"data"]))
    assert (name, instance, args, kwargs) == (
        "ascertain.jobs.handlers.assess_learner",
        None,
        ["L1", PRINT, "cli"],
        {},
    )
    assert b"L1" not in raw[b"description"]
    assert int(raw[b"timeout"]) == 77
    assert (int(raw[b"result_ttl"]), int(raw[b"failure_ttl"])) == (RESULT_TTL, FAILURE_TTL)
    assert int(raw[b"retries_left"]) == 2


@pytest.mark.parametrize(
    ("learner", "fingerprint", "trigger", "field"),
    [
        ("L1", "not hex", "cli", "fingerprint"),
        ("Ada Lovelace", PRINT, "cli", "learner_id"),
        ("L1", PRINT, "because I say so", "trigger"),
    ],
)
def test_text_is_refused_by_field(jobs: JobQueue, learner: str, fingerprint: str, trigger: str, field: str) -> None:
    with pytest.raises(InputError) as e:
        jobs.enqueue_assessment(learner, fingerprint, trigger=trigger)
    assert e.value.field == field
    assert jobs.waiting()["default"] == 0


def test_an_unknown_priority_is_refused(jobs: JobQueue) -> None:
    with pytest.raises(InputError, match="priority"):
        jobs.enqueue_assessment("L1", PRINT, trigger="cli", priority="urgent")  # type: ignore[arg-type]


def test_done_jobs_count_as_done_and_tell_their_result(jobs: JobQueue, tmp_path: Path) -> None:
    ids = [submit(jobs, "mark", tmp_path, f"n{i}") for i in range(3)]
    assert jobs.progress(ids)["queued"] == 3
    with pytest.raises(ConflictError, match="has not finished: it is queued"):
        jobs.result(ids[0])
    work_off(jobs.settings)
    assert jobs.progress([*ids, "nobody"]) == {
        "queued": 0,
        "running": 0,
        "retrying": 0,
        "done": 3,
        "failed": 0,
        "gone": 1,
    }
    assert jobs.result(ids[1]) == {"marked": "n1"}
    assert submit(jobs, "mark", tmp_path, "n1") == "n1"
    assert jobs.progress(["n1"])["done"] == 1
    work_off(jobs.settings)
    assert runs(tmp_path, "n1") == 1


def test_high_goes_before_default_before_low(jobs: JobQueue, tmp_path: Path) -> None:
    dotted = "tests.integration.job_handlers.mark"
    for name, priority in (("c", "low"), ("b", "default"), ("a", "high")):
        jobs.submit(dotted, (str(tmp_path), name), job_id=name, priority=priority, timeout=10)  # type: ignore[arg-type]
    work_off(jobs.settings)
    ended = {n: Job.fetch(n, connection=jobs.handle.connection).started_at for n in "abc"}
    assert sorted(ended, key=lambda n: ended[n] or 0) == ["a", "b", "c"]


def test_failures_are_listed_and_requeued_with_all_their_tries(jobs: JobQueue, tmp_path: Path) -> None:
    submit(jobs, "fail", tmp_path, "f", retry=(1,))
    submit(jobs, "hopeless", tmp_path, "h", retry=(1,))
    work_off(jobs.settings)
    assert (runs(tmp_path, "f"), runs(tmp_path, "h")) == (2, 1), "what cannot heal is not tried again"
    failures = {f.id: f for f in jobs.failures()}
    assert failures["f"].error == "RuntimeError: the endpoint is busy"
    assert failures["f"].function.endswith(".fail")
    assert failures["f"].failed_at is not None
    assert "there is no learner L9" in failures["h"].error
    assert jobs.requeue("f").state == "queued"
    with pytest.raises(ConflictError, match="it is queued"):
        jobs.requeue("f")
    assert [f.id for f in jobs.failures()] == ["h"]
    work_off(jobs.settings)
    assert runs(tmp_path, "f") == 4
    with pytest.raises(NotFoundError, match="no job 'nobody'"):
        jobs.requeue("nobody")


def test_a_case_that_failed_is_tried_anew_when_asked_again(jobs: JobQueue, tmp_path: Path) -> None:
    submit(jobs, "fail", tmp_path, "f")
    work_off(jobs.settings)
    dotted = "tests.integration.job_handlers.fail"
    states = [jobs.submit(dotted, (str(tmp_path), "f"), job_id="f", timeout=9).state for _ in range(2)]
    assert states == ["queued", "already"]
    work_off(jobs.settings)
    assert runs(tmp_path, "f") == 2


def test_a_finished_case_is_run_again_only_when_its_run_is_known_to_be_missing(jobs: JobQueue, tmp_path: Path) -> None:
    def ask(*, again: bool) -> str:
        dotted = "tests.integration.job_handlers.mark"
        return jobs.submit(dotted, (str(tmp_path), "n"), job_id="n", timeout=9, again=again).state

    assert ask(again=True) == "queued"
    assert ask(again=True) == "already", "queued is queued"
    work_off(jobs.settings)
    assert ask(again=False) == "already"
    assert [ask(again=True), ask(again=True)] == ["queued", "already"]
    assert jobs.handle.connection.ttl("rq:job:n") == -1, "what waits is not forgotten"
    work_off(jobs.settings)
    assert runs(tmp_path, "n") == 2
    assert jobs.handle.connection.ttl("rq:job:n") > 0
