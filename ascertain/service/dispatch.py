"""Brings what was recorded to the queue, in a thread of its own: an answer never waits for the queue.

The inbox is the truth and the queue only a bell. At every bell, and every so many seconds whether it rang or not, each
connection with something open gets its job. So nothing is lost when the queue is away, or when this process is killed
between recording and queueing.
"""

from __future__ import annotations

import logging
import threading
from typing import Literal

from redis.exceptions import RedisError

from ascertain.errors import AscertainError
from ascertain.jobs.queue import JobQueue
from ascertain.jobs.receiving import enqueue_open
from ascertain.jobs.server import QueueHandle, open_queue
from ascertain.runtime import App

log = logging.getLogger(__name__)

EVERY = 15.0
"""Seconds between looks at the inbox when no bell rings."""

State = Literal["starting", "ok", "away"]


class Dispatcher:
    """Start it, ring it, stop it. ``state`` tells whether the queue could be reached when it was last tried."""

    def __init__(self, app: App, *, every: float = EVERY) -> None:
        self._app = app
        self._every = every
        self._bell = threading.Event()
        self._stopped = threading.Event()
        self._handle: QueueHandle | None = None
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)
        self.state: State = "starting"

    def start(self) -> None:
        """Begin, with a look at what an earlier process left."""
        self._thread.start()

    def ring(self) -> None:
        """Something was recorded."""
        self._bell.set()

    def stop(self) -> None:
        """End the thread and let go of the queue."""
        self._stopped.set()
        self._bell.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._bell.clear()
            self._look()
            self._bell.wait(self._every)
        self._let_go()

    def _look(self) -> None:
        try:
            if self._handle is None:
                self._handle = open_queue(self._app.settings)
            self._handle.ensure()
            for ticket in enqueue_open(self._app.units, JobQueue(self._handle, self._app.settings), self._app.clock):
                log.debug("%s: %s", ticket.id, ticket.state)
            self._turn("ok")
        except (AscertainError, RedisError, OSError) as e:
            # Said once, not every time; the next look tries again.
            if self.state != "away":
                log.warning("the queue is away (%s); what comes in is recorded and queued later", type(e).__name__)
            self._let_go()
            self._turn("away")
        except Exception as e:
            # The thread must outlive whatever it meets: without it nothing would be queued any more.
            log.error("looking at the inbox failed: %s", type(e).__name__, exc_info=e)
            self._let_go()
            self._turn("away")

    def _turn(self, state: State) -> None:
        if state == "ok" and self.state == "away":
            log.warning("the queue is back")
        self.state = state

    def _let_go(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            try:
                handle.close()
            except (RedisError, OSError) as e:
                log.debug("closing the queue: %s", type(e).__name__)
