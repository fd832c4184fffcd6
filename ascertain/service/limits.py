"""How often somebody may call."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

MOST_CALLERS = 20_000
"""Remembered at once; beyond that the one not seen for longest is forgotten, so that strangers cannot fill memory."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class RateLimiter:
    """Token buckets: ``per_minute`` in the long run, ``burst`` at once. Per process; safe for threads."""

    def __init__(self, per_minute: float, burst: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = per_minute / 60.0
        self._burst = burst
        self._clock = clock
        self._buckets: OrderedDict[Hashable, _Bucket] = OrderedDict()
        self._lock = threading.Lock()

    def pause(self, caller: Hashable) -> float:
        """The seconds until there is room for one call, without taking it."""
        return self._take(caller, 0.0)

    def take(self, caller: Hashable) -> float:
        """Take one call: 0, or the seconds until there is room."""
        return self._take(caller, 1.0)

    def _take(self, caller: Hashable, calls: float) -> float:
        now = self._clock()
        with self._lock:
            bucket = self._buckets.pop(caller, None) or _Bucket(float(self._burst), now)
            bucket.tokens = min(float(self._burst), bucket.tokens + (now - bucket.at) * self._rate)
            bucket.at = now
            self._buckets[caller] = bucket
            if len(self._buckets) > MOST_CALLERS:
                self._buckets.popitem(last=False)
            if bucket.tokens < 1.0:
                return (1.0 - bucket.tokens) / self._rate
            bucket.tokens -= calls
            return 0.0

    def headers(self, caller: Hashable) -> dict[str, str]:
        """What a caller is told of their allowance: calls left at once, and seconds until all of them are there again
        (``RateLimit`` and ``RateLimit-Policy`` as the IETF's httpapi group drafts them)."""
        with self._lock:
            bucket = self._buckets.get(caller)
            left = bucket.tokens if bucket else float(self._burst)
        full = max(0, math.ceil((self._burst - left) / self._rate))
        window = math.ceil(self._burst / self._rate)
        return {
            "RateLimit-Policy": f'"calls";q={self._burst};w={window}',
            "RateLimit": f'"calls";r={max(0, int(left))};t={full}',
        }
