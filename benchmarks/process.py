"""Runs a piece of a benchmark in a process of its own, and says what it took: time, CPU, and the most memory."""

from __future__ import annotations

import multiprocessing
import os
import resource
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

_STATUS = Path("/proc/self/status")
_MIB = 1024.0


@dataclass(frozen=True, slots=True)
class Spent:
    """What a function took in a fresh process.

    Attributes:
        value: what it returned.
        seconds: of wall time; ``cpu`` of processor time, that of its process alone.
        peak: most resident memory of the process in MiB, ``before`` that after its imports.
    """

    value: Any
    seconds: float
    cpu: float
    peak: float
    before: float


def fresh(work: Callable[..., Any], *args: Any) -> Spent:
    """Call ``work`` (a module's function; arguments and result can be pickled) in a new interpreter.

    Raises:
        RuntimeError: with the other process's trace when it failed.
    """
    mine, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_measured, args=(theirs, work, args))
    process.start()
    theirs.close()
    try:
        good, found = mine.recv()
    except EOFError:
        good, found = False, "it ended without a word (killed for memory?)"
    process.join()
    if not good:
        raise RuntimeError(f"{work.__name__}: {found}")
    spent: Spent = found
    return spent


@contextmanager
def serving(serve: Callable[..., Any], *args: Any) -> Iterator[dict[str, str]]:
    """A context manager of another module entered in a process of its own; yields what it yields (plain data)."""
    mine, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_served, args=(theirs, serve, args), daemon=True)
    process.start()
    theirs.close()
    try:
        good, found = mine.recv()
        if not good:
            raise RuntimeError(f"{serve.__name__}: {found}")
        yield found
    finally:
        mine.close()  # which is how it knows that it is over
        process.join(timeout=10)


def peak_memory() -> float:
    """The most resident memory this program has had, in MiB.

    From the kernel's mark for the address space where there is one: ``ru_maxrss`` would also count the process that
    this one was forked from.
    """
    if _STATUS.exists():
        for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / _MIB
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (_MIB * _MIB if os.uname().sysname == "Darwin" else _MIB)


def _measured(pipe: Connection, work: Callable[..., Any], args: tuple[Any, ...]) -> None:
    before, begun, used = peak_memory(), time.perf_counter(), time.process_time()
    try:
        value = work(*args)
    except BaseException:
        pipe.send((False, traceback.format_exc()))
        return
    spent = Spent(value, time.perf_counter() - begun, time.process_time() - used, peak_memory(), before)
    pipe.send((True, spent))


def _served(pipe: Connection, serve: Callable[..., Any], args: tuple[Any, ...]) -> None:
    try:
        with serve(*args) as found:
            pipe.send((True, found))
            while pipe.poll(None):
                pipe.recv()
    except EOFError:
        return
    except BaseException:
        pipe.send((False, traceback.format_exc()))
