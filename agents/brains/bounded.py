"""No answer is read without end: a server may send gigabytes, and a time-out is for one read each. And
nothing is sent to where cloud machines keep their credentials."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import httpx

from ascertain.domain.addresses import is_never_called

MOST_BYTES = 4_000_000
"""Of one answer. The longest of the demonstration has 60,000; 128,000 tokens are about half a million."""


class AnswerTooLong(httpx.HTTPError):
    """The answer was given up; trying it again would give the same."""


class BoundedTransport(httpx.HTTPTransport):
    """Gives an answer up when it is longer than :data:`MOST_BYTES`, by what it says of itself or by what comes."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """As httpx has it.

        Raises:
            AnswerTooLong: at once, or while it is read.
            httpx.ConnectError: the name leads to an address that is never called (link-local, metadata). A model on
                this machine or the own network is called: whoever wrote the configuration wants that.
        """
        _may_call(request.url)
        response = super().handle_request(request)
        stream = response.extensions.get("network_stream")
        peer = stream.get_extra_info("server_addr") if stream is not None else None
        if isinstance(peer, tuple) and is_never_called(str(peer[0])):  # the name led elsewhere than a moment ago
            response.close()
            raise _never(request.url.host, str(peer[0]))
        said = response.headers.get("content-length", "")
        if said.isdigit() and int(said) > MOST_BYTES:
            response.close()
            raise _too_long()
        assert isinstance(response.stream, httpx.SyncByteStream)
        response.stream = _Bounded(response.stream)
        return response


class _Bounded(httpx.SyncByteStream):
    def __init__(self, inner: httpx.SyncByteStream) -> None:
        self._inner = inner

    def __iter__(self) -> Iterator[bytes]:
        read = 0
        for part in self._inner:
            read += len(part)
            if read > MOST_BYTES:
                raise _too_long()
            yield part

    def close(self) -> None:
        self._inner.close()


def _may_call(url: httpx.URL) -> None:
    try:
        found = socket.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return  # connecting will say so in its own words
    for *_, address in found:
        if is_never_called(str(address[0])):
            raise _never(url.host, str(address[0]))


def _never(host: str, address: str) -> httpx.ConnectError:
    return httpx.ConnectError(f"{host} leads to {address}, an address that is never called")


def _too_long() -> AnswerTooLong:
    return AnswerTooLong(f"an answer of more than {MOST_BYTES} bytes")
