"""Mails over SMTP, with STARTTLS unless told otherwise."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, parseaddr

from ascertain.connectors.addresses import LOOPBACK_HOSTS, resolve
from ascertain.connectors.host_guard import must_be_callable
from ascertain.domain.notifications import Delivered, Outcome
from ascertain.domain.text import visible
from ascertain.errors import PermanentConnectorError


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """A server and the account on it. ``security`` is starttls, tls or none; ``ca_file`` has the certificates of a
    private authority."""

    host: str
    port: int
    security: str
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""
    timeout: float = 20.0


class SmtpMailer:
    """``ascertain.domain.notifications.Mailer``: a connection a mail, plain text."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server

    def send(self, message_id: str, to: str, subject: str, text: str) -> Outcome:
        """One try. What the server refuses for good (5xx) is never tried again."""
        try:
            mail = self._mail(message_id, to, subject, text)
        except ValueError:
            return Outcome(Delivered.NEVER, "the address cannot be written to")
        try:
            with self._connected() as smtp:
                if self._server.user:
                    smtp.login(self._server.user, self._server.password)
                smtp.send_message(mail)
        except PermanentConnectorError as e:
            return Outcome(Delivered.LATER, e.message)
        except smtplib.SMTPRecipientsRefused as e:
            codes = [code for code, _ in e.recipients.values()]
            return _refused(max(codes, default=550), "the recipient is refused")
        except smtplib.SMTPAuthenticationError as e:
            return Outcome(Delivered.LATER, f"the server does not take the account ({e.smtp_code})")
        except smtplib.SMTPResponseException as e:
            return _refused(e.smtp_code, "the server refuses the mail")
        except ssl.SSLError as e:
            return Outcome(Delivered.LATER, f"no secure connection: {e.reason or type(e).__name__}")
        except (smtplib.SMTPException, OSError) as e:
            return Outcome(Delivered.LATER, f"no connection: {type(e).__name__}")
        return Outcome(Delivered.YES)

    def _may_call(self) -> None:
        """Before a connection is made; what the name leads to is looked up again when it is."""
        s = self._server
        if s.host not in LOOPBACK_HOSTS:
            for address in resolve(s.host, s.port):
                must_be_callable(address, s.host, "mail")

    def _connected(self) -> smtplib.SMTP:
        s = self._server
        self._may_call()
        context = ssl.create_default_context(cafile=s.ca_file or None)
        if s.security == "tls":
            return smtplib.SMTP_SSL(s.host, s.port, timeout=s.timeout, context=context)
        smtp = smtplib.SMTP(s.host, s.port, timeout=s.timeout)
        if s.security == "starttls":
            try:
                smtp.starttls(context=context)
            except BaseException:
                smtp.close()  # never go on in the clear
                raise
        return smtp

    def _mail(self, message_id: str, to: str, subject: str, text: str) -> EmailMessage:
        address = parseaddr(to)[1]
        if "@" not in address or address != to.strip():
            raise ValueError("not an address")
        mail = EmailMessage()
        mail["From"] = self._server.sender
        mail["To"] = address
        mail["Subject"] = visible(subject)
        mail["Date"] = formatdate()
        mail["Message-ID"] = f"<{message_id}@{parseaddr(self._server.sender)[1].rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(visible(text))
        return mail


def _refused(code: int, what: str) -> Outcome:
    return Outcome(Delivered.NEVER if code >= 500 else Delivered.LATER, f"{what} ({code})")
