"""One process at a time on a connection: two syncs would do the work twice, and an exclusive token dies when the next
one is issued.

A lease is prolonged as pages come in, each time a quarter of it is gone. Whoever is killed cannot give it back: a later
process of the same machine sees that the holder is gone and takes over at once, another machine when the lease has run
out.
"""

from __future__ import annotations

import math
import os
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ascertain.domain.connector import Budget, Connector
from ascertain.errors import RetryableConnectorError

LEASE_SECONDS = 600.0
"""Longer than the slowest page: five tries of half a minute each, and the waits between them."""


class ConnectionLeases:
    """The leases of one piece of work. Without a budget (a test, a single process) nobody else can be there.

    Args:
        budget: where leases are kept.
        seconds: how long one lasts without being prolonged.
    """

    def __init__(self, budget: Budget | None, seconds: float = LEASE_SECONDS) -> None:
        self._budget = budget
        self._seconds = seconds
        self._owner = f"{_machine()} {os.getpid()} {_started(os.getpid())} {secrets.token_hex(4)}"
        self._held: dict[str, float] = {}

    def take(self, name: str) -> bool:
        """Take or prolong the lease of a connection; ``False`` while somebody else works with it."""
        if self._budget is None or time.monotonic() - self._held.get(name, -math.inf) < self._seconds / 4:
            return True
        asked = time.monotonic()
        key = f"connection:{name}"
        if not self._budget.lease(key, self._owner, self._seconds):
            holder = self._budget.holder(key)
            if holder is not None and not _gone(holder):
                self._held.pop(name, None)
                return False
            if holder is not None:
                self._budget.give_back(key, holder)
            if not self._budget.lease(key, self._owner, self._seconds):
                self._held.pop(name, None)
                return False
        self._held[name] = asked
        return True

    def keep(self, name: str) -> None:
        """Prolong.

        Raises:
            RetryableConnectorError: when it ran out and somebody else took it.
        """
        if not self.take(name):
            raise busy(name)

    def give_back(self) -> None:
        """End all that are held."""
        for name in sorted(self._held):
            if self._budget is not None:
                self._budget.give_back(f"connection:{name}", self._owner)
        self._held.clear()


def busy(name: str) -> RetryableConnectorError:
    """The error for a connection that somebody else works with."""
    return RetryableConnectorError(
        f"{name}: busy, another process is working with this connection",
        remedy=f"wait until it is done; if it was killed on another machine, {LEASE_SECONDS / 60:.0f} minutes",
    )


@contextmanager
def alone(connector: Connector, budget: Budget | None) -> Iterator[None]:
    """For every use outside a sync of a connection whose token is exclusive; others need no lease.

    Raises:
        RetryableConnectorError: while another process works with it.
    """
    if not connector.quota().exclusive:
        yield
        return
    leases = ConnectionLeases(budget)
    leases.keep(connector.name)
    try:
        yield
    finally:
        leases.give_back()


def _machine() -> str:
    """Host and process namespace: only inside one namespace does a process number mean anything."""
    try:
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        space = "-"
    return f"{socket.gethostname()}/{space}"


def _started(pid: int) -> str:
    """When a process began, in the kernel's ticks; empty if there is none (or no /proc)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = text.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else fields[19]


def _gone(holder: str) -> bool:
    """True only where it is certain: a process of this machine that does not run any more."""
    parts = holder.split(" ")
    if len(parts) != 4 or parts[0] != _machine() or not parts[1].isdigit() or not parts[2]:
        return False
    return _started(int(parts[1])) != parts[2]
