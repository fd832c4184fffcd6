"""Reads a request's body: never more than so many bytes, never longer than so many seconds."""

from __future__ import annotations

import asyncio

from starlette.requests import Request

from ascertain.service.problems import Problem

SECONDS = 10.0
"""Within which a body has to be here."""


async def read_body(request: Request, limit: int, seconds: float = SECONDS) -> bytes:
    """The raw bytes as they were sent, before any decompression.

    Raises:
        Problem: 413 beyond ``limit`` bytes (announced or sent), 408 when it does not come in time.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced[:20]) > limit:
        raise _too_large(limit)
    found = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for piece in request.stream():
                found += piece
                if len(found) > limit:
                    raise _too_large(limit)
    except TimeoutError:
        raise Problem(408, f"the body was not here within {seconds:g} seconds", close=True) from None
    return bytes(found)


def _too_large(limit: int) -> Problem:
    return Problem(413, f"the body may have {limit} bytes", close=True)
