"""What people want of skills and openings."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Row, delete, select

from ascertain.domain.wishes import Topic, Want, Wish
from ascertain.store.schema import table
from ascertain.store.schema_talent import OpeningRow, WishRow
from ascertain.store.statements import Tx, chunks, upsert

_ROWS, _OPENINGS = table(WishRow), table(OpeningRow)


class SqlWishes:
    """``ascertain.domain.wishes.Wishes``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def of(self, learner_id: str) -> list[Wish]:
        return list(self.of_all([learner_id]).get(learner_id, ()))

    def of_all(self, learner_ids: Collection[str]) -> Mapping[str, tuple[Wish, ...]]:
        found: dict[str, list[Wish]] = {}
        for ids in chunks(sorted(learner_ids)):
            query = select(_ROWS).where(_ROWS.c.learner_id.in_(ids))
            for r in self._tx.connection.execute(query.order_by(_ROWS.c.topic, _ROWS.c.about)):
                found.setdefault(r.learner_id, []).append(_wish(r))
        return {i: tuple(rows) for i, rows in found.items()}

    def put(self, wish: Wish) -> None:
        row = {"learner_id": wish.learner_id, "topic": wish.topic.value, "about": wish.about}
        upsert(self._tx, _ROWS, [row | {"want": wish.want.value, "stated_at": wish.stated_at}])

    def take_back(self, learner_id: str, topic: Topic, about: str) -> bool:
        mine = (_ROWS.c.learner_id == learner_id) & (_ROWS.c.topic == topic.value) & (_ROWS.c.about == about)
        return bool(self._tx.connection.execute(delete(_ROWS).where(mine)).rowcount)

    def heard_by(self, manager_id: str) -> frozenset[str]:
        theirs = (_OPENINGS.c.manager_id == manager_id) & (_OPENINGS.c.closed_because == "")
        said = (_ROWS.c.topic == Topic.OPENING.value) & (_ROWS.c.want == Want.INTERESTED.value)
        query = select(_ROWS.c.learner_id).join(_OPENINGS, _OPENINGS.c.id == _ROWS.c.about).where(theirs & said)
        return frozenset(self._tx.connection.execute(query).scalars())


def _wish(r: Row[Any]) -> Wish:
    return Wish(r.learner_id, Topic(r.topic), r.about, Want(r.want), r.stated_at)
