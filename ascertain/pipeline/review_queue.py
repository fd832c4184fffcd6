"""The review queue: what waits for whom, who gets it next, and giving it to somebody else."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date
from typing import Any

from ascertain.domain.people import Learner
from ascertain.domain.permission import Action, Principal, Role
from ascertain.domain.ports import Taxonomy, UnitOfWork
from ascertain.domain.review_assign import is_learner
from ascertain.domain.review_rules import ReviewRules
from ascertain.domain.reviewing import without_figures
from ascertain.domain.runs import ReviewItem
from ascertain.errors import ConflictError, ForbiddenError, InputError
from ascertain.pipeline.permit import may, permitted_rows
from ascertain.pipeline.review_desk import Found
from ascertain.pipeline.review_sources import Origins, Source

Json = dict[str, Any]


def waiting(
    uow: UnitOfWork, *, assignees: Collection[str] | None = None, learner_id: str | None = None
) -> list[ReviewItem]:
    """What waits for a human, most urgent first; items whose answer is known stand among the others.

    Args:
        assignees: only what waits for one of these names.
    """
    items = [*uow.reviews.open(learner_id=learner_id), *(c.as_item() for c in uow.checks.open(learner_id=learner_id))]
    if assignees is not None:
        wanted = {a.casefold() for a in assignees}
        items = [i for i in items if i.assignee.casefold() in wanted]
    contested = {(d.learner_id, d.skill_id) for d in uow.disputes.open(learner_id=learner_id)}
    people = {ident: uow.people.get(ident) for ident in {i.learner_id for i in items}}
    resting = {ident for ident, p in people.items() if p is None or p.restricted}
    # A dispute is decided first, and what is restricted is not worked on.
    items = [i for i in items if i.learner_id not in resting and (i.learner_id, i.skill_id) not in contested]
    return sorted(items, key=lambda i: (i.priority, i.due_on, i.created_at, i.id))


def names_of(uow: UnitOfWork, who: Principal, rules: ReviewRules) -> set[str]:
    """The names under which items wait for somebody: their own, and the queue of learning and development for its
    people."""
    names = {who.name}
    person = uow.people.get(who.learner_id) if who.learner_id else None
    if person is not None:
        names |= {person.id, person.email}
    if who.has(Role.L_AND_D) or who.has(Role.OPERATOR):
        names.add(rules.l_and_d)
    return names - {""}


def about(
    uow: UnitOfWork, items: Collection[ReviewItem], *, skill_id: str = "", source: Source | None = None
) -> list[ReviewItem]:
    """Those about a skill, and with evidence out of a source, in their order; what is empty asks for nothing."""
    found = [i for i in items if not skill_id or i.skill_id == skill_id]
    if source is None:
        return found
    origins = Origins(uow)
    rows = [(i, uow.assertions.get(i.assertion_id)) for i in found]
    return [i for i, row in rows if row is not None and source in origins.all(row)]


def next_of(uow: UnitOfWork, who: Principal, rules: ReviewRules, *, after: str = "") -> ReviewItem | None:
    """The most urgent item that waits for somebody and that they may decide about; the one that follows ``after``,
    where that is an item of theirs and not the last.

    Raises:
        ForbiddenError: something waits, and they may decide about nothing of it.
    """
    allowed, _ = permitted_rows(uow, who, Action.REVIEW_DECIDE, waiting(uow), lambda i: (i.learner_id, i.skill_id))
    names = {n.casefold() for n in names_of(uow, who, rules)}
    mine = [i for i in allowed if i.assignee.casefold() in names]
    place = next((n for n, i in enumerate(mine) if i.id == after), -1)
    return next(iter([*mine[place + 1 :], *mine]), None)


def rows(uow: UnitOfWork, taxonomy: Taxonomy, items: Collection[ReviewItem], today: date) -> list[Json]:
    """The queue as people and programs read it: neither the level nor the confidence that is suggested."""
    people = {p: uow.people.get(p) for p in {i.learner_id for i in items}}
    found = []
    for i in items:
        who, skill = people[i.learner_id], taxonomy.skill(i.skill_id)
        found.append(
            {
                "id": i.id,
                "learner": i.learner_id,
                "name": who.name if who else i.learner_id,
                "skill": i.skill_id,
                "label": skill.label if skill else i.skill_id,
                "reasons": list(dict.fromkeys(without_figures(r) for r in i.reasons)),
                "priority": i.priority,
                "assignee": i.assignee,
                "due": i.due_on.isoformat(),
                "overdue": i.due_on < today,
            }
        )
    return found


def reassign(
    uow: UnitOfWork,
    found: Found,
    to: str,
    *,
    reason: str,
    by: Principal,
    rules: ReviewRules,
    principal: Callable[[str], Principal],
) -> ReviewItem:
    """Give an open item to somebody else. The caller commits; the same again changes nothing.

    Args:
        principal: who a name is, to see whether they may decide about the person.

    Raises:
        InputError: no reason, or it would be about themselves.
        ForbiddenError: the new one may not decide about it.
        ConflictError: decided already.
    """
    item, name = found.item, to.strip()
    if not reason.strip():
        raise InputError("a reason is missing", where=item.id, field="reason", remedy="say why in a few words")
    if not name:
        raise InputError("nobody is named", where=item.id, field="to", remedy=f"a name, or {rules.l_and_d}")
    if item.decision is not None:
        raise ConflictError(f"{item.id} was decided already")
    if is_learner(name, found.learner):
        raise InputError("nobody reviews an assertion about themselves", where=item.id, field="to")
    name = _checked(uow, found.learner, item, name, rules, principal)
    if name == item.assignee:
        return item
    moved = replace(item, assignee=name)
    if found.check is not None:
        uow.checks.put(replace(found.check, assignee=name))
    else:
        uow.reviews.put(moved)
    uow.audit.append(
        "review.reassigned",
        actor="reviewer",
        learner_id=item.learner_id,
        header={"item": item.id},
        payload={"from": item.assignee, "to": name, "by": by.name, "reason": reason.strip()},
    )
    return moved


def _checked(
    uow: UnitOfWork,
    learner: Learner,
    item: ReviewItem,
    name: str,
    rules: ReviewRules,
    principal: Callable[[str], Principal],
) -> str:
    """The name under which it will wait: a learner's id where the person is one."""
    if name.casefold() == rules.l_and_d.casefold():
        return rules.l_and_d
    who = principal(name)
    if not may(uow, who, Action.REVIEW_DECIDE, learner, item.skill_id):
        raise ForbiddenError(
            f"{name} may not decide about this",
            actor=name,
            kind=who.kind,
            action=Action.REVIEW_DECIDE.value,
            learner_id=learner.id,
            remedy="`ascertain access who NAME` shows what somebody may do",
        )
    return who.learner_id or name
