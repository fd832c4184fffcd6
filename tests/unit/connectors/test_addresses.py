"""Where calls may go: the configured origins, and never to where machines keep their credentials."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from ascertain.connectors.addresses import is_loopback, is_never_called, is_this_machine
from ascertain.connectors.http import HttpClient
from ascertain.connectors.webhook_out import HttpWebhookSender, check_target
from ascertain.domain.notifications import Delivered
from ascertain.errors import ConfigError, PermanentConnectorError
from tests.unit.connectors.test_webhook_out import SECRET

ROOT = Path(__file__).resolve().parents[3]
WHEN = datetime(2026, 4, 7, tzinfo=UTC)

METADATA = ["169.254.169.254", "169.254.1.1", "fe80::1", "fe80::1%eth0", "::ffff:169.254.169.254", "fd00:ec2::254"]
ODD = ["0.0.0.0", "::", "224.0.0.1", "ff02::1", "100.100.100.200", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1"]
PRIVATE = ["10.1.2.3", "172.16.0.9", "192.168.1.1", "fd12:3456::1"]
LOCAL = ["127.0.0.1", "127.0.1.1", "::1", "::ffff:127.0.0.1"]


class Server(ThreadingHTTPServer):
    daemon_threads = True
    asked: list[str]


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Server)
        self.server.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: Any) -> None:
        return


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), _Handler)
    made.asked = []
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


def client(url: str, addresses: Sequence[str], **more: Any) -> HttpClient:
    return HttpClient("lms", url, tries=1, timeout=2, find=lambda host, port: addresses, **more)


@pytest.mark.parametrize("address", [*METADATA, *ODD])
def test_some_addresses_are_never_called(address: str) -> None:
    assert is_never_called(address)


@pytest.mark.parametrize("address", [*PRIVATE, *LOCAL, "93.184.216.34"])
def test_the_others_may_be(address: str) -> None:
    assert not is_never_called(address)
    assert is_this_machine(address) is (address in LOCAL)


@pytest.mark.parametrize("address", [*METADATA, *ODD])
def test_a_name_that_leads_there_is_refused_before_anything_is_sent(address: str) -> None:
    with pytest.raises(PermanentConnectorError, match=r"lms\.example leads to .* never called"):
        client("https://lms.example", ["93.184.216.34", address]).get("/x")


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]", "0.0.0.0"])
def test_the_address_itself_is_refused_too(host: str) -> None:
    made = HttpClient("lms", f"http://{host}", tries=1, timeout=2)
    with pytest.raises(PermanentConnectorError, match="never called"):
        made.get("/latest/meta-data")


@pytest.mark.parametrize("address", LOCAL)
def test_a_name_that_turns_out_to_be_this_machine_is_refused(address: str) -> None:
    with pytest.raises(PermanentConnectorError, match="this machine") as caught:
        client("https://lms.example", [address]).get("/x")
    assert "127.0.0.1" in (caught.value.remedy or "")


def test_this_machine_may_be_called_by_its_address(server: Server) -> None:
    assert client(f"http://127.0.0.1:{server.server_port}", ["127.0.0.1"]).get("/x").data == {}
    assert is_loopback("http://localhost:8080/x")
    assert not is_loopback("http://localhost.example/x")


def test_a_name_that_changed_its_mind_is_not_listened_to(server: Server) -> None:
    """Looked up, it was harmless; connected to, it is this machine."""
    made = client(f"http://ip6-localhost.invalid:{server.server_port}", ["93.184.216.34"])
    made._client = httpx.Client(
        base_url=f"http://ip6-localhost.invalid:{server.server_port}", transport=_Rebound(server.server_port)
    )
    with pytest.raises(PermanentConnectorError, match="this machine"):
        made.get("/x")


class _Rebound(httpx.HTTPTransport):
    """The network after the name server's answer has changed."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._to = httpx.URL(f"http://127.0.0.1:{port}")

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(host=self._to.host)
        return super().handle_request(request)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_link_out_of_the_data_stays_on_the_configured_origin(scheme: str, server: Server) -> None:
    made = client(f"http://127.0.0.1:{server.server_port}", ["127.0.0.1"])
    for link in (f"{scheme}://127.0.0.1:1/x", f"{scheme}://evil.example/x"):
        with pytest.raises(PermanentConnectorError, match=r"another host|not called"):
            made.get(link, headers={"Authorization": "Bearer t"})
    assert server.asked == []
    # What is no whole address is a path of the configured host, whatever it looks like.
    for path in (f"http://127.0.0.1:{server.server_port}/page/2", "//evil.example/x", "file:///etc/passwd"):
        assert made.get(path).data == {}
    assert len(server.asked) == 3


def test_the_vendors_login_may_be_another_host(server: Server) -> None:
    login = f"http://127.0.0.1:{server.server_port}"
    made = client("https://graph.example", ["93.184.216.34"], others=[login])
    assert made.get(f"{login}/token").data == {}


def test_private_networks_are_called_since_the_administrator_wrote_them() -> None:
    answered = httpx.MockTransport(lambda request: httpx.Response(200, json={"ok": True}))
    made = client("https://lms.intranet", ["10.0.0.5"])
    made._client = httpx.Client(base_url="https://lms.intranet", transport=answered)
    assert made.get("/x").data == {"ok": True}


CALLERS = {
    "ascertain/connectors/http.py": "all connectors",
    "ascertain/connectors/webhook_out.py": "outgoing webhooks",
    "agents/brains/clients.py": "the endpoint brain",
    "ascertain/service/oidc.py": "the identity provider",
}
"""Who may open a connection to a host that somebody configured. Sandboxes talk to this machine alone."""


def test_nobody_else_makes_a_client_of_their_own() -> None:
    found = set()
    for folder in ("ascertain", "agents", "tools", "tasks", "crews"):
        for file in (ROOT / folder).rglob("*.py"):
            place = file.relative_to(ROOT).as_posix()
            if re.search(r"\b(httpx\.(Async)?Client|urlopen|requests\.(get|post|Session))\(", file.read_text("utf-8")):
                found.add(place)
    assert {p for p in found if not p.startswith("ascertain/sandbox/")} == set(CALLERS)


def test_a_webhook_never_goes_there_whatever_is_allowed() -> None:
    with pytest.raises(ConfigError, match="never called"):
        check_target("crm", "https://169.254.169.254/latest", allow_private=True, allow_http=True)
    for address in METADATA:
        sender = HttpWebhookSender("crm", "https://x.example/", [SECRET], allow_private=True, find=_to(address))
        outcome = sender.send("m1", "{}", WHEN)
        assert outcome.delivered is Delivered.LATER
        assert "never called" in outcome.reason


def _to(address: str) -> Any:
    return lambda host, port: [address]
