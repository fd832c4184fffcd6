"""Where each connector stands, what could not be used, and the archive of policies."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select

from ascertain.domain.runs import QuarantinedRecord
from ascertain.domain.sync_attempts import SyncAttempt, Watermark
from ascertain.errors import ConflictError
from ascertain.store.schema import CursorRow, PolicyRow, QuarantineRow, table
from ascertain.store.schema_operations import SyncAttemptRow
from ascertain.store.statements import Tx, insert_missing, upsert

_CURSORS, _QUARANTINE, _POLICIES = table(CursorRow), table(QuarantineRow), table(PolicyRow)
_ATTEMPTS = table(SyncAttemptRow)
_OF_ATTEMPT = tuple(c.name for c in _ATTEMPTS.columns)


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

    def cursors(self) -> list[Watermark]:
        query = select(_CURSORS).order_by(_CURSORS.c.connector, _CURSORS.c.entity)
        return [Watermark(r.connector, r.entity, r.value, r.updated_at) for r in self._tx.connection.execute(query)]

    def note_attempt(self, row: SyncAttempt) -> None:
        values = {name: getattr(row, name) for name in _OF_ATTEMPT}
        upsert(self._tx, _ATTEMPTS, [values | {"figures": dict(row.figures), "totals": dict(row.totals)}])

    def attempts(self) -> list[SyncAttempt]:
        query = select(_ATTEMPTS).order_by(_ATTEMPTS.c.connector, _ATTEMPTS.c.entity)
        return [SyncAttempt(**r._mapping) for r in self._tx.connection.execute(query)]

    def forget_cursors(self, entities: Collection[str]) -> None:
        self._tx.connection.execute(delete(_CURSORS).where(_CURSORS.c.entity.in_(sorted(entities))))

    def synced_at(self) -> dict[str, datetime]:
        query = select(_CURSORS.c.connector, func.max(_CURSORS.c.updated_at)).group_by(_CURSORS.c.connector)
        return {name: at for name, at in self._tx.connection.execute(query)}

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
