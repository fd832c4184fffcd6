"""Single uses of content, and jobs that an HRIS describes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from sqlalchemy import Row, delete, func, select, update

from ascertain.domain.activity import Engagement, EngagementFold, JobProposal
from ascertain.store.schema import table
from ascertain.store.schema_ingest import EngagementRow, ProposalRow
from ascertain.store.statements import Tx, chunks, upsert

_USES, _PROPOSALS = table(EngagementRow), table(ProposalRow)


class SqlEngagements:
    """``ascertain.domain.activity.Engagements``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def put(self, rows: Iterable[Engagement]) -> None:
        for part in chunks(sorted({r.ref: r for r in rows}.values(), key=lambda r: r.ref)):
            upsert(
                self._tx,
                _USES,
                [
                    {
                        "ref": r.ref,
                        "learner_id": r.learner_id,
                        "evidence_id": r.evidence_id,
                        "verb": r.verb,
                        "minutes": r.minutes,
                        "progress": r.progress,
                        "used_on": r.used_on,
                    }
                    for r in part
                ],
            )

    def drop(self, refs: Collection[str]) -> frozenset[str]:
        lost: set[str] = set()
        for part in chunks(sorted(set(refs))):
            query = select(_USES.c.evidence_id).where(_USES.c.ref.in_(part)).distinct()
            lost |= set(self._tx.connection.execute(query).scalars())
            self._tx.connection.execute(delete(_USES).where(_USES.c.ref.in_(part)))
        return frozenset(lost)

    def folds(self, evidence_ids: Collection[str]) -> dict[str, EngagementFold]:
        verbs: dict[str, list[str]] = {}
        found: dict[str, EngagementFold] = {}
        u = _USES.c
        for part in chunks(sorted(set(evidence_ids))):
            mine = u.evidence_id.in_(part)
            for r in self._tx.connection.execute(select(u.evidence_id, u.verb).where(mine).distinct().order_by(u.verb)):
                verbs.setdefault(r.evidence_id, []).append(r.verb)
            query = select(
                u.evidence_id,
                func.count().label("uses"),
                func.sum(u.minutes).label("minutes"),
                func.max(u.progress).label("progress"),
                func.max(u.used_on).label("last_on"),
            ).where(mine)
            for r in self._tx.connection.execute(query.group_by(u.evidence_id)):
                spoken = tuple(verbs[r.evidence_id])
                found[r.evidence_id] = EngagementFold(r.uses, spoken, r.minutes, r.progress, r.last_on)
        return found


class SqlJobProposals:
    """``ascertain.domain.activity.JobProposals``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def all(self) -> list[JobProposal]:
        query = select(_PROPOSALS).order_by(_PROPOSALS.c.connection, _PROPOSALS.c.code, _PROPOSALS.c.ref)
        return [_proposal(r) for r in self._tx.connection.execute(query)]

    def put(self, rows: Iterable[JobProposal]) -> tuple[int, int, int]:
        new = changed = unchanged = 0
        for part in chunks({r.ref: r for r in rows}.values()):
            query = select(_PROPOSALS).where(_PROPOSALS.c.ref.in_([r.ref for r in part]))
            known = {r.ref: _proposal(r) for r in self._tx.connection.execute(query)}
            wanted: list[JobProposal] = []
            for row in part:
                old = known.get(row.ref)
                if old is not None:
                    row = replace(row, accepted_as=old.accepted_as)
                    if replace(row, seen_at=old.seen_at) == old:
                        unchanged += 1
                        continue
                new, changed = new + (old is None), changed + (old is not None)
                wanted.append(row)
            upsert(self._tx, _PROPOSALS, [{**_values(r), "skills": list(r.skills)} for r in wanted])
        return new, changed, unchanged

    def accept(self, ref: str, profile_id: str) -> bool:
        statement = update(_PROPOSALS).where(_PROPOSALS.c.ref == ref).values(accepted_as=profile_id)
        return self._tx.connection.execute(statement).rowcount > 0


def _values(p: JobProposal) -> dict[str, object]:
    return {c.name: getattr(p, c.name) for c in _PROPOSALS.columns}


def _proposal(r: Row[tuple[object, ...]]) -> JobProposal:
    return JobProposal(
        ref=r.ref,
        connection=r.connection,
        code=r.code,
        title=r.title,
        summary=r.summary,
        department=r.department,
        skills=tuple(r.skills),
        active=r.active,
        seen_at=r.seen_at,
        accepted_as=r.accepted_as,
    )
