"""Mails to a real SMTP server on loopback."""

from __future__ import annotations

import email
import smtplib
import socket
import ssl
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from ascertain.connectors import mail_out
from ascertain.connectors.mail_out import SmtpMailer, SmtpServer
from ascertain.domain.notifications import Delivered
from tests.unit.connectors.test_webhook_out import certificate


class Inbox:
    """Keeps mails; refuses the addresses of ``nobody.example`` for good and those of ``busy.example`` for now."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Envelope, address: str, options: Any) -> str:
        if address.endswith("@nobody.example"):
            return "550 no such user"
        if address.endswith("@busy.example"):
            return "451 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        assert session.ssl is not None, "in the clear"
        raw = cast(bytes, envelope.content)
        self.mails.append(email.message_from_bytes(raw, policy=policy.default))
        return "250 OK"


def login(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"ascertain", b"secret")
    return AuthResult(success=right)


@pytest.fixture
def cert(tmp_path: Path) -> tuple[Path, Path]:
    return certificate(tmp_path, "localhost")


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


def free_port() -> int:
    """One that nobody listens on; the controller cannot choose one itself."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def controller(inbox: Inbox, cert: tuple[Path, Path]) -> Iterator[Controller]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*cert)
    found = Controller(
        inbox,
        hostname="127.0.0.1",
        port=free_port(),
        tls_context=context,
        require_starttls=True,
        authenticator=login,
        auth_required=True,
    )
    found.start()
    yield found
    found.stop()


def mailer(controller: Controller, cert: tuple[Path, Path], **changes: Any) -> SmtpMailer:
    port = controller.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    values: dict[str, Any] = {
        "host": "localhost",
        "port": port,
        "security": "starttls",
        "sender": "Ascertain <skills@example.com>",
        "user": "ascertain",
        "password": "secret",
        "ca_file": str(cert[0]),
        "timeout": 5.0,
    }
    return SmtpMailer(SmtpServer(**(values | changes)))


def test_a_mail_arrives_encrypted_and_as_written(controller: Controller, cert: tuple[Path, Path], inbox: Inbox) -> None:
    out = mailer(controller, cert).send("msg_1", "chi@example.org", "Skills", "Hülya\n  new: SQL\n.\nend\n")
    assert out.delivered is Delivered.YES
    (mail,) = inbox.mails
    assert (mail["To"], mail["From"]) == ("chi@example.org", "Ascertain <skills@example.com>")
    assert (mail["Message-ID"], mail["Auto-Submitted"]) == ("<msg_1@example.com>", "auto-generated")
    assert mail.get_content().replace("\r\n", "\n") == "Hülya\n  new: SQL\n.\nend\n"


@pytest.mark.parametrize(
    ("to", "delivered"),
    [
        ("gone@nobody.example", Delivered.NEVER),
        ("late@busy.example", Delivered.LATER),
        ("no address", Delivered.NEVER),
        ("a@example.org\r\nBcc: all@example.org", Delivered.NEVER),
        ("Somebody <a@example.org>", Delivered.NEVER),
    ],
)
def test_recipients_that_do_not_work(
    controller: Controller, cert: tuple[Path, Path], inbox: Inbox, to: str, delivered: Delivered
) -> None:
    assert mailer(controller, cert).send("m", to, "Skills", "x").delivered is delivered
    assert inbox.mails == []


@pytest.mark.parametrize(
    "changes", [{"password": "wrong"}, {"ca_file": ""}, {"port": 1}, {"security": "none", "user": "", "password": ""}]
)
def test_servers_that_do_not_work_are_tried_again_and_nothing_goes_in_the_clear(
    controller: Controller, cert: tuple[Path, Path], inbox: Inbox, changes: dict[str, Any]
) -> None:
    out = mailer(controller, cert, **changes).send("m", "chi@example.org", "Skills", "x")
    assert out.delivered is not Delivered.YES
    assert "secret" not in out.reason
    assert inbox.mails == []
    if "security" not in changes:  # that one is told 530 for good
        assert out.delivered is Delivered.LATER


@pytest.mark.parametrize("host", ["169.254.169.254", "224.0.0.1", "0.0.0.0"])
def test_a_server_at_an_address_that_is_never_called(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def connected(*_: object, **__: object) -> None:
        raise AssertionError("it was called")

    monkeypatch.setattr(smtplib, "SMTP", connected)
    out = SmtpMailer(SmtpServer(host, 25, "starttls", "Ascertain <skills@example.com>")).send(
        "m", "a@b.example", "s", "t"
    )
    assert out.delivered is Delivered.LATER
    assert host in out.reason
    assert "never called" in out.reason


def test_a_name_that_leads_to_this_machine_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_out, "resolve", lambda host, port: ["127.0.0.1"])
    out = SmtpMailer(SmtpServer("mail.example.com", 25, "tls", "a@b.example")).send("m", "a@b.example", "s", "t")
    assert (out.delivered, "leads to this machine" in out.reason) == (Delivered.LATER, True)
