"""Starts the three systems on loopback and says where they are and how to get in.

with Sandbox() as sandbox:
    settings = Settings(**from_environment(sandbox.environment()))
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import TracebackType

import uvicorn
from fastapi import FastAPI

from ascertain.errors import AscertainError
from ascertain.sandbox import docebo, jira, workday
from ascertain.sandbox.company import build_company
from ascertain.sandbox.faults import FaultPlan
from ascertain.sandbox.live import LiveCompany

HOST = "127.0.0.1"
START_SECONDS = 15.0


@dataclass(frozen=True)
class SandboxEndpoints:
    """Base addresses of the three systems and the credentials they accept, by setting name in lower case."""

    docebo_url: str
    workday_url: str
    jira_url: str
    credentials: Mapping[str, str]


class Sandbox:
    """The three servers in background threads; a context manager. ``company`` may be changed while they run."""

    def __init__(
        self,
        *,
        anchor: date | None = None,
        ports: tuple[int, int, int] = (0, 0, 0),
        scale: int = 1,
        company: LiveCompany | None = None,
        docebo_options: docebo.DoceboOptions | None = None,
        workday_options: workday.WorkdayOptions | None = None,
        jira_options: jira.JiraOptions | None = None,
    ) -> None:
        self.company = company or LiveCompany(build_company(anchor, scale=scale))
        self.docebo = docebo_options or docebo.DoceboOptions()
        self.workday = workday_options or workday.WorkdayOptions()
        self.jira = jira_options or jira.JiraOptions()
        self._ports = ports
        self._running: list[_Served] = []
        self._endpoints: SandboxEndpoints | None = None

    def start(self) -> SandboxEndpoints:
        """Starts what is not running yet and returns once all three answer."""
        if self._endpoints is not None:
            return self._endpoints
        apps = (
            docebo.create_app(self.company, self.docebo),
            workday.create_app(self.company, self.workday),
            jira.create_app(self.company, self.jira),
        )
        try:
            for app, port in zip(apps, self._ports, strict=True):
                self._running.append(_Served(app, port))
            for served in self._running:
                served.wait()
        except BaseException:
            self.stop()
            raise
        urls = [served.url for served in self._running]
        self._endpoints = SandboxEndpoints(urls[0], urls[1], urls[2], self._credentials())
        return self._endpoints

    def stop(self) -> None:
        """Stops the servers; safe to call twice."""
        for served in self._running:
            served.ask_to_stop()
        for served in self._running:
            served.join()
        self._running.clear()
        self._endpoints = None

    def environment(self) -> dict[str, str]:
        """The settings under which the product finds this sandbox."""
        found = self.start()
        return {
            "ASCERTAIN_DOCEBO_URL": found.docebo_url,
            "ASCERTAIN_WORKDAY_URL": found.workday_url,
            "ASCERTAIN_JIRA_URL": found.jira_url,
        } | {f"ASCERTAIN_{name.upper()}": value for name, value in found.credentials.items()}

    @property
    def faults(self) -> dict[str, FaultPlan]:
        """The trouble makers, by system."""
        return {"docebo": self.docebo.faults, "workday": self.workday.faults, "jira": self.jira.faults}

    def __enter__(self) -> Sandbox:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _credentials(self) -> dict[str, str]:
        return {
            "docebo_client_id": self.docebo.client_id,
            "docebo_client_secret": self.docebo.client_secret,
            "workday_user": self.workday.username,
            "workday_password": self.workday.password,
            "jira_user": self.jira.user,
            "jira_token": self.jira.token,
        }


class _Served:
    """One application behind one loopback socket in one thread."""

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
        self._server.should_exit = True

    def join(self) -> None:
        self._thread.join(timeout=5)
        self._socket.close()
