"""Starts the systems on loopback and says where they are and how to get in.

with Sandbox() as sandbox:
    settings = Settings(**from_environment(sandbox.environment()))
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import date
from types import TracebackType
from typing import Any

import uvicorn
from fastapi import FastAPI

from ascertain.errors import AscertainError
from ascertain.sandbox.company import build_company
from ascertain.sandbox.dialects import DEMONSTRATION, dialect, faults_of
from ascertain.sandbox.faults import FaultPlan
from ascertain.sandbox.live import LiveCompany

HOST = "127.0.0.1"
START_SECONDS = 15.0


class Sandbox:
    """The servers in background threads; a context manager. ``company`` may be changed while they run.

    Args:
        systems: dialects to serve; those of the demonstration by default.
        options: options by system, in place of the usual ones.
        ports: by system; a free one where none is given.
    """

    def __init__(
        self,
        *,
        systems: Sequence[str] = DEMONSTRATION,
        anchor: date | None = None,
        ports: Mapping[str, int] | None = None,
        scale: int = 1,
        company: LiveCompany | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self._dialects = {name: dialect(name) for name in systems}
        self.company = company or LiveCompany(build_company(anchor, scale=scale))
        self.options = {n: (options or {}).get(n) or d.options() for n, d in self._dialects.items()}
        self._ports = dict(ports or {})
        self._running: dict[str, Served] = {}

    def start(self) -> Mapping[str, str]:
        """Starts what is not running yet; base address by system once all answer."""
        if not self._running:
            try:
                for name, found in self._dialects.items():
                    app = found.create_app(self.company, self.options[name])
                    self._running[name] = Served(app, self._ports.get(name, 0))
                for served in self._running.values():
                    served.wait()
            except BaseException:
                self.stop()
                raise
        return {name: served.url for name, served in self._running.items()}

    def stop(self) -> None:
        """Stops the servers; safe to call twice."""
        for served in self._running.values():
            served.ask_to_stop()
        for served in self._running.values():
            served.join()
        self._running.clear()

    def environment(self) -> dict[str, str]:
        """The settings under which the product finds this sandbox."""
        found: dict[str, str] = {}
        for name, url in self.start().items():
            found |= self._dialects[name].environment(url, self.options[name])
        return found

    @property
    def faults(self) -> dict[str, FaultPlan]:
        """The trouble makers, by system."""
        return {name: faults_of(options) for name, options in self.options.items()}

    def __enter__(self) -> Sandbox:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class Served:
    """One application behind one loopback socket in one thread; it serves once ``wait`` returns."""

    def __init__(self, app: FastAPI, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((HOST, port))
        except OSError as error:
            self._socket.close()
            raise AscertainError(f"port {port} on {HOST}: {error.strerror}", remedy="choose another port") from error
        self.url = f"http://{HOST}:{self._socket.getsockname()[1]}"
        # Half-written bodies are made on purpose; uvicorn would report each of them as an error.
        config = uvicorn.Config(
            app, log_level="critical", access_log=False, lifespan="off", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run,
            kwargs={"sockets": [self._socket]},
            name=f"sandbox {app.title}",
            daemon=True,
        )
        self._thread.start()

    def wait(self) -> None:
        """Returns once the server accepts connections."""
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise AscertainError(f"the sandbox server at {self.url} did not start")
            time.sleep(0.005)

    def ask_to_stop(self) -> None:
        """Returns at once; ``join`` waits."""
        self._server.should_exit = True

    def join(self) -> None:
        """Returns once it has stopped."""
        self._thread.join(timeout=5)
        self._socket.close()
