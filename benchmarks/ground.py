"""What benchmarks stand on: the demonstration company in a store of its own, away from every installation."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ascertain.connectors.connection import Connection
from ascertain.connectors.docebo import DoceboConnector
from ascertain.runtime import App, open_app
from ascertain.sandbox.company import build_company
from ascertain.sandbox.docebo_gate import DoceboOptions
from ascertain.sandbox.live import LiveCompany
from ascertain.sandbox.server import Sandbox
from ascertain.settings import PREFIX, load_settings


@contextmanager
def clean_environment() -> Iterator[None]:
    """No settings of this machine; whatever is set meanwhile is taken back."""
    before = dict(os.environ)
    for name in [n for n in os.environ if n.startswith(PREFIX)]:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


CREDENTIALS = {
    "client_id": DoceboOptions.client_id,
    "client_secret": DoceboOptions.client_secret,
    "webhook_user": DoceboOptions.webhook_user,
    "webhook_password": DoceboOptions.webhook_password,
}
"""What the sandbox's Docebo lets in."""


def docebo(url: str, **options: Any) -> DoceboConnector:
    """A connection to a Docebo, without a shared budget."""
    connection = Connection("docebo", "docebo", url, ZoneInfo("UTC"), secrets=CREDENTIALS, options=options)
    return DoceboConnector(connection, timeout=60)


@contextmanager
def empty_app(**settings: Any) -> Iterator[App]:
    """The application over an empty SQLite store in a temporary folder; ``settings`` are any but the home."""
    with clean_environment(), tempfile.TemporaryDirectory(prefix="ascertain-bench-") as folder:
        app = open_app(load_settings(_env_file=None, home=Path(folder) / "home", **settings))
        try:
            yield app
        finally:
            app.close()


@contextmanager
def sandbox(scale: int) -> Iterator[Sandbox]:
    """The company's systems over HTTP, ``scale`` times as many people."""
    with Sandbox(company=LiveCompany(build_company(scale=scale))) as servers:
        yield servers


@contextmanager
def company(scale: int = 1, **settings: Any) -> Iterator[App]:
    """The application with the company pulled over HTTP, its content mapped and everything warm; no server runs, and
    nobody has to be told before they are assessed."""
    with empty_app(**{"notice_required": False, **settings}) as app:
        with sandbox(scale) as servers:
            os.environ.update(servers.environment())
            report = app.sync()
            if not report.ok:
                raise RuntimeError("the sandbox could not be pulled: " + "; ".join(e.error for e in report.entities))
        app.tag()
        app.warm()
        yield app
