"""Keys of the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, or_, select, update

from ascertain.domain.access import NOTED_EVERY, ApiKey, Scope
from ascertain.store.schema import table
from ascertain.store.schema_exchange import ApiKeyRow
from ascertain.store.statements import Tx

_KEYS = table(ApiKeyRow)


class SqlApiKeys:
    """``ascertain.domain.access.ApiKeys``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def get(self, key_id: str) -> ApiKey | None:
        row = self._tx.connection.execute(select(_KEYS).where(_KEYS.c.id == key_id)).first()
        return _from_row(row) if row else None

    def all(self) -> list[ApiKey]:
        query = select(_KEYS).order_by(_KEYS.c.created_at, _KEYS.c.id)
        return [_from_row(r) for r in self._tx.connection.execute(query)]

    def add(self, key: ApiKey) -> None:
        values = {
            "id": key.id,
            "name": key.name,
            "scopes": sorted(key.scopes),
            "digest": key.digest,
            "created_at": key.created_at,
            "revoked_at": key.revoked_at,
            "populations": sorted(key.populations),
            "expires_at": key.expires_at,
            "last_used_at": key.last_used_at,
            "replaced_by": key.replaced_by,
        }
        self._tx.connection.execute(insert(_KEYS).values(values))

    def revoke(self, key_id: str, at: datetime) -> bool:
        statement = update(_KEYS).where(_KEYS.c.id == key_id, _KEYS.c.revoked_at.is_(None)).values(revoked_at=at)
        return self._tx.connection.execute(statement).rowcount > 0

    def replace(self, key_id: str, by: str, expires_at: datetime) -> bool:
        first = (_KEYS.c.id == key_id, _KEYS.c.revoked_at.is_(None), _KEYS.c.replaced_by.is_(None))
        statement = update(_KEYS).where(*first).values(replaced_by=by, expires_at=expires_at)
        return self._tx.connection.execute(statement).rowcount > 0

    def note_use(self, key_id: str, at: datetime) -> None:
        long_ago = or_(_KEYS.c.last_used_at.is_(None), _KEYS.c.last_used_at <= at - NOTED_EVERY)
        self._tx.connection.execute(update(_KEYS).where(_KEYS.c.id == key_id, long_ago).values(last_used_at=at))


def _from_row(r: Row[Any]) -> ApiKey:
    # A scope that a later version gave and this one does not know opens nothing here.
    known = {s.value for s in Scope}
    scopes = frozenset(Scope(s) for s in r.scopes if s in known)
    return ApiKey(
        r.id,
        r.name,
        scopes,
        r.digest,
        r.created_at,
        r.revoked_at,
        frozenset(r.populations or ()),
        r.expires_at,
        r.last_used_at,
        r.replaced_by,
    )
