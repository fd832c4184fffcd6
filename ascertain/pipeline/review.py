"""Human review: what waits, and what a person decided, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ascertain.domain.ports import Clock, UnitOfWork
from ascertain.domain.runs import DecisionKind, ReviewItem
from ascertain.domain.skills import Level
from ascertain.errors import ConflictError, InputError, NotFoundError
from ascertain.pipeline.standing import STATE_AFTER


def decide(
    uow: UnitOfWork,
    item_id: str,
    decision: DecisionKind,
    *,
    reason: str,
    reviewer: str,
    clock: Clock,
    level: Level | None = None,
    own_level: int | None = None,
    shown_at: datetime | None = None,
    needs: str = "",
) -> ReviewItem:
    """Record a human's decision and carry it to the assertion. The caller commits.

    People decide at the desk (:mod:`ascertain.pipeline.review_desk`), which sees to it that they are trained and have
    judged first; ``own_level`` and ``shown_at`` are what it knows of that. Saying the same again changes nothing;
    another decision on a decided item is a conflict.

    Raises:
        NotFoundError: no such item.
        InputError: a reason or (to adjust) a level is missing, or the reviewer is the learner (by id or address).
        ConflictError: decided otherwise before, or the learner contests it.
    """
    item = uow.reviews.get(item_id)
    if item is None:
        raise NotFoundError(f"there is no review item {item_id!r}", remedy="`ascertain review list` shows what waits")
    if not reason.strip():
        raise InputError("a decision needs a reason", where=item_id, field="reason", remedy="say why in a few words")
    if decision is DecisionKind.ADJUST and level is None:
        raise InputError("adjusting needs a level", where=item_id, field="level", remedy="give --level 1 to 5")
    if decision is not DecisionKind.ADJUST and level is not None:
        raise InputError(f"{decision.value} takes no level", where=item_id, field="level", remedy="use adjust")
    reviewer = reviewer.strip()
    if not reviewer:
        raise InputError("the reviewer is not named", where=item_id, field="reviewer", remedy="say who decides")
    who = uow.people.find(reviewer)
    if item.learner_id.casefold() in (reviewer.casefold(), who.id.casefold() if who else None):
        raise InputError("nobody reviews an assertion about themselves", where=item_id, field="reviewer")
    if restriction := uow.restrictions.on(item.learner_id):
        raise ConflictError(
            f"processing of this person is restricted ({restriction.id})", remedy="wait until it is lifted"
        )
    contested = next((d for d in uow.disputes.open(learner_id=item.learner_id) if d.skill_id == item.skill_id), None)
    if contested is not None:
        raise ConflictError(
            f"the learner contests it in {contested.id}",
            remedy="decide that one: `ascertain dispute decide`",
        )
    if item.decision is not None:
        if (item.decision, item.decided_level, item.decided_by) == (decision, level, reviewer):
            return item
        raise ConflictError(
            f"{item_id} was decided before: {item.decision.value} by {item.decided_by or 'the system'}",
            remedy="a decision stands until new evidence brings a new assertion",
        )
    decided = replace(
        item,
        decision=decision,
        decided_level=level,
        decided_by=reviewer,
        decision_reason=reason.strip(),
        decided_at=clock.now(),
        own_level=own_level,
        shown_at=shown_at,
        needs=needs,
    )
    uow.reviews.put(decided)
    uow.assertions.set_state(
        item.assertion_id, STATE_AFTER[decision], level=int(level) if level else None, human_reviewed=True
    )
    uow.audit.append(
        "review.decided",
        actor="reviewer",
        learner_id=item.learner_id,
        header={"item": item.id, "assertion": item.assertion_id, "decision": decision.value, "level": level},
        payload={"reviewer": reviewer, "reason": reason.strip()} | ({"needs": needs} if needs else {}),
    )
    return decided
