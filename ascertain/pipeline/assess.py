"""Assesses one learner: build the case, let the crew weigh it, decide in code, store it once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from ascertain.domain.assertion import Assertion, AssertionState
from ascertain.domain.canonical import canonical_json, digest, plain
from ascertain.domain.casefile import CaseFile
from ascertain.domain.conclude import Conclusion, conclude, route_all
from ascertain.domain.findings import CrewFindings
from ascertain.domain.gaps import coverage
from ascertain.domain.paths import PathPlan, build_problem
from ascertain.domain.people import Learner
from ascertain.domain.ports import Clock, CrewServices, LearnerCrew, UnitOfWork, UnitOfWorkFactory
from ascertain.domain.routing import Route
from ascertain.domain.runs import DecisionKind, ReviewItem, Run, RunState, StoredAssertion
from ascertain.domain.skills import SkillFamily
from ascertain.errors import RunError
from ascertain.pipeline.cases import CaseBuilder, learner_or_raise


@dataclass(frozen=True, slots=True)
class Assessed:
    """``new`` is False when the same case had been assessed before and nothing was done."""

    run: Run
    new: bool


@dataclass(frozen=True, slots=True)
class Assessor:
    """The use case with its collaborators; one instance serves any number of learners in turn."""

    units: UnitOfWorkFactory
    builder: CaseBuilder
    crew: LearnerCrew
    services: CrewServices
    clock: Clock

    def case(self, learner_text: str) -> tuple[Learner, CaseFile, str]:
        """A learner's present case file and its stamp."""
        with self.units(write=False) as uow:
            learner = learner_or_raise(uow, learner_text)
            shared = self.builder.landscape(uow)
            case = self.builder.build(uow, learner, shared)
            stamp = self.builder.stamp(
                learner, digest(case.role), uow.evidence.stamps(learner.id).get(learner.id, ""), shared
            )
        return learner, case, stamp

    def assess(self, learner_text: str, *, trigger: str) -> Assessed:
        """Assess a learner now.

        Raises:
            NotFoundError: unknown learner.
            RunError: the run could not be finished; it is stored under the error's state.
        """
        learner, case, stamp = self.case(learner_text)
        fingerprint = case.fingerprint()
        with self.units() as uow:
            known = uow.runs.find(learner.id, fingerprint)
            if known is not None and known.state is RunState.DONE:
                if known.stamp != stamp:
                    uow.runs.set_stamp(known.id, stamp)
                    uow.commit()
                return Assessed(known, new=False)
            run = self._start(uow, learner, case, fingerprint, stamp, trigger)
            uow.commit()
        try:
            findings = self.crew.run(case, self.services)
        except RunError as e:
            self._fail(run, learner, e)
            raise
        return self._store(run, learner, case, findings)

    def _start(
        self, uow: UnitOfWork, learner: Learner, case: CaseFile, fingerprint: str, stamp: str, trigger: str
    ) -> Run:
        run = Run(
            id="r" + digest([learner.id, fingerprint], length=15),
            learner_id=learner.id,
            fingerprint=fingerprint,
            state=RunState.STARTED,
            as_of=case.as_of,
            versions=case.versions,
            trigger=trigger,
            started_at=self.clock.now(),
            stamp=stamp,
        )
        uow.runs.put(run)
        uow.audit.append(
            "run.started",
            actor="system",
            learner_id=learner.id,
            header={
                "run": run.id,
                "fingerprint": fingerprint,
                "trigger": trigger,
                "versions": case.versions,
                "evidence": len(case.evidence),
                "withheld": len(case.withheld),
            },
        )
        return run

    def _fail(self, run: Run, learner: Learner, error: RunError) -> None:
        state = RunState(error.state) if error.state in set(RunState) else RunState.FAILED
        with self.units() as uow:
            uow.runs.put(replace(run, state=state, finished_at=self.clock.now(), outcome={"error": error.message}))
            uow.audit.append(
                "run.failed", actor="system", learner_id=learner.id, header={"run": run.id, "state": state.value}
            )
            uow.commit()

    def _store(self, run: Run, learner: Learner, case: CaseFile, findings: CrewFindings) -> Assessed:
        policy = self.services.policy
        conclusion = conclude(case, findings.claims, findings.picks, self._families(findings), policy)
        routes = route_all(case, conclusion.assertions, findings.verdicts, policy)
        plan = self._plan(case, conclusion, findings)
        rows = [self._row(run, case, a, routes[s], findings) for s, a in conclusion.assertions.items()]
        with self.units() as uow:
            known = uow.runs.find(learner.id, run.fingerprint)
            if known is not None and known.state is RunState.DONE:  # another worker was first: do it once
                return Assessed(known, new=False)
            rows = [_carry_over(row, uow) for row in rows]
            uow.assertions.supersede(learner.id, keep_run=run.id)
            uow.reviews.close_for(learner.id, keep_run=run.id)
            uow.assertions.add(rows)
            items = [self._review_item(r, routes[r.skill_id], learner) for r in rows if _waits(r)]
            uow.reviews.add(items)
            uow.runs.put_documents(run.id, _documents(case, findings, conclusion, plan))
            finished = replace(
                run,
                state=RunState.DONE,
                finished_at=self.clock.now(),
                outcome=_outcome(rows, findings, conclusion, plan),
            )
            uow.runs.put(finished)
            self._audit(uow, finished, learner, findings, rows)
            uow.commit()
        return Assessed(finished, new=True)

    def _families(self, findings: CrewFindings) -> dict[str, SkillFamily]:
        skills = {p.skill_id: self.services.taxonomy.skill(p.skill_id) for p in findings.picks}
        return {s: skill.family for s, skill in skills.items() if skill is not None}

    def _plan(self, case: CaseFile, conclusion: Conclusion, findings: CrewFindings) -> PathPlan | None:
        """The curator's choice if it is one of the solver's plans, else the solver's best."""
        if not conclusion.gaps:
            return None
        plans = self.services.solver.plans(build_problem(case, conclusion.gaps, self.services.policy.path))
        by_id = {p.id: p for p in plans}
        if findings.path is not None and findings.path.plan_id in by_id:
            return by_id[findings.path.plan_id]
        return plans[0] if plans else None

    def _row(self, run: Run, case: CaseFile, a: Assertion, route: Route, findings: CrewFindings) -> StoredAssertion:
        skill = self.services.taxonomy.skill(a.skill_id)
        verdict = next((v for v in findings.verdicts if v.skill_id == a.skill_id), None)
        return StoredAssertion(
            id="a" + digest([run.id, a.skill_id], length=15),
            run_id=run.id,
            learner_id=run.learner_id,
            skill_id=a.skill_id,
            skill_label=skill.label if skill else a.skill_id,
            level=a.level,
            confidence=a.confidence,
            low=a.low,
            high=a.high,
            amount=a.amount,
            state=route.state,
            reasons=route.reasons,
            versions=case.versions,
            as_of=case.as_of,
            result=result_json(a, route),
            inputs=canonical_json(
                {
                    "observations": a.observations,
                    "verdict": verdict,
                    "critical": any(r.critical and r.skill_id == a.skill_id for r in case.role.requirements)
                    if case.role
                    else False,
                }
            ),
            created_at=self.clock.now(),
        )

    def _review_item(self, row: StoredAssertion, route: Route, learner: Learner) -> ReviewItem:
        return ReviewItem(
            id="v" + row.id[1:],
            assertion_id=row.id,
            learner_id=learner.id,
            skill_id=row.skill_id,
            reasons=row.reasons,
            priority=route.priority,
            assignee=learner.manager_id or "l-and-d",
            due_on=self.clock.today() + timedelta(days=self.services.policy.routing.review_due_days),
            created_at=row.created_at,
        )

    def _audit(
        self, uow: UnitOfWork, run: Run, learner: Learner, findings: CrewFindings, rows: list[StoredAssertion]
    ) -> None:
        for step in findings.steps:
            uow.audit.append(
                "agent.answered",
                actor=step.agent,
                learner_id=learner.id,
                header={
                    "run": run.id,
                    "model": step.model,
                    "prompt": step.prompt_hash,
                    "output": step.output_hash,
                    "tools": step.tools,
                    "calls": step.calls,
                    "tokens": step.tokens,
                },
                payload={"output": step.output},
            )
        uow.audit.append(
            "run.concluded",
            actor="system",
            learner_id=learner.id,
            header={
                "run": run.id,
                "versions": run.versions,
                "states": run.outcome["states"],
                "drops": [[d.stage, d.why] for d in findings.drops],
                "results": digest([r.result for r in rows]),
            },
            payload={
                "assertions": [[r.id, r.skill_id, r.level, r.confidence, r.state] for r in rows],
                "dropped": [[d.stage, d.what, d.why] for d in findings.drops],
            },
        )


def result_json(a: Assertion, route: Route) -> str:
    """The bytes that replay must reproduce."""
    return canonical_json(
        {
            "skill": a.skill_id,
            "level": a.level,
            "confidence": a.confidence,
            "low": a.low,
            "high": a.high,
            "amount": a.amount,
            "state": route.state,
            "reasons": route.reasons,
        }
    )


def _waits(row: StoredAssertion) -> bool:
    return row.state is AssertionState.IN_REVIEW


def _carry_over(row: StoredAssertion, uow: UnitOfWork) -> StoredAssertion:
    """Keep a human's decision while the evidence it was made on is the same."""
    for item in reversed(uow.reviews.decided(row.learner_id)):
        if item.skill_id != row.skill_id or item.decision in (None, DecisionKind.MORE_EVIDENCE):
            continue
        before = uow.assertions.get(item.assertion_id)
        if before is None or before.inputs != row.inputs:
            return row
        state = AssertionState.REJECTED if item.decision is DecisionKind.REJECT else AssertionState.ACCEPTED
        level = item.decided_level if item.decision is DecisionKind.ADJUST else row.level
        return replace(
            row,
            state=state,
            level=level,
            human_reviewed=True,
            reasons=(f"decided by {item.decided_by} on unchanged evidence", *row.reasons),
        )
    return row


def _documents(
    case: CaseFile, findings: CrewFindings, conclusion: Conclusion, plan: PathPlan | None
) -> Mapping[str, Any]:
    cover = coverage(conclusion.gaps) if conclusion.gaps else None
    documents: dict[str, Any] = {
        "claims": findings.claims,
        "picks": findings.picks,
        "verdicts": findings.verdicts,
        "gaps": conclusion.gaps,
        "coverage": cover,
        "needs": findings.needs,
        "path": plan,
        "path_choice": findings.path,
        "drops": findings.drops,
        "notes": {
            "summary": findings.summary,
            "missing": findings.missing,
            "contradictions": findings.contradictions,
            "withheld": case.withheld,
            "proposals": findings.proposals,
            "role": case.role.id if case.role else None,
        },
    }
    return {name: plain(value) for name, value in documents.items()}


def _outcome(
    rows: list[StoredAssertion], findings: CrewFindings, conclusion: Conclusion, plan: PathPlan | None
) -> dict[str, Any]:
    states: dict[str, int] = {}
    for r in rows:
        states[r.state.value] = states.get(r.state.value, 0) + 1
    return {
        "assertions": len(rows),
        "states": dict(sorted(states.items())),
        "claims": len(findings.claims),
        "drops": len(findings.drops),
        "gaps": len(conclusion.gaps),
        "path_items": len(plan.steps) if plan else 0,
    }
