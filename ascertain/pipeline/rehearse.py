"""Runs another brain, policy or set of prompts in shadow, on the evidence as it is, before anything is switched.

Nothing of it is stored in a profile: no run, no assertion, no question to a reviewer. What it cost is counted, under a
crew of its own, and that it was made is on the audit chain.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ascertain.domain.canonical import digest
from ascertain.domain.casefile import CaseFile, Versions
from ascertain.domain.conclude import conclude, route_all
from ascertain.domain.findings import Step
from ascertain.domain.gaps import coverage
from ascertain.domain.people import Learner
from ascertain.domain.permission import Principal
from ascertain.domain.ports import CrewServices, LearnerCrew, UnitOfWork
from ascertain.domain.rehearsal import Failed, Rehearsal, Result, Standing, compare
from ascertain.domain.runs import Run, RunState, StoredAssertion
from ascertain.domain.spending import usage_of
from ascertain.errors import BudgetError, RunError
from ascertain.pipeline.assess import Assessor, Present
from ascertain.pipeline.assess_ends import steps_of
from ascertain.pipeline.pilot_skills import MapperWithin
from ascertain.pipeline.results import assertion_rows, chosen_plan
from ascertain.pipeline.standing import Decisions
from ascertain.pipeline.stop import is_stopped

CREW = "rehearsal"
"""Under which its usage is counted."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Shadow:
    """A configuration that is tried: a crew, what its tools reach, and the versions it would state."""

    crew: LearnerCrew
    services: CrewServices
    versions: Versions


@dataclass(slots=True)
class Rehearser:
    """The use case: ``present`` is how people are assessed now, ``shadow`` how they would be."""

    present: Assessor
    shadow: Shadow
    steps: list[Step] = field(default_factory=list)

    def rehearse(
        self,
        who: Principal,
        learners: Sequence[Learner],
        *,
        cohort: str,
        notes: Sequence[str] = (),
        progress: Progress | None = None,
    ) -> Rehearsal:
        """Compare for each of ``learners``, all of whom ``who`` may assess. One who fails does not stop the others; a
        used-up day, or a stop, ends it with what there is."""
        changes, failed, seconds, stored = [], [], [], 0
        left_out: Counter[str] = Counter()
        stopped = ""
        for i, learner in enumerate(learners, start=1):
            if is_stopped(self.present.units):
                stopped = "everything is stopped"
                break
            now = self.present.present(learner.id)
            if now.case is None:
                left_out[now.problem.state if now.problem else "blocked"] += 1
                continue
            try:
                before, from_store = self._before(now, now.case)
                began = time.perf_counter()
                after = self._result(now.learner, now.case, self.shadow.crew, self.shadow.services)
            except BudgetError as e:
                failed.append(Failed(learner.id, e.state, e.message))
                if e.day:
                    stopped = e.message
                    break
            except RunError as e:
                failed.append(Failed(learner.id, e.state, e.message))
            else:
                seconds.append(time.perf_counter() - began)
                stored += from_store
                role = now.case.role.title if now.case.role else "no role"
                changes.append(compare(learner.id, role, before, after))
            if progress:
                progress(i, len(learners))
        found = Rehearsal(
            cohort,
            tuple(changes),
            tuple(failed),
            dict(left_out),
            stored,
            _differences(self.present.builder.versions, self.shadow.versions),
            usage_of(self.steps),
            tuple(seconds),
            stopped,
            tuple(notes),
        )
        self._record(who, found)
        return found

    def _before(self, now: Present, case: CaseFile) -> tuple[Result, bool]:
        """The stored result of this very case, else one made in shadow too; and whether it is the stored one."""
        with self.present.units(write=False) as uow:
            run = uow.runs.find(now.learner.id, now.fingerprint)
            latest = uow.runs.latest(now.learner.id)
            if run is not None and latest is not None and run.id == latest.id and run.state is RunState.DONE:
                return _stored(uow, run), True
        return self._result(now.learner, case, self.present.crew, self.present.services), False

    def _result(self, learner: Learner, case: CaseFile, crew: LearnerCrew, services: CrewServices) -> Result:
        """As an assessment would come to it, human decisions and disputes included; nothing is written."""
        if case.domain is not None:
            services = replace(services, mapper=MapperWithin(services.mapper, case.domain))
        try:
            findings = crew.run(case, services)
        except RunError as e:
            self.steps += steps_of(e)
            raise
        self.steps += findings.steps
        skills = {p.skill_id: services.taxonomy.skill(p.skill_id) for p in findings.picks}
        families = {s: skill.family for s, skill in skills.items() if skill is not None}
        made = conclude(case, findings.claims, findings.picks, families, services.policy)
        plan = chosen_plan(case, made, findings, services)
        at = self.present.clock.now()
        run = Run("r-shadow", learner.id, "", RunState.STARTED, case.as_of, case.versions, CREW, at)
        with self.present.units(write=False) as uow:
            decisions = Decisions.of(uow, learner.id)
        before = decisions.before()
        routes = route_all(case, made.assertions, findings.verdicts, services.policy, before, made.implied)
        rows = assertion_rows(run, case, made, routes, findings, services.taxonomy, before, at)
        standing = [decisions.contest(decisions.apply(r)) for r in rows]
        share = coverage(made.gaps).point if made.gaps else None
        return Result(_by_skill(standing), share, tuple(s.content_id for s in plan.steps) if plan else ())

    def _record(self, who: Principal, found: Rehearsal) -> None:
        """Count what it cost, and seal that it was made: which versions, how many people, how many would change."""
        header = {
            "people": len(found.changes),
            "changed": len(found.changed),
            "failed": len(found.failed),
            "left_out": sum(found.left_out.values()),
            "versions": [list(v) for v in found.versions],
            "report": digest(found.changes),
        }
        with self.present.units() as uow:
            if found.usage:
                uow.usage.add(self.present.clock.today(), CREW, found.usage)
            payload = {"by": who.name, "cohort": found.cohort}
            uow.audit.append("rehearsal.made", actor=who.kind, header=header, payload=payload)
            uow.commit()


def _stored(uow: UnitOfWork, run: Run) -> Result:
    share = uow.runs.document(run.id, "coverage")
    path = uow.runs.document(run.id, "path") or {}
    return Result(
        _by_skill([a for a in uow.assertions.of(run.learner_id) if a.run_id == run.id]),
        float(share["point"]) if share else None,
        tuple(str(s["content_id"]) for s in path.get("steps", ())),
    )


def _by_skill(rows: Sequence[StoredAssertion]) -> dict[str, Standing]:
    return {
        r.skill_id: Standing(r.skill_label, None if r.level is None else int(r.level), r.confidence, r.state)
        for r in rows
    }


def _differences(before: Versions, after: Versions) -> tuple[tuple[str, str, str], ...]:
    names = ("policy", "taxonomy", "brain", "prompts", "mapper", "calibration")
    pairs = [(n, str(getattr(before, n)), str(getattr(after, n))) for n in names]
    return tuple(p for p in pairs if p[1] != p[2])
