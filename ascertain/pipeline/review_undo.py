"""Taking a decision back: by whoever made it, soon after, while nothing outside has heard of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

from ascertain.domain.assertion import AssertionState
from ascertain.domain.permission import Principal
from ascertain.domain.ports import Clock, UnitOfWork
from ascertain.domain.reviewing import CheckKind, check_id
from ascertain.domain.runs import ReviewItem, StoredAssertion
from ascertain.domain.skills import Level
from ascertain.errors import ConflictError, NotFoundError
from ascertain.pipeline.standing import Decisions

UNDO = timedelta(minutes=10)
"""So long a slip of the hand can be taken back; after that a decision stands."""


def undoable(uow: UnitOfWork, who: Principal, now: datetime) -> ReviewItem | None:
    """The newest decision that somebody can still take back."""
    mine = [i for i in uow.reviews.every_decision(since=now - UNDO) if _theirs(i, who)]
    for item in reversed(mine):
        row = uow.assertions.get(item.assertion_id)
        if row is not None and not _why_not(uow, item, row, now):
            return item
    return None


def undo(uow: UnitOfWork, item_id: str, *, who: Principal, clock: Clock) -> ReviewItem:
    """Take a decision back: the item waits again, the assertion is what it was before, and the reviewer's own first
    judgement stands. The caller has asked permission, and commits. Of an undecided item it changes nothing.

    Raises:
        NotFoundError: no such item.
        ConflictError: somebody else decided it, it is too late, or something outside rests on it.
    """
    item = uow.reviews.get(item_id)
    row = uow.assertions.get(item.assertion_id) if item else None
    if item is None or row is None:
        raise NotFoundError(f"there is no review item {item_id!r}", remedy="`ascertain review list` shows what waits")
    if item.decision is None:
        return item
    if not _theirs(item, who):
        raise ConflictError(f"{item.id} was decided by somebody else", remedy="only who decided takes it back")
    if why := _why_not(uow, item, row, clock.now()):
        raise ConflictError(why, remedy="the person can contest it; new evidence brings a new question")
    again = replace(
        item,
        decision=None,
        decided_level=None,
        decided_by="",
        decision_reason="",
        decided_at=None,
        own_level=None,
        shown_at=None,
        needs="",
    )
    uow.reviews.put(again)
    uow.checks.drop(check_id(item.id, CheckKind.SECOND))  # asked because of a decision that is none any more
    result = json.loads(row.result)
    level = Level(result["level"]) if result["level"] else None
    computed = replace(row, state=AssertionState(result["state"]), level=level, human_reviewed=False)
    decisions = Decisions.of(uow, row.learner_id)
    now = decisions.contest(decisions.apply(computed))
    uow.assertions.set_back(row.id, now.state, now.level, human_reviewed=now.human_reviewed)
    uow.audit.append(
        "review.undone",
        actor="reviewer",
        learner_id=item.learner_id,
        header={"item": item.id, "assertion": item.assertion_id, "decision": item.decision.value},
        payload={"reviewer": who.name, "reason": item.decision_reason},
    )
    return again


def _theirs(item: ReviewItem, who: Principal) -> bool:
    return item.decided_by.casefold() == who.name.casefold()


def _why_not(uow: UnitOfWork, item: ReviewItem, row: StoredAssertion, now: datetime) -> str:
    """Why a decision cannot be taken back; empty when it can."""
    if item.decided_at is None or now - item.decided_at > UNDO:
        return f"{item.id} was decided more than {UNDO.seconds // 60} minutes ago: the decision stands"
    if row.state is AssertionState.SUPERSEDED:
        return f"a newer assessment has replaced what {item.id} was about"
    if any(d.skill_id == item.skill_id for d in uow.disputes.open(learner_id=item.learner_id)):
        return f"the learner contests what {item.id} was about"
    # What is only planned is withheld by the push itself, which looks again before it writes.
    written = (r for r in uow.outbox.history(item.learner_id) if item.assertion_id in r.assertions)
    if any(r.created_at >= item.decided_at for r in written):
        return f"what {item.id} decided was already written into another system"
    return ""
