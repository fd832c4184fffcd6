"""Ralph, a learning record store that others wrote: installed once into ``build/``, started for the tests.

Its file backend takes one write unless it is told to append, so it is started by a few lines of our own.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

_HERE = Path(__file__).parent
_REQUIREMENTS = _HERE / "ralph-requirements.txt"
USER, PASSWORD = "ascertain", "a-test-password"
_INSTALL_SECONDS, _START_SECONDS = 240, 40
_SERVE = """
import sys
from ralph.backends.data.base import BaseOperationType
from ralph.backends.data.fs import FSDataBackend
FSDataBackend.default_operation_type = BaseOperationType.APPEND
import uvicorn
uvicorn.run("ralph.api:app", host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
"""


class NotInstalled(Exception):
    """Ralph cannot be had here."""


def environment() -> Path:
    """The folder with its programs, made when it is first asked for (some 20 seconds, 90 MB).

    Raises:
        NotInstalled: with the reason.
    """
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    mark = hashlib.sha256(_REQUIREMENTS.read_bytes()).hexdigest()[:12]
    place = _HERE.parents[2] / "build" / f"ralph-{version}-{mark}"
    place.parent.mkdir(exist_ok=True)
    with (place.parent / "ralph.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two test workers, one installation
        if not (place / "ready").exists():
            venv.create(place, with_pip=True, clear=True)
            # The product's pins are not for it.
            own = {k: v for k, v in os.environ.items() if k != "PIP_CONSTRAINT"}
            pip = [str(place / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--no-input"]
            command = [*pip, "install", "-q", "--retries", "1", "--timeout", "15", "-r", str(_REQUIREMENTS)]
            try:
                done = subprocess.run(command, env=own, capture_output=True, text=True, timeout=_INSTALL_SECONDS)
            except subprocess.TimeoutExpired:
                raise NotInstalled(f"pip took longer than {_INSTALL_SECONDS} seconds") from None
            if done.returncode:
                last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
                raise NotInstalled(f"pip could not install it: {last[:200]}")
            (place / "ready").touch()
    return place / "bin"


@contextmanager
def running(programs: Path, folder: Path) -> Iterator[str]:
    """The endpoint of an empty store that keeps its statements below ``folder``."""
    data = folder / "statements"
    data.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {k: v for k, v in os.environ.items() if not k.startswith(("RALPH_", "PYTHON"))} | {
        "RALPH_RUNSERVER_BACKEND": "fs",
        "RALPH_AUTH_FILE": str(folder / "auth.json"),
        "RALPH_APP_DIR": str(folder),
        "RALPH_BACKENDS__LRS__FS__DEFAULT_DIRECTORY_PATH": str(data),
    }
    who = ["-u", USER, "-p", PASSWORD, "-s", "all", "-M", "mailto:tests@example.org", "-N", "tests", "-w"]
    subprocess.run(
        [str(programs / "ralph"), "auth", *who], env=own, cwd=folder, check=True, capture_output=True, timeout=60
    )
    log = (folder / "log").open("w")
    server = subprocess.Popen(
        [str(programs / "python"), "-c", _SERVE, str(port)], env=own, cwd=folder, stdout=log, stderr=log
    )
    try:
        url = f"http://127.0.0.1:{port}/xAPI"
        _wait(url, server, folder / "log")
        yield url
    finally:
        server.terminate()
        server.wait(timeout=10)
        log.close()


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        try:
            if httpx.get(f"{url}/statements/", auth=(USER, PASSWORD), timeout=10, trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise RuntimeError(f"Ralph did not start: {log.read_text()[-500:]}")
