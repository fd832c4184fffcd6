"""Disputes, and restrictions of processing."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, Select, bindparam, insert, select, update

from ascertain.domain.assertion import AssertionState
from ascertain.domain.disputes import Dispute, DisputeState
from ascertain.domain.restriction import Restriction
from ascertain.domain.skills import Level
from ascertain.errors import NotFoundError
from ascertain.store.schema import table
from ascertain.store.schema_disputes import DisputeRow, RestrictionRow
from ascertain.store.statements import Tx, bump, by_prefix, chunks, revision, upsert

_DISPUTES, _RESTRICTIONS = table(DisputeRow), table(RestrictionRow)
_REVISION = "standing"
_IN_FORCE = _RESTRICTIONS.c.lifted_at.is_(None)


class SqlDisputes:
    """``ascertain.domain.disputes.Disputes``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def get(self, dispute_id: str) -> Dispute | None:
        """By full id or prefix. A unit of work that may write keeps it from others until it ends.

        Raises:
            ConflictError: when the prefix fits several.
        """
        row = by_prefix(self._tx, _DISPUTES, dispute_id, "dispute", lock=self._tx.write)
        return None if row is None else _dispute(row)

    def about(self, learner_id: str) -> list[Dispute]:
        order = (_DISPUTES.c.opened_at, _DISPUTES.c.id)
        return self._read(select(_DISPUTES).where(_DISPUTES.c.learner_id == learner_id).order_by(*order))

    def open(self, *, learner_id: str | None = None) -> list[Dispute]:
        query = select(_DISPUTES).where(_DISPUTES.c.state == DisputeState.OPEN.value)
        if learner_id is not None:
            query = query.where(_DISPUTES.c.learner_id == learner_id)
        return self._read(query.order_by(_DISPUTES.c.due_on, _DISPUTES.c.opened_at, _DISPUTES.c.id))

    def all(self) -> list[Dispute]:
        return self._read(select(_DISPUTES).order_by(_DISPUTES.c.opened_at.desc(), _DISPUTES.c.id))

    def add(self, dispute: Dispute) -> None:
        """Insert.

        Raises:
            ConflictError: when it is stored already: somebody else was first.
        """
        fixed = {
            "id": dispute.id,
            "learner_id": dispute.learner_id,
            "skill_id": dispute.skill_id,
            "reason": dispute.reason,
            "opened_by": dispute.opened_by,
            "opened_at": dispute.opened_at,
            "due_on": dispute.due_on,
            "before": dispute.before.value,
        }
        self._tx.connection.execute(insert(_DISPUTES).values(fixed | _changing(dispute)))
        bump(self._tx, _REVISION)

    def put(self, dispute: Dispute) -> None:
        """
        Raises:
            NotFoundError: when there is no such dispute.
        """
        statement = update(_DISPUTES).where(_DISPUTES.c.id == dispute.id).values(_changing(dispute))
        if not self._tx.connection.execute(statement).rowcount:
            raise NotFoundError(f"there is no dispute {dispute.id!r}")
        bump(self._tx, _REVISION)

    def stamp(self) -> str:
        return str(revision(self._tx, _REVISION))

    def _read(self, query: Select[Any]) -> list[Dispute]:
        return [_dispute(r) for r in self._tx.connection.execute(query)]


_AMONG = (
    select(_RESTRICTIONS)
    .where(_IN_FORCE, _RESTRICTIONS.c.learner_id.in_(bindparam("wanted", expanding=True)))
    .order_by(_RESTRICTIONS.c.learner_id)
)
"""Built once: it is asked before anybody reads about anybody."""


class SqlRestrictions:
    """``ascertain.domain.restriction.Restrictions``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def on(self, learner_id: str) -> Restriction | None:
        found = self.among([learner_id])
        return found[0] if found else None

    def among(self, learner_ids: Collection[str]) -> list[Restriction]:
        found = []
        for some in chunks(sorted(set(learner_ids))):
            found += [_restriction(r) for r in self._tx.connection.execute(_AMONG, {"wanted": some})]
        return found

    def of(self, learner_id: str) -> list[Restriction]:
        query = select(_RESTRICTIONS).where(_RESTRICTIONS.c.learner_id == learner_id)
        rows = self._tx.connection.execute(query.order_by(_RESTRICTIONS.c.since, _RESTRICTIONS.c.id))
        return [_restriction(r) for r in rows]

    def put(self, restriction: Restriction) -> None:
        upsert(
            self._tx,
            _RESTRICTIONS,
            [
                {
                    "id": restriction.id,
                    "learner_id": restriction.learner_id,
                    "reason": restriction.reason,
                    "handler": restriction.handler,
                    "since": restriction.since,
                    "lifted_at": restriction.lifted_at,
                    "lifted_by": restriction.lifted_by,
                    "lift_reason": restriction.lift_reason,
                }
            ],
        )
        bump(self._tx, _REVISION)


def _changing(d: Dispute) -> dict[str, Any]:
    return {
        "assertion_id": d.assertion_id,
        "evidence": list(d.evidence),
        "state": d.state.value,
        "decided_by": d.decided_by,
        "decision_reason": d.decision_reason,
        "decided_level": None if d.decided_level is None else int(d.decided_level),
        "decided_at": d.decided_at,
        "escalated_to": d.escalated_to or None,
        "escalated_at": d.escalated_at,
    }


def _dispute(r: Row[Any]) -> Dispute:
    return Dispute(
        id=r.id,
        learner_id=r.learner_id,
        assertion_id=r.assertion_id,
        skill_id=r.skill_id,
        reason=r.reason,
        opened_by=r.opened_by,
        opened_at=r.opened_at,
        due_on=r.due_on,
        before=AssertionState(r.before),
        evidence=tuple(r.evidence),
        state=DisputeState(r.state),
        decided_by=r.decided_by,
        decision_reason=r.decision_reason,
        decided_level=None if r.decided_level is None else Level(r.decided_level),
        decided_at=r.decided_at,
        escalated_to=r.escalated_to or "",
        escalated_at=r.escalated_at,
    )


def _restriction(r: Row[Any]) -> Restriction:
    return Restriction(r.id, r.learner_id, r.reason, r.handler, r.since, r.lifted_at, r.lifted_by, r.lift_reason)
