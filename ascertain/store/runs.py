"""Runs with their documents."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, func, select, update

from ascertain.domain.casefile import Versions
from ascertain.domain.runs import Run, RunState
from ascertain.errors import NotFoundError
from ascertain.store.rollout import SqlRollouts
from ascertain.store.schema import RunDocumentRow, RunRow, table
from ascertain.store.statements import Tx, chunks, upsert

_RUNS, _DOCUMENTS = table(RunRow), table(RunDocumentRow)
_NEWEST = (_RUNS.c.finished_at.desc(), _RUNS.c.started_at.desc(), _RUNS.c.id.desc())

_LATEST = (
    select(_RUNS)
    .where(_RUNS.c.learner_id == bindparam("wanted"), _RUNS.c.state == RunState.DONE.value)
    .order_by(*_NEWEST)
    .limit(1)
)
_SOME_DOCUMENTS = select(_DOCUMENTS.c.name, _DOCUMENTS.c.document).where(
    _DOCUMENTS.c.run_id == bindparam("wanted"), _DOCUMENTS.c.name.in_(bindparam("names", expanding=True))
)
"""Built once, both: they are part of every reading of a person."""

_BY_SKILL = frozenset({"gaps", "needs"})
"""Documents that are lists with a skill in each row."""


class SqlRuns:
    """``ascertain.domain.ports.Runs``."""

    def __init__(self, tx: Tx, rollouts: SqlRollouts) -> None:
        self._tx = tx
        self._rollouts = rollouts

    def find(self, learner_id: str, fingerprint: str) -> Run | None:
        query = select(_RUNS).where(_RUNS.c.learner_id == learner_id, _RUNS.c.fingerprint == fingerprint)
        return _run(self._tx.connection.execute(query).first())

    def get(self, run_id: str) -> Run | None:
        return _run(self._tx.connection.execute(select(_RUNS).where(_RUNS.c.id == run_id)).first())

    def latest(self, learner_id: str, *, before: datetime | None = None) -> Run | None:
        """The newest run that reached ``done``; with ``before`` the newest that had reached it by then."""
        query = _LATEST if before is None else _LATEST.where(_RUNS.c.finished_at < before)
        if self._rollouts.outside([learner_id]):
            return None
        return _run(self._tx.connection.execute(query, {"wanted": learner_id}).first())

    def begun(self, learner_id: str) -> list[Run]:
        """Those that have not ended, oldest first."""
        query = (
            select(_RUNS)
            .where(_RUNS.c.learner_id == learner_id, _RUNS.c.state == RunState.STARTED.value)
            .order_by(_RUNS.c.started_at, _RUNS.c.id)
        )
        return [r for row in self._tx.connection.execute(query) if (r := _run(row)) is not None]

    def begun_before(self, at: datetime) -> list[Run]:
        """Of everybody, those begun before then that have not ended, oldest first."""
        query = (
            select(_RUNS)
            .where(_RUNS.c.state == RunState.STARTED.value, _RUNS.c.started_at < at)
            .order_by(_RUNS.c.started_at, _RUNS.c.id)
        )
        return [r for row in self._tx.connection.execute(query) if (r := _run(row)) is not None]

    def put(self, run: Run) -> None:
        """Insert, or replace the run with that id.

        Raises:
            ConflictError: when another run has this learner and fingerprint, or the learner is unknown.
        """
        row = {
            "id": run.id,
            "learner_id": run.learner_id,
            "fingerprint": run.fingerprint,
            "state": run.state.value,
            "as_of": run.as_of,
            "versions": versions_json(run.versions),
            "started_by": run.trigger,
            "started_at": run.started_at,
            "finished_at": run.finished_at,
            "stamp": run.stamp,
            "outcome": dict(run.outcome),
        }
        upsert(self._tx, _RUNS, [row])

    def put_documents(self, run_id: str, documents: Mapping[str, Any]) -> None:
        """Keep named documents, replacing those of the same name. Dataclasses, enums, dates and sets become JSON.

        Raises:
            ConflictError: when there is no such run.
        """
        rows = [{"run_id": run_id, "name": n, "document": documents[n]} for n in sorted(documents)]
        upsert(self._tx, _DOCUMENTS, rows)

    def document(self, run_id: str, name: str) -> Any:
        """The document; ``None`` when the run has none of that name."""
        query = select(_DOCUMENTS.c.document).where(_DOCUMENTS.c.run_id == run_id, _DOCUMENTS.c.name == name)
        return self._reached(run_id, {name: self._tx.connection.execute(query).scalar()})[name]

    def documents(self, run_id: str, names: Collection[str]) -> dict[str, Any]:
        """Several at once, by name; without those that the run has not."""
        found = self._tx.connection.execute(_SOME_DOCUMENTS, {"wanted": run_id, "names": list(names)})
        return self._reached(run_id, {r.name: r.document for r in found})

    def _reached(self, run_id: str, found: dict[str, Any]) -> dict[str, Any]:
        """A run from before a pilot began knows skills that the pilot leaves out."""
        if not self._rollouts.on or found.keys().isdisjoint(_BY_SKILL):
            return found
        owner = self._tx.connection.execute(select(_RUNS.c.learner_id).where(_RUNS.c.id == run_id)).scalar()
        return {
            name: self._rollouts.within(document, lambda row: (owner or "", row["skill_id"]))
            if name in _BY_SKILL and document
            else document
            for name, document in found.items()
        }

    def documents_of(self, learner_id: str) -> dict[str, dict[str, Any]]:
        query = (
            select(_DOCUMENTS.c.run_id, _DOCUMENTS.c.name, _DOCUMENTS.c.document)
            .join(_RUNS, _RUNS.c.id == _DOCUMENTS.c.run_id)
            .where(_RUNS.c.learner_id == learner_id)
        )
        found: dict[str, dict[str, Any]] = {}
        for r in self._tx.connection.execute(query):
            found.setdefault(r.run_id, {})[r.name] = r.document
        return found

    def latest_stamps(self, learner_ids: Collection[str] | None = None) -> dict[str, str]:
        """By learner id, the stamp of the run that :meth:`latest` gives."""
        if learner_ids is None:
            return self._latest_stamps(None)
        found: dict[str, str] = {}
        for some in chunks(sorted(set(learner_ids))):
            found |= self._latest_stamps(_RUNS.c.learner_id.in_(some))
        return found

    def forget_stamps(self, learner_ids: Collection[str] | None = None) -> int:
        """Let the next sweep compare the present cases of these people (or of everybody) with their newest runs."""
        blank = update(_RUNS).where(_RUNS.c.state == RunState.DONE.value, _RUNS.c.stamp != "").values(stamp="")
        if learner_ids is None:
            return self._tx.connection.execute(blank).rowcount
        return sum(
            self._tx.connection.execute(blank.where(_RUNS.c.learner_id.in_(some))).rowcount
            for some in chunks(sorted(set(learner_ids)))
        )

    def _latest_stamps(self, whose: ColumnElement[bool] | None) -> dict[str, str]:
        newest = func.row_number().over(partition_by=_RUNS.c.learner_id, order_by=_NEWEST)
        ranked = (
            select(_RUNS.c.learner_id, _RUNS.c.stamp, newest.label("rank"))
            .where(_RUNS.c.state == RunState.DONE.value, *([] if whose is None else [whose]))
            .subquery()
        )
        query = select(ranked.c.learner_id, ranked.c.stamp).where(ranked.c.rank == 1)
        return {r[0]: r[1] for r in self._tx.connection.execute(query)}

    def some(self, run_ids: Collection[str]) -> dict[str, Run]:
        found: dict[str, Run] = {}
        for ids in chunks(sorted(set(run_ids) - {""})):
            for r in self._tx.connection.execute(select(_RUNS).where(_RUNS.c.id.in_(ids))):
                found[r.id] = _some(r)
        return found

    def recent(self, since: datetime, *, limit: int) -> list[Run]:
        query = select(_RUNS).where(_RUNS.c.started_at >= since).order_by(_RUNS.c.started_at.desc(), _RUNS.c.id.desc())
        found = [_some(r) for r in self._tx.connection.execute(query.limit(limit))]
        return self._rollouts.within(found, lambda run: (run.learner_id, None))

    def set_stamp(self, run_id: str, stamp: str) -> None:
        """
        Raises:
            NotFoundError: when there is no such run.
        """
        if not self._tx.connection.execute(update(_RUNS).where(_RUNS.c.id == run_id).values(stamp=stamp)).rowcount:
            raise NotFoundError(f"there is no run {run_id!r}")

    def any_done(self) -> bool:
        """Whether there is a finished run of anybody."""
        query = select(_RUNS.c.id).where(_RUNS.c.state == RunState.DONE.value).limit(1)
        return self._tx.connection.execute(query).first() is not None

    def states(self) -> dict[str, int]:
        """Number of runs by state."""
        query = select(_RUNS.c.state, func.count()).group_by(_RUNS.c.state).order_by(_RUNS.c.state)
        return {r[0]: r[1] for r in self._tx.connection.execute(query)}


def versions_json(v: Versions) -> dict[str, str]:
    """The versions a result rests on, as JSON."""
    return {
        "policy": v.policy,
        "taxonomy": v.taxonomy,
        "brain": v.brain,
        "prompts": v.prompts,
        "mapper": v.mapper,
        "calibration": v.calibration,
    }


def _run(r: Row[Any] | None) -> Run | None:
    return None if r is None else _some(r)


def _some(r: Row[Any]) -> Run:
    return Run(
        id=r.id,
        learner_id=r.learner_id,
        fingerprint=r.fingerprint,
        state=RunState(r.state),
        as_of=r.as_of,
        versions=Versions(**r.versions),
        trigger=r.started_by,
        started_at=r.started_at,
        finished_at=r.finished_at,
        stamp=r.stamp,
        outcome=r.outcome,
    )
