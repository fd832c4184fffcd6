"""Outgoing webhooks: signatures after Standard Webhooks, and addresses that are never called."""

from __future__ import annotations

import datetime as dt
import ssl
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from ascertain.connectors.addresses import is_public
from ascertain.connectors.webhook_out import HttpWebhookSender, check_target, read_secret, sign
from ascertain.domain.notifications import Delivered
from ascertain.errors import ConfigError

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD1hWhrSzSc8k="


def test_the_test_vector_of_the_specification() -> None:
    when = datetime.fromtimestamp(1614265330, tz=UTC)
    headers = sign([SECRET], "msg_p5jXN8AQM9LWM0D4loKWxJek", when, '{"test": 2432232314}')
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_either_secret_verifies_while_keys_rotate_and_no_other_does(body: str) -> None:
    now = datetime.now(UTC)
    headers = sign([SECRET, OTHER], "msg_1", now, body)
    for secret in (SECRET, OTHER):
        Webhook(secret).verify(body.encode(), headers, json_parse=False)
    for wrong in (Webhook("whsec_" + "A" * 32), Webhook(SECRET)):
        changed = body + "x" if wrong._whsecret == Webhook(SECRET)._whsecret else body
        with pytest.raises(WebhookVerificationError):
            wrong.verify(changed.encode(), headers, json_parse=False)


@pytest.mark.parametrize(
    "text", ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2hvcnQ=", "whsec_not base64!"]
)
def test_a_weak_secret_is_refused_without_being_told(text: str) -> None:
    with pytest.raises(ConfigError, match="HOOK_SECRET") as e:
        read_secret("crm", "HOOK_SECRET", text)
    assert not text or text not in str(e.value).replace("whsec_$", "") or text == "whsec_"


PRIVATE = [
    "127.0.0.1",
    "127.8.9.1",
    "10.0.0.1",
    "172.16.3.4",
    "192.168.1.1",
    "169.254.169.254",
    "0.0.0.0",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd12:3456::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "2002:7f00:1::",
    "2002:a00:1::",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "ff02::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_in_all_their_forms(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "::ffff:8.8.8.8"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/x",
        "https://127.0.0.1/x",
        "https://localhost/x",
        "https://[::1]/x",
        "https://169.254.169.254/latest",
        "ftp://example.com/x",
        "https://user:pass@example.com/x",
        "not a url",
    ],
)
def test_addresses_that_the_configuration_refuses(url: str) -> None:
    with pytest.raises(ConfigError, match="webhook crm"):
        check_target("crm", url, allow_private=False, allow_http=False)


def test_addresses_that_it_takes() -> None:
    check_target("crm", "https://hooks.example.com/x?y=1", allow_private=False, allow_http=False)
    check_target("crm", "http://127.0.0.1:9/x", allow_private=True, allow_http=True)


@dataclass
class Receiver:
    """A real receiver on loopback that answers what it is told to."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    port: int = 0


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(found))
    found.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()


def handler(found: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            found.calls.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(found.status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    return Handler


def sender(
    receiver: Receiver, addresses: Sequence[str] = ("127.0.0.1",), *, allow_private: bool = False
) -> HttpWebhookSender:
    url = f"http://hooks.example.com:{receiver.port}/in?a=1"
    return HttpWebhookSender(
        "crm", url, [SECRET, OTHER], timeout=5, find=lambda host, port: addresses, allow_private=allow_private
    )


def test_a_receiver_can_verify_what_comes_over_the_wire(receiver: Receiver) -> None:
    body = '{"grüße":"🎓"}'
    assert sender(receiver, allow_private=True).send("msg_7", body, datetime.now(UTC)).delivered is Delivered.YES
    ((path, headers, raw),) = receiver.calls
    assert path == "/in?a=1"
    assert headers["host"] == f"hooks.example.com:{receiver.port}"
    assert Webhook(SECRET).verify(raw, headers) == {"grüße": "🎓"}
    assert Webhook(OTHER).verify(raw, headers) == {"grüße": "🎓"}
    assert headers["webhook-id"] == "msg_7"


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["::ffff:127.0.0.1"]])
def test_a_name_that_leads_inside_is_not_called(receiver: Receiver, addresses: list[str]) -> None:
    outcome = sender(receiver, addresses).send("m", "{}", datetime.now(UTC))
    assert outcome.delivered is Delivered.LATER
    assert "refused" in outcome.reason
    assert receiver.calls == []


@pytest.mark.parametrize(
    ("status", "delivered"),
    [
        (204, Delivered.YES),
        (302, Delivered.LATER),
        (410, Delivered.GONE),
        (400, Delivered.LATER),
        (503, Delivered.LATER),
    ],
)
def test_what_answers_mean(receiver: Receiver, status: int, delivered: Delivered) -> None:
    receiver.status = status
    receiver.headers = {"location": f"http://127.0.0.1:{receiver.port}/elsewhere", "retry-after": "77"}
    outcome = sender(receiver, allow_private=True).send("m", "{}", datetime.now(UTC))
    assert outcome.delivered is delivered
    assert len(receiver.calls) == 1, "redirects are not followed"
    assert outcome.retry_after == (77 if status in (400, 503) else None)


def test_nobody_there_is_a_try_that_failed(receiver: Receiver) -> None:
    def fail(host: str, port: int) -> Sequence[str]:
        raise OSError("no such name")

    url = "https://hooks.example.com/x"
    assert HttpWebhookSender("crm", url, [SECRET], find=fail).send("m", "{}", datetime.now(UTC)).delivered is (
        Delivered.LATER
    )
    closed = HttpWebhookSender(
        "crm", "http://x.example:1/", [SECRET], allow_private=True, find=lambda h, p: ["127.0.0.1"]
    )
    assert closed.send("m", "{}", datetime.now(UTC)).delivered is Delivered.LATER


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate for a name, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert, secret = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return cert, secret


@pytest.mark.parametrize(
    ("name", "delivered"), [("hooks.example.com", Delivered.YES), ("evil.example", Delivered.LATER)]
)
def test_the_certificate_is_that_of_the_name_though_the_call_goes_to_an_address(
    tmp_path: Path, name: str, delivered: Delivered
) -> None:
    cert, key = certificate(tmp_path, name)
    found = Receiver()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(found))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        trusting = httpx.HTTPTransport(verify=ssl.create_default_context(cafile=str(cert)))
        url = f"https://hooks.example.com:{server.server_address[1]}/in"
        out = HttpWebhookSender(
            "crm", url, [SECRET], allow_private=True, find=lambda h, p: ["127.0.0.1"], transport=trusting, timeout=5
        )
        assert out.send("m", "{}", datetime.now(UTC)).delivered is delivered
        assert len(found.calls) == (delivered is Delivered.YES)
    finally:
        server.shutdown()
        server.server_close()
