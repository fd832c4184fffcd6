"""Keeps a number of forked processes going, and stops them together."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from types import FrameType

from ascertain.errors import AscertainError

log = logging.getLogger(__name__)

MAX_DEATHS = 5
DEATH_WINDOW = 60.0
"""More than ``MAX_DEATHS`` unexpected ends within this many seconds: starting another one would not help."""


def supervise(work: Callable[[], None], *, processes: int, respawn: bool) -> None:
    """Run ``work`` in ``processes`` forks until all have ended.

    SIGTERM and SIGINT are passed on as SIGTERM, each time they come. With ``respawn`` a fork that ends by itself is
    replaced.

    Raises:
        AscertainError: a fork ended with an error, or they keep dying.
    """
    children: list[BaseProcess] = []
    stopping = False

    def stop(signum: int, frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True
        for child in children:
            _terminate(child)

    def spawn() -> None:
        child = _spawn(work)
        children.append(child)
        if stopping:  # the signal came before the child was on the list
            _terminate(child)

    before = {s: signal.signal(s, stop) for s in (signal.SIGTERM, signal.SIGINT)}
    deaths: deque[float] = deque(maxlen=MAX_DEATHS)
    failed: list[int] = []
    try:
        for _ in range(processes):
            if not stopping:
                spawn()
        while children:
            wait([c.sentinel for c in children], timeout=1.0)
            for child in [c for c in children if not c.is_alive()]:
                child.join()
                children.remove(child)
                if child.exitcode and not (stopping and child.exitcode == -signal.SIGTERM):
                    failed.append(child.exitcode)
                if stopping or not respawn:
                    continue
                log.error("worker process %s ended with %s; starting another", child.pid, child.exitcode)
                if len(deaths) == MAX_DEATHS and time.monotonic() - deaths[0] < DEATH_WINDOW:
                    stop(signal.SIGTERM, None)
                    continue
                deaths.append(time.monotonic())
                spawn()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if failed and (not respawn or len(deaths) == MAX_DEATHS):
        raise AscertainError(
            f"{len(failed)} worker processes ended with an error ({', '.join(map(str, failed))})",
            remedy="see the log above; their jobs are put back by the next worker",
        )


def _terminate(child: BaseProcess) -> None:
    if child.is_alive() and child.pid:
        os.kill(child.pid, signal.SIGTERM)


def _spawn(work: Callable[[], None]) -> BaseProcess:
    # Signals wait until the child has its own handlers: it must not run its parent's.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    try:
        process = multiprocessing.get_context("fork").Process(target=_child, args=(work, mask))
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    return process


def _child(work: Callable[[], None], mask: set[signal.Signals | int]) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # Ctrl-C reaches the whole process group; the supervisor alone acts on it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    try:
        work()
    except AscertainError as e:
        log.error("%s", e)
        sys.exit(e.exit_code)
    except Exception:
        traceback.print_exc()
        sys.exit(1)
