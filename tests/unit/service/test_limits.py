"""Allowances: what is taken comes back with time, and strangers cannot fill memory."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from ascertain.service import limits
from ascertain.service.limits import RateLimiter


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_then_the_rate() -> None:
    clock = Clock()
    limiter = RateLimiter(60, 3, clock=clock)
    assert [limiter.take("a") for _ in range(3)] == [0, 0, 0]
    assert limiter.take("a") == pytest.approx(1.0)
    assert limiter.take("b") == 0, "each caller has an own allowance"
    clock.now = 0.5
    assert limiter.take("a") == pytest.approx(0.5), "asking in vain takes nothing"
    clock.now = 1.0
    assert limiter.take("a") == 0
    clock.now = 1e6
    assert [limiter.take("a") > 0 for _ in range(4)] == [False, False, False, True]


def test_the_longest_unseen_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_CALLERS", 10)
    limiter = RateLimiter(1, 1, clock=Clock())
    assert limiter.take("regular") == 0
    for n in range(30):
        limiter.take(n)
        assert limiter.take("regular") > 0, "seen a moment ago"
    assert len(limiter._buckets) == 10


def test_threads_share_it() -> None:
    limiter = RateLimiter(1, 50, clock=Clock())
    with ThreadPoolExecutor(16) as pool:
        got = list(pool.map(lambda _: limiter.take("a"), range(400)))
    assert got.count(0) == 50
