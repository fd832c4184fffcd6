"""Begins onboarding by itself: whoever the HR system brings anew gets a draft, which waits for their manager."""

from __future__ import annotations

from datetime import timedelta

from ascertain.domain.onboarding import Given, OnboardingPlan, PlanState
from ascertain.domain.onboarding_rules import OnboardingRules
from ascertain.domain.people import Learner
from ascertain.domain.ports import Clock, UnitOfWorkFactory
from ascertain.pipeline.onboarding import ask
from ascertain.pipeline.stop import stopped

SYSTEM = "system"


def begin(units: UnitOfWorkFactory, clock: Clock, rules: OnboardingRules) -> list[OnboardingPlan]:
    """Ask for a plan for each who is new, has a role and a manager, and never had one. Any number of processes at once,
    and the same again, ask once for each. Nothing happens while everything is stopped, or where the policy says never.
    """
    if rules.start_days is None:
        return []
    with units(write=False) as uow:
        if stopped(uow) is not None:
            return []
        had = {p.learner_id for p in uow.onboardings.listed()}
        new = [p for p in uow.people.all() if p.id not in had and _is_new(p, clock, rules.start_days)]
    if not new:
        return []
    made = []
    with units() as uow:
        for found in new:
            learner = uow.people.get(found.id)
            if learner is None or learner.restricted or not learner.active or uow.onboardings.of(found.id):
                continue
            made.append(ask(uow, learner, Given(), starts_on=None, by=SYSTEM, kind=SYSTEM, clock=clock))
        uow.commit()
    return made


def waiting(units: UnitOfWorkFactory) -> list[OnboardingPlan]:
    """Plans that were asked for and nobody has drafted yet."""
    with units(write=False) as uow:
        return uow.onboardings.listed((PlanState.ASKED,))


def _is_new(p: Learner, clock: Clock, days: int) -> bool:
    if p.restricted or p.hired_on is None or p.job_profile_id is None or p.manager_id is None:
        return False
    return abs(clock.today() - p.hired_on) <= timedelta(days=days)
