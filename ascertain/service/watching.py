"""Watches assessments that somebody asked for. However many look at once, the store and the queue are asked once."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from redis.exceptions import RedisError

from ascertain.domain.run_requests import Progress, RunRequest
from ascertain.errors import ConfigError
from ascertain.jobs.queue import JobQueue
from ascertain.jobs.run_requests import progress
from ascertain.jobs.server import QueueHandle, open_queue
from ascertain.pipeline.run_requests import settled
from ascertain.runtime import App
from ascertain.service.problems import wait

log = logging.getLogger(__name__)

FRESH = 0.7
"""Seconds for which a look counts for everybody."""
REMEMBERED = 500
STREAMS_EACH = 4
STREAMS_ALL = 100


class RunWatch:
    """One for a service; for any number of threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._handle: QueueHandle | None = None
        self._seen: OrderedDict[str, tuple[float, Progress]] = OrderedDict()
        self._streams: dict[str, int] = {}

    def look(self, app: App, request: RunRequest, *, anew: bool = False) -> Progress:
        """How a request stands; at most ``FRESH`` seconds old, unless it is to be ``anew``.

        Raises:
            Problem: 503 while the queue is away.
        """
        with self._lock:
            at, known = self._seen.get(request.id, (0.0, None))
            if known is not None and not anew and (known.state.ended or self._clock() - at < FRESH):
                return known
            with app.units(write=False) as uow:
                found = settled(uow, request)
            if found is None:
                with self._queue(app) as jobs:
                    found = progress(app, jobs, request)
            self._seen[request.id] = (self._clock(), found)
            self._seen.move_to_end(request.id)
            while len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
            return found

    def forget(self, request_id: str) -> None:
        """Something was done about it."""
        with self._lock:
            self._seen.pop(request_id, None)

    @contextmanager
    def queue(self, app: App) -> Iterator[JobQueue]:
        """The queue, for a moment.

        Raises:
            Problem: 503 while it is away.
        """
        with self._lock, self._queue(app) as jobs:
            yield jobs

    @contextmanager
    def _queue(self, app: App) -> Iterator[JobQueue]:
        try:
            if self._handle is None:
                self._handle = open_queue(app.settings)
            self._handle.ensure()
            yield JobQueue(self._handle, app.settings)
        except (RedisError, OSError, ConfigError) as e:
            self._let_go()
            raise wait(503, f"the queue is away ({type(e).__name__})", 15) from None

    def enter(self, who: str) -> None:
        """Take one of the streams that somebody may have at once.

        Raises:
            Problem: 429 when they have all of theirs, 503 when all are taken.
        """
        with self._lock:
            if self._streams.get(who, 0) >= STREAMS_EACH:
                raise wait(429, f"{STREAMS_EACH} streams at once are enough; end one", 10)
            if sum(self._streams.values()) >= STREAMS_ALL:
                raise wait(503, "too many streams; ask for the state instead", 10)
            self._streams[who] = self._streams.get(who, 0) + 1

    def leave(self, who: str) -> None:
        """Give it back."""
        with self._lock:
            left = self._streams.get(who, 0) - 1
            if left > 0:
                self._streams[who] = left
            else:
                self._streams.pop(who, None)

    def close(self) -> None:
        """Let go of the queue."""
        with self._lock:
            self._let_go()

    def _let_go(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            try:
                handle.close()
            except (RedisError, OSError) as e:
                log.debug("closing the queue: %s", type(e).__name__)
