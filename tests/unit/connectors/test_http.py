"""The HTTP client against a server that misbehaves in every way it must survive."""

from __future__ import annotations

import errno
import gzip
import io
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from ascertain.connectors import http
from ascertain.connectors.http import HttpClient, StatusError, verdict_of
from ascertain.domain.connector import Failure, Verdict
from ascertain.errors import PermanentConnectorError, RetryableConnectorError

Reply = Callable[[BaseHTTPRequestHandler], None]


class Scripted(ThreadingHTTPServer):
    """Plays one reply after the other; the last one again and again."""

    daemon_threads = True
    script: list[Reply]
    seen: list[dict[str, str]]


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Scripted)
        server.seen.append({"path": self.path, **{k.lower(): v for k, v in self.headers.items()}})
        reply = server.script.pop(0) if len(server.script) > 1 else server.script[0]
        reply(self)

    def log_message(self, format: str, *args: Any) -> None:
        """Silence: trouble is made on purpose here."""


def reply(status: int = 200, body: bytes = b'{"ok": true}', **headers: str) -> Reply:
    def play(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return play


def half_body(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"ok": tr')
    handler.close_connection = True


@pytest.fixture
def server() -> Iterator[Scripted]:
    found = Scripted(("127.0.0.1", 0), _Handler)
    found.script, found.seen = [reply()], []
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield found
    found.shutdown()
    found.server_close()


@pytest.fixture
def naps() -> list[float]:
    return []


@pytest.fixture
def client(server: Scripted, naps: list[float]) -> Iterator[HttpClient]:
    found = HttpClient("t", f"http://127.0.0.1:{server.server_port}", timeout=2, sleep=naps.append, max_bytes=10_000)
    yield found
    found.close()


@pytest.mark.parametrize(
    "trouble",
    [
        reply(500),
        reply(503),
        reply(429),
        half_body,
        reply(body=b"<html>Maintenance</html>"),
        reply(body=b"not gzip", Content_Encoding="gzip"),
    ],
    ids=["500", "503", "429", "half-written", "html", "broken-gzip"],
)
def test_passing_trouble_is_outlived(trouble: Reply, client: HttpClient, server: Scripted, naps: list[float]) -> None:
    server.script = [trouble, trouble, reply()]
    assert client.get("/x").data == {"ok": True}
    assert len(server.seen) == 3
    assert len(naps) == 2


@pytest.mark.parametrize(
    "trouble",
    [
        reply(500),
        reply(429),
        half_body,
        reply(body=b"<html>Maintenance</html>"),
        reply(body=b'{"rows": [1, 2'),
        reply(body=b""),
        reply(body=b"not gzip", Content_Encoding="gzip"),
    ],
    ids=["500", "429", "half-written", "html", "cut off", "empty", "broken-gzip"],
)
def test_a_download_is_whole_or_tried_again(
    trouble: Reply, client: HttpClient, server: Scripted, naps: list[float]
) -> None:
    server.script = [trouble, trouble, reply(body=b' \n{"rows": []}\n ')]
    with client.download("/x").file as file:
        assert json.loads(file.read()) == {"rows": []}
    assert len(server.seen) == 3
    assert len(naps) == 2


def test_a_download_may_be_larger_than_an_answer(client: HttpClient, server: Scripted) -> None:
    body = json.dumps(["x" * 1000] * 6000).encode()  # what goes to disk
    server.script = [reply(body=gzip.compress(body), Content_Encoding="gzip")]
    with client.download("/x").file as file:
        assert file.read() == body
    with pytest.raises(PermanentConnectorError, match="larger than 9 KiB"):
        client.get("/x")


def test_a_download_has_an_end(client: HttpClient, server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_DOWNLOAD", 5000)
    server.script = [reply(body=b"[" + b" " * 6000 + b"]")]
    with pytest.raises(PermanentConnectorError, match="larger than 4 KiB"):
        client.download("/x")
    assert len(server.seen) == 1


def test_a_refused_download_says_why(client: HttpClient, server: Scripted) -> None:
    server.script = [reply(403, b'{"message": "no"}')]
    with pytest.raises(StatusError) as caught:
        client.download("/x")
    assert caught.value.failure == Failure(403, '{"message": "no"}', None)


def test_a_download_begins_after_the_byte_order_mark(client: HttpClient, server: Scripted) -> None:
    server.script = [reply(body=b'\xef\xbb\xbf{"rows": []}')]
    with client.download("/x").file as file:
        assert file.read() == b'{"rows": []}'


def test_no_room_for_a_download_is_said(client: HttpClient, server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.BytesIO):
        def __init__(self, in_memory: int) -> None:
            super().__init__()

        def write(self, _: object, /) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(http, "SealedFile", Full)
    with pytest.raises(PermanentConnectorError, match="No space left") as caught:
        client.download("/x")
    assert "TMPDIR" in (caught.value.remedy or "")


def test_the_server_says_how_long_to_wait(client: HttpClient, server: Scripted, naps: list[float]) -> None:
    server.script = [reply(429, Retry_After="7"), reply()]
    client.get("/x")
    assert naps == [7.0]


def test_a_long_wait_is_left_to_the_runner(client: HttpClient, server: Scripted, naps: list[float]) -> None:
    server.script = [reply(429, Retry_After="1800")]
    with pytest.raises(RetryableConnectorError) as caught:
        client.get("/x")
    assert caught.value.retry_after == 1800
    assert naps == []
    assert len(server.seen) == 1


def test_lasting_trouble_ends_after_a_few_tries(client: HttpClient, server: Scripted) -> None:
    server.script = [reply(502)]
    with pytest.raises(RetryableConnectorError, match="answered 502"):
        client.get("/x")
    assert len(server.seen) == 5


def test_a_refusal_is_not_repeated(client: HttpClient, server: Scripted) -> None:
    server.script = [reply(403, b'{"message": "no"}')]
    with pytest.raises(StatusError) as caught:
        client.get("/x", {"secret": "s3cr3t"})
    assert caught.value.failure == Failure(403, '{"message": "no"}', None)
    assert caught.value.remedy
    assert "s3cr3t" not in str(caught.value)
    assert len(server.seen) == 1


def test_a_failure_inside_a_good_answer_is_one(server: Scripted, naps: list[float]) -> None:
    def inside(data: object, headers: object) -> Failure | None:
        word = data.get("error") if isinstance(data, dict) else None
        return Failure({"busy": 503, "who": 401}[word], word) if word else None

    found = HttpClient("t", f"http://127.0.0.1:{server.server_port}", sleep=naps.append, inspect=inside)
    server.script = [reply(body=b'{"error": "busy"}'), reply()]
    assert found.get("/x").data == {"ok": True}
    assert len(naps) == 1
    server.script = [reply(body=b'{"error": "who"}')]
    with pytest.raises(StatusError, match="answered 200, but says who") as caught:
        found.get("/x")
    assert caught.value.failure.status == 401
    assert "credentials" in (caught.value.remedy or "")
    found.close()


def test_nothing_is_sent_to_another_host(client: HttpClient, server: Scripted) -> None:
    server.script = [reply(302, Location="http://localhost.example/steal")]
    with pytest.raises(PermanentConnectorError, match=r"another host, localhost\.example"):
        client.get("/x", headers={"Authorization": "Bearer t"})
    other = Scripted(("127.0.0.1", 0), _Handler)
    other.script, other.seen = [reply()], []
    thread = threading.Thread(target=other.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    server.script = [reply(307, Location=f"http://127.0.0.1:{other.server_port}/y")]
    with pytest.raises(PermanentConnectorError):
        client.get("/x", headers={"Authorization": "Bearer t"})
    other.shutdown()
    other.server_close()
    assert other.seen == []


def test_a_redirect_on_the_same_host_is_followed(client: HttpClient, server: Scripted) -> None:
    server.script = [reply(301, Location="/moved"), reply(body=b"[1]")]
    assert client.get("/x").data == [1]
    assert server.seen[1]["path"] == "/moved"


def test_redirects_in_a_circle_end(client: HttpClient, server: Scripted) -> None:
    server.script = [reply(302, Location="/x")]
    with pytest.raises(PermanentConnectorError, match="more than 3 times"):
        client.get("/x")


@pytest.mark.parametrize("packed", [False, True])
def test_a_huge_answer_is_cut_off(packed: bool, client: HttpClient, server: Scripted) -> None:
    body = b"[" + b"0," * 100_000 + b"0]"
    server.script = [reply(body=gzip.compress(body), Content_Encoding="gzip") if packed else reply(body=body)]
    with pytest.raises(PermanentConnectorError, match="larger than 9 KiB"):
        client.get("/x")


def test_nobody_there(naps: list[float]) -> None:
    silent = HttpClient("t", "http://127.0.0.1:1", timeout=1, sleep=naps.append, tries=3)
    with pytest.raises(RetryableConnectorError):
        silent.get("/x")
    assert len(naps) == 2
    silent.close()


def test_the_servers_clock_is_read(client: HttpClient, server: Scripted) -> None:
    found = client.get("/x").server_time
    assert found is not None
    assert found.tzinfo is not None


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (None, Verdict.RETRY),
        (429, Verdict.RETRY),
        (503, Verdict.RETRY),
        (401, Verdict.REAUTHENTICATE),
        (404, Verdict.NOT_FOUND),
        (400, Verdict.PERMANENT),
    ],
)
def test_verdicts(status: int | None, verdict: Verdict) -> None:
    assert verdict_of(Failure(status)) is verdict


def test_a_link_with_a_query_is_followed_as_it_was_given() -> None:
    asked: list[str] = []

    def play(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, json={})

    client = HttpClient("x", "https://a.example", transport=httpx.MockTransport(play))
    client.get("https://a.example/list?$skiptoken=a%2Bb+c'd'")
    assert asked == ["https://a.example/list?$skiptoken=a%2Bb+c'd'"]
