"""Comparing what a client sent with what is right."""

from __future__ import annotations

import hmac


def same(sent: object, right: str) -> bool:
    """Whether they are equal, in a time that does not depend on where they differ. What is no text equals nothing."""
    return isinstance(sent, str) and hmac.compare_digest(sent.encode("utf-8", "replace"), right.encode())
