"""No answer is read without end: a server may send gigabytes, and a time-out is for one read each."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

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
        """
        response = super().handle_request(request)
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


def _too_long() -> AnswerTooLong:
    return AnswerTooLong(f"an answer of more than {MOST_BYTES} bytes")
