"""Drafts plans that were asked for. The agents order and choose; code builds, checks and stores. Safe to run twice."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from ascertain.domain.canonical import digest
from ascertain.domain.onboarding import Milestone, OnboardingPlan, PlanState, Version
from ascertain.domain.onboarding_build import Built, build
from ascertain.domain.onboarding_crew import OnboardingCrew, OnboardingFindings
from ascertain.domain.onboarding_phases import PhaseSolver
from ascertain.domain.people import Learner
from ascertain.domain.ports import Clock, CrewServices, UnitOfWork, UnitOfWorkFactory
from ascertain.domain.spending import usage_of
from ascertain.errors import AscertainError, ConflictError, NotFoundError, RestrictedError, RunError
from ascertain.pipeline.assess_ends import steps_of
from ascertain.pipeline.cases import CaseBuilder
from ascertain.pipeline.notice import Gate
from ascertain.pipeline.onboarding_case import Material, material
from ascertain.pipeline.stop import must_go_on
from ascertain.pipeline.views import label

CREW = "onboarding"


@dataclass(frozen=True, slots=True)
class Drafter:
    """The use case with its collaborators."""

    units: UnitOfWorkFactory
    builder: CaseBuilder
    crew: Callable[[], OnboardingCrew]
    services: CrewServices
    phases: PhaseSolver
    clock: Clock
    gate: Gate

    def draft(self, plan_id: str, *, until: float | None = None) -> OnboardingPlan:
        """Draft one plan; one that is drafted, approved or withdrawn is left as it is.

        Args:
            until: when the crew must be done, by ``time.monotonic()``.

        Raises:
            NotFoundError: there is no such plan, or its person is gone.
            ConflictError: the person has no role or has left, or everything is stopped.
            RunError: a brain failed, or a text could not be masked; the plan says so and can be drafted again.
        """
        with self.units(write=False) as uow:
            must_go_on(uow)
            plan, learner = self._found(uow, plan_id)
            if plan.state is not PlanState.ASKED:
                return plan
        try:
            with self.units(write=False) as uow:
                found = material(uow, plan, learner, self.builder, self.gate, self.services.policy.onboarding)
            services = self.services if until is None else replace(self.services, seconds=until - time.monotonic())
            findings = self._weighed(found, services)
        except AscertainError as e:
            self._failed(plan, e.message)
            raise
        return self._store(plan, found, findings)

    def _found(self, uow: UnitOfWork, plan_id: str) -> tuple[OnboardingPlan, Learner]:
        plan = uow.onboardings.get(plan_id)
        learner = uow.people.get(plan.learner_id) if plan else None
        if plan is None or learner is None:
            raise NotFoundError(f"there is no onboarding plan {plan_id!r}", remedy="`ascertain onboard list`")
        if uow.restrictions.on(learner.id) is not None:
            raise RestrictedError(
                "processing of this person is restricted", remedy="`ascertain person unrestrict` when it is settled"
            )
        if not learner.active:
            raise ConflictError(f"{learner.id} has left", remedy="withdraw the plan")
        return plan, learner

    def _weighed(self, found: Material, services: CrewServices) -> OnboardingFindings:
        try:
            findings = self.crew().run(found.masked, services, self.phases)
        except RunError as e:
            self._count(e)
            raise
        with self.units() as uow:
            uow.usage.add(self.clock.today(), CREW, usage_of(findings.steps))
            uow.commit()
        return findings

    def _count(self, error: RunError) -> None:
        if steps := steps_of(error):
            with self.units() as uow:
                uow.usage.add(self.clock.today(), CREW, usage_of(steps))
                uow.commit()

    def _failed(self, plan: OnboardingPlan, why: str) -> None:
        with self.units() as uow:
            now = uow.onboardings.get(plan.id)
            if now is not None and now.state is PlanState.ASKED:
                uow.onboardings.put(replace(now, problem=why))
                header = {"plan": plan.id}
                uow.audit.append(
                    "onboarding.failed", actor="system", learner_id=plan.learner_id, header=header, payload={"why": why}
                )
                uow.commit()

    def _store(self, plan: OnboardingPlan, found: Material, findings: OnboardingFindings) -> OnboardingPlan:
        policy, taxonomy = self.services.policy, self.services.taxonomy
        # Built again in the words of catalogue and manager, from the same choice: the agents saw masked ones.
        built = build(
            found.plain, findings.choice, self.phases, policy.onboarding, policy.path, lambda s: label(taxonomy, s)
        )
        left = built.left_out
        if found.unseen:
            left = (*left, "What the person has shown before was not looked at: they were not told yet, or said no.")
        with self.units() as uow:
            must_go_on(uow)
            now, _ = self._found(uow, plan.id)
            if now.state is not PlanState.ASKED:  # another worker was first, or the manager wants it no more
                return now
            done = replace(
                now,
                state=PlanState.DRAFT,
                version=1,
                hours_per_week=found.plain.hours_per_week,
                milestones=tuple(_named(m, found) for m in built.milestones),
                summary=findings.summary,
                remarks=findings.remarks,
                left_out=left,
                made_with=self._versions(built),
                problem="",
            )
            uow.onboardings.put(done)
            made = Version(done.id, done.learner_id, 1, "system", self.clock.now(), "drafted", (), done.milestones)
            uow.onboardings.keep(made)
            self._seal(uow, done, findings)
            uow.commit()
        return done

    def _versions(self, built: Built) -> dict[str, str]:
        crew = self.crew()
        return {
            "policy": self.services.policy.version,
            "taxonomy": self.services.taxonomy.version,
            "brain": crew.brain_version,
            "prompts": crew.prompts_version,
            "placement": built.placement.status.value,
        }

    def _seal(self, uow: UnitOfWork, plan: OnboardingPlan, findings: OnboardingFindings) -> None:
        header = {
            "plan": plan.id,
            "made_with": dict(plan.made_with),
            "milestones": len(plan.milestones),
            "agents": [
                [s.agent, s.model, s.prompt_hash, s.output_hash, list(s.tools), s.calls, list(s.tokens)]
                for s in findings.steps
            ],
            "drops": [[d.stage, d.why] for d in findings.drops],
            "digest": digest([m.id for m in plan.milestones]),
        }
        payload = {
            "outputs": [[s.agent, s.output] for s in findings.steps],
            "dropped": [[d.stage, d.what, d.why] for d in findings.drops],
        }
        uow.audit.append(
            "onboarding.drafted", actor="system", learner_id=plan.learner_id, header=header, payload=payload
        )


def _named(m: Milestone, found: Material) -> Milestone:
    """With the colleague's own id in place of the pseudonym."""
    return replace(m, colleague=found.who.get(m.colleague, "")) if m.colleague else m
