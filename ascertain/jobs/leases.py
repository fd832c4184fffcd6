"""No job is lost, whoever is killed.

RQ takes a job off its list before it is on record as started, and notices a dead worker by time-outs of a minute and
more. Here a worker takes a job by moving it, in one step, onto a list of its own (its *lease*), and holds a lock on a
file for as long as it, or a work-horse it forked, lives: the kernel lets go of the lock at death, whatever the cause.
Whoever can take the lock therefore has proof that both are gone, and puts what is left of the lease back at once.
Workers of other hosts, whose lock files are not here, count as dead when their heartbeat in RQ has expired.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from redis import Redis
from redis.client import Pipeline
from rq import Queue
from rq.defaults import RQ_KEY_PREFIX
from rq.exceptions import DequeueTimeout, NoSuchJobError
from rq.job import Job, JobStatus
from rq.job_lifecycle import record_job_failure
from rq.utils import as_text, current_timestamp, now
from rq.worker import BaseWorker

log = logging.getLogger(__name__)

IDLE_WAIT = 1.0
"""Seconds an idle worker waits for the bell before it looks for retries that have come due."""
BELL_LENGTH = 64

VOUCHED = 60
"""Seconds, by this host's clock, that a job which a worker holds counts as worked on for RQ's maintenance."""
SCANNED = 200
"""Jobs of a queue that a worker looks at for one that may run now; the others have reached their limit."""

# KEYS: lease, running (lease -> lane), then list and scheduled set of each queue in order of priority.
# ARGV: prefix of job keys, limits as JSON by lane, how far to look.
# First what has come due, by this server's clock, is put on its list; then the first job that may run moves to the
# lease.
TAKE = """
local now = redis.call('TIME')[1]
for i = 3, #KEYS, 2 do
  local due = redis.call('ZRANGEBYSCORE', KEYS[i + 1], '-inf', now, 'LIMIT', 0, 100)
  for _, id in ipairs(due) do
    redis.call('ZREM', KEYS[i + 1], id)
    if redis.call('EXISTS', ARGV[1] .. id) == 1 then
      redis.call('HSET', ARGV[1] .. id, 'status', 'queued')
      redis.call('RPUSH', KEYS[i], id)
    end
  end
end
local limits = cjson.decode(ARGV[2])
local running, of_lane = redis.call('HVALS', KEYS[2]), {}
if limits['all'] and #running >= limits['all'] then return false end
for _, lane in ipairs(running) do of_lane[lane] = (of_lane[lane] or 0) + 1 end
for i = 3, #KEYS, 2 do
  for _, id in ipairs(redis.call('LRANGE', KEYS[i], 0, ARGV[3] - 1)) do
    local meta = redis.call('HGET', ARGV[1] .. id, 'meta')
    local readable, read = pcall(cjson.decode, meta or '')
    local lane = readable and type(read) == 'table' and type(read['lane']) == 'string' and read['lane'] or ''
    local most = limits[lane] or limits[string.match(lane, '^[^:]*')]
    if not most or (of_lane[lane] or 0) < most then
      redis.call('LREM', KEYS[i], 1, id)
      redis.call('RPUSH', KEYS[1], id)
      redis.call('HSET', KEYS[2], KEYS[1], lane)
      return {KEYS[i], id}
    end
  end
end
return false
"""


class LeasedQueue(Queue):
    """An RQ queue whose jobs are taken onto the worker's lease. ``base_name`` is what the three priorities share."""

    def __init__(self, name: str = "default", connection: Redis | None = None, *, base_name: str = "", **kw: Any):
        super().__init__(name, connection=connection, **kw)
        self.base_name = base_name or name
        self.lease_key = ""
        self.limits: Mapping[str, int] = {}
        self.on_idle: Callable[[], None] = lambda: None
        self.held: Callable[[], bool] = lambda: False

    @property
    def bell_key(self) -> str:
        return f"{self.base_name}:bell"

    @property
    def running_key(self) -> str:
        """Hash of what runs: the lane of each lease that holds a job."""
        return f"{self.base_name}:running"

    @property
    def workers_key(self) -> str:
        """Set of the workers that are signed on."""
        return f"{self.base_name}:workers"

    def running(self) -> dict[str, int]:
        """How many jobs run in each lane; those without one under the empty name."""
        return dict(Counter(map(as_text, cast(list[bytes], self.connection.hvals(self.running_key)))))

    def schedule_job(self, job: Job, at: datetime, pipeline: Pipeline | None = None, unique: bool = False) -> Job:
        """Put a job off. How long counts from the server's time: this host's clock may be another than that of the
        hosts which look for what is due."""
        seconds, micros = self.connection.time()
        by_server = _utc(seconds + micros / 1e6) + (at - now())
        return super().schedule_job(job, by_server, pipeline=pipeline, unique=unique)

    def ring(self) -> None:
        """Wake one idle worker; a bell that is missed costs at most ``IDLE_WAIT`` seconds."""
        with self.connection.pipeline() as pipe:
            pipe.lpush(self.bell_key, 1)
            pipe.ltrim(self.bell_key, 0, BELL_LENGTH - 1)
            pipe.execute()

    @classmethod
    def dequeue_any(
        cls,
        queues: Sequence[Queue],  # type: ignore[override]
        timeout: int | None,
        connection: Redis,
        job_class: type[Job] | None = None,
        serializer: Any = None,
        death_penalty_class: Any = None,
    ) -> tuple[Job, Queue] | None:
        """Take the first job of the first queue that has one.

        ``timeout`` None does not wait for new jobs, only for retries that are still to come.

        Raises:
            DequeueTimeout: nothing came within ``timeout`` seconds.
        """
        first = cast(LeasedQueue, queues[0])
        keys = [first.lease_key, first.running_key] + [k for q in queues for k in (q.key, q.scheduled_job_registry.key)]
        script = connection.register_script(TAKE)
        deadline = None if timeout is None else current_timestamp() + timeout
        while True:
            first.on_idle()
            held = first.held()
            args: list[str | int] = [
                Job.redis_job_namespace_prefix,
                json.dumps(dict(first.limits)),
                SCANNED,
            ]
            taken = None if held else script(keys=keys, args=args)
            if taken:
                queue_key, job_id = (as_text(x) for x in taken)
                found = first._fetch_taken(queue_key, job_id, job_class, serializer, death_penalty_class)
                if found is not None:
                    return found
                continue
            if deadline is None and (held or not any(connection.zcard(k) for k in keys[3::2])):
                return None
            if deadline is not None and current_timestamp() >= deadline:
                raise DequeueTimeout(timeout, [q.key for q in queues])
            connection.blpop([first.bell_key], timeout=IDLE_WAIT)

    def _fetch_taken(
        self, queue_key: str, job_id: str, job_class: Any, serializer: Any, death_penalty_class: Any
    ) -> tuple[Job, Queue] | None:
        try:
            found = Queue._fetch_dequeued_job(
                self.connection, queue_key, job_id, job_class, serializer, death_penalty_class
            )
        except Exception as e:
            # Not written by this product (pickled, or torn): left to itself it would stop one worker after the other.
            log.error("job %s cannot be read and is set aside as failed: %s", job_id, e)
            with self.connection.pipeline() as pipe:
                pipe.hset(Job.key_for(job_id), "status", JobStatus.FAILED.value)
                pipe.lrem(self.lease_key, 0, job_id)
                pipe.hdel(self.running_key, self.lease_key)
                pipe.execute()
            return None
        if found is None:
            with self.connection.pipeline() as pipe:
                pipe.lrem(self.lease_key, 0, job_id)
                pipe.hdel(self.running_key, self.lease_key)
                pipe.execute()
        return found


@dataclass(slots=True)
class Leases:
    """The leases of all workers of one queue. ``folder`` holds this host's lock files."""

    connection: Redis
    queues: Sequence[LeasedQueue]
    folder: Path
    on_death: Callable[[Job], None] = lambda _: None
    """Told of each job that had begun when its worker died, before anybody else can take it."""

    @property
    def workers_key(self) -> str:
        return self.queues[0].workers_key

    def lease_key(self, worker: str) -> str:
        return f"{self.queues[0].base_name}:lease:{worker}"

    def enter(self, worker: str) -> int:
        """Register a worker; returns the descriptor of its lock, to be kept open while it lives."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self._lock_file(worker), os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        self.connection.sadd(self.workers_key, worker)
        for queue in self.queues:
            queue.lease_key = self.lease_key(worker)
        return lock

    def leave(self, worker: str, lock: int) -> None:
        """A worker ends by itself: whatever it still holds goes back, and no try is counted against the jobs."""
        try:
            self._give_back(worker, blame=False)
            self._lock_file(worker).unlink(missing_ok=True)
        finally:
            os.close(lock)

    def done(self, worker: str, job_id: str) -> None:
        """The job has reached a state of its own (finished, failed, waiting for a retry)."""
        key, first = self.lease_key(worker), self.queues[0]
        with self.connection.pipeline() as pipe:
            pipe.lrem(key, 0, job_id)
            pipe.hdel(first.running_key, key)
            pipe.execute()
        if first.limits and any(q.count for q in self.queues):
            first.ring()  # somebody may wait for the place

    def recover(self) -> list[str]:
        """Put back the jobs of dead workers; returns their ids."""
        back: list[str] = []
        for worker in sorted(as_text(w) for w in self.connection.smembers(self.workers_key)):
            with self._proof_of_death(worker) as dead:
                if dead:
                    back += self._give_back(worker, blame=True)
        if back:
            log.warning("put back %d jobs of workers that died: %s", len(back), ", ".join(back))
        return back

    def vouch(self) -> None:
        """Keep RQ's maintenance off the jobs that a worker holds. RQ takes a job for abandoned by the time of a sign of
        life, written by one host's clock and read by another's; a lease is proof by no clock."""
        held = {
            as_text(job)
            for worker in self.connection.smembers(self.workers_key)
            for job in cast(list[bytes], self.connection.lrange(self.lease_key(as_text(worker)), 0, -1))
        }
        later = current_timestamp() + VOUCHED
        for queue in self.queues:
            key = queue.started_job_registry.key
            for entry in map(as_text, cast(list[bytes], self.connection.zrange(key, 0, -1))):
                if entry.rpartition(":")[0] in held:
                    self.connection.zadd(key, {entry: later}, xx=True, gt=True)

    @contextmanager
    def _proof_of_death(self, worker: str) -> Iterator[bool]:
        try:
            lock = os.open(self._lock_file(worker), os.O_RDWR)
        except FileNotFoundError:
            # Of another host. Its RQ heartbeat tells, and one host alone may act on it.
            alive = self.connection.exists(BaseWorker.redis_worker_namespace_prefix + worker)
            mutex = f"{self.lease_key(worker)}:recovery"
            yield not alive and bool(self.connection.set(mutex, 1, nx=True, ex=60))
            return
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True
            self._lock_file(worker).unlink(missing_ok=True)
        finally:
            os.close(lock)

    def _give_back(self, worker: str, *, blame: bool) -> list[str]:
        key = self.lease_key(worker)
        back = []
        for job_id in [as_text(i) for i in cast(list[bytes], self.connection.lrange(key, 0, -1))]:
            with self.connection.pipeline() as pipe:
                if self._put_back(job_id, pipe, blame=blame):
                    back.append(job_id)
                pipe.lrem(key, 0, job_id)
                pipe.execute()
        self.connection.hdel(self.queues[0].running_key, key)
        self.connection.srem(self.workers_key, worker)
        if back:
            self.queues[0].ring()
        return back

    def _put_back(self, job_id: str, pipe: Pipeline, *, blame: bool) -> bool:
        try:
            job = Job.fetch(job_id, connection=self.connection, serializer=self.queues[0].serializer)
        except NoSuchJobError:
            return False
        queue = next((q for q in self.queues if q.name == job.origin), None)
        status = job.get_status(refresh=False)
        if queue is None or status not in (JobStatus.QUEUED, JobStatus.STARTED):
            return False  # it came to an end, or waits for its retry
        if status is JobStatus.QUEUED:
            if self.connection.lpos(queue.key, job_id) is not None:
                return False
        else:
            _forget_executions(job, pipe)
            if blame:
                self.on_death(job)
            if blame and not job.should_retry:
                record_job_failure(job, "The worker died while it ran this job, and no try is left.", pipe)
                return False
            if blame:
                job.retries_left = (job.retries_left or 0) - 1
        # As RQ itself does on a retry; the public enqueue_job cannot share a transaction.
        queue._enqueue_job(job, pipeline=pipe, at_front=True)
        return True

    def _lock_file(self, worker: str) -> Path:
        return self.folder / f"{worker}.lock"


def _utc(timestamp: float) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)


def _forget_executions(job: Job, pipe: Pipeline) -> None:
    registry = job.started_job_registry
    prefix = f"{job.id}:"
    for entry in map(as_text, cast(list[bytes], job.connection.zrange(registry.key, 0, -1))):
        if entry.startswith(prefix):
            pipe.zrem(registry.key, entry)
            pipe.delete(f"{RQ_KEY_PREFIX}:execution:{entry}")
    pipe.delete(job.execution_registry.key)
