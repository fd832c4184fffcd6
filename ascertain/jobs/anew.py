"""Queues people whose case is another one now: they said no to a source, and what rested on it is gone."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from ascertain.domain.canonical import digest
from ascertain.domain.ports import Clock
from ascertain.jobs.queue import JobQueue
from ascertain.jobs.server import open_queue
from ascertain.settings import Settings


def assess_anew(settings: Settings, clock: Clock, learners: Sequence[str]) -> int:
    """Queue them; how many. The id of a job is a fingerprint; the case itself is read when the job runs."""
    if not learners:
        return 0
    with closing(open_queue(settings)) as handle:
        jobs = JobQueue(handle, settings)
        at = clock.now()
        return sum(
            jobs.enqueue_assessment(i, digest(["consent", i, at]), trigger="consent", priority="high").state == "queued"
            for i in learners
        )
