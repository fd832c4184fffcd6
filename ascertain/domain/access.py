"""Keys of the API: who calls, and what they may.

A key reads ``asc_<id>_<secret>``. The id finds it; of the secret only a SHA-256 is kept, which is enough because the
secret is 32 random bytes and not a password.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

_FORM = re.compile(r"asc_([0-9a-f]{12})_([0-9a-f]{64})", re.ASCII)


class Scope(StrEnum):
    """What a key may do."""

    INFER = "infer"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as stored. ``digest`` is the hex SHA-256 of its secret."""

    id: str
    name: str
    scopes: frozenset[Scope]
    digest: str
    created_at: datetime
    revoked_at: datetime | None = None


class ApiKeys(Protocol):
    """``ascertain.store.api_keys``."""

    def get(self, key_id: str) -> ApiKey | None: ...
    def all(self) -> list[ApiKey]:
        """Revoked ones too, oldest first."""

    def add(self, key: ApiKey) -> None: ...
    def revoke(self, key_id: str, at: datetime) -> bool:
        """False if it was revoked before or never was."""


def make_key(name: str, scopes: Collection[Scope], now: datetime) -> tuple[ApiKey, str]:
    """A new key, and the only copy of its text."""
    key_id, secret = secrets.token_hex(6), secrets.token_hex(32)
    return ApiKey(key_id, name, frozenset(scopes), _digest(secret), now), f"asc_{key_id}_{secret}"


def key_id_of(text: str) -> str:
    """The id within a key's text; empty for what is no key."""
    found = _FORM.fullmatch(text)
    return found.group(1) if found else ""


def opens(key: ApiKey | None, text: str) -> bool:
    """Whether ``text`` is that key, live. Takes as long for a key that nobody has."""
    found = _FORM.fullmatch(text)
    secret = found.group(2) if found else ""
    same = hmac.compare_digest(_digest(secret), key.digest if key else _digest("nobody"))
    return same and key is not None and found is not None and key.id == found.group(1) and key.revoked_at is None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("ascii")).hexdigest()
