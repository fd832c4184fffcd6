"""Outgoing webhooks after Standard Webhooks: signed, never redirected, never into a private network unless allowed.

The name is looked up once a try and the call goes to the very address that was judged, so that a name which answers
differently the second time leads nowhere else.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
from collections.abc import Sequence
from datetime import datetime

import httpx
from standardwebhooks import Webhook

from ascertain.connectors.addresses import LOOPBACK_HOSTS, Resolve, is_never_called, is_public, resolve
from ascertain.connectors.deadline import Deadline
from ascertain.domain.notifications import Delivered, Outcome
from ascertain.errors import ConfigError

PREFIX = "whsec_"
SECRET_BYTES = range(24, 65)


def read_secret(endpoint: str, variable: str, text: str) -> str:
    """Check a secret: ``whsec_`` and 24 to 64 bytes in base64. The message never repeats it.

    Raises:
        ConfigError: naming the endpoint and the variable.
    """
    try:
        raw = base64.b64decode(text.strip().removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not text.strip().startswith(PREFIX) or len(raw) not in SECRET_BYTES:
        raise ConfigError(
            f"webhook {endpoint}: {variable} is no secret of 24 to 64 bytes",
            remedy='make one: echo "whsec_$(openssl rand -base64 32)"',
        )
    return text.strip()


def sign(secrets: Sequence[str], message_id: str, now: datetime, body: str) -> dict[str, str]:
    """The three headers of Standard Webhooks; one signature a secret, so that a receiver may know either."""
    signatures = [Webhook(s).sign(msg_id=message_id, timestamp=now, data=body) for s in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def check_target(endpoint: str, url: str, *, allow_private: bool, allow_http: bool) -> None:
    """
    Raises:
        ConfigError: for an address that is no URL, is unencrypted, or names a private address outright.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL("")
    if parsed.scheme not in ("http", "https") or not parsed.host or parsed.userinfo:
        raise ConfigError(f"webhook {endpoint}: the url is no http(s) address without a password in it")
    if parsed.scheme == "http" and not allow_http:
        raise ConfigError(
            f"webhook {endpoint}: the url is unencrypted",
            remedy="use https, or set allow_http: true for a network you trust",
        )
    try:
        literal = str(ipaddress.ip_address(parsed.host))
    except ValueError:
        literal = "127.0.0.1" if parsed.host in LOOPBACK_HOSTS else ""
    if literal and is_never_called(literal):
        raise ConfigError(f"webhook {endpoint}: the url is an address that is never called ({literal})")
    if literal and not allow_private and not is_public(literal):
        raise ConfigError(
            f"webhook {endpoint}: the url is an address of a private network or of this machine",
            remedy="set allow_private: true if that is meant",
        )


class HttpWebhookSender:
    """``ascertain.domain.notifications.WebhookSender`` for one endpoint.

    Args:
        secrets: the newest first.
        timeout: seconds for one try, whatever the receiver does meanwhile (looking up its name apart).
        find: looks names up.
    """

    def __init__(
        self,
        name: str,
        url: str,
        secrets: Sequence[str],
        *,
        allow_private: bool = False,
        timeout: float = 20.0,
        find: Resolve = resolve,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.name = name
        self._url = httpx.URL(url)
        self._secrets = tuple(secrets)
        self._allow_private = allow_private
        self._timeout = timeout
        self._find = find
        self._transport = transport

    def send(self, message_id: str, body: str, now: datetime) -> Outcome:
        """One try. A 2xx is delivered, a 410 gone; everything else may work later, redirects included."""
        port = self._url.port or (443 if self._url.scheme == "https" else 80)
        try:
            addresses = self._find(self._url.host, port)
        except (OSError, UnicodeError) as e:
            return Outcome(Delivered.LATER, f"the name cannot be looked up: {type(e).__name__}")
        if not addresses:
            return Outcome(Delivered.LATER, "the name has no address")
        if any(map(is_never_called, addresses)):
            return Outcome(Delivered.LATER, "the name leads to an address that is never called: refused")
        if not self._allow_private and not all(is_public(a) for a in addresses):
            return Outcome(Delivered.LATER, "the name leads into a private network or to this machine: refused")
        headers = {
            **sign(self._secrets, message_id, now, body),
            "content-type": "application/json",
            "user-agent": "ascertain",
            "host": self._url.netloc.decode("ascii"),
        }
        target = self._url.copy_with(host=addresses[0])
        deadline = Deadline(self._timeout)
        # A proxy of the environment would look the name up again, and is not asked.
        try:
            with (
                deadline,
                httpx.Client(
                    timeout=self._timeout, follow_redirects=False, trust_env=False, transport=self._transport
                ) as client,
                client.stream(
                    "POST",
                    target,
                    content=body.encode("utf-8"),
                    headers=headers,
                    extensions={"sni_hostname": self._url.host, "trace": deadline.trace},
                ) as answer,
            ):
                return _outcome(answer)
        except httpx.HTTPError as e:
            if deadline.passed:
                return Outcome(Delivered.LATER, f"no whole answer within {self._timeout:g} s")
            return Outcome(Delivered.LATER, f"no answer: {type(e).__name__}")


def _outcome(answer: httpx.Response) -> Outcome:
    status = answer.status_code
    if 200 <= status < 300:
        return Outcome(Delivered.YES)
    if status == 410:
        return Outcome(Delivered.GONE, "answered 410: gone")
    if 300 <= status < 400:
        return Outcome(Delivered.LATER, f"answered {status}: redirects are not followed")
    asked = answer.headers.get("retry-after", "")
    return Outcome(Delivered.LATER, f"answered {status}", float(asked) if asked.isascii() and asked.isdigit() else None)
