"""Which network addresses may be called.

An address in a configuration file was written by an administrator, and systems on an organisation's own network are
common: private addresses are called. What a system answers (a page link, a redirect, the address behind a name) is data
from outside: it leads to the configured origins only. Whoever wrote it, nothing is ever sent to a link-local address,
where cloud machines keep their credentials, and a name that turns out to be this very machine is refused unless the
URL itself says so.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence

from httpx import URL

Resolve = Callable[[str, int], Sequence[str]]

LOOPBACK_HOSTS = frozenset(("localhost", "127.0.0.1", "::1"))

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_METADATA = frozenset(map(ipaddress.ip_address, ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "192.0.0.192")))
"""Metadata services of AWS, Azure and Google (link-local), AWS over IPv6, Alibaba, Oracle."""


def origin(url: str | URL) -> tuple[str, str, int | None]:
    """Scheme, host and port, where a scheme's own port counts as none."""
    parsed = URL(url) if isinstance(url, str) else url
    return parsed.scheme, parsed.host, parsed.port


def is_loopback(url: str) -> bool:
    """True for a URL that names this machine outright."""
    host = URL(url).host
    try:
        return is_this_machine(host)
    except ValueError:
        return host in LOOPBACK_HOSTS


def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, in the system's order."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet, also behind the IPv6 forms that carry an IPv4 one."""
    return all(a.is_global and not a.is_multicast for a in _meant(address))


def is_never_called(address: str) -> bool:
    """Link-local, unspecified, multicast and metadata addresses: no business system is there."""
    return any(a.is_link_local or a.is_unspecified or a.is_multicast or a in _METADATA for a in _meant(address))


def is_this_machine(address: str) -> bool:
    """Loopback, in any of its forms."""
    return any(a.is_loopback for a in _meant(address))


def _meant(address: str) -> tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, ...]:
    """The address, or the IPv4 address that an IPv6 one carries."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is None and found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return (inner,)
    return (found,)
