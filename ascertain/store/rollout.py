"""How far a rollout lets the product reach, and who moved which pilot to which phase.

The one place where a rollout is enforced: repositories ask here before they give anything out or take anything in, so
that no use case, page or job has to remember it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Row, func, insert, select

from ascertain.domain.evidence import Evidence
from ascertain.domain.people import Learner
from ascertain.domain.reach import EVERYTHING, NOWHERE, Reach
from ascertain.domain.rollout import NONE, Advance, Rollout, StoredReport, Verdict
from ascertain.store.schema import LearnerRow, table
from ascertain.store.schema_rollout import RolloutAdvanceRow, RolloutReportRow
from ascertain.store.statements import Tx, bump, by_prefix, chunks

T = TypeVar("T")

_LEARNERS, _ADVANCES, _REPORTS = table(LearnerRow), table(RolloutAdvanceRow), table(RolloutReportRow)
_WHO = select(
    *(_LEARNERS.c[name] for name in ("id", "name", "email", "department", "location", "job_title", "job_profile_id"))
)
_PEOPLE = "people"
"""The revision of people: how far they are reached is part of them."""


def _all_skills(_pilot: str) -> frozenset[str] | None:
    return None


@dataclass(frozen=True, slots=True)
class Boundaries:
    """The rollout, and the skills of a pilot (by its id; ``None`` for all) in the taxonomy in use."""

    rollout: Rollout = NONE
    skills: Callable[[str], frozenset[str] | None] = _all_skills


NO_ROLLOUT = Boundaries()


class SqlRollouts:
    """``ascertain.domain.rollout.Rollouts``. Costs nothing while no rollout is in force."""

    def __init__(self, tx: Tx, boundaries: Boundaries) -> None:
        self._tx = tx
        self._rollout = boundaries.rollout
        self._skills = boundaries.skills
        self._phases: dict[str, int] | None = None
        self._known: dict[str, Reach] = {}
        self.on = boundaries.rollout.enabled

    # -- reach ------------------------------------------------------------------------------------------------------

    def reader(self) -> Callable[[Learner], Reach]:
        if not self.on:
            return lambda _: EVERYTHING
        phases, today = self.phases(), self._tx.now().date()
        return lambda person: self._rollout.reach(person, phases, today)

    def outside(self, learner_ids: Collection[str]) -> frozenset[str]:
        if not self.on:
            return frozenset()
        return frozenset(i for i, r in self.reaches(learner_ids).items() if r.outside)

    def reaches(self, learner_ids: Collection[str]) -> Mapping[str, Reach]:
        """By learner id; nobody is reached whom the store does not know."""
        if not self.on:
            return dict.fromkeys(learner_ids, EVERYTHING)
        # A unit of work that writes may move people between cohorts: it asks anew each time.
        known = {} if self._tx.write else self._known
        read = self.reader()
        for some in chunks(sorted(set(learner_ids) - known.keys())):
            rows = self._tx.connection.execute(_WHO.where(_LEARNERS.c.id.in_(some)))
            known.update({r.id: read(Learner(**r._mapping)) for r in rows})
        return {i: known.get(i, NOWHERE) for i in learner_ids}

    def allows(self, learner_id: str, skill_id: str) -> bool:
        return bool(self.within([skill_id], lambda s: (learner_id, s)))

    def within(self, rows: Iterable[T], about: Callable[[T], tuple[str, str | None]]) -> list[T]:
        """Those rows whose person and skill are within reach; ``about`` says (learner id, skill id or ``None``)."""
        found = list(rows)
        if not self.on or not found:
            return found
        reaches = self.reaches({about(r)[0] for r in found})
        return [r for r in found if self._holds(reaches[about(r)[0]], about(r)[1])]

    def admitted(self, pieces: Iterable[Evidence]) -> list[Evidence]:
        """Those pieces that are within reach."""
        found = list(pieces)
        if not self.on or not found:
            return found
        reaches = self.reaches({e.learner_id for e in found})
        return [e for e in found if reaches[e.learner_id].admits(e)]

    def _holds(self, reach: Reach, skill_id: str | None) -> bool:
        if reach.outside:
            return False
        skills = self._skills(reach.pilot) if skill_id is not None and reach.pilot else None
        return skills is None or skill_id in skills

    # -- phases and reports -----------------------------------------------------------------------------------------

    def phases(self) -> Mapping[str, int]:
        if self._phases is None:
            newest = select(func.max(_ADVANCES.c.number)).group_by(_ADVANCES.c.pilot)
            query = select(_ADVANCES.c.pilot, _ADVANCES.c.phase).where(_ADVANCES.c.number.in_(newest))
            self._phases = {r.pilot: r.phase for r in self._tx.connection.execute(query)}
        return self._phases

    def advances(self, pilot: str | None = None) -> list[Advance]:
        query = select(_ADVANCES).order_by(_ADVANCES.c.number)
        if pilot is not None:
            query = query.where(_ADVANCES.c.pilot == pilot)
        return [
            Advance(r.pilot, r.phase, r.reason, r.report_id, r.moved_by, r.moved_at, r.number)
            for r in self._tx.connection.execute(query)
        ]

    def advance(self, made: Advance) -> None:
        last = self._tx.connection.execute(select(func.max(_ADVANCES.c.number))).scalar() or 0
        values = {
            "number": last + 1,
            "pilot": made.pilot,
            "phase": made.phase,
            "reason": made.reason,
            "report_id": made.report,
            "moved_by": made.by,
            "moved_at": made.at,
        }
        self._tx.connection.execute(insert(_ADVANCES).values(values))
        self.forget()
        bump(self._tx, _PEOPLE)

    def forget(self) -> None:
        """What was read of phases and people may have changed."""
        self._phases = None
        self._known.clear()

    def keep(self, report: StoredReport) -> None:
        values = {
            "id": report.id,
            "pilot": report.pilot,
            "phase": report.phase,
            "verdict": report.verdict.value,
            "figures": dict(report.figures),
            "made_by": report.by,
            "made_at": report.at,
        }
        self._tx.connection.execute(insert(_REPORTS).values(values))

    def report(self, report_id: str) -> StoredReport | None:
        row = by_prefix(self._tx, _REPORTS, report_id, "report")
        return None if row is None else _report(row)

    def reports(self, pilot: str) -> Sequence[StoredReport]:
        query = select(_REPORTS).where(_REPORTS.c.pilot == pilot).order_by(_REPORTS.c.made_at.desc(), _REPORTS.c.id)
        return [_report(r) for r in self._tx.connection.execute(query)]


def _report(r: Row[Any]) -> StoredReport:
    return StoredReport(r.id, r.pilot, r.phase, Verdict(r.verdict), r.figures, r.made_by, r.made_at)
