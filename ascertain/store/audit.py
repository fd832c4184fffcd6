"""The audit chain in the database: sealed in the transaction of what it records, one writer at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import Row, func, insert, select

from ascertain.domain.audit import GENESIS, AuditFilter, AuditRecord, Checkpoint, payload_digest, seal
from ascertain.domain.canonical import canonical_json
from ascertain.errors import IntegrityError, NotFoundError
from ascertain.store.keys import KeyRing, payload_context
from ascertain.store.schema import AuditRow, table
from ascertain.store.statements import CHUNK, Tx, lock_chain
from ascertain.store.types import dump_json

_AUDIT = table(AuditRow)
_SEALED = [c for c in _AUDIT.c if c.name != "payload"]
_HEAD = select(_AUDIT.c.seq, _AUDIT.c.hash).order_by(_AUDIT.c.seq.desc()).limit(1)
_INSERT = insert(_AUDIT)


class SqlAuditLog:
    """``ascertain.domain.ports.AuditLog``."""

    def __init__(self, tx: Tx, keys: KeyRing, pseudonym: Callable[[str], str]) -> None:
        self._tx = tx
        self._keys = keys
        self._pseudonym = pseudonym
        self._head: Checkpoint | None = None
        self._locked = False
        self._waiting: list[dict[str, Any]] = []
        self.sealed: Checkpoint | None = None
        """The last record appended in this transaction."""

    def append(
        self,
        action: str,
        *,
        actor: str,
        header: Mapping[str, Any],
        learner_id: str | None = None,
        payload: Any = None,
    ) -> AuditRecord:
        """Seal a record onto the chain. A payload without a learner goes under the organisation's own key.

        Every other writer of the chain waits until this unit of work ends, so append near its end.
        """
        head = self._lock()
        seq = head.seq + 1 if head else 1
        subject = self._pseudonym(learner_id) if learner_id else ""
        kept = None
        if payload is not None:
            kept = self._keys.seal(subject, payload_context(subject, seq), dump_json(payload).encode("ascii"))
        plain_header = canonical_json(header)
        record = seal(
            seq,
            self._tx.now(),
            action,
            actor,
            subject,
            json.loads(plain_header),
            payload_digest(kept),
            head.hash if head else GENESIS,
        )
        self._waiting.append(
            {
                "seq": seq,
                "at": record.at,
                "action": action,
                "actor": actor,
                "subject": subject,
                "header": plain_header,
                "payload": kept,
                "payload_digest": record.payload_digest,
                "prev_hash": record.prev_hash,
                "hash": record.hash,
            }
        )
        self._head = self.sealed = Checkpoint(seq, record.hash)
        return record

    def records(self, *, after: int = 0) -> Iterator[AuditRecord]:
        """In order of ``seq``, read page by page."""
        self.flush()
        while True:
            query = select(*_SEALED).where(_AUDIT.c.seq > after).order_by(_AUDIT.c.seq).limit(CHUNK)
            try:
                page = self._tx.connection.execute(query).all()
            except ValueError as e:  # SQLite keeps any text in a date column
                raise IntegrityError(f"audit record {self._unreadable(after)} cannot be read: {e}") from e
            yield from map(_record, page)
            if len(page) < CHUNK:
                return
            after = page[-1].seq

    def search(self, wanted: AuditFilter, *, before: int | None, limit: int) -> list[AuditRecord]:
        """The newest first; only records numbered under ``before``."""
        self.flush()
        asked = [_AUDIT.c.seq < before] if before is not None else []
        if wanted.action:
            some = wanted.action.endswith(".")
            what = _AUDIT.c.action
            asked.append(what.startswith(wanted.action, autoescape=True) if some else what == wanted.action)
        if wanted.actor:
            asked.append(_AUDIT.c.actor == wanted.actor)
        if wanted.subject:
            asked.append(_AUDIT.c.subject == wanted.subject)
        if wanted.since:
            asked.append(_AUDIT.c.at >= datetime.combine(wanted.since, time.min, UTC))
        if wanted.until:
            asked.append(_AUDIT.c.at < datetime.combine(wanted.until + timedelta(days=1), time.min, UTC))
        query = select(*_SEALED).where(*asked).order_by(_AUDIT.c.seq.desc()).limit(limit)
        return [_record(r) for r in self._tx.connection.execute(query)]

    def _unreadable(self, after: int) -> int:
        """The first record after ``after`` whose row cannot be read."""
        for seq in self._tx.connection.execute(select(_AUDIT.c.seq).where(_AUDIT.c.seq > after).order_by(_AUDIT.c.seq)):
            try:
                self._tx.connection.execute(select(*_SEALED).where(_AUDIT.c.seq == seq[0])).all()
            except ValueError:
                return int(seq[0])
        return after + 1

    def ciphertexts(self) -> Mapping[int, bytes | None]:
        """Stored payloads by ``seq``, read page by page while the unit of work is open."""
        self.flush()
        return _Ciphertexts(self._tx)

    def head(self) -> Checkpoint | None:
        self.flush()
        row = self._tx.connection.execute(_HEAD).first()
        return None if row is None else Checkpoint(row.seq, row.hash)

    def open_payload(self, seq: int) -> Any:
        """The payload in clear; ``None`` when there is none or its key was erased.

        Raises:
            NotFoundError: when there is no such record.
            IntegrityError: when the ciphertext was changed or moved.
        """
        self.flush()
        row = self._tx.connection.execute(select(_AUDIT.c.subject, _AUDIT.c.payload).where(_AUDIT.c.seq == seq)).first()
        if row is None:
            raise NotFoundError(f"there is no audit record {seq}")
        clear = None if row.payload is None else self._opened(row.subject, seq, row.payload)
        return None if clear is None else json.loads(clear)

    def _opened(self, subject: str, seq: int, payload: bytes) -> bytes | None:
        return self._keys.open(subject, payload_context(subject, seq), payload, f"audit record {seq}")

    def flush(self) -> None:
        """Write the records sealed since the last time, in one statement; before any reading and the commit."""
        if self._waiting:
            self._tx.connection.execute(_INSERT, self._waiting)
            self._waiting = []

    def settle(self) -> Checkpoint | None:
        """Call once the transaction has ended: what it sealed, and forget the head and keys held for it."""
        sealed, self.sealed, self._head, self._locked = self.sealed, None, None, False
        self._keys.forget()
        return sealed

    def _lock(self) -> Checkpoint | None:
        """Take the chain for this transaction; its end."""
        if not self._locked:
            lock_chain(self._tx)
            self._head = self.head()
            self._locked = True
        return self._head


class _Ciphertexts(Mapping[int, bytes | None]):
    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._page: dict[int, bytes | None] = {}

    def __getitem__(self, seq: int) -> bytes | None:
        if seq not in self._page:
            query = (
                select(_AUDIT.c.seq, _AUDIT.c.payload).where(_AUDIT.c.seq >= seq).order_by(_AUDIT.c.seq).limit(CHUNK)
            )
            self._page = {r[0]: r[1] for r in self._tx.connection.execute(query)}
        return self._page[seq]

    def __iter__(self) -> Iterator[int]:
        yield from self._tx.connection.execute(select(_AUDIT.c.seq).order_by(_AUDIT.c.seq)).scalars()

    def __len__(self) -> int:
        return self._tx.connection.execute(select(func.count()).select_from(_AUDIT)).scalar_one()


def _record(r: Row[Any]) -> AuditRecord:
    return AuditRecord(
        seq=r.seq,
        at=r.at,
        action=r.action,
        actor=r.actor,
        subject=r.subject,
        header=_header(r.header),
        payload_digest=r.payload_digest,
        prev_hash=r.prev_hash,
        hash=r.hash,
    )


def _header(kept: str) -> dict[str, Any]:
    """The header; of one that is no longer the text that was sealed, something that ``verify`` will not accept."""
    try:
        header = json.loads(kept)
    except ValueError:
        header = None
    same = isinstance(header, dict) and canonical_json(header) == kept
    return header if same else {"unreadable": kept}
