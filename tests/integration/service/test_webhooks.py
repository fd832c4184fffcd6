"""Webhooks in over a real socket: what is refused, what is recorded, and how often."""

from __future__ import annotations

import gzip
import json
import logging
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from zoneinfo import ZoneInfo

import httpx
import pytest

from ascertain.connectors.connection import Connection
from ascertain.connectors.docebo import DoceboConnector
from ascertain.domain.webhooks import RawRequest
from ascertain.jobs.server import open_queue
from ascertain.runtime import App, open_app
from ascertain.sandbox.docebo_gate import DoceboOptions
from ascertain.service import bodies, server, webhooks
from tests.integration.job_harness import settings_in, wait_for
from tests.integration.service.conftest import NOWHERE
from tests.integration.service.harness import Served, SigningConnector, serving, signed, told

pytestmark = pytest.mark.usefixtures("anybody")
LMS = "/v1/webhooks/lms"


def problem(response: httpx.Response, status: int) -> str:
    """The detail of a problem, which every refusal is."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == status
    assert body["instance"] == f"urn:uuid:{response.headers['x-request-id']}"
    detail: str = body["detail"]
    return detail


def keys(served: Served) -> list[str]:
    return [e.key for e in served.events()]


def test_an_event_is_recorded_before_it_is_acknowledged(served: Served, client: httpx.Client) -> None:
    body = told("first-1", "first-2")
    answer = client.post(LMS, content=body, headers=signed(body))
    assert (answer.status_code, answer.text) == (202, "thanks")
    assert {"first-1", "first-2"} <= set(keys(served))
    wait_for(lambda: client.get("/readyz").json()["queue"] == "away", seconds=20)
    assert client.get("/readyz").json() == {"status": "ready", "database": "ok", "queue": "away"}


def test_the_same_delivery_twice_is_one_event(served: Served, client: httpx.Client) -> None:
    body = told("twice")
    assert [client.post(LMS, content=body, headers=signed(body)).status_code for _ in range(3)] == [202] * 3
    assert keys(served).count("twice") == 1


def test_two_hundred_duplicates_at_once_are_one_event(served: Served) -> None:
    body = told("crowd")
    headers = signed(body)
    limits = httpx.Limits(max_connections=200)
    with served.client(limits=limits) as shared, ThreadPoolExecutor(200) as pool:
        got = list(pool.map(lambda _: shared.post(LMS, content=body, headers=headers).status_code, range(200)))
    assert set(got) == {202}, {s: got.count(s) for s in set(got)}
    assert keys(served).count("crowd") == 1


def test_what_is_not_proved_is_refused_and_leaves_nothing(served: Served, client: httpx.Client) -> None:
    before = keys(served)
    body = told("forged")
    assert problem(client.post(LMS, content=body), 401) == "the time is missing or stale"
    assert problem(client.post(LMS, content=body, headers=signed(body, key="guess")), 401) == "the signature is wrong"
    assert problem(client.post(LMS, content=body + b" ", headers=signed(body)), 401) == "the signature is wrong"
    old = signed(body, at=time.time() - 3600)
    assert problem(client.post(LMS, content=body, headers=old), 401) == "the time is missing or stale"
    moved = {**signed(body, at=time.time() - 3600), "x-time": str(int(time.time()))}
    assert problem(client.post(LMS, content=body, headers=moved), 401) == "the signature is wrong"
    assert keys(served) == before


def test_an_unknown_connection_is_not_found(client: httpx.Client) -> None:
    assert problem(client.post("/v1/webhooks/nobody", content=b"{}"), 404)
    assert problem(client.get("/v1/webhooks/nobody?challenge=x"), 404)
    assert problem(client.post("/v1/elsewhere"), 404)
    assert problem(client.delete(LMS), 405)


def test_challenges_heartbeats_and_handshakes_are_answered(app: App, client: httpx.Client) -> None:
    assert client.get(LMS, params={"challenge": "abc"}).text == "abc"
    assert client.post(LMS, content=b"{}", headers=signed(b"{}")).status_code == 204
    assert problem(client.get(LMS), 400)
    shaken = client.post(LMS, headers={"x-hook-secret": "given-to-us"})
    assert (shaken.status_code, shaken.headers["x-hook-secret"]) == (200, "given-to-us")
    body = told("with the kept secret")
    assert client.post(LMS, content=body, headers=signed(body, key="given-to-us")).status_code == 202
    assert client.post(LMS, headers={"x-hook-secret": "given-to-us"}).status_code == 200, "repeated, which is usual"
    assert "webhooks forget" in problem(client.post(LMS, headers={"x-hook-secret": "a stranger's"}), 403)
    stored = (app.settings.home_dir / "ascertain.sqlite").read_bytes()
    wal = (app.settings.home_dir / "ascertain.sqlite-wal").read_bytes()
    assert b"given-to-us" not in stored + wal
    with app.units() as uow:
        assert uow.kept.forget("lms") == 1
        uow.commit()
    assert problem(client.post(LMS, content=body, headers=signed(body, key="given-to-us")), 401)


def test_large_bodies_are_refused_however_they_are_announced(served: Served, client: httpx.Client) -> None:
    large = b"x" * (webhooks.BODY_LIMIT + 1)
    assert "1048576" in problem(client.post(LMS, content=large), 413)
    assert "1048576" in problem(client.post(LMS, content=iter([large[:600_000]] * 3)), 413)
    head = b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999\r\n\r\n" % LMS.encode()
    assert served.raw(head).startswith(b"HTTP/1.1 413")
    assert problem(client.post(LMS, content=b"x", headers={"content-encoding": "br"}), 415)


def test_a_slow_body_and_a_slow_head_are_ended(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies.read_body, "__defaults__", (0.4,))
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.4)
    head = b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n" % LMS.encode()
    began = time.monotonic()
    answer = served.raw(head, b"{")
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"connection: close" in answer.lower()
    assert served.raw(b"POST %b HTTP/1.1\r\nHo" % LMS.encode()) == b""
    assert time.monotonic() - began < 10


def test_a_head_that_comes_in_time_is_served_and_the_line_kept(served: Served) -> None:
    ask = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    assert served.raw(ask[:10], ask[10:], pause=0.05).startswith(b"HTTP/1.1 200")
    assert served.raw(ask + ask).count(b"200 OK") >= 1


def test_too_many_calls_are_asked_to_come_later(
    served: Served, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = served.api.state.service.hook_limit
    monkeypatch.setattr(limit, "_rate", 0.01)
    while limit.take(("lms", "127.0.0.1")) == 0:
        pass
    body = told("later")
    answer = client.post(LMS, content=body, headers=signed(body))
    # Not 429: some systems stop for good on any 4xx.
    assert "too many" in problem(answer, 503)
    assert int(answer.headers["retry-after"]) >= 1
    limit._buckets.clear()
    assert client.post(LMS, content=body, headers=signed(body)).status_code == 202


def test_what_cannot_be_recorded_is_not_acknowledged(
    served: Served, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "RECORD_SECONDS", 0.5)
    body = told("while the database is locked")
    with served.app.units() as uow:
        uow.inbox.retry(["in_nothing"])  # takes the write lock
        began = time.monotonic()
        answer = client.post(LMS, content=body, headers=signed(body))
        assert time.monotonic() - began < 3
    assert "send it again" in problem(answer, 503)
    assert answer.headers["retry-after"]
    assert client.post(LMS, content=body, headers=signed(body)).status_code == 202
    assert keys(served).count("while the database is locked") == 1


def test_nothing_of_a_stranger_is_logged(
    served: Served, client: httpx.Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("uvicorn", "uvicorn.access"):  # another test of this process may have let it log for itself
        monkeypatch.setattr(logging.getLogger(name), "propagate", True)
    marks = {"user-agent": "mark-agent", "x-signature": "mark-signature", "x-request-id": "mark-id"}
    client.post(f"{LMS}?mark-query=1", content=b"mark-body", headers=marks)
    client.post("/v1/webhooks/mark-path", content=b"mark-body", headers=marks)
    monkeypatch.setattr(SigningConnector, "receive", _explode)
    assert "this id" in problem(client.post(LMS, content=b"mark-body", headers=marks), 500)
    served.raw(b"mark-nonsense\r\n\r\n")
    ours = [r.getMessage() for r in caplog.records if r.name.split(".")[0] in ("ascertain", "uvicorn", "fastapi")]
    assert any("503" in m or "401" in m for m in ours)
    assert any("ValueError" in m for m in ours), "that something went wrong is logged"
    assert not [m for m in ours if "mark-" in m]
    assert not [r for r in caplog.records if r.exc_text and "mark-" in r.exc_text]


def _explode(_: object, request: RawRequest, **__: object) -> None:
    raise ValueError(f"could not read {request.body!r}")


@pytest.fixture
def docebo(app: App) -> Iterator[httpx.Client]:
    options = DoceboOptions()
    secrets = {
        "client_id": "x",
        "client_secret": "x",
        "webhook_user": options.webhook_user,
        "webhook_password": options.webhook_password,
    }

    connection = Connection("docebo", "docebo", "https://lms.example", ZoneInfo("UTC"), secrets)
    login = (options.webhook_user, options.webhook_password)
    with serving(app, DoceboConnector(connection)) as running, running.client(auth=login) as found:
        yield found


def test_packed_bodies_are_opened_after_the_proof_and_bombs_are_not(app: App, docebo: httpx.Client) -> None:
    message = {"message_id": "wh-gz", "event": "user.updated", "payload": {"user_id": 7}}
    packed = gzip.compress(json.dumps(message).encode())
    where, headers = "/v1/webhooks/docebo", {"content-encoding": "gzip"}
    assert docebo.post(where, content=packed, headers=headers).status_code == 200
    with app.units(write=False) as uow:
        assert [e.key for e in uow.inbox.unfinished() if e.connection == "docebo"] == ["wh-gz/0"]
    bomb = gzip.compress(b" " * 200_000_000)
    assert len(bomb) < webhooks.BODY_LIMIT
    began = time.perf_counter()
    assert problem(docebo.post(where, content=bomb, headers=headers), 413)
    assert time.perf_counter() - began < 5
    assert problem(docebo.post(where, content=packed[:-9], headers=headers), 400)
    assert problem(docebo.post(where, content=b"{}", headers=headers), 400)
    assert problem(docebo.post(where, content=bomb, headers=headers, auth=("docebo-hooks", "wrong")), 401)


def test_what_was_recorded_is_queued_once_the_queue_is_back(app: App, served: Served, client: httpx.Client) -> None:
    """The same home, now with a queue of its own: what the service without one took in is found."""
    body = told("before the queue")
    assert client.post(LMS, content=body, headers=signed(body)).status_code == 202
    settings = app.settings.model_copy(update={"queue_url": ""})
    other = App(settings)
    with serving(other, SigningConnector(), look_every=0.2) as second:
        handle = open_queue(settings)
        try:
            wait_for(lambda: "receive-lms" in handle.queues["high"].get_job_ids(), seconds=20)
            with second.client() as c:
                assert c.get("/readyz").json()["queue"] == "ok"
        finally:
            handle.close()
    other.close()


def test_answer_times(served: Served, client: httpx.Client, capsys: pytest.CaptureFixture[str]) -> None:
    """Printed, not asserted: machines differ."""
    took: list[float] = []
    for number in range(100):
        body = told(f"timed-{number}")
        headers = signed(body)
        began = time.perf_counter()
        assert client.post(LMS, content=body, headers=headers).status_code == 202
        took.append((time.perf_counter() - began) * 1000)
    ordered = sorted(took)
    with capsys.disabled():
        print(
            f"\nwebhook answered in {statistics.median(took):.1f} ms (median), {ordered[94]:.1f} ms (95 of 100), "
            f"{ordered[-1]:.1f} ms (slowest), queue away, {threading.active_count()} threads"
        )


def test_the_description_is_published_to_strangers_only_when_asked_for(
    client: httpx.Client, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert client.get("/openapi.json").status_code == 401
    settings = settings_in(tmp_path_factory.mktemp("open"), queue_url=NOWHERE, openapi=True)
    app = open_app(settings)
    with serving(app) as running, running.client() as c:
        shown = c.get("/openapi.json").json()
    app.close()
    assert {"/v1/webhooks/{connection}", "/v1/skills/infer", "/v1/runs/{run}"} <= set(shown["paths"])
