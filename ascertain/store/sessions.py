"""Sessions, and sign-ins that wait."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, insert, or_, select, update

from ascertain.domain.permission import GRANTABLE, Role
from ascertain.domain.sessions import IDLE, Session, SignIn
from ascertain.store.schema import table
from ascertain.store.schema_permission import SessionRow, SignInRow
from ascertain.store.statements import Tx

_SESSIONS, _SIGN_INS = table(SessionRow), table(SignInRow)
_KNOWN = frozenset(r.value for r in GRANTABLE)


class SqlSessions:
    """``ascertain.domain.sessions.Sessions``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def get(self, digest: str) -> Session | None:
        r = self._tx.connection.execute(select(_SESSIONS).where(_SESSIONS.c.digest == digest)).first()
        if r is None:
            return None
        roles = {Role(g["role"]): tuple(g["populations"]) for g in r.grants if g["role"] in _KNOWN}
        return Session(
            r.digest,
            r.via,
            r.subject,
            r.email,
            r.learner_id,
            roles,
            r.created_at,
            r.seen_at,
            r.expires_at,
            r.revoked_at,
        )

    def add(self, session: Session) -> None:
        values = {
            "digest": session.digest,
            "via": session.via,
            "subject": session.subject,
            "email": session.email,
            "learner_id": session.learner_id,
            "grants": [{"role": r.value, "populations": list(p)} for r, p in sorted(session.roles.items())],
            "created_at": session.created_at,
            "seen_at": session.seen_at,
            "expires_at": session.expires_at,
            "revoked_at": session.revoked_at,
        }
        self._tx.connection.execute(insert(_SESSIONS).values(values))

    def seen(self, digest: str, at: datetime) -> None:
        self._tx.connection.execute(update(_SESSIONS).where(_SESSIONS.c.digest == digest).values(seen_at=at))

    def revoke(self, digest: str, at: datetime) -> bool:
        live = (_SESSIONS.c.digest == digest, _SESSIONS.c.revoked_at.is_(None))
        return self._tx.connection.execute(update(_SESSIONS).where(*live).values(revoked_at=at)).rowcount > 0

    def wait_for(self, digest: str, sign_in: SignIn) -> None:
        values = {
            "digest": digest,
            "kind": sign_in.kind,
            "learner_id": sign_in.learner_id,
            "held": dict(sign_in.held),
            "expires_at": sign_in.expires_at,
        }
        self._tx.connection.execute(insert(_SIGN_INS).values(values))

    def take(self, digest: str, kind: str, now: datetime) -> SignIn | None:
        which = (_SIGN_INS.c.digest == digest, _SIGN_INS.c.kind == kind)
        r = self._tx.connection.execute(select(_SIGN_INS).where(*which)).first()
        # Of two that come at once, one deletes the row: only that one has it.
        if r is None or self._tx.connection.execute(delete(_SIGN_INS).where(*which)).rowcount != 1:
            return None
        return SignIn(r.kind, r.held, r.expires_at, r.learner_id) if now < r.expires_at else None

    def sweep(self, now: datetime) -> int:
        ended = or_(
            _SESSIONS.c.expires_at <= now, _SESSIONS.c.seen_at <= now - IDLE, _SESSIONS.c.revoked_at.is_not(None)
        )
        gone = self._tx.connection.execute(delete(_SESSIONS).where(ended)).rowcount
        return gone + self._tx.connection.execute(delete(_SIGN_INS).where(_SIGN_INS.c.expires_at <= now)).rowcount
