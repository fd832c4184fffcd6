"""What the Cornerstone sandbox sends is believed, names what changed, and only once; what is altered is not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast

import pytest

from ascertain.domain.records import Entity
from ascertain.domain.webhooks import Heard, RawRequest, Receives
from ascertain.sandbox.cornerstone import CornerstoneOptions
from ascertain.sandbox.faults import Fault
from tests.contract.bench import Bench, serve
from tests.contract.specs import SPECS

SPEC = SPECS["cornerstone"]


class Inbox(ThreadingHTTPServer):
    """Keeps calls as they came."""

    daemon_threads = True
    calls: list[RawRequest]
    arrived: threading.Semaphore


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        inbox = cast(Inbox, self.server)
        headers = tuple((k.lower(), v) for k, v in self.headers.items())
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        inbox.calls.append(RawRequest("POST", f"http://{self.headers['host']}{self.path}", headers, body))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()
        inbox.arrived.release()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    server = Inbox(("127.0.0.1", 0), _Handler)
    server.calls, server.arrived = [], threading.Semaphore(0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_completion_is_delivered_believed_and_fetched(bench: Bench, inbox: Inbox) -> None:
    url = f"http://127.0.0.1:{inbox.server_port}/v1/webhooks/cornerstone?from=portal"
    options = CornerstoneOptions(minute_share=None, webhook_url=url, heartbeat_seconds=None)
    with serve(SPEC, options) as sandbox:
        connector = bench.connect(SPEC, to=sandbox)
        receiver = cast(Receives, connector)
        options.faults.inject(Fault("hook_altered", skip=1))
        added = sandbox.company.add_enrolment("FL1101", "SQL-201", score=88)
        sandbox.company.add_enrolment("FL1102", "SQL-201", score=70)
        assert inbox.arrived.acquire(timeout=5)
        assert inbox.arrived.acquire(timeout=5)
        genuine, altered = inbox.calls[:2]
        got = receiver.receive(genuine, now=datetime.now(UTC), kept={})
        assert (got.kind, got.reason) == (Heard.EVENTS, "")
        (event,) = got.events
        (ref,) = event.refs
        assert ref.entity is Entity.ENROLMENT
        assert f"_{added.user_id}_" in ref.id
        record = connector.fetch(ref)
        assert record is not None
        assert record.ref == ref
        refused = receiver.receive(altered, now=datetime.now(UTC), kept={})
        assert (refused.kind, refused.reply.status) == (Heard.REJECTED, 401)
