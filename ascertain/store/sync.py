"""Where each connector stands, what could not be used, and the archive of policies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select

from ascertain.domain.runs import QuarantinedRecord
from ascertain.errors import ConflictError
from ascertain.store.schema import CursorRow, PolicyRow, QuarantineRow, table
from ascertain.store.statements import Tx, insert_missing, upsert

_CURSORS, _QUARANTINE, _POLICIES = table(CursorRow), table(QuarantineRow), table(PolicyRow)


class SqlSyncState:
    """``ascertain.domain.ports.SyncState``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def cursor(self, connector: str, entity: str) -> Mapping[str, Any] | None:
        query = select(_CURSORS.c.value).where(_CURSORS.c.connector == connector, _CURSORS.c.entity == entity)
        value: Mapping[str, Any] | None = self._tx.connection.execute(query).scalar()
        return value

    def set_cursor(self, connector: str, entity: str, value: Mapping[str, Any]) -> None:
        row = {"connector": connector, "entity": entity, "value": dict(value), "updated_at": self._tx.now()}
        upsert(self._tx, _CURSORS, [row])

    def quarantine(self, row: QuarantinedRecord) -> None:
        """Keep the record; the same id again replaces it."""
        values = {
            "id": row.id,
            "connector": row.connector,
            "ref": row.ref,
            "reason": row.reason,
            "field": row.field,
            "raw": dict(row.raw),
            "seen_at": row.seen_at,
        }
        upsert(self._tx, _QUARANTINE, [values])

    def release(self, quarantine_id: str) -> bool:
        statement = delete(_QUARANTINE).where(_QUARANTINE.c.id == quarantine_id)
        return self._tx.connection.execute(statement).rowcount > 0

    def quarantined(self) -> list[QuarantinedRecord]:
        """Oldest first."""
        query = select(_QUARANTINE).order_by(_QUARANTINE.c.seen_at, _QUARANTINE.c.id)
        return [
            QuarantinedRecord(r.id, r.connector, r.ref, r.reason, r.field, r.raw, r.seen_at)
            for r in self._tx.connection.execute(query)
        ]


class SqlPolicyArchive:
    """``ascertain.domain.ports.PolicyArchive``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def put(self, version: str, document: str) -> None:
        """Keep a policy text under its version.

        Raises:
            ConflictError: when another text is kept under that version: replay would use the wrong one.
        """
        kept = self.get(version)
        if kept is None:
            insert_missing(
                self._tx, _POLICIES, [{"version": version, "document": document, "archived_at": self._tx.now()}]
            )
            kept = self.get(version)
        if kept != document:
            raise ConflictError(f"another policy text is archived as version {version!r}")

    def get(self, version: str) -> str | None:
        query = select(_POLICIES.c.document).where(_POLICIES.c.version == version)
        document: str | None = self._tx.connection.execute(query).scalar()
        return document
