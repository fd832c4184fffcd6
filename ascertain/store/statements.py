"""Statements that several repositories share: upserts, comparison by digest, prefix search."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, Row, Table, select, text
from sqlalchemy.dialects import postgresql, sqlite

from ascertain.errors import ConflictError, InputError
from ascertain.store.schema import RevisionRow, table
from ascertain.store.types import dump_json

T = TypeVar("T")

_REVISIONS = table(RevisionRow)

CHUNK = 1000
"""Rows handled at once: far below the parameter limits of both databases."""

LOCK_CLASS = 0x41534354
"""First half of the PostgreSQL advisory lock ("ASCT"); the second is the schema, so that schemas do not wait."""


CONTENTS_REVISION = "contents"
"""Raised by whatever changes which skills content is taken to teach."""


@dataclass(slots=True)
class Tx:
    """What a repository works with: the open connection and the clock."""

    connection: Connection
    now: Callable[[], datetime]
    write: bool
    bumped: set[str] = field(default_factory=set)
    """Revisions raised in this transaction: once is enough, since others see the whole of it or nothing."""
    moves: Mapping[str, tuple[str, ...]] | None = None
    """Where changes of the taxonomy lead ids, once that was read in this transaction."""


def lock_chain(tx: Tx) -> None:
    """Be the only writer of the audit chain, and of data keys, until this transaction ends. (SQLite's one write lock is
    held already.)"""
    if tx.connection.dialect.name == "postgresql":
        tx.connection.execute(text("SELECT pg_advisory_xact_lock(:c, hashtext(current_schema()))"), {"c": LOCK_CLASS})


@dataclass(slots=True)
class Changes:
    """How many records were new, changed, neither; true when something was stored."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0

    def __bool__(self) -> bool:
        return bool(self.new or self.changed)

    @property
    def counts(self) -> tuple[int, int, int]:
        return self.new, self.changed, self.unchanged


def chunks(rows: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Lists of at most ``size`` rows."""
    chunk: list[T] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def upsert(tx: Tx, into: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows by primary key, or replace the columns given (the same in every row) of those that exist."""
    if rows:
        tx.connection.execute(_upsert(tx.connection.dialect.name, into, tuple(rows[0])), list(rows))


def insert_missing(tx: Tx, into: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows whose primary key is not there yet."""
    if rows:
        tx.connection.execute(_insert(tx.connection.dialect.name, into).on_conflict_do_nothing(), list(rows))


def insert_new(tx: Tx, into: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row unless its primary key is there; whether it was inserted."""
    made = _insert(tx.connection.dialect.name, into).values(dict(row)).on_conflict_do_nothing()
    return tx.connection.execute(made.returning(*into.primary_key)).first() is not None


def _insert(dialect: str, into: Table) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(into) if dialect == "postgresql" else sqlite.insert(into)


@cache  # building the statement costs more than running it
def _upsert(dialect: str, into: Table, given: tuple[str, ...]) -> postgresql.Insert | sqlite.Insert:
    keys = [c.name for c in into.primary_key]
    statement = _insert(dialect, into)
    fresh = {name: statement.excluded[name] for name in given if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=fresh)


def upsert_changed(tx: Tx, into: Table, rows: Iterable[dict[str, Any]], later: frozenset[str] = frozenset()) -> Changes:
    """Store rows (keyed by ``id``, without ``digest`` and ``updated_at``) that differ from what is stored. ``later``:
    columns that a table has got since, which count only where they hold something: rows from before stay unchanged.

    Rows go in by id, so that two processes lock them in the same order.

    Raises:
        InputError: for text that a database cannot keep; nothing of that chunk is stored.
    """
    changes, now = Changes(), tx.now()
    id_column: Column[Any] = into.c.id
    for chunk in chunks(rows):
        by_id: dict[str, dict[str, Any]] = {}
        for row in chunk:
            row["digest"] = _digest(into, {n: v for n, v in row.items() if n not in later or v is not None})
            row["updated_at"] = now
            by_id[row["id"]] = row
        query = select(id_column, into.c.digest).where(id_column.in_(list(by_id)))
        stored: dict[str, str] = {r[0]: r[1] for r in tx.connection.execute(query)}
        new = [i for i in by_id if i not in stored]
        changed = [i for i in by_id if i in stored and stored[i] != by_id[i]["digest"]]
        upsert(tx, into, [by_id[i] for i in sorted(new + changed)])
        changes.new += len(new)
        changes.changed += len(changed)
        changes.unchanged += len(by_id) - len(new) - len(changed)
    return changes


def bump(tx: Tx, name: str) -> None:
    """Raise a revision, so that whoever has read that kind of record knows to read it again."""
    if name in tx.bumped:
        return
    statement = _insert(tx.connection.dialect.name, _REVISIONS).values(name=name, number=1)
    raised = {"number": _REVISIONS.c.number + 1}
    tx.connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=raised))
    tx.bumped.add(name)


def revision(tx: Tx, name: str) -> int:
    """The present revision; 0 before the first change."""
    return tx.connection.execute(select(_REVISIONS.c.number).where(_REVISIONS.c.name == name)).scalar() or 0


def _digest(into: Table, row: Mapping[str, Any]) -> str:
    """128-bit digest of a row's content, for comparison with what is stored (not for security)."""
    body = dump_json(list(row.values()))
    if "\\u0000" in body or "\\ud" in body:
        _check_text(into, row)
    return hashlib.blake2b(body.encode("ascii"), digest_size=16).hexdigest()


def _check_text(into: Table, row: Mapping[str, Any]) -> None:
    for name, value in row.items():
        if not isinstance(value, str):
            continue
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            problem = "half of a surrogate pair"
        else:
            problem = "a NUL character" if "\x00" in value else ""
        if problem:
            raise InputError(
                f"the text holds {problem}, which no database can keep",
                where=f"{into.name} {row['id']!r}",
                field=name,
                remedy="clean the text when it is read in",
            )


def by_prefix(tx: Tx, source: Table, text: str, what: str, *, lock: bool = False) -> Row[Any] | None:
    """The row whose ``id`` is ``text``, or the only one whose id begins with it.

    Raises:
        ConflictError: when several begin with it; the message names them.
    """
    if not text:
        return None
    ids: Column[Any] = source.c.id
    # A range instead of LIKE: it uses the index, and SQLite's LIKE ignores case.
    query = select(source).where(ids >= text, ids < text + "\U0010ffff").order_by(ids).limit(6)
    rows = tx.connection.execute(query.with_for_update() if lock else query).all()
    if not rows:
        return None
    if rows[0].id == text or len(rows) == 1:
        return rows[0]
    named = ", ".join(r.id for r in rows[:5]) + (", …" if len(rows) > 5 else "")
    raise ConflictError(f"{text!r} fits more than one {what}: {named}", remedy="give more of the id")
