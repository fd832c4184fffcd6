"""What a worker puts right for a work-horse that it lost."""

from __future__ import annotations

import logging
from datetime import UTC, timedelta

from rq.job import Job

from ascertain.errors import AscertainError
from ascertain.jobs.queue import ASSESS

log = logging.getLogger(__name__)

SLACK = timedelta(seconds=5)
"""A job's time of starting is noted by another process than its run's."""


def killed(job: Job) -> None:
    """End the assessment that the job was about, by name; a run must not look as if it were still under way."""
    if job.func_name != ASSESS or job.started_at is None:
        return
    from ascertain.pipeline.assess_ends import abandon
    from ascertain.runtime import get_app

    app = get_app()
    try:
        abandon(app.units, app.clock, str(job.args[0]), job.started_at.astimezone(UTC) - SLACK)
    except AscertainError as e:  # the worker goes on; the next try of this run, or its next case, replaces it
        log.error("job %s: its run could not be ended: %s", job.id, e)
