"""Takes what was secret in a call out of what a system says back: careless ones repeat a request in their errors."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote, quote_plus

import httpx

HIDDEN = "[secret]"
_SHORTEST = 6
"""Shorter texts are no secrets, and would be found in any answer."""


def redacted(text: str, secrets: Iterable[str], request: httpx.Request) -> str:
    """``text`` without the secrets and without the request's credentials, also as they stand in addresses and forms."""
    header = request.headers.get("authorization", "")
    found = {*secrets, header, header.partition(" ")[2]}
    forms = {f for s in found if len(s) >= _SHORTEST for f in (s, quote(s, safe=""), quote_plus(s))}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, HIDDEN)
    return text
