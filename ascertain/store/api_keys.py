"""Keys of the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update

from ascertain.domain.access import ApiKey, Scope
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
        }
        self._tx.connection.execute(insert(_KEYS).values(values))

    def revoke(self, key_id: str, at: datetime) -> bool:
        statement = update(_KEYS).where(_KEYS.c.id == key_id, _KEYS.c.revoked_at.is_(None)).values(revoked_at=at)
        return self._tx.connection.execute(statement).rowcount > 0


def _from_row(r: Row[Any]) -> ApiKey:
    # A scope that a later version gave and this one does not know opens nothing here.
    known = {s.value for s in Scope}
    scopes = frozenset(Scope(s) for s in r.scopes if s in known)
    return ApiKey(r.id, r.name, scopes, r.digest, r.created_at, r.revoked_at)
