"""Makes CrewAI fit to run inside a product: silent, offline, and without files of its own.

:func:`prepare` must come before anything imports ``crewai``. What it guards against was seen, not supposed: telemetry
and version checks that delay the exit of a process without network by half a minute, a credentials folder in HOME
that stops the import where HOME cannot be written, ``.env`` files of other projects being loaded, Redis locks taken
because a variable is called REDIS_URL, and a pickle of the working folder being opened at each kickoff.
"""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SILENT = {
    "CREWAI_DISABLE_TELEMETRY": "true",
    "CREWAI_TRACING_ENABLED": "false",
    "CREWAI_DISABLE_VERSION_CHECK": "true",
    "ORT_DISABLE_TELEMETRY": "1",  # onnxruntime comes with CrewAI's own packages
}

_lock = threading.Lock()
_folder: Path | None = None


def prepare() -> Path:
    """Set CrewAI's environment and import it, once per process; later calls do nothing. Takes seconds.

    Returns:
        The private folder that CrewAI believes to be its storage. It goes away with the process.
    """
    global _folder
    with _lock:
        if _folder is None:
            folder = _private_folder()
            os.environ.update(SILENT)
            os.environ["CREWAI_STORAGE_DIR"] = str(folder)
            os.environ["CREWAI_TRAINED_AGENTS_FILE"] = str(folder / "none.pkl")
            with _while_importing(folder):
                import crewai  # noqa: F401  (imported for what happens then)
            _tame()
            _folder = folder
        return _folder


def _private_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="ascertain-crewai-"))  # mode 0700
    owner = os.getpid()

    def remove() -> None:
        if os.getpid() == owner:  # a forked child leaves it to its parent
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return folder


@contextmanager
def _while_importing(folder: Path) -> Iterator[None]:
    """HOME in the private folder, no .env loading, no REDIS_URL; all put back afterwards."""
    wanted = {"HOME": str(folder), "PYTHON_DOTENV_DISABLED": "1", "REDIS_URL": None}
    before = {name: os.environ.get(name) for name in wanted}
    _set(wanted)
    try:
        yield
    finally:
        _set(before)


def _set(values: dict[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _tame() -> None:
    from crewai_core.lock_store import set_lock_backend

    set_lock_backend(_in_process)
    # CrewAI logs the text of failed answers; ours are reported by the run itself, without that text.
    logging.getLogger("crewai").setLevel(logging.CRITICAL)
    os.register_at_fork(after_in_child=_renew_event_bus)


_crew_lock = threading.RLock()


@contextmanager
def _in_process(name: str, *, timeout: float = 0.0) -> Iterator[None]:
    """CrewAI's lock backend: it shares no files between processes here, so none of them needs a lock."""
    with _crew_lock:
        yield


def _renew_event_bus() -> None:
    """The event bus's threads do not survive a fork, its flags do: a child would wait for them for ever."""
    from crewai.events.event_bus import crewai_event_bus as bus
    from crewai.utilities.rw_lock import RWLock

    type(bus)._instance_lock = threading.RLock()
    bus._rwlock = RWLock()
    bus._futures_lock = threading.Lock()
    bus._pending_futures = set()
    bus._has_pending_events = False
    bus._executor_initialized = False
