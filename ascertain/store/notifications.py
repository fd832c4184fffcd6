"""Messages to somebody outside."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, case, func, insert, select, update

from ascertain.domain.notifications import DIGEST, Channel, Notification, NotificationState
from ascertain.errors import NotFoundError
from ascertain.store.schema import table
from ascertain.store.schema_exchange import NotificationRow
from ascertain.store.statements import Tx

_ROWS = table(NotificationRow)
_PENDING = _ROWS.c.state == NotificationState.PENDING.value


class SqlNotifications:
    """``ascertain.domain.ports_outgoing.Notifications``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def add(self, rows: Iterable[Notification]) -> None:
        values = [
            {
                "id": n.id,
                "channel": n.channel.value,
                "endpoint": n.endpoint,
                "type": n.type,
                "learner_id": n.learner_id,
                "body": dict(n.body),
                "state": n.state.value,
                "tries": n.tries,
                "due_at": n.due_at,
                "error": n.error,
                "created_at": n.created_at,
                "sent_at": n.sent_at,
            }
            for n in rows
        ]
        if values:
            self._tx.connection.execute(insert(_ROWS), values)

    def get(self, notification_id: str) -> Notification | None:
        found = self._tx.connection.execute(select(_ROWS).where(_ROWS.c.id == notification_id)).first()
        return None if found is None else _notification(found)

    def put(self, row: Notification) -> None:
        """What a message says never changes.

        Raises:
            NotFoundError: when there is no such message (the person was erased meanwhile).
        """
        values = {
            "state": row.state.value,
            "tries": row.tries,
            "due_at": row.due_at,
            "error": row.error,
            "sent_at": row.sent_at,
        }
        if not self._tx.connection.execute(update(_ROWS).where(_ROWS.c.id == row.id).values(values)).rowcount:
            raise NotFoundError(f"there is no message {row.id!r}")

    def due(self, now: datetime, *, without: Collection[str] = (), limit: int = 100) -> list[Notification]:
        query = select(_ROWS).where(_PENDING, _ROWS.c.due_at <= now).order_by(_ROWS.c.due_at, _ROWS.c.id).limit(limit)
        if without:
            query = query.where(_ROWS.c.endpoint.not_in(sorted(without)))
        return [_notification(r) for r in self._tx.connection.execute(query)]

    def latest(self, endpoint: str, state: NotificationState) -> dict[str, Notification]:
        return self._newest(state, _ROWS.c.endpoint == endpoint, _ROWS.c.channel == Channel.WEBHOOK.value)

    def latest_mails(self, state: NotificationState, kind: str = DIGEST) -> dict[str, Notification]:
        return self._newest(state, _ROWS.c.channel == Channel.EMAIL.value, _ROWS.c.type == kind)

    def _newest(self, state: NotificationState, *where: ColumnElement[bool]) -> dict[str, Notification]:
        newest = func.row_number().over(
            partition_by=_ROWS.c.learner_id, order_by=(_ROWS.c.created_at.desc(), _ROWS.c.id.desc())
        )
        ranked = (
            select(_ROWS.c.id, newest.label("rank"))
            .where(*where, _ROWS.c.state == state.value, _ROWS.c.learner_id.is_not(None))
            .subquery()
        )
        query = select(_ROWS).join(ranked, ranked.c.id == _ROWS.c.id).where(ranked.c.rank == 1)
        return {r.learner_id: _notification(r) for r in self._tx.connection.execute(query)}

    def counts(self) -> dict[tuple[str, str], int]:
        name = case((_ROWS.c.channel == Channel.EMAIL.value, Channel.EMAIL.value), else_=_ROWS.c.endpoint)
        query = select(name, _ROWS.c.state, func.count()).group_by(name, _ROWS.c.state).order_by(name, _ROWS.c.state)
        return {(r[0], r[1]): r[2] for r in self._tx.connection.execute(query)}


def _notification(r: Row[Any]) -> Notification:
    return Notification(
        id=r.id,
        channel=Channel(r.channel),
        endpoint=r.endpoint,
        type=r.type,
        learner_id=r.learner_id,
        body=r.body,
        due_at=r.due_at,
        created_at=r.created_at,
        state=NotificationState(r.state),
        tries=r.tries,
        error=r.error,
        sent_at=r.sent_at,
    )
