"""Who is signed in, and how they came in. Of every secret only a SHA-256 is kept: each is 32 random bytes."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from ascertain.domain.permission import Role

ABSOLUTE = timedelta(hours=8)
"""A session ends so long after it began, whatever happens."""
GROUPS_HOLD = timedelta(hours=1)
"""A session with roles from groups of the identity provider ends so long after it began: signing in again reads the
groups anew, which most providers answer without asking anybody."""
IDLE = timedelta(minutes=30)
"""A session ends so long after it was last used."""
SIGN_IN = timedelta(minutes=10)
"""How long a sign-in that was begun, or a link, waits."""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody is signed in.

    Attributes:
        via: ``oidc`` or ``link``.
        subject: of the identity provider; empty for a link.
        email: the verified address, or the name that a link was made for; empty where there is none.
        roles: what groups of the identity provider give, with populations by role.
    """

    digest: str
    via: str
    subject: str
    email: str
    learner_id: str | None
    roles: Mapping[Role, tuple[str, ...]]
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    def live(self, now: datetime) -> bool:
        """Neither revoked, nor at its end, nor left alone for too long."""
        return self.revoked_at is None and now < self.expires_at and now < self.seen_at + IDLE


@dataclass(frozen=True, slots=True)
class SignIn:
    """A sign-in that waits: begun at the identity provider (``oidc``), or a link (``link``). Used once."""

    kind: str
    held: Mapping[str, Any]
    expires_at: datetime
    learner_id: str | None = None


class Sessions(Protocol):
    """``ascertain.store.sessions``."""

    def get(self, digest: str) -> Session | None: ...
    def add(self, session: Session) -> None: ...
    def seen(self, digest: str, at: datetime) -> None: ...
    def revoke(self, digest: str, at: datetime) -> bool: ...
    def wait_for(self, digest: str, sign_in: SignIn) -> None: ...
    def take(self, digest: str, kind: str, now: datetime) -> SignIn | None:
        """The sign-in of that digest, which then is gone; ``None`` for one that is over or never was."""

    def sweep(self, now: datetime) -> int:
        """Delete sessions and sign-ins that have ended; how many."""


def lasts(roles: Mapping[Role, tuple[str, ...]]) -> timedelta:
    """How long a session may last, given the roles that come from groups of the identity provider."""
    return GROUPS_HOLD if roles else ABSOLUTE


def new_secret() -> tuple[str, str]:
    """A secret for a browser or a link, and the digest under which it is kept."""
    secret = secrets.token_urlsafe(32)
    return secret, digest_of(secret)


def digest_of(secret: str) -> str:
    """Hex SHA-256."""
    return hashlib.sha256(secret.encode()).hexdigest()
