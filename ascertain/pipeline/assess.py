"""Assesses one learner: build the case, let the crew weigh it, decide in code, store it once."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from ascertain.domain.canonical import digest
from ascertain.domain.casefile import CaseFile
from ascertain.domain.conclude import Conclusion, conclude, route_all
from ascertain.domain.findings import CrewFindings, Step
from ascertain.domain.paths import PathPlan
from ascertain.domain.people import Learner
from ascertain.domain.ports import Clock, CrewServices, LearnerCrew, UnitOfWork, UnitOfWorkFactory
from ascertain.domain.reach import OUTSIDE_WORDS
from ascertain.domain.review_assign import NO_OWNERS, SkillOwners
from ascertain.domain.routing import Route
from ascertain.domain.runs import Run, RunState, StoredAssertion
from ascertain.domain.skills import SkillFamily
from ascertain.domain.spending import usage_of
from ascertain.errors import (
    AscertainError,
    BudgetError,
    ConsentChanged,
    OutsideRollout,
    PseudonymError,
    RestrictedError,
    RunCancelled,
    RunError,
)
from ascertain.pipeline.assess_ends import answers_of, fail, steps_of
from ascertain.pipeline.assign import assignee_of
from ascertain.pipeline.assignments import propose
from ascertain.pipeline.audit_sample import DRAWN, drawn
from ascertain.pipeline.beside import beside
from ascertain.pipeline.cases import CaseBuilder, learner_or_raise
from ascertain.pipeline.kept_answers import keeping, taken_up
from ascertain.pipeline.notice import Gate
from ascertain.pipeline.pilot_skills import MapperWithin
from ascertain.pipeline.results import assertion_rows, chosen_plan, documents, outcome, review_item
from ascertain.pipeline.run_audit import seal_concluded, seal_failed, seal_reinstated, seal_started
from ascertain.pipeline.run_requests import must_not_be_cancelled
from ascertain.pipeline.standing import Decisions, reinstate, waiting
from ascertain.pipeline.stop import Stopped, must_go_on

CREW = "learner"
"""Name of the crew, under which its usage is counted."""


@dataclass(frozen=True, slots=True)
class Assessed:
    """``new`` is False when no crew's work was stored: the learner's present case had been assessed before."""

    run: Run
    new: bool


@dataclass(frozen=True, slots=True)
class Present:
    """A learner as they are now. ``case`` is ``None`` when nothing may be inferred, for the reason in ``problem``: no
    notice, no consent, a restriction, or a text that cannot be masked."""

    learner: Learner
    case: CaseFile | None
    fingerprint: str
    stamp: str
    problem: RunError | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """What code made of a crew's findings."""

    findings: CrewFindings
    conclusion: Conclusion
    plan: PathPlan | None
    added: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Assessor:
    """The use case with its collaborators; one instance serves any number of learners in turn."""

    units: UnitOfWorkFactory
    builder: CaseBuilder
    crew: LearnerCrew
    services: CrewServices
    clock: Clock
    owners: SkillOwners = NO_OWNERS
    gate: Gate = field(default_factory=Gate)
    rules: LearnerCrew | None = None
    """Run beside ``crew`` where that asks a model, so that what the model added can be told."""

    def present(self, learner_text: str) -> Present:
        """A learner's present case with its fingerprint and stamp.

        Raises:
            NotFoundError: unknown learner.
            OutsideRollout: a rollout is in force that does not reach them.
        """
        with self.units(write=False) as uow:
            learner = learner_or_raise(uow, learner_text)
            _must_be_reached(learner)
            if (restriction := uow.restrictions.on(learner.id)) is not None:
                blocked = digest(["blocked_restricted", learner.id, restriction.id])
                return Present(learner, None, blocked, "", _restricted())
            shared = self.builder.landscape(uow)
            role = self.builder.role_of(uow, learner)
            evidence = uow.evidence.stamps([learner.id]).get(learner.id, "")
            stamp = self.builder.stamp(learner, role, evidence, self.builder.ground(uow))
            problem: RunError | None = self.gate.obstacle(uow, learner, self.clock.today())
            if problem is None:
                try:
                    case = self.builder.build(uow, learner, role, shared)
                    return Present(learner, case, case.fingerprint(), stamp)
                except PseudonymError as e:
                    problem = e
        # A name of its own, so that the blocked run can be stored, queued and told from any other.
        return Present(learner, None, digest([problem.state, learner.id, stamp]), stamp, problem)

    def fingerprint(self, learner_text: str) -> str:
        """The fingerprint of a learner's present case, also of one that would be blocked.

        Raises:
            NotFoundError: unknown learner.
        """
        return self.present(learner_text).fingerprint

    def assess(self, learner_text: str, *, trigger: str, until: float | None = None) -> Assessed:
        """Assess a learner now.

        Args:
            until: when the crew must be done, by ``time.monotonic()``; the run then ends as ``budget_exhausted``.

        Raises:
            NotFoundError: unknown learner.
            Stopped: everything is stopped; nothing was concluded.
            ConsentChanged: consent was withdrawn meanwhile; nothing was concluded. Another try reads the case anew.
            RunError: the run could not be finished; it is stored under the error's state.
        """
        now = self.present(learner_text)
        with self.units() as uow:
            must_go_on(uow)
            if now.case is not None:
                _still_allowed(uow, now.learner, now.case)
            known = uow.runs.find(now.learner.id, now.fingerprint)
            if known is not None and known.state is RunState.DONE:
                return Assessed(self._again(uow, known, now), new=False)
            stood = uow.runs.latest(now.learner.id)
            run = self._start(uow, now, trigger)
            uow.commit()
        self._go_on(run)
        if now.case is None:
            problem = now.problem or PseudonymError("masking failed")
            fail(self.units, self.clock, run, RunState(problem.state), problem.message)
            raise problem
        try:
            decided = self._decide(now.case, self._weighed(run, now.case, until))
        except BudgetError as e:
            partial = e.partial if isinstance(e.partial, CrewFindings) else None
            fail(self.units, self.clock, run, RunState.BUDGET_EXHAUSTED, e.message, partial, answers=answers_of(e))
            raise
        except RunError as e:
            state = RunState(e.state) if e.state in set(RunState) else RunState.FAILED
            fail(self.units, self.clock, run, state, e.message, steps=steps_of(e), answers=answers_of(e))
            raise
        except Exception as e:
            # The text of a foreign exception may hold something personal.
            why = e.message if isinstance(e, AscertainError) else type(e).__name__
            fail(self.units, self.clock, run, RunState.FAILED, why)
            raise
        except BaseException as e:  # a job's alarm, a key press: this run ends by name too
            fail(self.units, self.clock, run, RunState.FAILED, f"ended from outside: {type(e).__name__}")
            raise
        try:
            return self._store(run, now.learner, now.case, decided, stood)
        except Stopped:
            fail(self.units, self.clock, run, RunState.FAILED, "stopped before anything was stored")
            raise
        except (RestrictedError, ConsentChanged, RunCancelled) as e:
            fail(self.units, self.clock, run, RunState(e.state), e.message)
            raise

    def _weighed(self, run: Run, case: CaseFile, until: float | None) -> CrewFindings:
        """What the crew found. What it used is counted at once: it is spent, whatever comes of the run. What earlier
        tries of the run were answered is not asked again."""
        kept = taken_up(self.units, run)
        services = replace(self.services, answers=kept, keep=keeping(self.units, run))
        if until is not None:
            services = replace(services, seconds=until - time.monotonic())
        if case.domain is not None:
            services = replace(services, mapper=MapperWithin(services.mapper, case.domain))
        try:
            findings = self.crew.run(case, services)
        except RunError as e:
            self._count(steps_of(e))
            raise
        self._count(findings.steps)
        return findings

    def _count(self, steps: Sequence[Step]) -> None:
        if steps:
            with self.units() as uow:
                uow.usage.add(self.clock.today(), CREW, usage_of(steps))
                uow.commit()

    def _again(self, uow: UnitOfWork, known: Run, now: Present) -> Run:
        """The finished run of this very case; made the present one again if another one has come between."""
        latest = uow.runs.latest(known.learner_id)
        if latest is not None and latest.id == known.id:
            if known.stamp != now.stamp:
                uow.runs.set_stamp(known.id, now.stamp)
                uow.commit()
            return replace(known, stamp=now.stamp)
        rows = reinstate(uow, known)
        run = replace(known, finished_at=self._after(latest), stamp=now.stamp)
        uow.runs.put(run)
        propose(
            uow,
            now.learner,
            run.id,
            uow.runs.document(run.id, "path"),
            run.finished_at or self.clock.now(),
            self.services.policy.review.l_and_d,
        )
        seal_reinstated(uow, run, latest, len(rows))
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
        seal_started(uow, run, now.case)
        return run

    def _go_on(self, run: Run) -> None:
        try:
            with self.units(write=False) as uow:
                must_not_be_cancelled(uow, run)
        except RunCancelled as e:
            fail(self.units, self.clock, run, RunState(e.state), e.message)
            raise

    def _decide(self, case: CaseFile, findings: CrewFindings) -> Decided:
        services = self.services
        conclusion = conclude(case, findings.claims, findings.picks, self._families(findings), services.policy)
        scoped = (
            services if case.domain is None else replace(services, mapper=MapperWithin(services.mapper, case.domain))
        )
        added = beside(self.rules, case, scoped, findings)
        return Decided(findings, conclusion, chosen_plan(case, conclusion, findings, services), added)

    def _families(self, findings: CrewFindings) -> dict[str, SkillFamily]:
        skills = {p.skill_id: self.services.taxonomy.skill(p.skill_id) for p in findings.picks}
        return {s: skill.family for s, skill in skills.items() if skill is not None}

    def _store(self, run: Run, learner: Learner, case: CaseFile, made: Decided, stood: Run | None) -> Assessed:
        """``stood``: the learner's latest run when this one was begun."""
        findings, conclusion, plan = made.findings, made.conclusion, made.plan
        services = self.services
        texts = {**documents(case, findings, conclusion, plan), **made.added}
        with self.units() as uow:
            must_go_on(uow)
            if uow.restrictions.on(learner.id) is not None:
                raise _restricted()
            _still_allowed(uow, learner, case)
            must_not_be_cancelled(uow, run)
            known = uow.runs.find(learner.id, run.fingerprint)
            if known is not None and known.state is RunState.DONE:  # another worker was first: do it once
                return Assessed(known, new=False)
            latest = uow.runs.latest(learner.id)
            if newer := self._overtaken(uow, run, latest, stood):
                return Assessed(newer, new=False)
            at = self._after(latest)
            decisions = Decisions.of(uow, learner.id)
            # Routed here, where no decision can come between reading it and storing what rests on it.
            before = decisions.before()
            implied = conclusion.implied
            routes = route_all(case, conclusion.assertions, findings.verdicts, services.policy, before, implied)
            made_rows = assertion_rows(run, case, conclusion, routes, findings, services.taxonomy, before, at)
            asked = [decisions.apply(row) for row in made_rows]
            rows = [decisions.contest(row) for row in asked]
            uow.assertions.supersede(learner.id, keep_run=run.id)
            uow.reviews.close_for(learner.id, keep_run=run.id)
            uow.answers.forget(learner.id)
            uow.assertions.add(rows)
            self._ask(uow, learner, asked, routes)
            uow.runs.put_documents(run.id, texts)
            figures = outcome(rows, findings, conclusion, plan)
            finished = replace(run, state=RunState.DONE, finished_at=at, outcome=figures)
            uow.runs.put(finished)
            seal_concluded(uow, finished, findings, rows)
            propose(uow, learner, run.id, texts["path"], at, services.policy.review.l_and_d)
            uow.commit()
        return Assessed(finished, new=True)

    def _ask(
        self, uow: UnitOfWork, learner: Learner, rows: Sequence[StoredAssertion], routes: Mapping[str, Route]
    ) -> None:
        """Put what waits for a human, and what is drawn of the rest, into the queue of whoever the policy's rules
        name."""
        policy, asked = self.services.policy, set(waiting(rows))
        sample = set(drawn(rows, policy.calibration.audit_share))
        for row in rows:
            if row.id in asked | sample:
                assignee = assignee_of(uow, row, learner, policy.review, self.owners, self.services.taxonomy)
                item = review_item(row, routes[row.skill_id], learner, policy.review, assignee)
                uow.reviews.add([item if row.id in asked else replace(item, reasons=(DRAWN,))])

    def _after(self, latest: Run | None) -> datetime:
        """Now, or just after the learner's latest run: what was stored last is the latest, whatever the clock of the
        machine that stored what came before."""
        now = self.clock.now()
        ended = latest.finished_at if latest is not None else None
        return now if ended is None else max(now, ended + timedelta(microseconds=1))

    def _overtaken(self, uow: UnitOfWork, run: Run, latest: Run | None, stood: Run | None) -> Run | None:
        """The run of a newer case that was finished while this one was under way: that one stands."""
        if latest is None or (stood is not None and (latest.id, latest.finished_at) == (stood.id, stood.finished_at)):
            return None
        learner = uow.people.get(run.learner_id)
        if learner is None:
            return None
        evidence = uow.evidence.stamps([learner.id]).get(learner.id, "")
        role = self.builder.role_of(uow, learner)
        if latest.stamp != self.builder.stamp(learner, role, evidence, self.builder.ground(uow)):
            return None
        why = f"overtaken by {latest.id}, which saw newer evidence"
        uow.runs.put(replace(run, state=RunState.FAILED, finished_at=self.clock.now(), outcome={"error": why}))
        seal_failed(uow, run, RunState.FAILED, overtaken_by=latest.id)
        uow.commit()
        return latest


def _must_be_reached(learner: Learner) -> None:
    """
    Raises:
        OutsideRollout: a rollout is in force that does not reach them.
    """
    if learner.outside:
        raise OutsideRollout(
            f"{learner.id} is {OUTSIDE_WORDS}: nothing is assessed",
            remedy="`ascertain rollout status` says whom which pilot reaches",
        )


def _restricted() -> RestrictedError:
    return RestrictedError(
        "processing of this person is restricted", remedy="`ascertain person unrestrict` when the request is settled"
    )


def _still_allowed(uow: UnitOfWork, learner: Learner, case: CaseFile) -> None:
    """
    Raises:
        ConsentChanged: something that the case holds was withdrawn after it was read.
    """
    now = uow.people.get(learner.id)
    if now is not None and not now.consents.covers(learner.consents, (e.kind for e in case.evidence)):
        raise ConsentChanged("consent was withdrawn while the assessment was under way; nothing of it was stored")


def run_id(learner_id: str, fingerprint: str) -> str:
    """The id that the run of a case has, also before there is one."""
    return "r" + digest([learner_id, fingerprint], length=15)
