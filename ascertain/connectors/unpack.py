"""The body of a call as its sender meant it. Only for callers that have proved themselves: unpacking is work."""

from __future__ import annotations

import zlib

from ascertain.domain.webhooks import RawRequest

MAX_BYTES = 8 * 1024 * 1024
MAX_RATIO = 200
"""JSON packs about twenty to one; whoever sends more than ten times that sends a bomb."""
_FREE = 64 * 1024
"""So small a body may have any ratio."""
PACKED = frozenset(("gzip", "x-gzip"))
ENCODINGS = frozenset(("", "identity")) | PACKED
"""Content encodings that are taken; the first two leave a body as it is."""
_GZIP = 31  # window bits with which zlib reads gzip


class BodyTooLarge(ValueError):
    """It unpacks to more than is allowed."""


class BodyUnreadable(ValueError):
    """It is not packed as it says."""


def unpacked(request: RawRequest, *, limit: int = MAX_BYTES, ratio: int = MAX_RATIO) -> bytes:
    """The body, unpacked where ``Content-Encoding`` says gzip; stops as soon as it grows beyond what is allowed.

    Raises:
        BodyTooLarge: more than ``limit`` bytes, or more than ``ratio`` times what was sent.
        BodyUnreadable: broken or cut off, or another encoding.
    """
    encoding = request.header("content-encoding").strip().lower()
    if encoding in ENCODINGS - PACKED:
        if len(request.body) > limit:
            raise BodyTooLarge
        return request.body
    if encoding not in PACKED:
        raise BodyUnreadable
    allowed = min(limit, max(_FREE, ratio * len(request.body)))
    machine = zlib.decompressobj(_GZIP)
    try:
        found = machine.decompress(request.body, allowed + 1)
    except zlib.error:
        raise BodyUnreadable from None
    if len(found) > allowed:
        raise BodyTooLarge
    if not machine.eof or machine.unused_data:
        raise BodyUnreadable
    return found
