"""Who looked at whom, and tombstones."""

from __future__ import annotations

from collections.abc import Callable, Collection

from sqlalchemy import delete, insert, select

from ascertain.domain.rights import Access, Tombstone
from ascertain.store.schema import table
from ascertain.store.schema_rights import AccessRow, TombstoneRow
from ascertain.store.statements import Tx

_ACCESSES, _STONES = table(AccessRow), table(TombstoneRow)


class SqlAccesses:
    """``ascertain.domain.rights.Accesses``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def add(self, record: int, actor: str, what: str, learner_ids: Collection[str]) -> None:
        ids = sorted(set(learner_ids))
        same = {"record": record, "at": self._tx.now(), "actor": actor, "what": what, "people": len(ids)}
        if ids:
            self._tx.connection.execute(insert(_ACCESSES), [{**same, "learner_id": i} for i in ids])

    def of(self, learner_id: str) -> list[Access]:
        query = select(_ACCESSES).where(_ACCESSES.c.learner_id == learner_id).order_by(_ACCESSES.c.record.desc())
        rows = self._tx.connection.execute(query)
        return [Access(r.record, r.learner_id, r.at, r.actor, r.what, r.people) for r in rows]


class SqlTombstones:
    """``ascertain.domain.rights.Tombstones``."""

    def __init__(self, tx: Tx, pseudonym: Callable[[str], str]) -> None:
        self._tx = tx
        self._pseudonym = pseudonym

    def pseudonym(self, text: str) -> str:
        return self._pseudonym(text)

    def add(self, stone: Tombstone) -> None:
        values = {"id": stone.id, "erased_at": stone.erased_at, "marks": sorted(stone.marks)}
        self._tx.connection.execute(insert(_STONES).values(values))

    def all(self) -> list[Tombstone]:
        rows = self._tx.connection.execute(select(_STONES).order_by(_STONES.c.erased_at, _STONES.c.id))
        return [Tombstone(r.id, r.erased_at, tuple(r.marks)) for r in rows]

    def marks(self) -> frozenset[str]:
        return frozenset(m for s in self.all() for m in s.marks)

    def lift(self, stone_id: str) -> bool:
        return self._tx.connection.execute(delete(_STONES).where(_STONES.c.id == stone_id)).rowcount > 0
