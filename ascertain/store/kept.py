"""Secrets that systems gave us (a handshake's), wrapped by the master key of the store.

A value is stored as ``version (1) | nonce (12) | ciphertext and tag`` (AES-256-GCM); its associated data binds it to
its connection and name, so that it cannot be moved.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, select

from ascertain.errors import IntegrityError
from ascertain.store.keys import MasterKey, usable_master
from ascertain.store.schema import table
from ascertain.store.schema_exchange import KeptSecretRow
from ascertain.store.statements import Tx, upsert

_KEPT = table(KeptSecretRow)
_VERSION, _NONCE = b"\x01", 12


class SqlKeptSecrets:
    """``ascertain.domain.inbox.KeptSecrets``."""

    def __init__(self, tx: Tx, master: MasterKey | None) -> None:
        self._tx = tx
        self._master = master

    def of(self, connection: str) -> Mapping[str, str]:
        """
        Raises:
            ConfigError: when the master key is missing or another one.
            IntegrityError: when a value was changed or moved.
        """
        rows = self._tx.connection.execute(select(_KEPT).where(_KEPT.c.connection == connection)).all()
        if not rows:
            return {}
        cipher = AESGCM(usable_master(self._tx, self._master).secret)
        found: dict[str, str] = {}
        for row in rows:
            nonce, body = row.value[1 : 1 + _NONCE], row.value[1 + _NONCE :]
            try:
                found[row.name] = cipher.decrypt(nonce, body, _bound(connection, row.name)).decode()
            except InvalidTag:
                raise IntegrityError(
                    f"the kept secret {row.name!r} of connection {connection} cannot be opened",
                    remedy="restore the audit key of this database, or `ascertain webhooks forget` and subscribe anew",
                ) from None
        return found

    def put(self, connection: str, values: Mapping[str, str]) -> None:
        if not values:
            return
        cipher = AESGCM(usable_master(self._tx, self._master, make=True).secret)
        rows = []
        for name, value in sorted(values.items()):
            nonce = os.urandom(_NONCE)
            sealed = _VERSION + nonce + cipher.encrypt(nonce, value.encode(), _bound(connection, name))
            rows.append({"connection": connection, "name": name, "value": sealed, "kept_at": self._tx.now()})
        upsert(self._tx, _KEPT, rows)

    def forget(self, connection: str) -> int:
        return self._tx.connection.execute(delete(_KEPT).where(_KEPT.c.connection == connection)).rowcount


def _bound(connection: str, name: str) -> bytes:
    return f"kept secret|{connection}|{name}".encode()
