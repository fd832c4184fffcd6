"""Processes that are killed and started again: workers of two hosts, schedulers, the service."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FAKETIME = ("libfaketimeMT.so.1", "libfaketime.so.1")
"""Libraries that give a process another clock (Debian: ``apt-get install libfaketime``)."""


class Daemon:
    """A command in a session of its own, which is started again when it has gone."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.command = tuple(command)
        self.environment = dict(environment)
        self._log = log
        self.starts = 0
        self.process = self._start()

    @property
    def pid(self) -> int:
        return self.process.pid

    def keep_going(self) -> None:
        """Start it again if it has ended, as whatever supervises a service does."""
        if self.process.poll() is not None:
            self.kill()
            self.process = self._start()

    def kill(self) -> None:
        """SIGKILL for all of the session. All are stopped first: none can see another die and react."""
        members = list(session(self.process.pid))
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in members:
                kill(pid, number)
        self.process.wait()

    def end(self, seconds: float = 60.0) -> int:
        """SIGTERM, and the exit code."""
        kill(self.process.pid, signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return -signal.SIGKILL

    def restart(self, environment: Mapping[str, str]) -> None:
        """Kill it, and start it again with other variables."""
        self.kill()
        self.environment = dict(environment)
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        self.starts += 1
        with self._log.open("ab") as log:
            return subprocess.Popen(
                self.command, env=self.environment, start_new_session=True, cwd=ROOT, stdout=log, stderr=log
            )


class Workers(Daemon):
    """A supervisor with its workers and the processes that run jobs."""

    def workers(self) -> list[int]:
        return children(self.pid)

    def horses(self) -> list[int]:
        return [h for w in self.workers() for h in children(w)]


def python(*arguments: str) -> list[str]:
    return [sys.executable, "-m", *arguments]


def faketime() -> Path | None:
    """The library that gives a process another clock, where it is installed."""
    folders = [*Path("/usr/lib").glob("*/faketime"), Path("/usr/lib/faketime"), Path("/usr/local/lib/faketime")]
    return next((f / name for f in folders for name in FAKETIME if (f / name).exists()), None)


def skewed(environment: Mapping[str, str], hours: float) -> dict[str, str]:
    """The environment of a process whose clock is ``hours`` ahead. What measures spans of time is left alone."""
    library = faketime()
    if library is None or not hours:
        return dict(environment)
    return {
        **environment,
        "LD_PRELOAD": str(library),
        "FAKETIME": f"{hours:+g}h",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def kill(pid: int, number: int = signal.SIGKILL) -> int:
    """1 when there was such a process."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return 0
    return 1


def children(parent: int) -> list[int]:
    return [p for p in _processes() if (s := _stat(p))[1] == str(parent) and s[0] != "Z"]


def session(leader: int) -> Iterator[int]:
    return (p for p in _processes() if (s := _stat(p))[3] == str(leader) and s[0] != "Z")


def _stat(pid: int) -> list[str]:
    """State, parent, group and session of a process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ["Z", "-1", "-1", "-1"]


def _processes() -> Iterator[int]:
    return (int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit())
