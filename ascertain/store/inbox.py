"""The inbox of webhooks: each event once, until it is worked off."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, func, select, update

from ascertain.domain.canonical import digest
from ascertain.domain.inbox import MAX_TRIES, InboxEvent
from ascertain.domain.records import Entity, SourceRef
from ascertain.domain.webhooks import Event
from ascertain.store.schema import table
from ascertain.store.schema_exchange import InboxRow
from ascertain.store.statements import Tx, chunks, insert_missing

_INBOX = table(InboxRow)
_ERROR_CHARS = 300


class SqlInbox:
    """``ascertain.domain.inbox.Inbox``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def record(self, connection: str, events: Iterable[Event]) -> int:
        now = self._tx.now()
        rows = {
            _id(connection, e.key): {
                "id": _id(connection, e.key),
                "connection": connection,
                "key": e.key,
                "type": e.type,
                "refs": [[r.system, r.entity.value, r.id] for r in e.refs],
                "pull": [p.value for p in e.pull],
                "deleted": e.deleted,
                "occurred_at": e.occurred_at,
                "received_at": now,
                "due_at": now,
                "tries": 0,
                "error": "",
                "done_at": None,
            }
            for e in events
        }
        # In the order of ids, so that two processes lock them alike; what another one has just put in is left alone.
        before = self._present(rows)
        insert_missing(self._tx, _INBOX, [rows[i] for i in sorted(rows)])
        return len(rows) - before

    def known(self, connection: str, events: Collection[Event]) -> bool:
        ids = {_id(connection, e.key) for e in events}
        return self._present(ids) == len(ids)

    def open(self, connection: str, *, limit: int) -> list[InboxEvent]:
        query = select(_INBOX).where(*self._due(), _INBOX.c.connection == connection)
        ordered = query.order_by(_INBOX.c.received_at, _INBOX.c.id).limit(limit)
        return [_from_row(r) for r in self._tx.connection.execute(ordered)]

    def connections(self) -> list[str]:
        query = select(_INBOX.c.connection).where(*self._due()).distinct()
        return sorted(self._tx.connection.execute(query).scalars())

    def unfinished(self) -> list[InboxEvent]:
        query = select(_INBOX).where(_INBOX.c.done_at.is_(None)).order_by(_INBOX.c.received_at, _INBOX.c.id)
        return [_from_row(r) for r in self._tx.connection.execute(query)]

    def done(self, event_ids: Collection[str]) -> None:
        for ids in chunks(sorted(event_ids)):
            values = {"done_at": self._tx.now(), "error": ""}
            self._tx.connection.execute(update(_INBOX).where(_INBOX.c.id.in_(ids)).values(values))

    def failed(self, event_id: str, error: str, wait: timedelta, *, counts: bool = True) -> None:
        values = {"error": error[:_ERROR_CHARS], "due_at": self._tx.now() + wait}
        statement = update(_INBOX).where(_INBOX.c.id == event_id, _INBOX.c.done_at.is_(None)).values(values)
        self._tx.connection.execute(statement.values(tries=_INBOX.c.tries + 1) if counts else statement)

    def retry(self, event_ids: Collection[str]) -> int:
        values = {"tries": 0, "due_at": self._tx.now()}
        return sum(
            self._tx.connection.execute(
                update(_INBOX).where(_INBOX.c.id.in_(ids), _INBOX.c.done_at.is_(None)).values(values)
            ).rowcount
            for ids in chunks(sorted(event_ids))
        )

    def has_done(self, before: datetime) -> bool:
        return (
            self._tx.connection.execute(select(_INBOX.c.id).where(_INBOX.c.done_at < before).limit(1)).first()
            is not None
        )

    def forget(self, before: datetime) -> int:
        return self._tx.connection.execute(delete(_INBOX).where(_INBOX.c.done_at < before)).rowcount

    def _due(self) -> tuple[Any, ...]:
        return _INBOX.c.done_at.is_(None), _INBOX.c.due_at <= self._tx.now(), _INBOX.c.tries < MAX_TRIES

    def _present(self, ids: Iterable[str]) -> int:
        return sum(
            self._tx.connection.execute(select(func.count()).where(_INBOX.c.id.in_(some))).scalar_one()
            for some in chunks(sorted(ids))
        )


def _id(connection: str, key: str) -> str:
    return "in_" + digest([connection, key], length=32)


def _from_row(r: Row[Any]) -> InboxEvent:
    return InboxEvent(
        id=r.id,
        connection=r.connection,
        key=r.key,
        type=r.type,
        refs=tuple(SourceRef(system, Entity(entity), own) for system, entity, own in r.refs),
        pull=tuple(Entity(e) for e in r.pull),
        deleted=r.deleted,
        occurred_at=r.occurred_at,
        received_at=r.received_at,
        due_at=r.due_at,
        tries=r.tries,
        error=r.error,
        done_at=r.done_at,
    )
