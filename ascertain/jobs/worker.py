"""The worker: warms the application once, then forks a work-horse for each job."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from typing import Any

import redis.exceptions
from redis.client import Pipeline
from rq import Worker
from rq.exceptions import StopRequested
from rq.executions import Execution
from rq.job import Job
from rq.queue import Queue
from rq.serializers import JSONSerializer
from rq.timeouts import JobTimeoutException, UnixSignalDeathPenalty
from rq.utils import now

from ascertain import spans
from ascertain.connectors.traces_out import check_address, traced
from ascertain.errors import (
    AscertainError,
    BlockedError,
    BudgetError,
    ConfigError,
    DatabaseAway,
    InputError,
    IntegrityError,
    NotFoundError,
    PermanentConnectorError,
    PseudonymError,
    RestrictedError,
    RunCancelled,
)
from ascertain.jobs import onboarding, outgoing
from ascertain.jobs.killed import killed
from ascertain.jobs.lanes import read_limits
from ascertain.jobs.leases import LeasedQueue, Leases
from ascertain.jobs.queue import ASSESS, RECEIVE, START, SWEEP
from ascertain.jobs.server import QueueHandle, open_queue, queue_folder
from ascertain.jobs.supervisor import supervise
from ascertain.logs import set_up
from ascertain.settings import Settings

log = logging.getLogger(__name__)

HANDLERS = frozenset({ASSESS, SWEEP, RECEIVE, START}) | outgoing.HANDLERS | onboarding.HANDLERS
"""All that a worker runs: a job is data, and whoever can write to the queue must not thereby run what they like."""

MONITOR_SECONDS = 2
MAINTENANCE_SECONDS = 15
"""How often a worker looks for jobs of workers that died (and at its start)."""
WORKER_TTL = 30
MAX_BREAKS = 5
BREAK_WINDOW = 60.0
KILL_GRACE = 2
"""Seconds after its time-out at which a job that could not be interrupted is killed: with the seconds between two looks
at it, the worker is free within 5 seconds of the time-out."""

HOPELESS = (
    BlockedError,
    BudgetError,
    RestrictedError,
    RunCancelled,
    ConfigError,
    InputError,
    IntegrityError,
    NotFoundError,
    PermanentConnectorError,
    PseudonymError,
)
"""Errors that another try would only repeat, but for a database that is away: it may be starting."""


class JobHardTimeout(BaseException):
    """The job's time is up. No ``Exception``: CrewAI catches those, and tries again."""


class HardDeathPenalty(UnixSignalDeathPenalty):
    """RQ's alarm, raising what no ``except Exception`` stops."""

    def handle_death_penalty(self, signum: int, frame: Any) -> None:
        message = f"Task exceeded maximum timeout value ({self._timeout} seconds)"
        raise (JobHardTimeout if self._exception is JobTimeoutException else self._exception)(message)


class CrewWorker(Worker):
    """A forking worker for crews: hard time-outs, leases instead of time-outs for dead workers, and one thread only
    (RQ's command channel would be a second one, alive while the worker forks)."""

    queue_class: type[Queue] = LeasedQueue
    death_penalty_class = HardDeathPenalty
    log_result_lifespan = False

    def __init__(
        self,
        handle: QueueHandle,
        leases: Leases,
        *,
        handlers: Collection[str] = HANDLERS,
        parent: int | None = None,
        stopped: Callable[[], bool] | None = None,
        limits: Mapping[str, int] | None = None,
        grace: float = 0.0,
        traces_url: str = "",
    ) -> None:
        """``grace``: seconds that a job may still take when the worker is told to stop; it is handed back then."""
        super().__init__(
            list(handle.queues.values()),
            name=f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}",
            connection=handle.connection,
            serializer=JSONSerializer,
            job_monitoring_interval=MONITOR_SECONDS,
            maintenance_interval=MAINTENANCE_SECONDS,
            worker_ttl=WORKER_TTL,
            exception_handlers=[_give_up_the_hopeless],
        )
        must_be_json(self)
        self.handle = handle
        self.leases = leases
        self.handlers = frozenset(handlers)
        self.parent = parent
        self.ended_well = False
        self.traces_url = traces_url
        handle.queues["high"].on_idle = self._between_jobs
        handle.queues["high"].held = stopped or _never
        self.grace = grace
        self._told_to_stop: float | None = None
        leases.on_death = killed
        for queue in handle.queues.values():
            queue.limits = limits or {}

    def _between_jobs(self) -> None:
        if self.parent is not None and os.getppid() != self.parent:
            self.log.warning("Worker %s: the supervisor is gone, stopping", self.name)
            self.ended_well = True
            raise StopRequested()

    @property
    def dequeue_timeout(self) -> int:
        """Seconds until an idle worker looks up from the queue: for maintenance, too."""
        return int(min(super().dequeue_timeout, self.maintenance_interval))

    def request_stop(self, signum: int, frame: Any) -> None:
        """A first SIGTERM or SIGINT."""
        self.ended_well = True
        self._told_to_stop = time.monotonic()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]

    def dequeue_job_and_maintain_ttl(self, timeout: int | None, max_idle_time: int | None = None) -> Any:
        """The next job; none means that there is nothing left."""
        found = super().dequeue_job_and_maintain_ttl(timeout, max_idle_time)
        self.ended_well = self.ended_well or found is None
        return found

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Also looks after the embedded server, without which there is nobody to tell."""
        self.handle.ensure()
        super().heartbeat(timeout, pipeline)

    def subscribe(self) -> None:
        """No command channel."""

    def unsubscribe(self) -> None:
        """No command channel."""

    def clean_registries(self) -> None:
        """RQ's own maintenance, and the recovery of jobs whose worker died."""
        self.leases.recover()
        self.leases.vouch()
        super().clean_registries()  # type: ignore[no-untyped-call]

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run a job in a fork, and strike it off the lease once it has a state of its own."""
        super().execute_job(job, queue)
        self.leases.done(self.name, job.id)

    def maintain_heartbeats(self, job: Job, execution: Execution) -> None:
        """Heartbeat; hand the job back when it outlasts the grace of a stop; kill a work-horse that did not heed its
        alarm."""
        if self._told_to_stop is not None and time.monotonic() - self._told_to_stop > self.grace:
            self.log.warning("Worker %s: job %s takes too long to stop; handing it back", self.name, job.id)
            self.kill_horse()
            self.wait_for_horse()
            killed(job)
            raise SystemExit()
        if job.timeout and job.timeout > 0 and job.started_at:
            running = (now() - job.started_at).total_seconds()
            if running > int(job.timeout) + KILL_GRACE:
                self.log.error("Worker %s: job %s ignores its time-out; killing it", self.name, job.id)
                self.kill_horse()
        super().maintain_heartbeats(job, execution)

    def handle_work_horse_killed(self, job: Job, retpid: int | None, ret_val: int | None, rusage: Any) -> None:
        """A work-horse that was killed could not say how its run ended."""
        super().handle_work_horse_killed(job, retpid, ret_val, rusage)  # type: ignore[no-untyped-call]
        killed(job)

    def prepare_job_execution(self, job: Job, remove_from_intermediate_queue: bool = False) -> None:
        """In the work-horse, before the job: refuses what is not a handler of this product."""
        if job.func_name not in self.handlers:
            raise InputError(f"{job.func_name!r} is not a job of this product", where=job.id, field="function")
        super().prepare_job_execution(job, remove_from_intermediate_queue)

    def perform_job(self, job: Job, queue: Queue, execution: Execution) -> bool:
        """In the work-horse: the job, as a span of its own where traces are made."""
        # Named once it has run: a job that cannot be read has no name to ask for, and fails inside.
        with traced(self.traces_url, "worker"), spans.span("job", "consumer") as span:
            done: bool = super().perform_job(job, queue, execution)
            span.note(job=job.id, queue=queue.name, done=done)
            if done:
                span.note(name=f"job {job.func_name}")
        return done


def must_be_json(worker: Worker) -> None:
    """Jobs are never unpickled: whoever can write to the queue could otherwise run what they like.

    Raises:
        ConfigError: the worker, or one of its queues, reads anything else than JSON.
    """
    for name, serializer in (("the worker", worker.serializer), *((q.name, q.serializer) for q in worker.queues)):
        if serializer is not JSONSerializer:
            kind = getattr(serializer, "__name__", type(serializer).__name__)
            raise ConfigError(
                f"serializer: {name} reads jobs with {kind}, which is not JSON",
                remedy="open the queue with ascertain.jobs.server.open_queue",
            )


def run_worker(
    settings: Settings,
    *,
    processes: int = 1,
    burst: bool = False,
    prepare: Callable[[Settings], None] | None = None,
    handlers: Collection[str] = HANDLERS,
    stopped: Callable[[], bool] | None = None,
) -> None:
    """Work off the queue until told to stop (SIGTERM or SIGINT: after the running jobs, or when
    ``settings.stop_grace`` is over; a second time: at once).

    Args:
        processes: worker processes; each runs one job at a time, in a fork of its own.
        burst: end when nothing is queued, nor waiting for another try.
        prepare: loads what the jobs need, once, before the forks; by default the application, with CrewAI.
        handlers: dotted paths of the functions that may be run.
        stopped: whether to take no job now, asked before each (and every second while there is none); by default the
            application's switch (`ascertain stop`).

    Raises:
        ConfigError: the queue cannot be reached, or a limit is none.
    """
    if processes < 1:
        raise ConfigError(f"processes: {processes} is not a number of processes", remedy="give 1 or more")
    read_limits(settings.limits)  # before anything is started
    prepare_environment()
    _log_to_stderr(settings)
    if settings.traces_url:
        check_address(settings.traces_url)
    handle = open_queue(settings)
    try:
        (prepare or prepare_app)(settings)
        held = stopped or (_switch_of_app if prepare is None else _never)
        if processes == 1:
            _work(handle, settings, burst=burst, handlers=handlers, parent=None, stopped=held)
        else:
            parent = os.getpid()

            def child() -> None:
                handle.abandon()
                with closing(open_queue(settings)) as own:
                    _work(own, settings, burst=burst, handlers=handlers, parent=parent, stopped=held)

            supervise(child, processes=processes, respawn=not burst)
    finally:
        handle.close()


def prepare_environment() -> None:
    """Take out of this process's environment what would make CrewAI reach for a server of somebody else's."""
    if os.environ.pop("REDIS_URL", None) is not None:
        log.warning("REDIS_URL is ignored by the worker: CrewAI would take locks on that server")


def prepare_app(settings: Settings) -> None:
    """Open the application and load CrewAI and the indexes, without running anything: the forks inherit it."""
    from ascertain import runtime

    app = runtime.open_app(settings)
    runtime.set_app(app)
    app.warm()


def _switch_of_app() -> bool:
    """Asked before each job. Names and catalogue that have changed meanwhile are read here, once: else every fork would
    read them for itself."""
    from ascertain.pipeline.stop import is_stopped
    from ascertain.runtime import get_app

    app = get_app()
    if is_stopped(app.units):
        return True
    app.keep_warm()
    return False


def _never() -> bool:
    return False


def _work(
    handle: QueueHandle,
    settings: Settings,
    *,
    burst: bool,
    handlers: Collection[str],
    parent: int | None,
    stopped: Callable[[], bool],
) -> None:
    """Work until there is reason to stop. RQ ends its loop over a server that is away at the wrong moment: then a new
    worker takes its place, unless that happens too often."""
    limits = read_limits(settings.limits)
    leases = Leases(handle.connection, list(handle.queues.values()), queue_folder(settings) / "workers")
    breaks: deque[float] = deque(maxlen=MAX_BREAKS)
    try:
        while True:
            handle.ensure()
            worker = CrewWorker(
                handle,
                leases,
                handlers=handlers,
                parent=parent,
                stopped=stopped,
                limits=limits,
                grace=settings.stop_grace,
                traces_url=settings.traces_url,
            )
            if _work_once(worker, settings, burst=burst):
                return
            if len(breaks) == MAX_BREAKS and time.monotonic() - breaks[0] < BREAK_WINDOW:
                raise AscertainError(
                    f"the worker broke off {MAX_BREAKS + 1} times within {BREAK_WINDOW:.0f} s",
                    remedy="see the log above; its jobs are put back by the next worker",
                )
            breaks.append(time.monotonic())
            time.sleep(1.0)
    except StopRequested:  # told to stop in between
        return
    except redis.exceptions.RedisError as e:
        raise AscertainError(f"the queue cannot be reached: {e}", remedy="see `ascertain doctor`") from None


def _work_once(worker: CrewWorker, settings: Settings, *, burst: bool) -> bool:
    """False when the loop was broken off; RQ has logged why, and returned as if all were well."""
    lock = worker.leases.enter(worker.name)
    try:
        worker.work(burst=burst, logging_level=settings.log_level)
    except redis.exceptions.RedisError as e:
        log.error("worker %s lost the queue: %s", worker.name, e)
        return False
    finally:
        try:
            if _lives(worker.horse_pid):  # the horse still holds the lock; a later worker will see to its job
                os.close(lock)
            else:
                worker.leases.leave(worker.name, lock)
        except redis.exceptions.RedisError as e:
            log.error("worker %s could not sign off (%s); the next worker puts its jobs back", worker.name, e)
    return worker.ended_well


def _lives(horse: int) -> bool:
    if not horse:
        return False
    try:
        return os.waitpid(horse, os.WNOHANG) == (0, 0)
    except ChildProcessError:  # waited for already
        return False


def _give_up_the_hopeless(job: Job, kind: type[BaseException], error: BaseException, trace: Any) -> bool:
    if isinstance(error, HOPELESS) and not isinstance(error, DatabaseAway):
        job.retries_left = 0
    return True


def _log_to_stderr(settings: Settings) -> None:
    """RQ logs to standard output unless somebody else has set up logging."""
    set_up(settings.log_level, settings.log_format)
