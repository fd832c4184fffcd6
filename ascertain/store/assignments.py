"""Proposed learning paths and their approvals."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, Select, insert, select, update

from ascertain.domain.assignments import Assignment, AssignmentState, PathItem
from ascertain.errors import NotFoundError
from ascertain.store.schema import table
from ascertain.store.schema_disputes import AssignmentRow
from ascertain.store.statements import Tx, by_prefix

_ROWS = table(AssignmentRow)


class SqlAssignments:
    """``ascertain.domain.assignments.Assignments``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def get(self, assignment_id: str) -> Assignment | None:
        """By full id or prefix. A unit of work that may write keeps it from others until it ends.

        Raises:
            ConflictError: when the prefix fits several.
        """
        row = by_prefix(self._tx, _ROWS, assignment_id, "assignment", lock=self._tx.write)
        return None if row is None else _assignment(row)

    def current(self, learner_id: str) -> Assignment | None:
        standing = [a for a in self.of(learner_id) if a.state is not AssignmentState.WITHDRAWN]
        return standing[-1] if standing else None

    def of(self, learner_id: str) -> list[Assignment]:
        return self._read(select(_ROWS).where(_ROWS.c.learner_id == learner_id))

    def listed(self, state: AssignmentState | None = None) -> list[Assignment]:
        query = select(_ROWS)
        return self._read(query if state is None else query.where(_ROWS.c.state == state.value))

    def add(self, row: Assignment) -> None:
        fixed = {
            "id": row.id,
            "learner_id": row.learner_id,
            "run_id": row.run_id,
            "items": [[i.content_id, i.title] for i in row.items],
            "approver": row.approver,
            "proposed_at": row.proposed_at,
        }
        self._tx.connection.execute(insert(_ROWS).values(fixed | _changing(row)))

    def put(self, row: Assignment) -> None:
        """
        Raises:
            NotFoundError: when there is no such assignment.
        """
        if not self._tx.connection.execute(update(_ROWS).where(_ROWS.c.id == row.id).values(_changing(row))).rowcount:
            raise NotFoundError(f"there is no assignment {row.id!r}")

    def _read(self, query: Select[Any]) -> list[Assignment]:
        rows = self._tx.connection.execute(query.order_by(_ROWS.c.proposed_at, _ROWS.c.id))
        return [_assignment(r) for r in rows]


def _changing(a: Assignment) -> dict[str, Any]:
    return {
        "state": a.state.value,
        "decided_by": a.decided_by,
        "reason": a.reason,
        "decided_at": a.decided_at,
        "changes": list(a.changes),
        "plan": dict(a.plan) or None,
    }


def _assignment(r: Row[Any]) -> Assignment:
    return Assignment(
        id=r.id,
        learner_id=r.learner_id,
        run_id=r.run_id,
        items=tuple(PathItem(*i) for i in r.items),
        approver=r.approver,
        proposed_at=r.proposed_at,
        changes=tuple(r.changes),
        state=AssignmentState(r.state),
        decided_by=r.decided_by,
        reason=r.reason,
        decided_at=r.decided_at,
        plan=r.plan or {},
    )
