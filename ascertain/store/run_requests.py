"""Assessments that somebody asked for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, insert, select, update

from ascertain.domain.run_requests import Member, MemberState, RunRequest
from ascertain.domain.runs import RunState
from ascertain.store.schema import RunRow, table
from ascertain.store.schema_api import RunRequestMemberRow, RunRequestRow
from ascertain.store.statements import Tx, chunks, upsert

_REQUESTS, _MEMBERS, _RUNS = table(RunRequestRow), table(RunRequestMemberRow), table(RunRow)


class SqlRunRequests:
    """``ascertain.domain.run_requests.RunRequests``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def get(self, request_id: str) -> RunRequest | None:
        r = self._tx.connection.execute(select(_REQUESTS).where(_REQUESTS.c.id == request_id)).first()
        return RunRequest(**r._mapping) if r is not None else None

    def add(self, request: RunRequest, members: Sequence[Member]) -> None:
        values = {
            "id": request.id,
            "cohort": request.cohort,
            "asked_by": request.asked_by,
            "asked_at": request.asked_at,
            "force": request.force,
            "cancelled_at": request.cancelled_at,
        }
        self._tx.connection.execute(insert(_REQUESTS).values(values))
        self.set_members(request.id, members)

    def members(self, request_id: str) -> list[Member]:
        query = select(_MEMBERS).where(_MEMBERS.c.request_id == request_id).order_by(_MEMBERS.c.learner_id)
        return [Member(r.learner_id, MemberState(r.state), r.run_id) for r in self._tx.connection.execute(query)]

    def newest(self, *, since: datetime, limit: int) -> list[RunRequest]:
        query = select(_REQUESTS).where(_REQUESTS.c.asked_at >= since)
        query = query.order_by(_REQUESTS.c.asked_at.desc(), _REQUESTS.c.id.desc()).limit(limit)
        return [RunRequest(**r._mapping) for r in self._tx.connection.execute(query)]

    def members_of(self, request_ids: Collection[str]) -> dict[str, list[Member]]:
        found: dict[str, list[Member]] = {i: [] for i in request_ids}
        for some in chunks(sorted(found)):
            query = select(_MEMBERS).where(_MEMBERS.c.request_id.in_(some)).order_by(_MEMBERS.c.learner_id)
            for r in self._tx.connection.execute(query):
                found[r.request_id].append(Member(r.learner_id, MemberState(r.state), r.run_id))
        return found

    def set_members(self, request_id: str, members: Sequence[Member]) -> None:
        now = self._tx.now()
        rows = [
            {
                "request_id": request_id,
                "learner_id": m.learner_id,
                "run_id": m.run_id,
                "state": m.state.value,
                "cancelled_at": now if m.state is MemberState.CANCELLED else None,
            }
            for m in members
        ]
        for some in chunks(rows):
            upsert(self._tx, _MEMBERS, some)

    def cancel(self, request_id: str, at: datetime) -> None:
        chosen = update(_REQUESTS).where(_REQUESTS.c.id == request_id, _REQUESTS.c.cancelled_at.is_(None))
        self._tx.connection.execute(chosen.values(cancelled_at=at))

    def cancelled(self, run_ids: Collection[str]) -> dict[str, datetime]:
        found: dict[str, datetime] = {}
        for some in chunks(sorted(set(run_ids) - {""})):
            query = (
                select(_MEMBERS.c.run_id, func.max(_MEMBERS.c.cancelled_at).label("at"))
                .where(_MEMBERS.c.run_id.in_(some), _MEMBERS.c.cancelled_at.is_not(None))
                .group_by(_MEMBERS.c.run_id)
            )
            found |= {r.run_id: r.at for r in self._tx.connection.execute(query)}
        return found

    def uncancel(self, run_id: str) -> None:
        self._tx.connection.execute(update(_MEMBERS).where(_MEMBERS.c.run_id == run_id).values(cancelled_at=None))

    def run_states(self, request_id: str) -> dict[str, RunState]:
        query = (
            select(_RUNS.c.id, _RUNS.c.state)
            .join(_MEMBERS, _MEMBERS.c.run_id == _RUNS.c.id)
            .where(_MEMBERS.c.request_id == request_id)
        )
        return {r.id: RunState(r.state) for r in self._tx.connection.execute(query)}
