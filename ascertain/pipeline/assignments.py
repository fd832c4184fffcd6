"""Proposes paths as assignments, and lets a manager or L&D decide. Nothing here approves by itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from ascertain.domain.assignments import Assignment, AssignmentState, compare, items_of, path_digest
from ascertain.domain.canonical import digest
from ascertain.domain.people import Learner
from ascertain.domain.permission import Action, Principal
from ascertain.domain.ports import Clock, UnitOfWork
from ascertain.errors import ConflictError, InputError, NotFoundError
from ascertain.pipeline.permit import demand, demand_about_anybody


def propose(
    uow: UnitOfWork, learner: Learner, run_id: str, plan: Mapping[str, Any] | None, at: datetime, l_and_d: str
) -> None:
    """Bring a learner's assignment in line with the path of the run that stands now. The caller commits.

    The same content in the same order keeps its decision; another path is a new proposal that names what changed, and
    no path withdraws the one there is. ``l_and_d`` is asked about a learner without a manager.
    """
    items = items_of(plan)
    present = uow.assignments.current(learner.id)
    found = compare(present, items)
    if found.keep:
        return
    if present is not None:
        uow.assignments.put(replace(present, state=AssignmentState.WITHDRAWN))
    made = None
    if items:
        ident = "p" + digest([run_id, path_digest(items), len(uow.assignments.of(learner.id))], length=15)
        approver = learner.manager_id or l_and_d
        made = Assignment(ident, learner.id, run_id, items, approver, at, found.changes)
        uow.assignments.add(made)
    header = {
        "assignment": made.id if made else None,
        "run": run_id,
        "items": len(items),
        "replaces": present.id if present else None,
    }
    uow.audit.append("assignment.proposed", actor="system", learner_id=learner.id, header=header)


def decide(
    uow: UnitOfWork, assignment_id: str, *, approve: bool, reason: str, principal: Principal, clock: Clock
) -> Assignment:
    """Approve or reject a proposed path. Saying the same again changes nothing. The caller commits.

    Raises:
        NotFoundError: no such assignment, told to those who may decide about anybody's.
        ForbiddenError: not the learner's manager and not L&D, or the learner.
        InputError: there is no reason.
        ConflictError: it was decided otherwise, another path has taken its place, or the person is restricted.
    """
    row = uow.assignments.get(assignment_id)
    learner = uow.people.get(row.learner_id) if row else None
    if row is None or learner is None:
        demand_about_anybody(principal, Action.ASSIGNMENT_APPROVE)
        raise NotFoundError(
            f"there is no assignment {assignment_id!r}", remedy="`ascertain assignment list` shows them"
        )
    demand(uow, principal, Action.ASSIGNMENT_APPROVE, learner)
    if not reason.strip():
        raise InputError("a decision needs a reason", where=row.id, field="reason", remedy="the learner reads it")
    if learner.restricted:
        raise ConflictError("processing of this person is restricted", remedy="`ascertain person unrestrict` first")
    state = AssignmentState.APPROVED if approve else AssignmentState.REJECTED
    if (row.state, row.decided_by) == (state, principal.name):
        return row
    if row.state is AssignmentState.WITHDRAWN:
        raise ConflictError(f"{row.id} is out of date: the path has changed", remedy="decide about the newer one")
    if row.state is not AssignmentState.PROPOSED:
        raise ConflictError(
            f"{row.id} was {row.state.value} before by {row.decided_by}", remedy="a changed path is a new proposal"
        )
    done = replace(row, state=state, decided_by=principal.name, reason=reason.strip(), decided_at=clock.now())
    uow.assignments.put(done)
    header = {"assignment": row.id, "state": state.value}
    payload = {"by": done.decided_by, "reason": done.reason}
    uow.audit.append(
        "assignment.decided", actor=principal.kind, learner_id=row.learner_id, header=header, payload=payload
    )
    return done


def not_approved(uow: UnitOfWork, learner_id: str, assignment_ids: Collection[str]) -> str:
    """Why learning may not be assigned outside; empty when it may: it rests on the person's present assignment, and a
    human has approved that."""
    present = uow.assignments.current(learner_id)
    if present is None or list(assignment_ids) != [present.id]:
        return "it does not rest on the person's present path"
    if present.state is not AssignmentState.APPROVED:
        return f"the path {present.id} is {present.state.value}, not approved"
    return ""


def shown(row: Assignment) -> dict[str, Any]:
    """An assignment as people see it."""
    return {
        "id": row.id,
        "learner": row.learner_id,
        "state": row.state.value,
        "approver": row.approver,
        "proposed_at": row.proposed_at.isoformat(),
        "items": [{"content_id": i.content_id, "title": i.title} for i in row.items],
        "changes": list(row.changes),
        "decided_by": row.decided_by,
        "reason": row.reason,
        "decided_at": row.decided_at.isoformat() if row.decided_at else None,
    }
