"""The reviewers' desk: looks, and items whose answer is known."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, insert, select, update

from ascertain.domain.assertion import AssertionState
from ascertain.domain.canonical import digest
from ascertain.domain.reviewing import CheckKind, Look, ReviewCheck
from ascertain.domain.skills import Level
from ascertain.errors import NotFoundError
from ascertain.store.reviews import queued_of, queued_values
from ascertain.store.schema import AssertionRow, table
from ascertain.store.schema_review import CheckRow, LookRow
from ascertain.store.statements import Tx, by_prefix, chunks

_LOOKS, _CHECKS, _ASSERTIONS = table(LookRow), table(CheckRow), table(AssertionRow)
_QUEUED = (_CHECKS.c.priority, _CHECKS.c.due_on, _CHECKS.c.created_at, _CHECKS.c.id)


class SqlLooks:
    """``ascertain.domain.reviewing.Looks``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def get(self, item_id: str, reviewer: str) -> Look | None:
        query = select(_LOOKS).where(_LOOKS.c.item_id == item_id, _LOOKS.c.id == _look_id(item_id, reviewer))
        r = self._tx.connection.execute(query).first()
        if r is None:
            return None
        return Look(r.item_id, r.learner_id, r.reviewer, r.shown_at, r.own_level, r.judged_at)

    def put(self, look: Look) -> None:
        ident = _look_id(look.item_id, look.reviewer)
        values = {
            "item_id": look.item_id,
            "learner_id": look.learner_id,
            "reviewer": look.reviewer,
            "shown_at": look.shown_at,
            "own_level": look.own_level,
            "judged_at": look.judged_at,
        }
        if not self._tx.connection.execute(update(_LOOKS).where(_LOOKS.c.id == ident).values(values)).rowcount:
            self._tx.connection.execute(insert(_LOOKS).values({"id": ident, **values}))


class SqlChecks:
    """``ascertain.domain.reviewing.Checks``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def get(self, check_id: str) -> ReviewCheck | None:
        row = by_prefix(self._tx, _CHECKS, check_id, "review item", lock=self._tx.write)
        return None if row is None else _check(row)

    def open(self, *, assignee: str | None = None, learner_id: str | None = None) -> list[ReviewCheck]:
        """Those about assertions that a newer run has replaced are gone, as real items are."""
        present = select(_ASSERTIONS.c.id).where(_ASSERTIONS.c.state != AssertionState.SUPERSEDED.value)
        where: list[ColumnElement[bool]] = [_CHECKS.c.decision.is_(None), _CHECKS.c.assertion_id.in_(present)]
        if assignee is not None:
            where.append(_CHECKS.c.assignee == assignee)
        if learner_id is not None:
            where.append(_CHECKS.c.learner_id == learner_id)
        return self._select(*where, order=_QUEUED)

    def add(self, check: ReviewCheck) -> bool:
        known = select(_CHECKS.c.id).where(_CHECKS.c.id == check.id)
        if self._tx.connection.execute(known).first() is not None:
            return False
        self._tx.connection.execute(insert(_CHECKS).values({"id": check.id, **_values(check)}))
        return True

    def put(self, check: ReviewCheck) -> None:
        """Replace.

        Raises:
            NotFoundError: when there is no such check.
        """
        statement = update(_CHECKS).where(_CHECKS.c.id == check.id).values(_values(check))
        if not self._tx.connection.execute(statement).rowcount:
            raise NotFoundError(f"there is no review item {check.id!r}")

    def drop(self, check_id: str) -> bool:
        statement = delete(_CHECKS).where(_CHECKS.c.id == check_id, _CHECKS.c.decision.is_(None))
        return self._tx.connection.execute(statement).rowcount > 0

    def decided(self, *, since: datetime | None = None) -> list[ReviewCheck]:
        where: list[ColumnElement[bool]] = [_CHECKS.c.decision.is_not(None)]
        if since is not None:
            where.append(_CHECKS.c.decided_at >= since)
        return self._select(*where, order=(_CHECKS.c.decided_at, _CHECKS.c.id))

    def about(self, learner_ids: Collection[str]) -> list[ReviewCheck]:
        found = [
            c
            for some in chunks(sorted(learner_ids))
            for c in self._select(_CHECKS.c.learner_id.in_(some), order=_QUEUED)
        ]
        return sorted(found, key=lambda c: c.id)

    def _select(self, *where: ColumnElement[bool], order: tuple[Any, ...]) -> list[ReviewCheck]:
        return [_check(r) for r in self._tx.connection.execute(select(_CHECKS).where(*where).order_by(*order))]


def _look_id(item_id: str, reviewer: str) -> str:
    return "k" + digest([item_id, reviewer.casefold()], length=31)


def _values(c: ReviewCheck) -> dict[str, Any]:
    return {
        **queued_values(c),
        "kind": c.kind.value,
        "suggested": int(c.suggested),
        "confidence": c.confidence,
        "truth": c.truth,
        "altered": c.altered,
    }


def _check(r: Row[Any]) -> ReviewCheck:
    return ReviewCheck(
        id=r.id,
        **queued_of(r),
        kind=CheckKind(r.kind),
        suggested=Level(r.suggested),
        confidence=r.confidence,
        truth=r.truth,
        altered=r.altered,
    )
