"""Deletes what has been held longer than the policy says, and keeps a record of each deletion."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ascertain.domain.audit import CUT
from ascertain.domain.people import Learner
from ascertain.domain.ports import Clock, UnitOfWork, UnitOfWorkFactory
from ascertain.domain.retention import AUDIT, LEFT, Cut, Deletion, Hold, Kind, RetentionRules, limit
from ascertain.errors import ConflictError, InputError, NotFoundError
from ascertain.pipeline.stop import is_stopped
from ascertain.pipeline.write_back_switch import named

BATCH = 2000
"""Rows deleted in one transaction: a run that is stopped has lost nothing, and the next one goes on."""

ACTOR = "retention"


@dataclass(frozen=True, slots=True)
class Due:
    """How many rows of a kind have been held longer than ``days``."""

    kind: str
    days: int | None
    rows: int


@dataclass(frozen=True, slots=True)
class RetainPlan:
    """What a run would delete. ``held`` is how many people legal holds cover."""

    policy: str
    due: tuple[Due, ...]
    held: int

    @property
    def rows(self) -> int:
        return sum(d.rows for d in self.due)


@dataclass(slots=True)
class RetainReport:
    """What a run deleted; ``stopped`` when everything was stopped meanwhile."""

    policy: str
    deletions: list[Deletion] = field(default_factory=list)
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Retainer:
    """The use case with its collaborators.

    Attributes:
        forget: erases one person everywhere, as ``person erase`` does; gives back the rows that went.
        overwrite: called at the end, so that deleted bytes leave the disk.
    """

    units: UnitOfWorkFactory
    clock: Clock
    rules: RetentionRules
    policy: str
    forget: Callable[[Learner], Mapping[str, int]]
    overwrite: Callable[[], object]
    batch: int = BATCH

    def plan(self) -> RetainPlan:
        """Count, and change nothing."""
        now = self.clock.now()
        with self.units(write=False) as uow:
            held = held_people(uow)
            due = [self._due(uow, kind, now, held) for kind in Kind]
            left = self._left(uow, now, held)
            cut = None if uow.retention.holds() else uow.retention.cuttable(limit(now, self.rules.audit_days))
        due.append(Due(LEFT, self.rules.left_days, len(left)))
        due.append(Due(AUDIT, self.rules.audit_days, cut.records if cut else 0))
        return RetainPlan(self.policy, tuple(due), len(held))

    def run(self) -> RetainReport:
        """Delete. Each batch is one transaction with its deletion record; run again, there is nothing left to do."""
        report = RetainReport(self.policy)
        now = self.clock.now()
        with self.units() as uow:
            uow.retention.note_departures()
            uow.commit()
        try:
            for step in (self._people, self._kinds, self._chain):
                step(report, now)
                if is_stopped(self.units):
                    report.stopped = True
                    break
        finally:
            if report.deletions:
                self.overwrite()
        return report

    def _due(self, uow: UnitOfWork, kind: Kind, now: datetime, held: Collection[str]) -> Due:
        days = self.rules.days[kind]
        rows = 0 if days is None else uow.retention.count(kind, limit(now, days), held)
        return Due(kind.value, days, rows)

    def _left(self, uow: UnitOfWork, now: datetime, held: Collection[str]) -> list[str]:
        if self.rules.left_days is None:
            return []
        return [i for i in uow.retention.left(limit(now, self.rules.left_days)) if i not in held]

    def _people(self, report: RetainReport, now: datetime) -> None:
        with self.units(write=False) as uow:
            left = self._left(uow, now, held_people(uow))
        for learner_id in left:
            if is_stopped(self.units):
                return
            with self.units(write=False) as uow:
                learner = uow.people.get(learner_id)
                held = learner_id in held_people(uow)  # placed a moment ago
            if learner is None or held:
                continue
            rows = sum(self.forget(learner).values())
            with self.units() as uow:
                report.deletions.append(self._record(uow, LEFT, rows, limit(now, self.rules.left_days or 0), []))
                uow.commit()

    def _kinds(self, report: RetainReport, now: datetime) -> None:
        for kind in Kind:
            days = self.rules.days[kind]
            while days is not None and not is_stopped(self.units):
                before = limit(now, days)
                with self.units() as uow:
                    gone = uow.retention.purge(kind, before, held_people(uow), self.batch)
                    if not gone:
                        break
                    report.deletions.append(self._record(uow, kind.value, len(gone), before, gone))
                    uow.commit()

    def _chain(self, report: RetainReport, now: datetime) -> None:
        before = limit(now, self.rules.audit_days)
        with self.units() as uow:
            cut = None if uow.retention.holds() else uow.retention.cuttable(before)
            if cut is None:
                return

            def seal(c: Cut) -> None:
                header = {"through": c.through, "hash": c.hash, "until": c.until, "records": c.records}
                uow.audit.append(CUT, actor=ACTOR, header=header)
                report.deletions.append(self._record(uow, AUDIT, c.records, before, [c.hash]))

            uow.retention.cut(cut, seal)
            uow.commit()

    def _record(self, uow: UnitOfWork, kind: str, rows: int, before: datetime, ids: Sequence[str]) -> Deletion:
        digest = hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()
        made = Deletion(f"d{secrets.token_hex(6)}", self.clock.now(), kind, rows, before, self.policy, digest)
        uow.retention.record(made, ids)
        header = {"deletion": made.id, "kind": kind, "rows": rows, "before": before, "policy": self.policy}
        uow.audit.append("retention.deleted", actor=ACTOR, header={**header, "digest": digest})
        return made


def held_people(uow: UnitOfWork) -> frozenset[str]:
    """Ids of everybody whom a standing legal hold covers; people who have left belong to their last cohort."""
    holds = uow.retention.holds()
    if not holds:
        return frozenset()
    cohorts = {h.cohort.strip().casefold() for h in holds if h.cohort}
    found = {h.learner_id for h in holds if h.learner_id}
    if cohorts:
        for p in uow.people.all(active_only=False):
            own = {"all", p.department.strip().casefold(), (p.job_profile_id or "").casefold()}
            if own & cohorts:
                found.add(p.id)
    return frozenset(found)


def must_not_be_held(uow: UnitOfWork, learner: Learner) -> None:
    """
    Raises:
        ConflictError: the person is under a legal hold.
    """
    if learner.id in held_people(uow):
        raise ConflictError(
            f"{learner.id} is under a legal hold, so nothing of theirs is deleted",
            remedy="`ascertain retain holds` shows it, `ascertain retain release HOLD` ends it",
        )


def place_hold(
    units: UnitOfWorkFactory, clock: Clock, actor: str, reason: str, *, learner: Learner | None, cohort: str | None
) -> Hold:
    """Keep everything of a person or a cohort from being deleted.

    Raises:
        InputError: nobody is named, there is no reason, or neither or both of person and cohort are given.
    """
    if (learner is None) == (not cohort):
        raise InputError("give a person or a cohort", field="person", remedy="--person ID, or --cohort NAME")
    if not reason.strip():
        raise InputError("a legal hold needs a reason", field="reason", remedy="say why in a few words")
    by = named(actor)
    made = Hold(
        f"h{secrets.token_hex(4)}", learner.id if learner else None, cohort or None, reason.strip(), by, clock.now()
    )
    with units() as uow:
        uow.retention.hold(made)
        header = {"hold": made.id, "of": "person" if learner else "cohort"}
        payload = {"actor": by, "reason": made.reason, "cohort": made.cohort}
        alone = learner.id if learner else None
        uow.audit.append("retention.held", actor="operator", header=header, learner_id=alone, payload=payload)
        uow.commit()
    return made


def release_hold(units: UnitOfWorkFactory, hold_id: str, actor: str) -> None:
    """End a hold.

    Raises:
        NotFoundError: no such hold stands.
    """
    by = named(actor)
    with units() as uow:
        if not uow.retention.lift(hold_id, by):
            raise NotFoundError(f"no legal hold {hold_id!r} stands", remedy="`ascertain retain holds` lists them")
        uow.audit.append("retention.released", actor="operator", header={"hold": hold_id}, payload={"actor": by})
        uow.commit()
