"""Key roles, nominations, how ready people were, and what bias checks came to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, delete, select

from ascertain.domain.matching import MatchCheck
from ascertain.domain.readiness import Band, Span
from ascertain.domain.succession import Candidate, KeyRole, Snapshot
from ascertain.store.schema import table
from ascertain.store.schema_succession import KeyRoleRow, ReadinessRow, SuccessionCheckRow, SuccessionRow
from ascertain.store.statements import Tx, upsert

_ROLES, _LIST, _READY, _CHECKS = map(table, (KeyRoleRow, SuccessionRow, ReadinessRow, SuccessionCheckRow))


class SqlSuccessions:
    """``ascertain.domain.succession.Successions``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def roles(self, *, closed: bool = False) -> list[KeyRole]:
        query = select(_ROLES).order_by(_ROLES.c.id)
        if not closed:
            query = query.where(_ROLES.c.closed == "")
        return [_role(r) for r in self._tx.connection.execute(query)]

    def role(self, key_role_id: str) -> KeyRole | None:
        row = self._tx.connection.execute(select(_ROLES).where(_ROLES.c.id == key_role_id)).first()
        return None if row is None else _role(row)

    def put_role(self, role: KeyRole) -> None:
        fields = ("id", "title", "job_profile_id", "seats", "source", "keeper_id", "closed")
        upsert(self._tx, _ROLES, [{f: getattr(role, f) for f in fields} | {"incumbents": list(role.incumbents)}])

    def of_role(self, key_role_id: str) -> list[Candidate]:
        query = select(_LIST).where(_LIST.c.key_role_id == key_role_id).order_by(_LIST.c.learner_id)
        return [_candidate(r) for r in self._tx.connection.execute(query)]

    def of_person(self, learner_id: str) -> list[Candidate]:
        query = select(_LIST).where(_LIST.c.learner_id == learner_id).order_by(_LIST.c.key_role_id)
        return [_candidate(r) for r in self._tx.connection.execute(query)]

    def put(self, candidate: Candidate) -> None:
        fields = ("key_role_id", "learner_id", "nominated_by", "nominated_at", "reason", "objected_at", "objection")
        upsert(self._tx, _LIST, [{f: getattr(candidate, f) for f in fields}])

    def drop(self, key_role_id: str, learner_id: str) -> bool:
        for source in (_READY, _LIST):
            mine = delete(source).where(source.c.key_role_id == key_role_id, source.c.learner_id == learner_id)
            gone = self._tx.connection.execute(mine).rowcount
        return bool(gone)

    def snapshots(self, learner_id: str) -> list[Snapshot]:
        query = select(_READY).where(_READY.c.learner_id == learner_id).order_by(_READY.c.key_role_id, _READY.c.month)
        return [_snapshot(r) for r in self._tx.connection.execute(query)]

    def put_snapshot(self, snapshot: Snapshot) -> None:
        s = snapshot
        ids = {"key_role_id": s.key_role_id, "learner_id": s.learner_id, "month": s.month, "taken_at": s.taken_at}
        figures = {"low": s.covered.low, "point": s.covered.point, "high": s.covered.high, "known": s.known}
        weeks = {"weeks_low": s.weeks.low, "weeks": s.weeks.point, "weeks_high": s.weeks.high}
        bands = {"best": s.best.value, "band": s.band.value, "worst": s.worst.value, "enough": s.enough}
        upsert(self._tx, _READY, [ids | figures | weeks | bands])

    def check(self, key_role_id: str) -> MatchCheck | None:
        row = self._tx.connection.execute(select(_CHECKS).where(_CHECKS.c.key_role_id == key_role_id)).first()
        if row is None:
            return None
        return MatchCheck(key_role_id, row.digest, row.checked_at, row.comparisons, row.flagged, row.too_few)

    def put_check(self, check: MatchCheck) -> None:
        row = {"key_role_id": check.opening_id, "digest": check.digest, "checked_at": check.at}
        counts = {"comparisons": check.comparisons, "flagged": check.flagged, "too_few": check.too_few}
        upsert(self._tx, _CHECKS, [row | counts])


def _role(r: Row[Any]) -> KeyRole:
    return KeyRole(r.id, r.title, r.job_profile_id, r.seats, r.source, tuple(r.incumbents), r.keeper_id, r.closed)


def _candidate(r: Row[Any]) -> Candidate:
    return Candidate(**r._mapping)


def _snapshot(r: Row[Any]) -> Snapshot:
    return Snapshot(
        r.learner_id,
        r.key_role_id,
        r.month,
        r.taken_at,
        Span(r.low, r.point, r.high),
        Span(r.weeks_low, r.weeks, r.weeks_high),
        Band(r.best),
        Band(r.band),
        Band(r.worst),
        r.enough,
        r.known,
    )
