"""From the inbox of webhooks to the queue, and from the events of a connection to the learners they touched."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import closing
from datetime import timedelta

from redis.exceptions import RedisError

from ascertain.domain.ports import Clock, UnitOfWorkFactory
from ascertain.errors import RetryableConnectorError
from ascertain.jobs.queue import JobQueue, JobTicket
from ascertain.jobs.server import open_queue
from ascertain.pipeline.receive import InboxReport
from ascertain.pipeline.stop import stopped
from ascertain.runtime import App

KEPT = timedelta(days=30)
"""How long a finished event is remembered: far longer than any system delivers one again."""


def enqueue_open(units: UnitOfWorkFactory, jobs: JobQueue, clock: Clock) -> list[JobTicket]:
    """Queue work for each connection that has something due: whatever a crash, or a queue that was away, left behind.
    Forgets what was done long ago. Safe to repeat. Nothing is queued while everything is stopped."""
    with units(write=False) as uow:
        if stopped(uow):
            return []
        due = uow.inbox.connections()
        old = uow.inbox.has_done(clock.now() - KEPT)
    if old:
        with units() as uow:
            uow.inbox.forget(clock.now() - KEPT)
            uow.commit()
    return [jobs.enqueue_receive(name) for name in due]


def receive(app: App, connection: str) -> InboxReport:
    """Work off a connection's events; each learner touched whose case has changed is queued for assessment.

    Raises:
        ConfigError: the connection is not configured any more, or lacks a secret.
    """
    return app.receive(connection, lambda learners: _assess(app, connection, learners))


def _assess(app: App, connection: str, learners: Collection[str]) -> None:
    app.tag()  # a course that came with the event counts for nothing before
    due = []
    for learner_id in learners:
        now = app.assessor.present(learner_id)
        with app.units(write=False) as uow:
            latest = uow.runs.latest(learner_id)
        if now.learner.active and (latest is None or latest.fingerprint != now.fingerprint):
            due.append(now)
    if not due:
        return
    try:
        with closing(open_queue(app.settings)) as handle:
            jobs = JobQueue(handle, app.settings)
            for now in due:
                jobs.enqueue_assessment(now.learner.id, now.fingerprint, trigger=f"webhook:{connection}", again=True)
    except RedisError as e:
        raise RetryableConnectorError(f"the queue is away ({type(e).__name__})") from None
