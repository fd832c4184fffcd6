"""The review queue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, exists, func, insert, or_, select, union_all, update

from ascertain.domain.assertion import AssertionState
from ascertain.domain.disputes import DisputeState
from ascertain.domain.reviewing import ReviewCheck
from ascertain.domain.runs import DecisionKind, ReviewItem
from ascertain.domain.skills import Level
from ascertain.errors import ConflictError, NotFoundError
from ascertain.store.rollout import SqlRollouts
from ascertain.store.schema import AssertionRow, LearnerRow, ReviewRow, table
from ascertain.store.schema_disputes import DisputeRow, RestrictionRow
from ascertain.store.schema_review import CheckRow
from ascertain.store.statements import Tx, by_prefix, chunks

_REVIEWS, _ASSERTIONS, _LEARNERS = table(ReviewRow), table(AssertionRow), table(LearnerRow)
_CHECKS, _DISPUTES, _RESTRICTIONS = table(CheckRow), table(DisputeRow), table(RestrictionRow)
_OPEN = (_REVIEWS.c.decision.is_(None), _REVIEWS.c.withdrawn_at.is_(None))


class SqlReviews:
    """``ascertain.domain.ports.Reviews``."""

    def __init__(self, tx: Tx, rollouts: SqlRollouts) -> None:
        self._tx = tx
        self._rollouts = rollouts

    def get(self, item_id: str) -> ReviewItem | None:
        """By full id or an unambiguous prefix. A unit of work that may write keeps the item from others until it
        ends, so of two people who decide at once the second sees the first one's decision.

        Raises:
            ConflictError: when the prefix fits several.
        """
        row = by_prefix(self._tx, _REVIEWS, item_id, "review item", lock=self._tx.write)
        return None if row is None else next(iter(self._kept([item_of(row)])), None)

    def open(self, *, assignee: str | None = None, learner_id: str | None = None) -> list[ReviewItem]:
        query = select(_REVIEWS).where(*_OPEN)
        if assignee is not None:
            query = query.where(_REVIEWS.c.assignee == assignee)
        if learner_id is not None:
            query = query.where(_REVIEWS.c.learner_id == learner_id)
        order = (_REVIEWS.c.priority, _REVIEWS.c.due_on, _REVIEWS.c.created_at, _REVIEWS.c.id)
        return self._kept([item_of(r) for r in self._tx.connection.execute(query.order_by(*order))])

    def waiting_for(self) -> dict[str, int]:
        open_real = select(_REVIEWS.c.assignee, _REVIEWS.c.learner_id, _REVIEWS.c.skill_id).where(*_OPEN)
        present = select(_ASSERTIONS.c.id).where(_ASSERTIONS.c.state != AssertionState.SUPERSEDED.value)
        open_checks = select(_CHECKS.c.assignee, _CHECKS.c.learner_id, _CHECKS.c.skill_id).where(
            _CHECKS.c.decision.is_(None), _CHECKS.c.assertion_id.in_(present)
        )
        asked = union_all(open_real, open_checks).subquery()
        known = exists().where(_LEARNERS.c.id == asked.c.learner_id)
        resting = exists().where(_RESTRICTIONS.c.learner_id == asked.c.learner_id, _RESTRICTIONS.c.lifted_at.is_(None))
        contested = exists().where(
            _DISPUTES.c.learner_id == asked.c.learner_id,
            _DISPUTES.c.skill_id == asked.c.skill_id,
            _DISPUTES.c.state == DisputeState.OPEN.value,
        )
        waiting = (known, ~resting, ~contested)
        if self._rollouts.on:
            rows = self._tx.connection.execute(select(asked).where(*waiting)).all()
            return Counter(r[0] for r in self._rollouts.within(rows, lambda r: (r[1], r[2])))
        query = select(asked.c.assignee, func.count()).where(*waiting).group_by(asked.c.assignee)
        return {r[0]: r[1] for r in self._tx.connection.execute(query)}

    def add(self, items: Iterable[ReviewItem]) -> None:
        """Insert.

        Raises:
            ConflictError: when the assertion has an item already, or is not stored.
        """
        rows = [{"id": i.id, "withdrawn_at": None, **_values(i)} for i in items]
        if rows:
            self._tx.connection.execute(insert(_REVIEWS), rows)

    def put(self, item: ReviewItem) -> None:
        """Replace the item. Without a decision that opens it again; a decision is not replaced by another one.

        Raises:
            NotFoundError: when there is no such item.
            ConflictError: when it was decided otherwise or withdrawn.
        """
        statement = update(_REVIEWS).where(_REVIEWS.c.id == item.id, _REVIEWS.c.withdrawn_at.is_(None))
        if item.decision is not None:
            same = (_REVIEWS.c.decision == item.decision.value) & (_REVIEWS.c.decided_at == item.decided_at)
            statement = statement.where(or_(_REVIEWS.c.decision.is_(None), same))
        if self._tx.connection.execute(statement.values(_values(item))).rowcount:
            return
        row = self._tx.connection.execute(select(_REVIEWS).where(_REVIEWS.c.id == item.id)).first()
        if row is None:
            raise NotFoundError(f"there is no review item {item.id!r}")
        if row.withdrawn_at is not None:
            raise ConflictError(
                f"review item {item.id!r} was withdrawn, since a newer assessment replaced its assertion",
                remedy="decide the newer item (ascertain review list)",
            )
        raise ConflictError(f"review item {item.id!r} was decided already: {row.decision} by {row.decided_by}")

    def close_for(self, learner_id: str, *, keep_run: str) -> int:
        """Withdraw the learner's open items whose assertion belongs to another run than ``keep_run``."""
        others = select(_ASSERTIONS.c.id).where(
            _ASSERTIONS.c.learner_id == learner_id, _ASSERTIONS.c.run_id != keep_run
        )
        statement = (
            update(_REVIEWS)
            .where(_REVIEWS.c.learner_id == learner_id, *_OPEN, _REVIEWS.c.assertion_id.in_(others))
            .values(withdrawn_at=self._tx.now())
        )
        return self._tx.connection.execute(statement).rowcount

    def reopen(self, assertion_ids: Collection[str]) -> int:
        """Put withdrawn, undecided items of these assertions back into the queue; how many there were."""
        undecided = _REVIEWS.c.decision.is_(None) & _REVIEWS.c.withdrawn_at.is_not(None)
        return sum(
            self._tx.connection.execute(
                update(_REVIEWS).where(undecided, _REVIEWS.c.assertion_id.in_(some)).values(withdrawn_at=None)
            ).rowcount
            for some in chunks(sorted(assertion_ids))
        )

    def withdraw(self, assertion_ids: Collection[str]) -> int:
        """Take the open items of these assertions out of the queue; how many there were."""
        return sum(
            self._tx.connection.execute(
                update(_REVIEWS).where(*_OPEN, _REVIEWS.c.assertion_id.in_(some)).values(withdrawn_at=self._tx.now())
            ).rowcount
            for some in chunks(sorted(assertion_ids))
        )

    def decided(self, learner_id: str) -> list[ReviewItem]:
        """The learner's decided items, in the order of their decisions."""
        return self._decided(_REVIEWS.c.learner_id == learner_id)

    def every_decision(self, *, since: datetime | None = None) -> list[ReviewItem]:
        return self._decided(*([] if since is None else [_REVIEWS.c.decided_at >= since]))

    def _kept(self, items: list[ReviewItem]) -> list[ReviewItem]:
        """Without what a rollout does not reach."""
        return self._rollouts.within(items, lambda i: (i.learner_id, i.skill_id))

    def _decided(self, *where: ColumnElement[bool]) -> list[ReviewItem]:
        order = (_REVIEWS.c.decided_at, _REVIEWS.c.id)
        query = select(_REVIEWS).where(_REVIEWS.c.decision.is_not(None), *where).order_by(*order)
        return [item_of(r) for r in self._tx.connection.execute(query)]


def _values(i: ReviewItem) -> dict[str, Any]:
    return {**queued_values(i), "needs": i.needs}


def item_of(r: Row[Any]) -> ReviewItem:
    return ReviewItem(id=r.id, **queued_of(r), needs=r.needs or "")


def queued_values(i: ReviewItem | ReviewCheck) -> dict[str, Any]:
    """The columns that whatever stands in the queue has, but the id."""
    return {
        "assertion_id": i.assertion_id,
        "learner_id": i.learner_id,
        "skill_id": i.skill_id,
        "reasons": list(i.reasons),
        "priority": i.priority,
        "assignee": i.assignee,
        "due_on": i.due_on,
        "created_at": i.created_at,
        "decision": None if i.decision is None else i.decision.value,
        "decided_level": None if i.decided_level is None else int(i.decided_level),
        "decided_by": i.decided_by,
        "decision_reason": i.decision_reason,
        "decided_at": i.decided_at,
        "own_level": i.own_level,
        "shown_at": i.shown_at,
    }


def queued_of(r: Row[Any]) -> dict[str, Any]:
    """What :func:`queued_values` wrote, as the domain has it."""
    return {
        "assertion_id": r.assertion_id,
        "learner_id": r.learner_id,
        "skill_id": r.skill_id,
        "reasons": tuple(r.reasons),
        "priority": r.priority,
        "assignee": r.assignee,
        "due_on": r.due_on,
        "created_at": r.created_at,
        "decision": None if r.decision is None else DecisionKind(r.decision),
        "decided_level": None if r.decided_level is None else Level(r.decided_level),
        "decided_by": r.decided_by,
        "decision_reason": r.decision_reason,
        "decided_at": r.decided_at,
        "own_level": r.own_level,
        "shown_at": r.shown_at,
    }
