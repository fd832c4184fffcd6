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
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

_FORM = re.compile(r"asc_([0-9a-f]{12})_([0-9a-f]{64})", re.ASCII)


DAYS = 90
"""How long a key lives unless somebody says otherwise."""
MOST_DAYS = 366
GRACE = timedelta(hours=24)
"""How long an old key still opens after it was rotated, unless somebody says otherwise."""
MOST_GRACE = timedelta(days=14)
NOTED_EVERY = timedelta(hours=1)
"""The last use of a key is written at most so often: not a write a call."""


class Scope(StrEnum):
    """What a key may do. ``ascertain.domain.scopes`` says which actions that is."""

    INFER = "infer"
    SKILLS_READ = "skills.read"
    EVIDENCE_READ = "evidence.read"
    PEOPLE_SEARCH = "people.search"
    REVIEW = "review"
    DISPUTE = "dispute"
    RUNS = "runs"
    SYNC = "sync"
    WRITEBACK = "writeback"
    AUDIT_READ = "audit.read"
    ROLES_WRITE = "roles.write"
    OPENINGS = "openings"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as stored. ``digest`` is the hex SHA-256 of its secret.

    Attributes:
        populations: the people whom it reaches: departments, job profiles (id or title) or ``all``. Empty is ``all``:
            keys made before there were populations.
        expires_at: ``None`` only for keys made before keys expired.
        last_used_at: within ``NOTED_EVERY``.
        replaced_by: id of the key that a rotation made instead; this one then expires with the grace period.
    """

    id: str
    name: str
    scopes: frozenset[Scope]
    digest: str
    created_at: datetime
    revoked_at: datetime | None = None
    populations: frozenset[str] = frozenset()
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    replaced_by: str | None = None

    def live(self, now: datetime) -> bool:
        """Neither revoked nor at its end."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def is_to_be_noted(self, now: datetime) -> bool:
        """Whether its last use is old enough to be written anew."""
        return self.last_used_at is None or now - self.last_used_at >= NOTED_EVERY


class ApiKeys(Protocol):
    """``ascertain.store.api_keys``."""

    def get(self, key_id: str) -> ApiKey | None: ...
    def all(self) -> list[ApiKey]:
        """Revoked ones too, oldest first."""

    def add(self, key: ApiKey) -> None: ...
    def revoke(self, key_id: str, at: datetime) -> bool:
        """False if it was revoked before or never was."""

    def replace(self, key_id: str, by: str, expires_at: datetime) -> bool:
        """Note the key that came instead and when the old one ends; False if it was replaced or revoked before."""

    def note_use(self, key_id: str, at: datetime) -> None:
        """Write the last use, unless one within ``NOTED_EVERY`` is written."""


def make_key(
    name: str,
    scopes: Collection[Scope],
    now: datetime,
    *,
    populations: Collection[str] = (),
    lives: timedelta = timedelta(days=DAYS),
) -> tuple[ApiKey, str]:
    """A new key, and the only copy of its text."""
    key_id, secret = secrets.token_hex(6), secrets.token_hex(32)
    key = ApiKey(
        key_id,
        name,
        frozenset(scopes),
        _digest(secret),
        now,
        populations=frozenset(populations),
        expires_at=now + lives,
    )
    return key, f"asc_{key_id}_{secret}"


def key_id_of(text: str) -> str:
    """The id within a key's text; empty for what is no key."""
    found = _FORM.fullmatch(text)
    return found.group(1) if found else ""


def opens(key: ApiKey | None, text: str, now: datetime) -> bool:
    """Whether ``text`` is that key, live at ``now``. Takes as long for a key that nobody has."""
    found = _FORM.fullmatch(text)
    secret = found.group(2) if found else ""
    same = hmac.compare_digest(_digest(secret), key.digest if key else _digest("nobody"))
    return same and key is not None and found is not None and key.id == found.group(1) and key.live(now)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("ascii")).hexdigest()
