"""Trivial jobs for the queue's tests; each leaves its marks in the folder it is given."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from ascertain.errors import DatabaseAway, NotFoundError

HERE = "tests.integration.job_handlers"
NAMES = ("mark", "hold", "stubborn", "fail", "hopeless", "away", "suicide", "deaf", "environment")
ALL = frozenset(f"{HERE}.{n}" for n in NAMES)


def mark(folder: str, name: str) -> dict[str, str]:
    """One line more in the file ``name``: as many lines as finished runs."""
    with (Path(folder) / name).open("a") as file:
        file.write(f"{os.getpid()}\n")
    return {"marked": name}


def hold(folder: str, name: str) -> dict[str, str]:
    """Say which process runs, wait until the file ``go`` is there, then mark."""
    (Path(folder) / f"{name}.pid").write_text(f"{os.getpid()} {os.getppid()}")
    while not (Path(folder) / "go").exists():
        time.sleep(0.01)
    return mark(folder, name)


def stubborn(folder: str, name: str) -> None:
    """Catch every Exception, as an agent loop does, and go on."""
    for _ in range(600):
        try:
            time.sleep(0.1)
        except Exception:
            mark(folder, f"{name}.caught")
    mark(folder, name)


def fail(folder: str, name: str) -> None:
    """Fail in a way that another try might heal."""
    mark(folder, name)
    raise RuntimeError("the endpoint is busy")


def hopeless(folder: str, name: str) -> None:
    """Fail in a way that no other try heals."""
    mark(folder, name)
    raise NotFoundError("there is no learner L9")


def away(folder: str, name: str) -> None:
    """Fail as a job does while the database starts."""
    mark(folder, f"{name}.away")
    raise DatabaseAway("the database cannot be reached: connection refused")


def suicide(folder: str, name: str) -> None:
    """Die without a word."""
    mark(folder, name)
    os.kill(os.getpid(), signal.SIGKILL)


def deaf(folder: str, name: str) -> None:
    """Hear no alarm."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
    time.sleep(60)
    mark(folder, name)


def environment(folder: str, name: str) -> dict[str, str | None]:
    """Tell what CrewAI would see."""
    return {"redis_url": os.environ.get("REDIS_URL")}
