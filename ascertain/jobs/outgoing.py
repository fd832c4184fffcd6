"""Jobs of what goes out, and of what is pulled in. Each may run twice: the work is in the store, and a job only says
that there is some."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ascertain.domain.canonical import plain
from ascertain.errors import RetryableConnectorError
from ascertain.jobs.queue import JobQueue, JobTicket
from ascertain.jobs.server import Priority

PUSH = "ascertain.jobs.outgoing.push_write_back"
NOTIFY = "ascertain.jobs.outgoing.send_notifications"
RECONCILE = "ascertain.jobs.outgoing.reconcile_write_back"
RETAIN = "ascertain.jobs.retaining.retain"
MATCH = "ascertain.jobs.matching.refresh_matches"
SYNC = "ascertain.jobs.syncing.sync_all"
TAG = "ascertain.jobs.tagging.tag_library"
TAG_PART = "ascertain.jobs.tagging.tag_part"
RETRY = "ascertain.jobs.syncing.retry_quarantined"
READINESS = "ascertain.jobs.readiness.keep_readiness"
REPLAN = "ascertain.jobs.replanning.replan_paths"
STEWARD = "ascertain.jobs.stewarding.look_at_evidence"
CARRY = "ascertain.jobs.stewarding.carry_out"
HANDLERS = frozenset(
    {PUSH, NOTIFY, RECONCILE, RETAIN, MATCH, READINESS, SYNC, RETRY, REPLAN, STEWARD, CARRY, TAG, TAG_PART}
)
TASKS = {
    "sync": SYNC,
    "notify": NOTIFY,
    "reconcile": RECONCILE,
    "retain": RETAIN,
    "steward": STEWARD,
    "match": MATCH,
    "readiness": READINESS,
    "replan": REPLAN,
    "tag": TAG,
}
"""By the task of a schedule's entry."""

TIMEOUT = 3600
"""Seconds one such job may take; a run goes on where it was stopped."""
RETRY_AFTER = (30, 300, 1800)


def push_write_back(run: str) -> dict[str, Any]:
    """Work on a write-back run (also one that undoes). A finished one is left as it is; while another process works on
    it nothing is done.

    Raises:
        RetryableConnectorError: rows are left because of a system's trouble, so that the job is tried again.
    """
    from ascertain.pipeline.write_back_push import push
    from ascertain.runtime import get_app

    with get_app().write_back() as home:
        report = push(home, run)
    if not report.finished and not report.paused:
        raise RetryableConnectorError("; ".join(report.problems) or f"run {run} has open rows")
    return {"run": report.run, "finished": report.finished, "paused": report.paused, "totals": dict(report.totals)}


def send_notifications(trigger: str) -> dict[str, Any]:
    """Collect what changed and send what is due."""
    from ascertain.runtime import get_app

    app = get_app()
    app.escalate()  # so that what is told is as it stands today
    found: dict[str, Any] = plain(app.notifier().run())
    return {"trigger": trigger, **found}


def reconcile_write_back(trigger: str) -> dict[str, Any]:
    """Compare what was written with what the systems hold. The run's totals count the differences;
    `ascertain writeback reconcile` shows each."""
    from ascertain.pipeline.write_back_reconcile import reconcile
    from ascertain.runtime import get_app

    with get_app().write_back() as home:
        found = reconcile(home, trigger)
    return {"run": found.run, "compared": found.compared, "differences": len(found.differences)}


def enqueue_push(jobs: JobQueue, run: str) -> JobTicket:
    """Queue the work on a run, once however often it is asked for."""
    return jobs.submit(PUSH, (run,), job_id=f"writeback-{run}", timeout=TIMEOUT, retry_after=RETRY_AFTER, again=True)


def enqueue_retry(jobs: JobQueue, connection: str, record: str = "") -> JobTicket:
    """Queue another try of one record in quarantine, or of all of a connection; once however often it is asked for."""
    job_id = f"retry-{record or connection}"
    return jobs.submit(RETRY, (connection, record), job_id=job_id, priority="high", timeout=TIMEOUT, again=True)


def enqueue_task(jobs: JobQueue, task: str, name: str, *, slot: datetime, priority: Priority) -> JobTicket:
    """Queue a task that is no sweep, of one slot of the schedule; each slot is queued once."""
    number = int(slot.astimezone(UTC).timestamp())
    return jobs.submit(
        TASKS[task], (f"schedule:{name}",), job_id=f"{task}-{name}-{number}", priority=priority, timeout=TIMEOUT
    )
