"""Evidence, and a stamp that tells whether a learner's has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, delete, func, select

from ascertain.domain.evidence import Evidence, EvidenceKind, SkillCode, Trace
from ascertain.domain.records import Entity
from ascertain.domain.rectification import corrected_evidence
from ascertain.domain.retention import Kind
from ascertain.domain.skills import Level
from ascertain.errors import InputError
from ascertain.store.rectifications import SqlRectifications
from ascertain.store.retention import SqlRetention
from ascertain.store.rollout import SqlRollouts
from ascertain.store.schema import EvidenceRow, table
from ascertain.store.statements import CHUNK, Tx, chunks, upsert_changed

_EVIDENCE = table(EvidenceRow)

_LATER = frozenset({"codes"})
"""Columns that pieces from before do not have."""
_OF = select(_EVIDENCE).where(_EVIDENCE.c.learner_id == bindparam("wanted")).order_by(_EVIDENCE.c.id)
"""Built once: it is part of every reading of a person."""


class SqlEvidence:
    """``ascertain.domain.ports.EvidenceStore``."""

    def __init__(self, tx: Tx, retention: SqlRetention, rollouts: SqlRollouts) -> None:
        self._tx = tx
        self._rollouts = rollouts
        self._retention = retention

    def of(self, learner_id: str) -> list[Evidence]:
        return self._rollouts.admitted(_from_row(r) for r in self._tx.connection.execute(_OF, {"wanted": learner_id}))

    def upsert(self, rows: Iterable[Evidence]) -> tuple[int, int, int]:
        """(new, changed, unchanged) by content; an id given twice counts once in a batch, the last one. What
        somebody has had corrected stays corrected; a piece that was withdrawn is left out; what retention has deleted,
        or a rollout does not reach, stays away and counts as unchanged.

        Raises:
            InputError: naming the piece and its field.
            ConflictError: when the learner is not in the store.
        """
        given = list(rows)
        wanted = self._rollouts.admitted(self._wanted(given))
        corrections = SqlRectifications(self._tx).in_force({e.learner_id for e in wanted})
        kept = (corrected_evidence(e, corrections) for e in wanted)
        rows_in = (_to_row(e) for e in kept if e is not None)
        new, changed, unchanged = upsert_changed(self._tx, _EVIDENCE, rows_in, later=_LATER).counts
        return new, changed, unchanged + len(given) - len(wanted)

    def _wanted(self, rows: list[Evidence]) -> list[Evidence]:
        """Without what was deleted when its time was over, unless it happened again since."""
        gone = self._retention.cause(Kind.EVIDENCE, [e.id for e in rows])
        return [
            e
            for e in rows
            if e.id not in gone or (e.occurred_on is not None and e.occurred_on >= gone[e.id].before.date())
        ]

    def delete(self, evidence_ids: Iterable[str]) -> int:
        """How many there were."""
        return sum(
            self._tx.connection.execute(delete(_EVIDENCE).where(_EVIDENCE.c.id.in_(ids))).rowcount
            for ids in chunks(sorted(set(evidence_ids)))
        )

    def from_source(self, source_ref: str) -> list[Evidence]:
        # Not LIKE, which has wildcards of its own, and no range, which would depend on the database's collation.
        begun = func.substr(_EVIDENCE.c.source_ref, 1, len(source_ref) + 1) == f"{source_ref}-"
        query = select(_EVIDENCE).where((_EVIDENCE.c.source_ref == source_ref) | begun).order_by(_EVIDENCE.c.id)
        return self._rollouts.admitted(_from_row(r) for r in self._tx.connection.execute(query))

    def made_of(self, source_refs: Collection[str]) -> list[Trace]:
        columns = select(_EVIDENCE.c.id, _EVIDENCE.c.learner_id, _EVIDENCE.c.source_ref)
        return [
            Trace(*r)
            for refs in chunks(sorted(set(source_refs)))
            for r in self._tx.connection.execute(columns.where(_EVIDENCE.c.source_ref.in_(refs)))
        ]

    def traces(self, system: str) -> Iterator[Trace]:
        query = select(_EVIDENCE.c.id, _EVIDENCE.c.learner_id, _EVIDENCE.c.source_ref).where(
            _EVIDENCE.c.system == system
        )
        rows = self._tx.connection.execute(query, execution_options={"yield_per": CHUNK})
        return (Trace(*r) for r in rows)

    def told_of(self, learner_ids: Collection[str]) -> set[str]:
        begins = _EVIDENCE.c.system + f":{Entity.ENROLMENT.value}:"
        told = func.substr(_EVIDENCE.c.source_ref, 1, func.length(begins)) != begins
        query = select(_EVIDENCE.c.learner_id).where(_EVIDENCE.c.content_id.is_not(None), told).distinct()
        found: set[str] = set()
        for some in chunks(sorted(set(learner_ids))):
            found |= set(self._tx.connection.execute(query.where(_EVIDENCE.c.learner_id.in_(some))).scalars())
        return found

    def counts(self) -> dict[str, int]:
        query = select(_EVIDENCE.c.learner_id, func.count()).group_by(_EVIDENCE.c.learner_id)
        return {r[0]: r[1] for r in self._tx.connection.execute(query)}

    def coded(self) -> list[tuple[str, SkillCode]]:
        """(learner id, code) of each piece that names a skill by one."""
        query = select(_EVIDENCE.c.learner_id, _EVIDENCE.c.codes).where(_EVIDENCE.c.codes.is_not(None))
        rows = self._tx.connection.execute(query.order_by(_EVIDENCE.c.id))
        return [(owner, SkillCode(*c)) for owner, codes in rows for c in codes or ()]

    def sources(self) -> list[tuple[str, str]]:
        both = (_EVIDENCE.c.system, _EVIDENCE.c.kind)
        return [(r[0], r[1]) for r in self._tx.connection.execute(select(*both).distinct().order_by(*both))]

    def texts(self) -> Iterator[tuple[str, str, str]]:
        query = select(_EVIDENCE.c.learner_id, _EVIDENCE.c.title, _EVIDENCE.c.text)
        rows = self._tx.connection.execute(query, execution_options={"yield_per": CHUNK})
        return ((r[0], r[1], r[2]) for r in rows)

    def stamps(self, learner_ids: Collection[str] | None = None) -> dict[str, str]:
        """By learner id, a digest over the ids and contents of the evidence; learners without any are left out."""
        if learner_ids is None:
            return self._stamps(None)
        found: dict[str, str] = {}
        for some in chunks(sorted(set(learner_ids))):
            found |= self._stamps(_EVIDENCE.c.learner_id.in_(some))
        return found

    def _stamps(self, whose: ColumnElement[bool] | None) -> dict[str, str]:
        query = select(_EVIDENCE.c.learner_id, _EVIDENCE.c.id, _EVIDENCE.c.digest)
        if whose is not None:
            query = query.where(whose)
        rows = self._tx.connection.execute(query.order_by(_EVIDENCE.c.learner_id, _EVIDENCE.c.id))
        return {
            owner: hashlib.blake2b("".join(r[2] for r in group).encode("ascii"), digest_size=16).hexdigest()
            for owner, group in groupby(rows, key=itemgetter(0))
        }


def _to_row(e: Evidence) -> dict[str, Any]:
    # The comparison also catches NaN, which SQLite would turn into NULL.
    if e.score is not None and not 0.0 <= e.score <= 1.0:
        raise InputError(f"must lie in 0..1, not {e.score}", where=f"evidence {e.id!r}", field="score")
    return {
        "id": e.id,
        "learner_id": e.learner_id,
        "kind": e.kind.value,
        "system": e.system,
        "source_ref": e.source_ref,
        "origin": e.origin,
        "title": e.title,
        "text": e.text,
        "content_id": e.content_id,
        "occurred_on": e.occurred_on,
        "score": e.score,
        "passed": e.passed,
        "level": None if e.level is None else int(e.level),
        "codes": [[c.code, c.framework, c.label] for c in e.codes] or None,
    }


def _from_row(r: Row[Any]) -> Evidence:
    return Evidence(
        id=r.id,
        learner_id=r.learner_id,
        kind=EvidenceKind(r.kind),
        system=r.system,
        source_ref=r.source_ref,
        origin=r.origin,
        title=r.title,
        text=r.text,
        content_id=r.content_id,
        occurred_on=r.occurred_on,
        score=r.score,
        passed=r.passed,
        level=None if r.level is None else Level(r.level),
        codes=tuple(SkillCode(*c) for c in r.codes or ()),
    )
