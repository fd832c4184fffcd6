"""Which network addresses may be called.

An address in a configuration file was written by an administrator, and systems on an organisation's own network are
common: private addresses are called. What a system answers (a page link, a redirect, the address behind a name) is data
from outside: it leads to the configured origins only. Whoever wrote it, nothing is ever sent to a link-local address,
where cloud machines keep their credentials, and a name that turns out to be this very machine is refused unless the
URL itself says so.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence

from httpx import URL

from ascertain.domain.addresses import is_never_called, is_public, is_this_machine

__all__ = ["is_loopback", "is_never_called", "is_public", "is_this_machine", "origin", "resolve"]

Resolve = Callable[[str, int], Sequence[str]]

LOOPBACK_HOSTS = frozenset(("localhost", "127.0.0.1", "::1"))


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
