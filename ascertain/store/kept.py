"""Secrets that systems gave us (a handshake's), sealed under a data key of their own.

A value is stored as ``version (1) | sealed``. Version 2 is sealed like an audit payload (:mod:`ascertain.store.keys`);
version 1 was wrapped by the master key itself, is still read, and becomes version 2 when the master key is rotated. Its
context binds it to its connection and name, so that it cannot be moved.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, delete, func, select, update

from ascertain.domain.key_manager import KeyManagers
from ascertain.errors import ConfigError, IntegrityError, KeyGone
from ascertain.store.keys import KeyRing, required
from ascertain.store.schema import table
from ascertain.store.schema_exchange import KeptSecretRow
from ascertain.store.statements import Tx, lock_chain, upsert

log = logging.getLogger(__name__)

_KEPT = table(KeptSecretRow)
_OLD, _VERSION = b"\x01", b"\x02"
SUBJECT = "(kept secrets)"
"""Whose data key it is, where persons' have their pseudonym."""


class SqlKeptSecrets:
    """``ascertain.domain.inbox.KeptSecrets``."""

    def __init__(self, tx: Tx, managers: KeyManagers | None) -> None:
        self._tx = tx
        self._managers = managers

    def of(self, connection: str) -> Mapping[str, str]:
        """
        Raises:
            ConfigError: when the master key is missing or another one.
            IntegrityError: when a value was changed or moved.
            KeyServiceUnavailable: when the manager of the master key does not answer.
        """
        rows = self._tx.connection.execute(select(_KEPT).where(_KEPT.c.connection == connection)).all()
        ring = KeyRing(self._tx, self._managers)
        return {r.name: self._clear(ring, r).decode() for r in rows}

    def put(self, connection: str, values: Mapping[str, str]) -> None:
        if not values:
            return
        lock_chain(self._tx)
        ring = KeyRing(self._tx, self._managers)
        rows = []
        for name, value in sorted(values.items()):
            sealed = _VERSION + ring.seal(SUBJECT, _bound(connection, name), value.encode())
            rows.append({"connection": connection, "name": name, "value": sealed, "kept_at": self._tx.now()})
        upsert(self._tx, _KEPT, rows)

    def forget(self, connection: str) -> int:
        return self._tx.connection.execute(delete(_KEPT).where(_KEPT.c.connection == connection)).rowcount

    def renew(self) -> int:
        """Seal again, under their data key, what the master key itself wrapped; how many there were."""
        old = select(_KEPT).where(func.substr(_KEPT.c.value, 1, 1) == _OLD)
        ring = KeyRing(self._tx, self._managers)
        rows = self._tx.connection.execute(old).all()
        for row in rows:
            sealed = _VERSION + ring.seal(SUBJECT, _bound(row.connection, row.name), self._clear(ring, row))
            here = (_KEPT.c.connection == row.connection, _KEPT.c.name == row.name)
            self._tx.connection.execute(update(_KEPT).where(*here).values(value=sealed))
        return len(rows)

    def _clear(self, ring: KeyRing, row: Row[Any]) -> bytes:
        context, sealed, what = _bound(row.connection, row.name), row.value[1:], f"kept secret {row.name!r}"
        found = None
        try:
            if row.value[:1] == _OLD:
                found = self._unwrapped(sealed, context)
            elif row.value[:1] == _VERSION:
                found = ring.open(SUBJECT, context, sealed, what)
        except KeyGone:
            raise
        except IntegrityError as e:
            log.info("%s of connection %s: %s", what, row.connection, e.message)
        if found is None:
            raise IntegrityError(
                f"the {what} of connection {row.connection} cannot be opened",
                remedy="restore the master key of this database, or `ascertain webhooks forget` and subscribe anew",
            )
        return found

    def _unwrapped(self, sealed: bytes, context: bytes) -> bytes:
        """By whichever manager can: what is this old does not say by which it was wrapped."""
        managers = required(self._managers)
        problem: Exception = IntegrityError("nobody can")
        for manager in (managers.present, *managers.former):
            try:
                return manager.unwrap(sealed, context)
            except (IntegrityError, ConfigError) as e:
                problem = e
        raise problem


def _bound(connection: str, name: str) -> bytes:
    return f"kept secret|{connection}|{name}".encode()
