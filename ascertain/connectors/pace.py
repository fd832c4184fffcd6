"""Keeps one process below a limit of calls that is too short to be shared between processes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable


class Pace:
    """Keeps the calls of this process below ``calls`` in any ``seconds``. The hourly budget is shared between
    processes; this window is too short for that to be worth it, and a 429 is waited out anyway."""

    def __init__(
        self,
        calls: int,
        seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._made: deque[float] = deque(maxlen=calls)
        self._seconds = seconds
        self._clock = clock
        self._sleep = sleep

    def wait(self) -> None:
        """Return once there is room for a call, and count it."""
        if len(self._made) == self._made.maxlen and (left := self._made[0] + self._seconds - self._clock()) > 0:
            self._sleep(left)
        self._made.append(self._clock())
