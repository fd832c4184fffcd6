"""Runs real workers in processes of their own, and waits for things to happen."""

from __future__ import annotations

import logging
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ascertain.jobs import worker
from ascertain.jobs.embedded import EmbeddedServer
from ascertain.jobs.queue import JobQueue
from ascertain.jobs.server import QueueHandle, open_queue, queue_folder
from ascertain.settings import Settings
from tests.integration import job_handlers

ROOT = Path(__file__).resolve().parents[2]


class WorkerProcess:
    """A worker in a forked process, with its log in a file."""

    def __init__(
        self, settings: Settings, *, burst: bool, processes: int, env: dict[str, str], constants: dict[str, int]
    ) -> None:
        context = multiprocessing.get_context("fork")
        self.ready = context.Event()
        self.log = Path(settings.home) / f"worker-{time.monotonic_ns()}.log"
        self.process = context.Process(target=self._run, args=(settings, burst, processes, env, constants))
        self.process.start()

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def _run(
        self, settings: Settings, burst: bool, processes: int, env: dict[str, str], constants: dict[str, int]
    ) -> None:
        with self.log.open("w") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        logging.getLogger().handlers.clear()  # the test runner's
        logging.basicConfig(stream=os.fdopen(2, "w", closefd=False), level=logging.INFO)
        os.environ.update(env)
        for name, value in constants.items():
            setattr(worker, name, value)
        worker.run_worker(
            settings,
            processes=processes,
            burst=burst,
            prepare=lambda _: self.ready.set(),
            handlers=job_handlers.ALL,
        )

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self.process.kill()

    def wait(self, seconds: float = 30) -> int:
        # Not join(): a work-horse that outlives its worker holds the sentinel open.
        wait_for(lambda: self.process.exitcode is not None, seconds=seconds)
        assert self.process.exitcode is not None
        return self.process.exitcode


def settings_in(folder: Path, **more: object) -> Settings:
    """Settings with a home of their own and nothing from outside."""
    return Settings(home=folder / "home", _env_file=None, **more)  # type: ignore[call-arg,arg-type]


@contextmanager
def job_queue(settings: Settings) -> Iterator[JobQueue]:
    """An open queue; at the end its server is stopped, also when killed workers left it running."""
    handle: QueueHandle = open_queue(settings)
    try:
        yield JobQueue(handle, settings)
    finally:
        handle.close()
        if threading.current_thread() is threading.main_thread() and not settings.queue_url:
            server = EmbeddedServer(queue_folder(settings))
            wait_for(lambda: not server._alive() or server.attach().release())


@contextmanager
def worker_process(
    settings: Settings, *, burst: bool = False, processes: int = 1, env: dict[str, str] | None = None, **constants: int
) -> Iterator[WorkerProcess]:
    """A worker that is ready to work; killed at the end if it still runs."""
    process = WorkerProcess(
        settings.model_copy(update={"log_level": "INFO"}),
        burst=burst,
        processes=processes,
        env=env or {},
        constants=constants,
    )
    try:
        assert process.ready.wait(20), process.log.read_text()
        yield process
    finally:
        process.kill()
        process.wait()


def work_off(settings: Settings, *, processes: int = 1, env: dict[str, str] | None = None, **constants: int) -> str:
    """Run a worker until nothing is left to do; returns its log."""
    with worker_process(settings, burst=True, processes=processes, env=env, **constants) as process:
        assert process.wait(60) == 0, process.log.read_text()
    return process.log.read_text()


def last_log(settings: Settings) -> str:
    """What the last worker wrote."""
    return max(Path(settings.home).glob("worker-*.log"), key=lambda p: p.name).read_text()


def wait_for(what: Callable[[], bool], *, seconds: float = 20.0) -> None:
    """Until it is so."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def submit(
    jobs: JobQueue, function: str, folder: Path, name: str, *, timeout: int = 30, retry: Sequence[int] = ()
) -> str:
    """Queue one of the trivial jobs under its name; returns the id."""
    dotted = f"{job_handlers.HERE}.{function}"
    return jobs.submit(dotted, (str(folder), name), job_id=name, timeout=timeout, retry_after=retry).id


def runs(folder: Path, name: str) -> int:
    """How many times the job of that name has come to its mark."""
    file = folder / name
    return len(file.read_text().splitlines()) if file.exists() else 0


def dead(pid: int) -> bool:
    """Whether no such process runs (a zombie does not)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return stat.rsplit(")", 1)[1].split()[0] == "Z"
