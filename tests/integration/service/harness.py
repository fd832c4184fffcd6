"""A real application behind a real uvicorn socket, with a connector that signs, shakes hands and can be away."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from ascertain.domain.connector import Connector
from ascertain.domain.inbox import InboxEvent
from ascertain.domain.records import Entity, SourceRef
from ascertain.domain.webhooks import Event, Heard, Proof, RawRequest, Received, Reply, rejected
from ascertain.runtime import App
from ascertain.service.app import create_app
from ascertain.service.server import configure
from tests.unit.pipeline.ingest_world import LMS_ENTITIES, ListConnector

SECRET = "s3cret-of-the-lms"
TOLERANCE = timedelta(minutes=5)


class SigningConnector(ListConnector):
    """Signs ``time.body`` with HMAC-SHA256; a handshake leaves a second secret; GET echoes a challenge."""

    def __init__(self, name: str = "lms") -> None:
        super().__init__(name, LMS_ENTITIES)

    @property
    def proof(self) -> Proof:
        return Proof.HMAC

    def receive(self, request: RawRequest, *, now: datetime, kept: Mapping[str, str]) -> Received:
        if request.method == "GET":
            challenge = httpx.URL(request.url).params.get("challenge", "")
            return Received(Heard.HANDSHAKE, Reply(200, challenge)) if challenge else rejected(400, "no challenge")
        if offered := request.header("x-hook-secret"):
            reply = Reply(200, "", headers={"X-Hook-Secret": offered})
            return Received(Heard.HANDSHAKE, reply, remember={"hook": offered})
        stamp = request.header("x-time")
        if not stamp.isdigit() or abs(now - datetime.fromtimestamp(int(stamp), UTC)) > TOLERANCE:
            return rejected(401, "the time is missing or stale")
        keys = (SECRET, *kept.values())
        if not any(hmac.compare_digest(request.header("x-signature"), sign(k, stamp, request.body)) for k in keys):
            return rejected(401, "the signature is wrong")
        told = json.loads(request.body)
        if not told:
            return Received(Heard.HEARTBEAT, Reply(204))
        events = [
            Event(e["id"], e["type"], (SourceRef(self.name, Entity.ENROLMENT, e["enrolment"]),)) for e in told["events"]
        ]
        return Received(Heard.EVENTS, Reply(202, "thanks"), tuple(events))


def sign(key: str, stamp: str, body: bytes) -> str:
    return hmac.new(key.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


def signed(body: bytes, *, at: float | None = None, key: str = SECRET) -> dict[str, str]:
    stamp = str(int(at if at is not None else time.time()))
    return {"x-time": stamp, "x-signature": sign(key, stamp, body), "content-type": "application/json"}


def told(*ids: str, enrolment: str = "7-1-1") -> bytes:
    return json.dumps({"events": [{"id": i, "type": "completed", "enrolment": enrolment} for i in ids]}).encode()


class Served:
    """A running service."""

    def __init__(
        self, app: App, connectors: Sequence[Connector], look_every: float, tls: tuple[Path, Path] | None = None
    ) -> None:
        self.app = app
        self.api = create_app(app, connectors, look_every=look_every)
        config = configure(
            self.api, host="127.0.0.1", port=0, tls_cert=tls[0] if tls else None, tls_key=tls[1] if tls else None
        )
        config.log_level = "critical"
        self.server = uvicorn.Server(config)
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.socket]}, daemon=True)

    def start(self) -> None:
        self.thread.start()
        until = time.monotonic() + 20
        while not self.server.started:
            assert self.thread.is_alive() and time.monotonic() < until, "the service did not start"  # noqa: PT018
            time.sleep(0.01)

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(timeout=20)
        self.socket.close()

    def client(self, **more: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=60, **more)

    def events(self) -> list[InboxEvent]:
        with self.app.units(write=False) as uow:
            return uow.inbox.unfinished()

    def raw(self, *pieces: bytes, pause: float = 0.0, seconds: float = 15.0) -> bytes:
        """What comes back on a bare socket when these bytes are sent one after the other; empty if it is closed."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as line:
            try:
                for piece in pieces:
                    line.sendall(piece)
                    time.sleep(pause)
                return line.recv(65536)
            except (ConnectionResetError, BrokenPipeError):
                return b""


@contextmanager
def serving(
    app: App, *connectors: Connector, look_every: float = 0.5, tls: tuple[Path, Path] | None = None
) -> Iterator[Served]:
    served = Served(app, connectors, look_every, tls)
    served.start()
    try:
        yield served
    finally:
        served.stop()
