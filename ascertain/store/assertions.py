"""Assertions: what is said about a learner's skills, present and superseded."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, insert, select, update

from ascertain.domain.assertion import AssertionState
from ascertain.domain.casefile import Versions
from ascertain.domain.runs import Made, StoredAssertion
from ascertain.domain.skills import Level
from ascertain.errors import ConflictError, NotFoundError
from ascertain.store.rollout import SqlRollouts
from ascertain.store.runs import versions_json
from ascertain.store.schema import AssertionRow, table
from ascertain.store.statements import Tx, by_prefix, chunks

_ASSERTIONS = table(AssertionRow)
_CURRENT = _ASSERTIONS.c.state != AssertionState.SUPERSEDED.value

_OF = (
    select(_ASSERTIONS)
    .where(_ASSERTIONS.c.learner_id == bindparam("wanted"), _CURRENT)
    .order_by(_ASSERTIONS.c.learner_id, _ASSERTIONS.c.skill_id, _ASSERTIONS.c.id)
)
"""Built once: it is part of every reading of a person."""


class SqlAssertions:
    """``ascertain.domain.ports.Assertions``. Lists are ordered by learner, skill and id; what a rollout does not reach
    is in none of them."""

    def __init__(self, tx: Tx, rollouts: SqlRollouts) -> None:
        self._tx = tx
        self._rollouts = rollouts

    def get(self, assertion_id: str) -> StoredAssertion | None:
        """By full id or a prefix of it.

        Raises:
            ConflictError: when the prefix fits several; the message names them.
        """
        row = by_prefix(self._tx, _ASSERTIONS, assertion_id, "assertion")
        return None if row is None else next(iter(self._kept([assertion_of(row)])), None)

    def of(self, learner_id: str, *, current_only: bool = True) -> list[StoredAssertion]:
        if current_only:
            return self._kept([assertion_of(r) for r in self._tx.connection.execute(_OF, {"wanted": learner_id})])
        return self._select(_ASSERTIONS.c.learner_id == learner_id, current_only=False)

    def all(self, *, current_only: bool = True) -> list[StoredAssertion]:
        return self._select(current_only=current_only)

    def experts(
        self, level: Level, *, skills: Collection[str] | None = None, made_before: date | None = None
    ) -> list[StoredAssertion]:
        """Accepted assertions of at least ``level``; ``made_before`` leaves out what was made on that day (UTC) or
        later."""
        where = [_ASSERTIONS.c.state == AssertionState.ACCEPTED.value, _ASSERTIONS.c.level >= int(level)]
        if made_before is not None:
            where.append(_ASSERTIONS.c.created_at < datetime.combine(made_before, time(), UTC))
        if skills is None:
            return self._select(*where, current_only=True)
        found = [
            a
            for some in chunks(sorted(skills))
            for a in self._select(*where, _ASSERTIONS.c.skill_id.in_(some), current_only=True)
        ]
        return sorted(found, key=lambda a: (a.learner_id, a.skill_id, a.id))

    def made(self, since: datetime) -> list[Made]:
        c = _ASSERTIONS.c
        query = (
            select(c.id, c.learner_id, c.created_at, c.result).where(c.created_at >= since).order_by(c.created_at, c.id)
        )
        rows = [Made(*r) for r in self._tx.connection.execute(query)]
        return self._rollouts.within(rows, lambda m: (m.learner_id, None))

    def about(self, skills: Collection[str]) -> list[StoredAssertion]:
        """Present assertions about these skills."""
        found = [
            a
            for some in chunks(sorted(skills))
            for a in self._select(_ASSERTIONS.c.skill_id.in_(some), current_only=True)
        ]
        return sorted(found, key=lambda a: (a.learner_id, a.skill_id, a.id))

    def ever_about(self, skills: Collection[str]) -> set[str]:
        found: set[str] = set()
        for some in chunks(sorted(skills)):
            query = select(_ASSERTIONS.c.skill_id).where(_ASSERTIONS.c.skill_id.in_(some)).distinct()
            found.update(self._tx.connection.execute(query).scalars())
        return found

    def accepted(self, skills: Collection[str]) -> list[tuple[str, str, int]]:
        c = _ASSERTIONS.c
        asked = select(c.learner_id, c.skill_id, c.level).where(c.state == AssertionState.ACCEPTED.value)
        found: list[tuple[str, str, int]] = []
        for some in chunks(sorted(skills)):
            query = asked.where(c.level.is_not(None), c.skill_id.in_(some)).order_by(c.learner_id, c.skill_id, c.id)
            found += [(r[0], r[1], int(r[2])) for r in self._tx.connection.execute(query)]
        return self._rollouts.within(found, lambda row: row[:2])

    def add(self, rows: Iterable[StoredAssertion]) -> None:
        """Insert.

        Raises:
            ConflictError: when the run has an assertion of that skill already, or is not stored, or when a rollout does
                not reach that skill of that person.
        """
        given = list(rows)
        if len(self._kept(given)) < len(given):
            raise ConflictError(
                "an assertion is outside of the rollout, so none was stored",
                remedy="assess anew: the pilot has changed since this assessment began",
            )
        values = [_row(a) for a in given]
        if values:
            self._tx.connection.execute(insert(_ASSERTIONS), values)

    def set_state(
        self,
        assertion_id: str,
        state: AssertionState,
        *,
        level: int | None = None,
        human_reviewed: bool = False,
    ) -> None:
        """Move to ``state``. Without ``level`` the level stays; once reviewed by a human it stays so.

        Raises:
            NotFoundError: when there is no such assertion (full id).
        """
        values: dict[str, Any] = {"state": state.value}
        if level is not None:
            values["level"] = int(Level(level))
        if human_reviewed:
            values["human_reviewed"] = True
        statement = update(_ASSERTIONS).where(_ASSERTIONS.c.id == assertion_id).values(values)
        if not self._tx.connection.execute(statement).rowcount:
            raise NotFoundError(f"there is no assertion {assertion_id!r}")

    def set_back(self, assertion_id: str, state: AssertionState, level: Level | None, *, human_reviewed: bool) -> None:
        """
        Raises:
            NotFoundError: when there is no such assertion (full id).
        """
        values = {
            "state": state.value,
            "level": None if level is None else int(level),
            "human_reviewed": human_reviewed,
        }
        statement = update(_ASSERTIONS).where(_ASSERTIONS.c.id == assertion_id).values(values)
        if not self._tx.connection.execute(statement).rowcount:
            raise NotFoundError(f"there is no assertion {assertion_id!r}")

    def supersede(self, learner_id: str, *, keep_run: str) -> int:
        """Mark the learner's assertions of other runs superseded; how many were not so before."""
        statement = (
            update(_ASSERTIONS)
            .where(_ASSERTIONS.c.learner_id == learner_id, _ASSERTIONS.c.run_id != keep_run, _CURRENT)
            .values(state=AssertionState.SUPERSEDED.value)
        )
        return self._tx.connection.execute(statement).rowcount

    def set_inputs(self, assertion_id: str, inputs: str) -> None:
        statement = update(_ASSERTIONS).where(_ASSERTIONS.c.id == assertion_id).values(inputs=inputs)
        self._tx.connection.execute(statement)

    def _select(self, *where: ColumnElement[bool], current_only: bool) -> list[StoredAssertion]:
        query = (
            select(_ASSERTIONS)
            .where(*where, *([_CURRENT] if current_only else []))
            .order_by(_ASSERTIONS.c.learner_id, _ASSERTIONS.c.skill_id, _ASSERTIONS.c.id)
        )
        return self._kept([assertion_of(r) for r in self._tx.connection.execute(query)])

    def _kept(self, rows: list[StoredAssertion]) -> list[StoredAssertion]:
        return self._rollouts.within(rows, lambda a: (a.learner_id, a.skill_id))


def _row(a: StoredAssertion) -> dict[str, Any]:
    return {
        "id": a.id,
        "run_id": a.run_id,
        "learner_id": a.learner_id,
        "skill_id": a.skill_id,
        "skill_label": a.skill_label,
        "level": None if a.level is None else int(a.level),
        "confidence": a.confidence,
        "low": a.low,
        "high": a.high,
        "amount": a.amount,
        "state": a.state.value,
        "reasons": list(a.reasons),
        "versions": versions_json(a.versions),
        "as_of": a.as_of,
        "result": a.result,
        "inputs": a.inputs,
        "created_at": a.created_at,
        "human_reviewed": a.human_reviewed,
        "raw": a.raw,
    }


def assertion_of(r: Row[Any]) -> StoredAssertion:
    return StoredAssertion(
        id=r.id,
        run_id=r.run_id,
        learner_id=r.learner_id,
        skill_id=r.skill_id,
        skill_label=r.skill_label,
        level=None if r.level is None else Level(r.level),
        confidence=r.confidence,
        low=r.low,
        high=r.high,
        amount=r.amount,
        state=AssertionState(r.state),
        reasons=tuple(r.reasons),
        versions=Versions(**r.versions),
        as_of=r.as_of,
        result=r.result,
        inputs=r.inputs,
        created_at=r.created_at,
        human_reviewed=r.human_reviewed,
        raw=r.raw,
    )
