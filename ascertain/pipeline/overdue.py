"""Disputes that nobody has answered in time: they are put before learning and development, once, and said so."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from ascertain.domain import disputes
from ascertain.domain.disputes import Dispute
from ascertain.domain.permission import Action, Role
from ascertain.domain.ports import Clock, UnitOfWork, UnitOfWorkFactory
from ascertain.domain.rules import Policy
from ascertain.errors import ConflictError
from ascertain.pipeline.permit import may_each, principal_of
from ascertain.pipeline.stop import stopped


def escalate(units: UnitOfWorkFactory, clock: Clock, policy: Policy) -> list[Dispute]:
    """Put overdue disputes into the queue of learning and development, as the policy says; those that are new there.

    Any number of processes at once, and the same again, put each one there once. Nothing happens while everything is
    stopped, or where the policy says never.
    """
    days, now = policy.routing.dispute_escalate_days, clock.now()
    if days is None:
        return []
    late = now.date() - timedelta(days=days)
    with units(write=False) as uow:
        waiting = [d.id for d in uow.disputes.open() if d.due_on < late and d.escalated_at is None]
    if not waiting:
        return []
    done = []
    with units() as uow:
        if stopped(uow) is not None:
            return []
        for ident in waiting:
            found = uow.disputes.get(ident)  # kept from others until this ends
            if found is None or not found.open or found.escalated_at is not None:
                continue
            put = disputes.escalated(found, to=policy.review.l_and_d, now=now)
            uow.disputes.put(put)
            header = {"dispute": put.id, "due": put.due_on.isoformat(), "to": put.escalated_to}
            uow.audit.append("dispute.escalated", actor="system", learner_id=put.learner_id, header=header)
            done.append(put)
        uow.commit()
    return done


def overdue_for(uow: UnitOfWork, name: str, today: date, *, escalated: Collection[Dispute]) -> dict[str, date]:
    """What ``name`` should answer and is overdue, with the days on which it was due: disputes that were put before
    learning and development, for its people; requests about data, for those who may answer them."""
    who = principal_of(uow, name, today=today)
    disputed = list(escalated) if who.has(Role.L_AND_D) else []
    asked = [r for r in uow.rights_requests.open() if r.overdue(today)]
    may_decide = may_each(uow, who, Action.DISPUTE_DECIDE, [(d.learner_id, d.skill_id) for d in disputed])
    may_answer = may_each(uow, who, Action.REQUEST_ANSWER, [(r.learner_id, None) for r in asked])
    found = {d.id: d.due_on for d, yes in zip(disputed, may_decide, strict=True) if yes}
    return found | {r.id: r.due_on for r, yes in zip(asked, may_answer, strict=True) if yes}


def recipients(uow: UnitOfWork, today: date) -> list[str]:
    """Ids of the people whose granted roles let them answer what is overdue."""
    found = set()
    for row in uow.grants.all():
        if row.revoked_at is None and row.grant.role in (Role.L_AND_D, Role.HRBP) and row.grant.holds(today):
            try:
                person = uow.people.find(row.name)
            except ConflictError:  # the address of several is nobody's
                continue
            if person is not None and person.active:
                found.add(person.id)
    return sorted(found)
