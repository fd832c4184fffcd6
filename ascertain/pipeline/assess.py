"""Assesses one learner: build the case, let the crew weigh it, decide in code, store it once."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ascertain.domain.canonical import digest
from ascertain.domain.casefile import CaseFile
from ascertain.domain.conclude import Conclusion, conclude, route_all
from ascertain.domain.findings import CrewFindings
from ascertain.domain.paths import PathPlan, build_problem
from ascertain.domain.people import Learner
from ascertain.domain.ports import Clock, CrewServices, LearnerCrew, UnitOfWork, UnitOfWorkFactory
from ascertain.domain.routing import Route
from ascertain.domain.runs import Run, RunState, StoredAssertion
from ascertain.domain.skills import SkillFamily
from ascertain.errors import AscertainError, PseudonymError, RunError
from ascertain.pipeline.cases import CaseBuilder, learner_or_raise
from ascertain.pipeline.results import assertion_rows, documents, outcome, review_item
from ascertain.pipeline.standing import Decisions, reinstate, waiting
from ascertain.pipeline.stop import Stopped, must_go_on


@dataclass(frozen=True, slots=True)
class Assessed:
    """``new`` is False when no crew's work was stored: the learner's present case had been assessed before."""

    run: Run
    new: bool


@dataclass(frozen=True, slots=True)
class Present:
    """A learner as they are now. ``case`` is ``None`` when masking failed, for the reason in ``problem``."""

    learner: Learner
    case: CaseFile | None
    fingerprint: str
    stamp: str
    problem: PseudonymError | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """What code made of a crew's findings."""

    findings: CrewFindings
    conclusion: Conclusion
    routes: dict[str, Route]
    plan: PathPlan | None


@dataclass(frozen=True, slots=True)
class Assessor:
    """The use case with its collaborators; one instance serves any number of learners in turn."""

    units: UnitOfWorkFactory
    builder: CaseBuilder
    crew: LearnerCrew
    services: CrewServices
    clock: Clock

    def present(self, learner_text: str) -> Present:
        """A learner's present case with its fingerprint and stamp.

        Raises:
            NotFoundError: unknown learner.
        """
        with self.units(write=False) as uow:
            learner = learner_or_raise(uow, learner_text)
            shared = self.builder.landscape(uow)
            role = self.builder.role_of(uow, learner)
            stamp = self.builder.stamp(learner, role, uow.evidence.stamps(learner.id).get(learner.id, ""), shared)
            try:
                case = self.builder.build(uow, learner, role, shared)
            except PseudonymError as e:
                # A name of its own, so that the blocked run can be stored, queued and told from any other.
                return Present(learner, None, digest(["blocked_unmasked", learner.id, stamp]), stamp, e)
        return Present(learner, case, case.fingerprint(), stamp)

    def fingerprint(self, learner_text: str) -> str:
        """The fingerprint of a learner's present case, also of one that would be blocked.

        Raises:
            NotFoundError: unknown learner.
        """
        return self.present(learner_text).fingerprint

    def assess(self, learner_text: str, *, trigger: str) -> Assessed:
        """Assess a learner now.

        Raises:
            NotFoundError: unknown learner.
            Stopped: everything is stopped; nothing was concluded.
            RunError: the run could not be finished; it is stored under the error's state.
        """
        now = self.present(learner_text)
        with self.units() as uow:
            must_go_on(uow)
            known = uow.runs.find(now.learner.id, now.fingerprint)
            if known is not None and known.state is RunState.DONE:
                return Assessed(self._again(uow, known, now), new=False)
            run = self._start(uow, now, trigger)
            uow.commit()
        if now.case is None:
            problem = now.problem or PseudonymError("masking failed")
            self._fail(run, RunState.BLOCKED_UNMASKED, problem.message)
            raise problem
        try:
            decided = self._decide(now.case, self.crew.run(now.case, self.services))
        except RunError as e:
            self._fail(run, RunState(e.state) if e.state in set(RunState) else RunState.FAILED, e.message)
            raise
        except Exception as e:
            # The text of a foreign exception may hold something personal.
            self._fail(run, RunState.FAILED, e.message if isinstance(e, AscertainError) else type(e).__name__)
            raise
        try:
            return self._store(run, now.learner, now.case, decided)
        except Stopped:
            self._fail(run, RunState.FAILED, "stopped before anything was stored")
            raise

    def _again(self, uow: UnitOfWork, known: Run, now: Present) -> Run:
        """The finished run of this very case; made the present one again if another one has come between."""
        latest = uow.runs.latest(known.learner_id)
        if latest is not None and latest.id == known.id:
            if known.stamp != now.stamp:
                uow.runs.set_stamp(known.id, now.stamp)
                uow.commit()
            return replace(known, stamp=now.stamp)
        rows = reinstate(uow, known)
        run = replace(known, finished_at=self.clock.now(), stamp=now.stamp)
        uow.runs.put(run)
        header = {"run": run.id, "replaces": latest.id if latest else None, "assertions": len(rows)}
        uow.audit.append("run.reinstated", actor="system", learner_id=run.learner_id, header=header)
        uow.commit()
        return run

    def _start(self, uow: UnitOfWork, now: Present, trigger: str) -> Run:
        versions = self.builder.versions
        run = Run(
            id=run_id(now.learner.id, now.fingerprint),
            learner_id=now.learner.id,
            fingerprint=now.fingerprint,
            state=RunState.STARTED,
            as_of=now.case.as_of if now.case else self.builder.as_of(),
            versions=versions,
            trigger=trigger,
            started_at=self.clock.now(),
            stamp=now.stamp,
        )
        uow.runs.put(run)
        uow.audit.append(
            "run.started",
            actor="system",
            learner_id=run.learner_id,
            header={
                "run": run.id,
                "fingerprint": run.fingerprint,
                "trigger": trigger,
                "versions": versions,
                "evidence": len(now.case.evidence) if now.case else 0,
                "withheld": len(now.case.withheld) if now.case else 0,
            },
        )
        return run

    def _fail(self, run: Run, state: RunState, why: str) -> None:
        with self.units() as uow:
            known = uow.runs.find(run.learner_id, run.fingerprint)
            if known is not None and known.state is RunState.DONE:  # another worker has done what this one could not
                return
            uow.runs.put(replace(run, state=state, finished_at=self.clock.now(), outcome={"error": why}))
            header = {"run": run.id, "state": state.value}
            uow.audit.append("run.failed", actor="system", learner_id=run.learner_id, header=header)
            uow.commit()

    def _decide(self, case: CaseFile, findings: CrewFindings) -> Decided:
        services = self.services
        conclusion = conclude(case, findings.claims, findings.picks, self._families(findings), services.policy)
        routes = route_all(case, conclusion.assertions, findings.verdicts, services.policy)
        return Decided(findings, conclusion, routes, _plan(case, conclusion, findings, services))

    def _families(self, findings: CrewFindings) -> dict[str, SkillFamily]:
        skills = {p.skill_id: self.services.taxonomy.skill(p.skill_id) for p in findings.picks}
        return {s: skill.family for s, skill in skills.items() if skill is not None}

    def _store(self, run: Run, learner: Learner, case: CaseFile, made: Decided) -> Assessed:
        findings, conclusion, plan = made.findings, made.conclusion, made.plan
        at = self.clock.now()
        rows = assertion_rows(run, case, conclusion, made.routes, findings, self.services.taxonomy, at)
        texts = documents(case, findings, conclusion, plan)
        due_days = self.services.policy.routing.review_due_days
        with self.units() as uow:
            must_go_on(uow)
            known = uow.runs.find(learner.id, run.fingerprint)
            if known is not None and known.state is RunState.DONE:  # another worker was first: do it once
                return Assessed(known, new=False)
            if newer := self._overtaken(uow, run):
                return Assessed(newer, new=False)
            decisions = Decisions.of(uow, learner.id)
            rows = [decisions.apply(row) for row in rows]
            uow.assertions.supersede(learner.id, keep_run=run.id)
            uow.reviews.close_for(learner.id, keep_run=run.id)
            uow.assertions.add(rows)
            asked = set(waiting(rows))
            uow.reviews.add([review_item(r, made.routes[r.skill_id], learner, due_days) for r in rows if r.id in asked])
            uow.runs.put_documents(run.id, texts)
            figures = outcome(rows, findings, conclusion, plan)
            finished = replace(run, state=RunState.DONE, finished_at=at, outcome=figures)
            uow.runs.put(finished)
            _audit(uow, finished, findings, rows)
            uow.commit()
        return Assessed(finished, new=True)

    def _overtaken(self, uow: UnitOfWork, run: Run) -> Run | None:
        """The run of a newer case that was finished while this one was under way: that one stands."""
        latest = uow.runs.latest(run.learner_id)
        if latest is None or latest.finished_at is None or latest.finished_at < run.started_at:
            return None
        learner = uow.people.get(run.learner_id)
        if learner is None:
            return None
        evidence = uow.evidence.stamps(learner.id).get(learner.id, "")
        role = self.builder.role_of(uow, learner)
        if latest.stamp != self.builder.stamp(learner, role, evidence, self.builder.landscape(uow)):
            return None
        why = f"overtaken by {latest.id}, which saw newer evidence"
        uow.runs.put(replace(run, state=RunState.FAILED, finished_at=self.clock.now(), outcome={"error": why}))
        header = {"run": run.id, "state": RunState.FAILED.value, "overtaken_by": latest.id}
        uow.audit.append("run.failed", actor="system", learner_id=run.learner_id, header=header)
        uow.commit()
        return latest


def run_id(learner_id: str, fingerprint: str) -> str:
    """The id that the run of a case has, also before there is one."""
    return "r" + digest([learner_id, fingerprint], length=15)


def _plan(case: CaseFile, conclusion: Conclusion, findings: CrewFindings, services: CrewServices) -> PathPlan | None:
    """The curator's choice if it is one of the solver's plans, else the solver's best."""
    if not conclusion.gaps:
        return None
    plans = services.solver.plans(build_problem(case, conclusion.gaps, services.policy.path))
    by_id = {p.id: p for p in plans}
    if findings.path is not None and findings.path.plan_id in by_id:
        return by_id[findings.path.plan_id]
    return plans[0] if plans else None


def _audit(uow: UnitOfWork, run: Run, findings: CrewFindings, rows: list[StoredAssertion]) -> None:
    for step in findings.steps:
        uow.audit.append(
            "agent.answered",
            actor=step.agent,
            learner_id=run.learner_id,
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
        learner_id=run.learner_id,
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
