"""Proposes paths as assignments, and lets a manager or L&D decide. Nothing here approves by itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from ascertain.domain.assignments import Assignment, AssignmentState, compare, items_of, path_digest
from ascertain.domain.canonical import digest
from ascertain.domain.people import Learner
from ascertain.domain.permission import Action, Principal
from ascertain.domain.ports import Clock, UnitOfWork
from ascertain.errors import ConflictError, InputError, NotFoundError
from ascertain.pipeline.cases import FINISHED
from ascertain.pipeline.permit import demand, demand_about_anybody, demand_somewhere, may, may_each


def propose(
    uow: UnitOfWork,
    learner: Learner,
    run_id: str,
    plan: Mapping[str, Any] | None,
    at: datetime,
    l_and_d: str,
    because: Sequence[str] = (),
) -> Assignment | None:
    """Bring a learner's assignment in line with a path. The caller commits.

    What is left of the same path keeps its decision; another path is a new proposal that names what changed, and no
    path withdraws the one there is. ``l_and_d`` is asked about a learner without a manager; ``because`` comes before
    the changes. Answers the new proposal, where one was made.
    """
    items = items_of(plan)
    present = uow.assignments.current(learner.id)
    found = compare(present, items, settled(uow, learner))
    if found.keep:
        return None
    if present is not None:
        uow.assignments.put(replace(present, state=AssignmentState.WITHDRAWN))
    made = None
    if items:
        ident = "p" + digest([run_id, path_digest(items), len(uow.assignments.of(learner.id))], length=15)
        approver = learner.manager_id or l_and_d
        changes = (*because, *found.changes)
        made = Assignment(ident, learner.id, run_id, items, approver, at, changes, plan=dict(plan or {}))
        uow.assignments.add(made)
    header = {
        "assignment": made.id if made else None,
        "run": run_id,
        "items": len(items),
        "replaces": present.id if present else None,
    }
    uow.audit.append("assignment.proposed", actor="system", learner_id=learner.id, header=header)
    return made


def settled(uow: UnitOfWork, learner: Learner) -> dict[str, str]:
    """Content that needs no place on the person's path any more, and why: finished, or skipped by the person."""
    found = {c: f"finished {day.isoformat()}" if day else "finished" for c, day in finished(uow, learner).items()}
    return {s.content_id: f"skipped: {s.reason}" for s in uow.paths.skips(learner.id)} | found


def finished(uow: UnitOfWork, learner: Learner) -> dict[str, date | None]:
    """Content that the person has finished, with the last day, as far as its evidence may be used."""
    found: dict[str, date | None] = {}
    for e in uow.evidence.of(learner.id):
        if e.content_id and e.kind in FINISHED and e.passed is not False and learner.allows(e):
            found[e.content_id] = max(filter(None, (found.get(e.content_id), e.occurred_on)), default=None)
    return found


def decide(
    uow: UnitOfWork, assignment_id: str, *, approve: bool, reason: str, principal: Principal, clock: Clock
) -> Assignment:
    """Approve or reject a proposed path. Saying the same again changes nothing. The caller commits.

    Raises:
        NotFoundError: no such assignment, told to those who may decide about anybody's.
        ForbiddenError: not the learner's manager, not L&D and no owner of a skill that the path works on, or the
            learner.
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
    demand_about_path(uow, principal, Action.ASSIGNMENT_APPROVE, learner, row)
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
    plan = dict(row.plan) | ({"starts": clock.today().isoformat()} if approve and row.plan else {})
    done = replace(
        row, state=state, decided_by=principal.name, reason=reason.strip(), decided_at=clock.now(), plan=plan
    )
    uow.assignments.put(done)
    header = {"assignment": row.id, "state": state.value}
    payload = {"by": done.decided_by, "reason": done.reason}
    uow.audit.append(
        "assignment.decided", actor=principal.kind, learner_id=row.learner_id, header=header, payload=payload
    )
    return done


def demand_about_path(uow: UnitOfWork, principal: Principal, action: Action, learner: Learner, row: Assignment) -> None:
    """Go on only if ``principal`` may do ``action`` about the person, or about a skill that the path works on.

    Raises:
        ForbiddenError: neither.
    """
    skill = next((s for s in skills_of(row) if may(uow, principal, action, learner, s)), None)
    demand(uow, principal, action, learner, skill)


def about_path(principal: Principal) -> Callable[[Assignment], tuple[str, str | None]]:
    """For ``permitted_rows``: the learner of a path, with a skill of it that ``principal`` owns, where there is one."""
    owned = frozenset(s for g in principal.grants for s in g.skills)
    return lambda row: (row.learner_id, next((s for s in skills_of(row) if s in owned), None))


def seen_by(uow: UnitOfWork, principal: Principal, rows: Sequence[Assignment]) -> tuple[list[Assignment], int]:
    """The paths that ``principal`` may read, and how many were left out. Who owns skills on which no path works sees
    none, which is no refusal.

    Raises:
        ForbiddenError: they may read nobody's.
    """
    about = about_path(principal)
    allowed = may_each(uow, principal, Action.ASSIGNMENT_READ, [about(r) for r in rows])
    found = [r for r, yes in zip(rows, allowed, strict=True) if yes]
    if rows and not found:
        demand_somewhere(uow, principal, Action.ASSIGNMENT_READ)
    return found, len(rows) - len(found)


def skills_of(row: Assignment) -> list[str]:
    """Skills whose gap a path works on, in its order."""
    return list(dict.fromkeys(s for step in row.plan.get("steps", ()) for s in step.get("closes", ())))


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
