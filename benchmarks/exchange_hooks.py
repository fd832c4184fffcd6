"""Webhooks in: the service records each before it answers; a bare FastAPI route answers with what it was sent."""

from __future__ import annotations

import base64
import http.client
import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import Response

from ascertain.service.app import create_app
from ascertain.service.server import configure
from benchmarks.ground import CREDENTIALS, docebo, empty_app
from benchmarks.ingest import database_of

LINES = 8
"""Connections that call at once."""
_NOWHERE = "http://127.0.0.1:9"


@contextmanager
def service() -> Iterator[dict[str, str]]:
    """The service with a connection to Docebo and the embedded queue, at ``url``; ``file`` is its database."""
    with empty_app(webhooks_per_minute=100_000) as app, _running(create_app(app, [docebo(_NOWHERE)])) as url:
        yield {"url": f"{url}/v1/webhooks/docebo", "file": str(database_of(app))}


@contextmanager
def echo() -> Iterator[dict[str, str]]:
    """A route that reads the body and gives it back, behind the same server."""
    app = FastAPI()

    @app.post("/echo")
    async def back(request: Request) -> Response:
        return Response(await request.body(), media_type="application/json")

    with _running(app) as url:
        yield {"url": f"{url}/echo"}


def call(url: str, first: int, count: int) -> tuple[float, list[float]]:
    """Send ``count`` events that nobody has sent before over several connections: seconds in all, and of each call.

    Raises:
        RuntimeError: a call was not answered with 200.
    """
    with ThreadPoolExecutor(LINES) as pool:
        begun = time.perf_counter()
        parts = [range(first + i, first + count, LINES) for i in range(LINES)]
        waits = [w for part in pool.map(lambda part: _line(url, part), parts) for w in part]
        return time.perf_counter() - begun, waits


def recorded(file: str) -> int:
    """How many events stand in the inbox."""
    with closing(sqlite3.connect(file)) as db:
        count: int = db.execute("SELECT count(*) FROM webhook_inbox").fetchone()[0]
        return count


def _line(url: str, numbers: Sequence[int]) -> list[float]:
    place = urlsplit(url)
    proof = base64.b64encode(f"{CREDENTIALS['webhook_user']}:{CREDENTIALS['webhook_password']}".encode()).decode()
    headers = {"Authorization": f"Basic {proof}", "Content-Type": "application/json"}
    waits = []
    with closing(http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)) as line:
        for n in numbers:
            begun = time.perf_counter()
            line.request("POST", place.path, _event(n), headers)
            answer = line.getresponse()
            answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{place.path} answered {answer.status}")
            waits.append(time.perf_counter() - begun)
    return waits


def _event(number: int) -> bytes:
    payload = {
        "fired_at": "2026-10-01 09:00:00",
        "user_id": 12000 + number % 50,
        "course_id": 501 + number % 100,
        "status": "completed",
        "completion_date": "2026-10-01 09:00:00",
    }
    document = {"event": "course.enrollment.completed", "message_id": f"m-{number}", "payload": payload}
    return json.dumps(document).encode()


@contextmanager
def _running(app: FastAPI) -> Iterator[str]:
    config = configure(app, host="127.0.0.1", port=0)
    config.log_level = "critical"
    server = uvicorn.Server(config)
    socket = config.bind_socket()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
    thread.start()
    try:
        until = time.monotonic() + 30
        while not server.started:
            if not thread.is_alive() or time.monotonic() > until:
                raise RuntimeError("the server did not start")
            time.sleep(0.01)
        yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        socket.close()
