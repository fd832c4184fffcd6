"""What is put right for processes that were lost in the middle of a run."""

from __future__ import annotations

import logging
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from rq.exceptions import DeserializationError
from rq.job import Job

from ascertain.jobs.queue import ASSESS, JobQueue

if TYPE_CHECKING:
    from ascertain.runtime import App

log = logging.getLogger(__name__)

SLACK = timedelta(seconds=5)
"""A job's time of starting is noted by another process than its run's."""
LOST_AFTER = timedelta(minutes=10)
"""Beyond a job's time-out: whoever still works on a run by then was not a job, and is given this long."""


def killed(job: Job) -> None:
    """End the assessment that the job was about, by name; a run must not look as if it were still under way."""
    try:
        name = job.func_name
    except DeserializationError:  # it named no work, so it began none
        return
    if name != ASSESS or job.started_at is None:
        return
    from ascertain.pipeline.assess_ends import abandon
    from ascertain.runtime import get_app

    app = get_app()
    try:
        abandon(app.units, app.clock, str(job.args[0]), job.started_at.astimezone(UTC) - SLACK)
    except Exception as e:  # a database that is away, say: the worker goes on, and a scheduler ends the run later
        log.error("job %s: its run could not be ended: %s", job.id, type(e).__name__)


def end_lost_runs(app: App, jobs: JobQueue) -> int:
    """End, by name, runs that look as if they were under way and that nobody works on: their process was killed and no
    try is left, the queue lost its data, or no queue was involved. How many were ended."""
    from ascertain.domain.runs import RunState
    from ascertain.pipeline.assess_ends import KILLED, fail

    long_ago = app.clock.now() - timedelta(seconds=app.settings.job_timeout) - LOST_AFTER
    with app.units(write=False) as uow:
        begun = uow.runs.begun_before(long_ago)
    ended = 0
    for run in begun:
        found = jobs.progress([f"assess-{run.fingerprint}", f"run-{run.id}"])
        if found["queued"] or found["running"] or found["retrying"]:
            continue
        fail(app.units, app.clock, run, RunState.FAILED, KILLED, answers=None)
        ended += 1
    return ended
