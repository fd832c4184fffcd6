"""Keeps a client's calls on the hosts that it was configured for."""

from __future__ import annotations

import os
from collections.abc import Sequence

import httpx

from ascertain.connectors.addresses import Resolve, is_loopback, is_never_called, is_this_machine, origin
from ascertain.errors import PermanentConnectorError

_PROXIES = frozenset(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"))


class HostGuard:
    """Refuses other origins than ``urls`` have, and names that lead to where nothing may be sent.

    Args:
        urls: as the administrator wrote them. One that names this machine outright may be called there.
        find: looks names up; ``None`` where there is no network to protect (recorded answers).
        others: hosts that ``urls`` do not name may be called too, as an identity provider's endpoints may lie on
            several; where nothing may be sent is refused all the same.
    """

    def __init__(self, urls: Sequence[str], find: Resolve | None, *, others: bool = False) -> None:
        self._others = others
        self._origins = frozenset(map(origin, urls))
        self._local = frozenset(httpx.URL(u).host for u in urls if is_loopback(u))
        self._find = find

    def may_call(self, url: httpx.URL, place: str) -> None:
        """Before a call.

        Raises:
            PermanentConnectorError: another origin, or a name whose address is never called.
        """
        if not self._others and origin(url) not in self._origins:
            raise PermanentConnectorError(
                f"{place}: leads to another host, {url.host}; not called",
                remedy="set the URL of the connection to the host that answers",
            )
        if self._find is None or url.host in self._local:
            return
        try:
            addresses = self._find(url.host, url.port or (443 if url.scheme == "https" else 80))
        except (OSError, UnicodeError):
            return  # connecting will say so in its own words; a proxy may know the name
        for address in addresses:
            must_be_callable(address, url.host, place)

    def may_hear(self, response: httpx.Response, host: str, place: str) -> None:
        """Before the body is read: the address that answered, in case the name led elsewhere than a moment ago.

        Raises:
            PermanentConnectorError: that address is never called.
        """
        stream = response.extensions.get("network_stream")
        if stream is None or host in self._local or os.environ.keys() & _PROXIES:  # a proxy's address says nothing
            return
        peer = stream.get_extra_info("server_addr")
        if isinstance(peer, tuple):
            must_be_callable(str(peer[0]), host, place)


def must_be_callable(address: str, host: str, place: str) -> None:
    """That the address behind a name is one that may be called.

    Raises:
        PermanentConnectorError: it is this machine, or one that is never called.
    """
    if is_never_called(address):
        raise PermanentConnectorError(
            f"{place}: {host} leads to {address}, an address that is never called",
            remedy="look at the URL of the connection and at what the name server says about that name",
        )
    if is_this_machine(address):
        raise PermanentConnectorError(
            f"{place}: {host} leads to this machine ({address}); not called",
            remedy="if that is meant, write the address itself (127.0.0.1) into the URL of the connection",
        )
