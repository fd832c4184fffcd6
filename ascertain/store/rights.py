"""Who looked at whom, and tombstones."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import ColumnElement, delete, func, insert, select

from ascertain.domain.rights import Access, Entry, Reader, ReadingFilter, Tombstone
from ascertain.store.schema import table
from ascertain.store.schema_rights import AccessRow, TombstoneRow
from ascertain.store.statements import Tx

_ACCESSES, _STONES = table(AccessRow), table(TombstoneRow)


class SqlAccesses:
    """``ascertain.domain.rights.Accesses``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def add(self, entries: Collection[Entry]) -> None:
        at = self._tx.now()
        rows = [
            {"record": e.record, "at": at, "actor": e.actor, "what": e.what, "people": len(e.learner_ids)}
            | {"learner_id": i}
            for e in entries
            for i in e.learner_ids
        ]
        if rows:
            self._tx.connection.execute(insert(_ACCESSES), rows)

    def of(self, learner_id: str) -> list[Access]:
        query = select(_ACCESSES).where(_ACCESSES.c.learner_id == learner_id).order_by(_ACCESSES.c.record.desc())
        rows = self._tx.connection.execute(query)
        return [Access(r.record, r.learner_id, r.at, r.actor, r.what, r.people) for r in rows]

    def search(self, wanted: ReadingFilter, *, before: int | None, limit: int) -> list[Access]:
        asked = _asked(wanted) + ([_ACCESSES.c.record < before] if before is not None else [])
        same = (_ACCESSES.c.record, _ACCESSES.c.at, _ACCESSES.c.actor, _ACCESSES.c.what, _ACCESSES.c.people)
        query = (
            select(*same, func.min(_ACCESSES.c.learner_id).label("one"))
            .where(*asked)
            .group_by(*same)
            .order_by(_ACCESSES.c.record.desc(), _ACCESSES.c.actor)
            .limit(limit)
        )
        rows = self._tx.connection.execute(query)
        return [Access(r.record, r.one, r.at, r.actor, r.what, r.people) for r in rows]

    def readers(self, wanted: ReadingFilter, *, limit: int) -> list[Reader]:
        people = func.count(_ACCESSES.c.learner_id.distinct())
        query = (
            select(
                _ACCESSES.c.actor,
                func.count(_ACCESSES.c.record.distinct()).label("readings"),
                people.label("people"),
                func.max(_ACCESSES.c.at).label("last_at"),
            )
            .where(*_asked(wanted))
            .group_by(_ACCESSES.c.actor)
            .order_by(people.desc(), _ACCESSES.c.actor)
            .limit(limit)
        )
        return [Reader(r.actor, r.readings, r.people, r.last_at) for r in self._tx.connection.execute(query)]

    def kinds(self) -> list[str]:
        query = select(_ACCESSES.c.what).distinct().order_by(_ACCESSES.c.what)
        return list(self._tx.connection.execute(query).scalars())


def _asked(wanted: ReadingFilter) -> list[ColumnElement[bool]]:
    a = _ACCESSES.c
    found: list[ColumnElement[bool]] = []
    if wanted.what:
        some = wanted.what.endswith(".")
        found.append(a.what.startswith(wanted.what, autoescape=True) if some else a.what == wanted.what)
    if wanted.reader:
        found.append(a.actor == wanted.reader)
    if wanted.learner_id:
        found.append(a.learner_id == wanted.learner_id)
    if wanted.since:
        found.append(a.at >= datetime.combine(wanted.since, time.min, UTC))
    if wanted.until:
        found.append(a.at < datetime.combine(wanted.until + timedelta(days=1), time.min, UTC))
    if wanted.least > 1:
        found.append(a.people >= wanted.least)
    return found


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
