"""Outgoing webhooks after Standard Webhooks: signed, never redirected, never into a private network unless allowed.

The name is looked up once a try and the call goes to the very address that was judged, so that a name which answers
differently the second time leads nowhere else.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import socket
from collections.abc import Callable, Sequence
from datetime import datetime

import httpx
from standardwebhooks import Webhook

from ascertain.domain.notifications import Delivered, Outcome
from ascertain.errors import ConfigError

PREFIX = "whsec_"
SECRET_BYTES = range(24, 65)
Resolve = Callable[[str, int], Sequence[str]]


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
        literal = "127.0.0.1" if parsed.host == "localhost" else ""
    if literal and not allow_private and not is_public(literal):
        raise ConfigError(
            f"webhook {endpoint}: the url is an address of a private network or of this machine",
            remedy="set allow_private: true if that is meant",
        )


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet, also behind the IPv6 forms that carry an IPv4 one."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is None and found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return inner.is_global and not inner.is_multicast
    return found.is_global and not found.is_multicast


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, in the system's order."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class HttpWebhookSender:
    """``ascertain.domain.notifications.WebhookSender`` for one endpoint.

    Args:
        secrets: the newest first.
        timeout: seconds for one try.
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
        if not self._allow_private and not all(is_public(a) for a in addresses):
            return Outcome(Delivered.LATER, "the name leads into a private network or to this machine: refused")
        headers = {
            **sign(self._secrets, message_id, now, body),
            "content-type": "application/json",
            "user-agent": "ascertain",
            "host": self._url.netloc.decode("ascii"),
        }
        target = self._url.copy_with(host=addresses[0])
        # A proxy of the environment would look the name up again, and is not asked.
        try:
            with (
                httpx.Client(
                    timeout=self._timeout, follow_redirects=False, trust_env=False, transport=self._transport
                ) as client,
                client.stream(
                    "POST",
                    target,
                    content=body.encode("utf-8"),
                    headers=headers,
                    extensions={"sni_hostname": self._url.host},
                ) as answer,
            ):
                return _outcome(answer)
        except httpx.HTTPError as e:
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
