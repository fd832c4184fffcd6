"""A try of an outgoing webhook ends in time, however slowly the receiver goes on talking."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from ascertain.connectors.deadline import Deadline
from ascertain.connectors.webhook_out import HttpWebhookSender
from ascertain.domain.notifications import Delivered
from ascertain.runtime import open_app
from tests.integration.job_harness import settings_in
from tests.unit.connectors.test_webhook_out import SECRET, certificate

LIMIT = 0.6
"""Seconds that a try may take here; each of the receiver's pauses is far shorter."""
SPARE = 0.5


@contextmanager
def receiver(begin: bytes, *, drip: bytes, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Answers ``begin``, then ``drip`` again and again, five times the limit long; gives its port."""
    server = socket.create_server(("127.0.0.1", 0))
    gone = threading.Event()

    def serve() -> None:
        try:
            raw, _ = server.accept()
            with raw if context is None else context.wrap_socket(raw, server_side=True) as connection:
                connection.recv(65536)
                connection.sendall(begin)
                while not gone.wait(0.05):
                    connection.sendall(drip)
        except OSError:  # the caller hung up, which is the point
            return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        gone.set()
        server.close()
        thread.join(5)


def tried(port: int, scheme: str = "http", transport: httpx.BaseTransport | None = None) -> tuple[float, str]:
    sender = HttpWebhookSender(
        "crm",
        f"{scheme}://hooks.example.com:{port}/in",
        [SECRET],
        allow_private=True,
        timeout=LIMIT,
        find=lambda host, port: ["127.0.0.1"],
        transport=transport,
    )
    begun = time.monotonic()
    outcome = sender.send("msg_1", "{}", datetime.now(UTC))
    assert outcome.delivered is Delivered.LATER
    return time.monotonic() - begun, outcome.reason


@pytest.mark.parametrize(
    ("begin", "drip"),
    [
        (b"", b"H"),  # never a whole status line
        (b"HTTP/1.1 200 OK\r\n", b"x-more: 1\r\n"),  # headers without end
        (b"", b""),  # nothing at all
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["letters", "headers", "silence", "interim answers"],
)
def test_a_receiver_that_drips_is_left_in_time(begin: bytes, drip: bytes) -> None:
    with receiver(begin, drip=drip) as port:
        took, reason = tried(port)
    print(f"limit {LIMIT} s, left after {took:.2f} s: {reason}")
    assert took < LIMIT + SPARE
    assert "within 0.6 s" in reason or "ReadTimeout" in reason


def test_it_holds_over_an_encrypted_connection(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path, "hooks.example.com")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    trusting = httpx.HTTPTransport(verify=ssl.create_default_context(cafile=str(cert)))
    with receiver(b"HTTP/1.1 200 OK\r\n", drip=b"x-more: 1\r\n", context=context) as port:
        took, reason = tried(port, "https", trusting)
    assert took < LIMIT + SPARE
    assert "within 0.6 s" in reason


def test_whoever_answers_in_time_is_not_cut_off() -> None:
    answering = receiver(b"HTTP/1.1 204 No Content\r\n\r\n", drip=b"x")
    with answering as port, Deadline(LIMIT) as deadline, httpx.Client(trust_env=False) as client:
        answer = client.post(f"http://127.0.0.1:{port}/", extensions={"trace": deadline.trace})
    assert (answer.status_code, deadline.passed) == (204, False)


def test_the_limit_as_shipped_is_between_15_and_30_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_SECRET", SECRET)
    file = tmp_path / "outgoing.yaml"
    hook = "{name: crm, url: 'https://hooks.example.com/in', secrets: [CRM_SECRET]}"
    file.write_text(f"notifications:\n  webhooks:\n    - {hook}\n")
    app = open_app(settings_in(tmp_path, outgoing_file=file))
    try:
        (sender,) = app.notifier().senders.values()
    finally:
        app.close()
    assert isinstance(sender, HttpWebhookSender)
    assert 15 <= sender._timeout <= 30
