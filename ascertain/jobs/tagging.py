"""Jobs that read the library: one finds what is open and splits it, the others map and weigh their part. Each may run
twice, and goes on where it was stopped: what is in the store is not done again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ascertain.domain.canonical import digest
from ascertain.errors import BudgetError
from ascertain.jobs.handlers import end_of_job
from ascertain.jobs.outgoing import TAG, TAG_PART
from ascertain.jobs.queue import JobQueue, JobTicket

MOST = 100
"""Items of one job: some tens of seconds without a language model."""
TIMEOUT = 3600
MOST_ERRORS = 5
"""Different errors shown."""
_PART = re.compile(r"tag-[0-9a-f]{24}$")


def tag_library(trigger: str) -> dict[str, Any]:
    """Count how tags do, retire what was on notice for too long, and queue whatever of the library is not mapped, or
    not weighed by the present crew, in parts for all workers.

    Raises:
        Stopped: everything is stopped.
    """
    from ascertain.jobs.server import open_queue
    from ascertain.pipeline.stop import must_go_on
    from ascertain.runtime import get_app

    app = get_app()
    with app.units(write=False) as uow:
        must_go_on(uow)
    with app.units() as uow:
        desk = app.tag_desk(uow)
        desk.measure()
        retired = len(desk.watch().retired)
        uow.commit()
    handle = open_queue(app.settings)
    try:
        tickets = enqueue_parts(app, JobQueue(handle, app.settings))
    finally:
        handle.close()
    queued = sum(t.state == "queued" for t in tickets)
    return {"trigger": trigger, "parts": len(tickets), "queued": queued, "retired": retired}


def enqueue_parts(app: Any, jobs: JobQueue) -> list[JobTicket]:
    """A job for each part of what is open. The same part is queued once, however often it is asked for."""
    todo, versions = app.library_open(), [app.tagger, app.catalogue_crew.version]
    tickets = []
    for start in range(0, len(todo), MOST):
        part = todo[start : start + MOST]
        job_id = f"tag-{digest([versions, part], length=24)}"
        tickets.append(jobs.submit(TAG_PART, part, job_id=job_id, priority="low", timeout=TIMEOUT, again=True))
    return tickets


def enqueue_library(jobs: JobQueue, trigger: str) -> JobTicket:
    """Queue a look at the whole library, once however often it is asked for."""
    return jobs.submit(TAG, (trigger,), job_id="tag-library", priority="low", timeout=TIMEOUT, again=True)


def tag_part(*contents: str) -> dict[str, Any]:
    """Map and weigh these items, as far as they are open.

    Raises:
        Stopped: everything is stopped.
        BrainError: a brain fails; what was weighed before stays, and the job is tried again.
        BudgetError: nothing may be spent any more today; the next scheduled look goes on.
    """
    import time

    from ascertain.pipeline.stop import is_stopped, must_go_on
    from ascertain.runtime import get_app

    app = get_app()
    with app.units(write=False) as uow:
        must_go_on(uow)
    tagged = app.tag(only=frozenset(contents))
    until = end_of_job()
    left = None if until is None else max(1.0, until - time.monotonic())
    report = app.weigh(only=frozenset(contents), go_on=lambda: not is_stopped(app.units), seconds=left)
    if report.spent and not report.contents:
        raise BudgetError(report.spent)
    return {"mapped": tagged.contents, "weighed": report.contents, "kept": report.kept, "refused": report.refused}


@dataclass(frozen=True, slots=True)
class Batches:
    """Parts of the library on the queue: how many are in each state, and the last lines of what failed."""

    waiting: int
    running: int
    retrying: int
    done: int
    failed: int
    errors: tuple[str, ...] = ()


def batches(jobs: JobQueue) -> Batches:
    """How the jobs stand that read parts of the library; finished ones are remembered for a day, failed ones for 30.
    One that failed and was done since under the same id is done."""
    queue = jobs.handle.queues["low"]
    ids = {
        "waiting": queue.get_job_ids(),
        "running": queue.started_job_registry.get_job_ids(),
        "retrying": queue.scheduled_job_registry.get_job_ids(),
        "done": queue.finished_job_registry.get_job_ids(),
        "failed": queue.failed_job_registry.get_job_ids(),
    }
    counts = {state: sum(_PART.match(i) is not None for i in some) for state, some in ids.items()}
    errors = dict.fromkeys(f.error for f in jobs.failures() if _PART.match(f.id)) if counts["failed"] else {}
    return Batches(**counts, errors=tuple(e for e in errors if e)[:MOST_ERRORS])
