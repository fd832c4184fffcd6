"""What is put on the queue, once each, and what became of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from redis import Redis
from rq import Retry
from rq.exceptions import DeserializationError, DuplicateJobError, NoSuchJobError
from rq.job import Job, JobStatus
from rq.utils import as_text

from ascertain.errors import ConflictError, InputError, NotFoundError
from ascertain.jobs.lanes import lane_of
from ascertain.jobs.leases import LeasedQueue
from ascertain.jobs.server import PRIORITIES, Priority, QueueHandle
from ascertain.settings import Settings

ASSESS = "ascertain.jobs.handlers.assess_learner"
SWEEP = "ascertain.jobs.handlers.sweep_cohort"
RECEIVE = "ascertain.jobs.handlers.receive_events"
START = "ascertain.jobs.run_requests.start"

RESULT_TTL = 24 * 3600
"""Seconds a finished job is remembered: as long, the same case is not queued again."""
FAILURE_TTL = 30 * 24 * 3600
"""Seconds a failed job can be looked at and requeued."""
RETRY_AFTER = (2, 15)
"""Seconds before the second and the third try."""
SWEEP_TIMEOUT = 3600
"""Seconds a sweep may take to find the learners that changed (settings.job_timeout is for one learner)."""

Progress = Literal["queued", "running", "retrying", "done", "failed", "gone"]
_PROGRESS: dict[str, Progress] = {
    JobStatus.QUEUED: "queued",
    JobStatus.DEFERRED: "queued",
    JobStatus.STARTED: "running",
    JobStatus.SCHEDULED: "retrying",
    JobStatus.FINISHED: "done",
    JobStatus.FAILED: "failed",
    JobStatus.STOPPED: "failed",
    JobStatus.CANCELED: "failed",
}
RECEIVE_TIMEOUT = 900
"""Seconds a job may take to work off the events of a connection; what it has not done the next one does."""

_FINGERPRINT = re.compile(r"[0-9a-f]{16,64}")
_ID = re.compile(r"[A-Za-z0-9_.:@+-]{1,200}")


@dataclass(frozen=True, slots=True)
class JobTicket:
    """``already``: that very job is queued, running or done, and nothing was queued."""

    id: str
    state: Literal["queued", "already"]


@dataclass(frozen=True, slots=True)
class JobFailure:
    """A job that failed for good. ``error`` is the last line of what went wrong."""

    id: str
    function: str
    arguments: tuple[str, ...]
    error: str
    failed_at: datetime | None


class JobQueue:
    """Enqueues work and reports on it. Arguments hold ids only, never text or names, and travel as JSON."""

    def __init__(self, handle: QueueHandle, settings: Settings) -> None:
        self.handle = handle
        self.settings = settings

    def enqueue_assessment(
        self, learner_id: str, fingerprint: str, *, trigger: str, priority: Priority = "default", again: bool = False
    ) -> JobTicket:
        """Queue the assessment of a learner's case. The same case is queued once: the job's id is its fingerprint.
        A case whose job failed for good is tried anew.

        Args:
            again: queue it also when its job has finished: for callers who know that the store has no such run.

        Raises:
            InputError: an argument is not an id or a fingerprint.
        """
        if not _FINGERPRINT.fullmatch(fingerprint):
            raise InputError("must be 16 to 64 hexadecimal digits", where=learner_id, field="fingerprint")
        for field, value in (("learner_id", learner_id), ("trigger", trigger)):
            if not _ID.fullmatch(value):
                raise InputError("must be an id, not text", where=f"job assess-{fingerprint[:12]}", field=field)
        return self.submit(
            ASSESS,
            (learner_id, fingerprint, trigger),
            job_id=f"assess-{fingerprint}",
            priority=priority,
            timeout=self.settings.job_timeout,
            again=again,
        )

    def enqueue_sweep(self, name: str, cohort: str, *, slot: datetime, priority: Priority = "default") -> JobTicket:
        """Queue a sweep of ``cohort`` for one slot of the schedule called ``name``; each slot is queued once."""
        return self.submit(
            SWEEP,
            (cohort, f"schedule:{name}", priority),
            job_id=f"sweep-{name}-{int(slot.timestamp())}",
            priority=priority,
            timeout=SWEEP_TIMEOUT,
        )

    def enqueue_run(
        self, run: str, learner_id: str, fingerprint: str, *, trigger: str, priority: Priority = "high"
    ) -> JobTicket:
        """Queue an assessment that somebody waits for, under the id that its run will have."""
        for field, value in (("learner_id", learner_id), ("trigger", trigger)):
            if not _ID.fullmatch(value):
                raise InputError("must be an id, not text", where=f"run {run}", field=field)
        return self.submit(
            ASSESS,
            (learner_id, fingerprint, trigger),
            job_id=f"run-{run}",
            priority=priority,
            timeout=self.settings.job_timeout,
            again=True,
        )

    def enqueue_start(self, request: str) -> JobTicket:
        """Queue the finding of who of a request is due; each of them gets a job of their own."""
        return self.submit(START, (request,), job_id=f"start-{request}", timeout=SWEEP_TIMEOUT, again=True)

    def states(self, runs: Sequence[str]) -> dict[str, Progress]:
        """By run id, how its job stands."""
        with self._connection.pipeline(transaction=False) as pipe:
            for run in runs:
                pipe.hget(Job.key_for(f"run-{run}"), "status")
            found = pipe.execute()
        return {r: _PROGRESS[as_text(s)] if s else "gone" for r, s in zip(runs, found, strict=True)}

    def take_out(self, runs: Iterable[str]) -> int:
        """Remove the jobs of these runs that no worker has taken yet; how many went."""
        gone = 0
        for run in runs:
            job_id = f"run-{run}"
            with self._connection.pipeline() as pipe:  # from wherever it waits, in one step
                for queue in self.handle.queues.values():
                    pipe.lrem(queue.key, 0, job_id)
                    pipe.zrem(queue.scheduled_job_registry.key, job_id)
                removed = sum(pipe.execute())
            if removed:
                self._connection.delete(Job.key_for(job_id))
                gone += 1
        return gone

    def of_run(self, run: str) -> tuple[Progress, str]:
        """How the job of a run stands, and the run that came of it (another one, when the case has changed since)."""
        job_id = f"run-{run}"
        state: Progress = next((p for p, n in self.progress([job_id]).items() if n), "gone")
        return state, str(self.result(job_id)["run"]) if state == "done" else ""

    def enqueue_receive(self, connection: str) -> JobTicket:
        """Queue the work on what a connection has sent. One job at a time does all that is open, so however many
        events come, one waits."""
        return self.submit(
            RECEIVE,
            (connection,),
            job_id=f"receive-{connection}",
            priority="high",
            timeout=RECEIVE_TIMEOUT,
            again=True,
        )

    def submit(
        self,
        function: str,
        arguments: Sequence[str],
        *,
        job_id: str,
        priority: Priority = "default",
        timeout: int,
        retry_after: Sequence[int] = RETRY_AFTER,
        again: bool = False,
    ) -> JobTicket:
        """Queue ``function`` (dotted path) under an id of one's own, once.

        Args:
            timeout: seconds after which the job is stopped for good.
            retry_after: seconds before each further try; empty for one try only.
            again: queue it also when the job of that id has finished.
        """
        queue = self._queue(priority)
        try:
            queue.enqueue(
                function,
                args=tuple(arguments),
                job_id=job_id,
                unique=True,
                job_timeout=timeout,
                retry=Retry(max=len(retry_after), interval=list(retry_after)) if retry_after else None,
                result_ttl=RESULT_TTL,
                failure_ttl=FAILURE_TTL,
                description=job_id,
                meta={"lane": lane_of(function, arguments)},
            )
        except DuplicateJobError:
            return JobTicket(job_id, "queued" if self._revive(job_id, finished=again) else "already")
        queue.ring()
        return JobTicket(job_id, "queued")

    def progress(self, ticket_ids: Iterable[str]) -> dict[Progress, int]:
        """How many of these jobs are in each state; ``gone`` are those no longer remembered."""
        counts: dict[Progress, int] = dict.fromkeys(("queued", "running", "retrying", "done", "failed", "gone"), 0)
        with self._connection.pipeline(transaction=False) as pipe:
            for job_id in ticket_ids:
                pipe.hget(Job.key_for(job_id), "status")
            for status in pipe.execute():
                counts[_PROGRESS[as_text(status)] if status else "gone"] += 1
        return counts

    def result(self, job_id: str) -> Any:
        """What a finished job returned.

        Raises:
            NotFoundError: no such job is remembered.
            ConflictError: it has not finished.
        """
        job = self._fetch(job_id)
        if job.get_status(refresh=False) is not JobStatus.FINISHED:
            raise ConflictError(f"job {job_id} has not finished: it is {_PROGRESS[job.get_status(refresh=False)]}")
        return job.return_value()

    def failures(self) -> list[JobFailure]:
        """The jobs that failed for good, the latest first."""
        found = []
        for queue in self.handle.queues.values():
            ids = queue.failed_job_registry.get_job_ids()
            jobs = Job.fetch_many(ids, connection=self._connection, serializer=queue.serializer)
            for job in (j for j in jobs if j is not None):
                result = job.latest_result()
                lines = ((result.exc_string if result else None) or "").strip().splitlines()
                at = job.ended_at or (result.created_at if result else None)
                function, arguments = _call_of(job)
                found.append(JobFailure(job.id, function, arguments, lines[-1] if lines else "", at))
        return sorted(found, key=lambda f: (f.failed_at is not None, f.failed_at, f.id), reverse=True)

    def failed(self) -> int:
        """How many jobs failed for good."""
        return sum(int(self._connection.zcard(q.failed_job_registry.key)) for q in self.handle.queues.values())

    def workers(self) -> int:
        """How many workers are signed on; one that was killed counts until another has noticed."""
        return int(self._connection.scard(self.handle.queue.workers_key))

    def requeue(self, job_id: str) -> JobTicket:
        """Try a failed job anew, with all its tries.

        Raises:
            NotFoundError: no such job is remembered.
            ConflictError: it has not failed.
        """
        job = self._fetch(job_id)
        if not self._revive(job_id):
            raise ConflictError(
                f"job {job_id} has not failed: it is {_PROGRESS[job.get_status()]}",
                remedy="only failed jobs can be requeued",
            )
        return JobTicket(job_id, "queued")

    def waiting(self) -> dict[Priority, int]:
        """How many jobs wait in each queue."""
        return {p: q.count for p, q in self.handle.queues.items()}

    def _revive(self, job_id: str, *, finished: bool = False) -> bool:
        """Queue a job anew that has come to its end, with all its tries; False if it has not, or somebody else did."""
        try:
            job = self._fetch(job_id)
        except NotFoundError:
            return False  # it expired this very moment
        status = job.get_status(refresh=False)
        if status is JobStatus.FINISHED and finished:
            registry = job.finished_job_registry.key
        elif status in (JobStatus.FAILED, JobStatus.STOPPED):
            registry = job.failed_job_registry.key
        else:
            return False
        if not self._connection.zrem(registry, job_id):
            return False
        job.retries_left = len(job.retry_intervals) if job.retry_intervals else None
        job.started_at = job.ended_at = None
        with self._connection.pipeline() as pipe:
            pipe.persist(job.key)  # its end had set a date for forgetting it
            queue = next(q for q in self.handle.queues.values() if q.name == job.origin)
            queue._enqueue_job(job, pipeline=pipe)
            pipe.execute()
        queue.ring()
        return True

    def _fetch(self, job_id: str) -> Job:
        try:
            return Job.fetch(job_id, connection=self._connection, serializer=self.handle.queue.serializer)
        except (NoSuchJobError, ValueError):
            raise NotFoundError(f"there is no job {job_id!r}", remedy="finished jobs are kept for a day") from None

    def _queue(self, priority: Priority) -> LeasedQueue:
        try:
            return self.handle.queues[priority]
        except KeyError:
            raise InputError(f"{priority!r} is none of {', '.join(PRIORITIES)}", field="priority") from None

    @property
    def _connection(self) -> Redis:
        return self.handle.connection


def _call_of(job: Job) -> tuple[str, tuple[str, ...]]:
    try:
        return job.func_name or "", tuple(map(str, job.args))
    except DeserializationError:
        return "(not readable)", ()
