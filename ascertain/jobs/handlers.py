"""What the worker runs. Arguments and results are JSON and hold ids only; the work itself is the application's."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any, cast

from rq import get_current_job

from ascertain.jobs.queue import JobQueue
from ascertain.jobs.server import Priority, open_queue

TO_STORE = 5.0
"""Seconds of a job's time that are kept for storing the run."""


def assess_learner(learner_id: str, fingerprint: str, trigger: str) -> dict[str, Any]:
    """Assess one learner.

    Safe to run twice: when the learner's present case has a finished run, that run is the answer. The present case
    counts, and not the one at the time of queueing: ``current`` says whether they are the same.
    """
    from ascertain.runtime import get_app

    assessed = get_app().assess(learner_id, trigger=trigger, until=end_of_job())
    run = assessed.run
    return {
        "run": run.id,
        "learner": run.learner_id,
        "state": run.state.value,
        "fingerprint": run.fingerprint,
        "current": run.fingerprint == fingerprint,
        "new": assessed.new,
    }


def end_of_job() -> float | None:
    """When (``time.monotonic()``) the crew must be done, so that there is time to store what it found; ``None`` outside
    a job."""
    job = get_current_job()
    if job is None or job.started_at is None or not job.timeout or job.timeout < 0:
        return None
    limit = int(job.timeout)
    passed = (datetime.now(UTC) - job.started_at.astimezone(UTC)).total_seconds()
    return time.monotonic() + limit - min(TO_STORE, limit / 3) - passed


def sweep_cohort(cohort: str, trigger: str, priority: str) -> dict[str, Any]:
    """Queue an assessment of each learner in ``cohort`` whose case has changed since the last finished run. Safe to run
    twice: another try of the same job goes on where the first was.

    Raises:
        Stopped: everything is stopped.
    """
    from ascertain.pipeline.stop import must_go_on
    from ascertain.runtime import get_app

    app, job = get_app(), get_current_job()
    handle = open_queue(app.settings)
    try:
        jobs = JobQueue(handle, app.settings)

        def hand_on(learner_id: str) -> str:
            with app.units(write=False) as uow:
                must_go_on(uow)  # the next sweep finds the others still due
            now = app.fingerprint(learner_id)
            return jobs.enqueue_assessment(
                learner_id, now, trigger=trigger, priority=cast(Priority, priority), again=True
            ).state

        sweep = app.sweep(cohort, trigger=trigger, hand_on=hand_on, ident=job.id if job else "").sweep
    finally:
        handle.close()
    figures = {name: sweep.figures.get(name, 0) for name in ("unchanged", "no_notice", "no_consent", "queued")}
    return {"sweep": sweep.id, "cohort": cohort, "changed": sweep.figures["due"], **figures}


def receive_events(connection: str) -> dict[str, Any]:
    """Work off what a connection has sent by webhook, and queue an assessment of each learner it touched.

    Safe to run twice. When another process works with the connection nothing is done; the events stay open and are
    queued again.
    """
    from ascertain.jobs.receiving import receive
    from ascertain.runtime import get_app

    report = receive(get_app(), connection)
    return {
        "connection": connection,
        "done": report.done,
        "failed": report.failed,
        "learners": len(report.learners),
        "busy": report.busy,
    }
