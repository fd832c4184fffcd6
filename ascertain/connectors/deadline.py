"""An end to a whole call. The time-outs of an HTTP client are for one read each: whoever sends a byte now and then
could hold a caller for ever."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any


class Deadline:
    """Shuts the connections of one call when its time is up; a context manager.

    with Deadline(20.0) as deadline:
        client.request(..., extensions={"trace": deadline.trace})

    ``trace`` is HTTPX's extension of that name: it tells of each connection that is opened for the call. What reads
    from one that was shut gets an error of the client's at once.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.passed = False
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Called by the client for each step of the call."""
        if not event.endswith(".connect_tcp.complete") and not event.endswith(".start_tls.complete"):
            return
        found = info["return_value"].get_extra_info("socket")
        with self._lock:
            self._sockets.append(found)
            if self.passed:
                _shut(found)

    def _end(self) -> None:
        with self._lock:
            self.passed = True
            for each in self._sockets:
                _shut(each)

    def __enter__(self) -> Deadline:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()


def _shut(found: socket.socket) -> None:
    try:
        socket.socket.shutdown(found, socket.SHUT_RDWR)
    except OSError:  # closed already: there is nothing left to end
        return
