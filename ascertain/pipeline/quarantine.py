"""Records that cannot be used yet: why, and when to look at them again.

A well-formed record that refers to something unknown is kept whole and tried again by each sync. Of somebody's text
only its subject is kept: once that person is known, the source is asked for the text again. A malformed record comes
again when its source corrects it: of that only what helps to find it there is kept (ids, states, dates, figures), no
name, no address, no word that somebody wrote.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ascertain.domain.canonical import digest, plain
from ascertain.domain.ports import Clock, UnitOfWork
from ascertain.domain.records import (
    AssessmentRecord,
    AwardRecord,
    EnrolmentRecord,
    Entity,
    Record,
    Rejected,
    TextRecord,
    UserRecord,
)
from ascertain.domain.runs import QuarantinedRecord
from ascertain.pipeline.identity import Problem
from ascertain.pipeline.ingest_report import EntityReport

CORRECT = "(correct it in the source; the next sync takes it in)"
"""Stands behind the reason of a malformed record."""
_RETRIED: dict[Entity, TypeAdapter[Any]] = {
    Entity.ENROLMENT: TypeAdapter(EnrolmentRecord),
    Entity.AWARD: TypeAdapter(AwardRecord),
    Entity.USER: TypeAdapter(UserRecord),
    Entity.ASSESSMENT: TypeAdapter(AssessmentRecord),
}
_KEPT = frozenset(
    {"id", "key", "uuid", "employee_id", "user", "user_id", "course", "course_id", "course_code", "code", "job_code"}
    | {"status", "state", "kind", "type", "score", "max_score", "rating", "attempt", "passed", "progress", "minutes"}
    | {"hours", "duration", "level", "language", "timezone", "active", "mandatory", "approved", "date", "enrolled"}
    | {"begun", "completed", "due", "hired", "awarded", "taken", "occurred", "resolved", "updated", "created"}
)
"""Of a malformed record's allow-listed fields those that point to it and are about no person by themselves."""


class Quarantine:
    """All records in quarantine, kept in step with what the sync writes."""

    def __init__(self, rows: Iterable[QuarantinedRecord], clock: Clock) -> None:
        self._rows = {q.id: q for q in rows}
        self._held = {(q.connector, q.ref) for q in self._rows.values()}
        self.clock = clock

    def now(self) -> datetime:
        """The clock's."""
        return self.clock.now()

    def put(self, uow: UnitOfWork, name: str, rejected: Rejected, row: EntityReport, *, waiting: bool = False) -> None:
        """Set a record aside; the time of its first sight is kept. ``waiting``: it is a ``waiting_form``."""
        if not waiting:
            rejected = _minimal(rejected)
        key = _key(name, rejected.ref)
        known = self._rows.get(key)
        seen = known.seen_at if known else self.clock.now()
        kept = QuarantinedRecord(key, name, rejected.ref, rejected.reason, rejected.field, rejected.raw, seen)
        if kept != known:
            uow.sync.quarantine(kept)
            self._rows[key] = kept
            self._held.add((name, rejected.ref))
        row.quarantined += 1

    def release(self, uow: UnitOfWork, name: str, ref: str, row: EntityReport) -> None:
        """A record could be used: whatever was held against it is settled."""
        if (name, ref) not in self._held:  # of nearly every record: not worth a digest
            return
        self._held.discard((name, ref))
        key = _key(name, ref)
        if self._rows.pop(key, None) is not None:
            uow.sync.release(key)
            row.released += 1

    def records(self, name: str, entity: Entity, row: EntityReport) -> list[Record]:
        """What is kept whole, as records again."""
        shape = _RETRIED.get(entity)
        found: list[Record] = []
        for waiting in self._waiting(name, entity):
            kept = waiting.raw.get("record")
            if shape is None or kept is None:
                continue
            try:
                found.append(shape.validate_python(kept))
            except ValidationError as e:
                row.warn(f"{waiting.ref}: its quarantined form cannot be read any more ({e.error_count()} errors)")
        return found

    def subjects(self, name: str, entity: Entity) -> list[str]:
        """Whom the texts in quarantine are about."""
        found = (q.raw.get("subject") for q in self._waiting(name, entity))
        return [s for s in found if isinstance(s, str)]

    def _waiting(self, name: str, entity: Entity) -> list[QuarantinedRecord]:
        prefix = f"{name}:{entity.value}:"
        return [q for q in self._rows.values() if q.connector == name and q.ref.startswith(prefix)]


def _minimal(rejected: Rejected) -> Rejected:
    if rejected.ref.split(":", 2)[1:2] == [Entity.MESSAGE.value]:
        return Rejected(rejected.ref, "the message cannot be read", rejected.field)
    return replace(rejected, raw={k: v for k, v in rejected.raw.items() if k in _KEPT})


def waiting_form(record: Record, problem: Problem) -> Rejected:
    """What is kept of a record that refers to something unknown."""
    ref = str(record.ref)
    if isinstance(record, EnrolmentRecord | AwardRecord | UserRecord | AssessmentRecord):
        return Rejected(ref, problem.reason, problem.field, {"record": plain(record)})
    if isinstance(record, TextRecord):
        return Rejected(ref, problem.reason, problem.field, {"subject": record.subject})
    return Rejected(ref, problem.reason, problem.field)


def _key(name: str, ref: str) -> str:
    return "qu_" + digest([name, ref], length=20)
