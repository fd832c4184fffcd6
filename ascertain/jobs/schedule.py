"""Sweeps by the clock: reads ``config/schedules.yaml`` and queues each slot once, however many schedulers run."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Annotated, Literal, cast
from zoneinfo import ZoneInfo

import yaml
from croniter import CroniterBadDateError, croniter
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from redis.exceptions import RedisError

from ascertain.errors import ConfigError
from ascertain.jobs.election import Election
from ascertain.jobs.outgoing import enqueue_task
from ascertain.jobs.queue import JobQueue, JobTicket
from ascertain.jobs.server import Priority, QueueHandle, open_queue
from ascertain.paths import CONFIG_DIR
from ascertain.settings import Settings

log = logging.getLogger(__name__)

LONGEST_NAP = 30.0
"""Seconds between looks at the clock: a machine that slept, or whose clock was set, is caught up with."""


class ScheduleEntry(BaseModel):
    """When a cohort is swept, or one of the other tasks done: connections pulled, the library read, messages sent,
    write-back compared, retention run, lists for openings made, readiness kept, paths planned anew, the
    taxonomy looked after."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    cron: str
    task: Literal[
        "sweep", "sync", "tag", "notify", "reconcile", "retain", "match", "readiness", "replan", "steward"
    ] = "sweep"
    cohort: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    timezone: str = "UTC"
    priority: Priority = "default"

    @field_validator("cron")
    @classmethod
    def _five_fields(cls, value: str) -> str:
        if len(value.split()) != 5 or not croniter.is_valid(value):
            raise ValueError(f"{value!r} is not a cron expression of five fields")
        try:
            croniter(value, datetime(2000, 1, 1, tzinfo=UTC)).get_next(datetime)
        except CroniterBadDateError:
            raise ValueError(f"{value!r} names a day that never comes") from None
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{value!r} is not an IANA time zone") from None
        return value

    @model_validator(mode="after")
    def _whose(self) -> ScheduleEntry:
        if bool(self.cohort) != (self.task == "sweep"):
            raise ValueError("cohort: a sweep needs one, and no other task takes one")
        return self

    def last_slot(self, now: datetime) -> datetime:
        """The latest slot at or before ``now`` (aware), in UTC."""
        # get_prev looks strictly before its start, and the slot may be this very moment.
        return self._first_real(croniter(self.cron, self._local(now) + timedelta(microseconds=1)).get_prev)

    def next_slot(self, now: datetime) -> datetime:
        """The first slot after ``now`` (aware), in UTC."""
        return self._first_real(croniter(self.cron, self._local(now)).get_next)

    def _first_real(self, step: Callable[[type[datetime]], datetime]) -> datetime:
        """When clocks go back, an hour comes twice: an entry of fixed hours has its slots in the first one only."""
        hour = self.cron.split()[1]
        while True:
            slot = step(datetime).astimezone(UTC)
            if not self._local(slot).fold or "*" in hour:
                return slot

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(ZoneInfo(self.timezone))


EntryName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,60}$")]


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    schedules: dict[EntryName, ScheduleEntry]


@dataclass(frozen=True, slots=True)
class Fired:
    """A slot that has come; ``ticket.state`` is ``already`` when another scheduler was first."""

    name: str
    slot: datetime
    ticket: JobTicket


def read_schedules(path: Path | None = None) -> Mapping[str, ScheduleEntry]:
    """The entries of ``path`` or of the shipped file, by name.

    Raises:
        ConfigError: naming the entry and the field at fault.
    """
    file = path or CONFIG_DIR / "schedules.yaml"
    try:
        return _Document.model_validate(yaml.safe_load(file.read_text(encoding="utf-8"))).schedules
    except OSError as e:
        raise ConfigError(f"cannot read the schedules {file}: {e.strerror}", remedy="restore the file") from None
    except yaml.YAMLError as e:
        raise ConfigError(f"{file.name} is not valid YAML: {e}", remedy="correct that line") from None
    except ValidationError as e:
        first = e.errors()[0]
        where = ".".join(str(p) for p in first["loc"] if p != "[key]")
        message = first["msg"].removeprefix("Value error, ")
        raise ConfigError(f"{file.name}: {where}: {message}", remedy="correct that field") from None


class Scheduler:
    """Looks at the clock and queues what has come due. What was queued last is remembered on the queue's server, and
    a slot's job has an id of its own there: any number of schedulers queue it once."""

    def __init__(self, handle: QueueHandle, settings: Settings, entries: Mapping[str, ScheduleEntry]) -> None:
        self.jobs = JobQueue(handle, settings)
        self.entries = entries
        self._connection = handle.connection
        self._key = f"{settings.queue_name}:schedule"

    def tick(self, now: datetime) -> list[Fired]:
        """Queue the latest slot of each entry that has not been queued yet. An entry seen for the first time starts
        with its next slot."""
        fired = []
        for name, entry in self.entries.items():
            slot = entry.last_slot(now)
            # Written only when it is new: an entry begins when it is first seen.
            self._connection.hsetnx(self._key, name, int(slot.timestamp()))
            last = int(cast(bytes, self._connection.hget(self._key, name)))
            if slot.timestamp() <= last:
                continue
            # First the job, then the memory of it: who dies in between does it again, under the same id.
            ticket = (
                self.jobs.enqueue_sweep(name, entry.cohort or "", slot=slot, priority=entry.priority)
                if entry.task == "sweep"
                else enqueue_task(self.jobs, entry.task, name, slot=slot, priority=entry.priority)
            )
            self._connection.hset(self._key, name, int(slot.timestamp()))
            log.info("schedule %s: slot %s: %s", name, slot.isoformat(), ticket.state)
            fired.append(Fired(name, slot, ticket))
        return fired

    def nap(self, now: datetime) -> float:
        """Seconds until the next slot of any entry, at most ``LONGEST_NAP``."""
        waits = [(e.next_slot(now) - now).total_seconds() for e in self.entries.values()]
        return max(0.01, min([*waits, LONGEST_NAP]))


def run_scheduler(
    settings: Settings,
    *,
    once: bool = False,
    now: datetime | None = None,
    stop: threading.Event | None = None,
    also: Callable[[JobQueue], object] | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> list[Fired]:
    """Queue sweeps as their slots come, until SIGTERM or SIGINT (or ``stop`` is set); with ``once`` look once.
    Of several schedulers one is elected; the others look on and take its place when it dies.

    Args:
        now: the time to look with when ``once``; aware. By default the clock's.
        also: what else to queue at each look (``ascertain.jobs.receiving``: events that are still open).
        stopped: asked before each look: while it is true nothing is queued. Afterwards each entry's latest slot is.

    Returns:
        The slots that came, oldest first.

    Raises:
        ConfigError: the schedules are not valid, or the queue cannot be reached.
    """
    if now is not None and (not once or now.tzinfo is None):
        raise ConfigError("now: must be aware of its time zone, and is for a single look (once)")
    entries = read_schedules(settings.schedules_file)
    ended = stop or threading.Event()
    handle = open_queue(settings)
    fired: list[Fired] = []
    try:
        scheduler = Scheduler(handle, settings, entries)
        if once:
            if stopped():
                return []
            if also is not None:
                also(scheduler.jobs)
            return scheduler.tick(now or datetime.now(UTC))
        restore = _stop_on_signals(ended) if threading.current_thread() is threading.main_thread() else {}
        try:
            election = Election(handle.connection, f"{settings.queue_name}:scheduler")
            led = False
            while not ended.is_set():
                try:
                    handle.ensure()
                    if election.won() and not stopped():
                        if not led:
                            log.info("scheduler %s: elected", election.ident)
                        led = True
                        _try(also, scheduler.jobs)
                        fired += scheduler.tick(datetime.now(UTC))
                except (RedisError, ConfigError) as e:  # the server is away: the next look makes up for what was missed
                    log.error("the scheduler cannot reach the queue: %s", type(e).__name__)
                    led = False
                ended.wait(min(scheduler.nap(datetime.now(UTC)), election.look_every))
            _try(lambda _: election.resign(), scheduler.jobs)
        finally:
            for number, handler in restore.items():
                signal.signal(number, handler)
    finally:
        handle.close()
    return fired


def _try(also: Callable[[JobQueue], object] | None, jobs: JobQueue) -> None:
    """What is queued beside the slots must not keep them from being queued: the next look tries again."""
    if also is None:
        return
    try:
        also(jobs)
    except Exception as e:
        log.error("looking for what else to queue failed: %s", type(e).__name__, exc_info=e)


def _stop_on_signals(stopped: threading.Event) -> dict[signal.Signals, signal._HANDLER]:
    def stop(signum: int, frame: FrameType | None) -> None:
        stopped.set()

    return {s: signal.signal(s, stop) for s in (signal.SIGTERM, signal.SIGINT)}
