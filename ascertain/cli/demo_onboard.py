"""What the demonstration shows of onboarding: new hires get a draft, and one manager approves theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ascertain.runtime import App


APPROVED = "FL1107"
"""Whose plan is approved, by the manager as whom the demonstration has one sign in."""


def lines(app: App) -> list[str]:
    """How many plans were drafted, and what became of one. A second time nothing is asked for or decided again."""
    from ascertain.cli.demo_people import principal
    from ascertain.domain.onboarding import MilestoneKind, PlanState
    from ascertain.pipeline.onboarding import decide
    from ascertain.pipeline.onboarding_start import waiting

    app.begin_onboarding()
    for plan in waiting(app.units):
        app.draft_onboarding(plan.id)
    with app.units() as uow:
        plans = uow.onboardings.listed((PlanState.DRAFT, PlanState.APPROVED))
        if not plans:
            return []
        first = next((p for p in plans if p.learner_id == APPROVED), plans[0])
        learner = uow.people.get(first.learner_id)
        boss = uow.people.get(learner.manager_id) if learner and learner.manager_id else None
        if learner is None or boss is None:
            return []
        if first.state is PlanState.DRAFT:
            by = principal(app, uow, boss.id)
            decide(uow, first, approve=True, reason="a good start", principal=by, clock=app.clock)
            uow.commit()
    kinds = [m.kind for m in first.milestones]
    meets, courses = kinds.count(MilestoneKind.MEET), kinds.count(MilestoneKind.COURSE)
    return [
        f"plans of the first 90 days for {len(plans)} new hires are drafted (`onboard list`); {boss.name} has approved "
        f"the one of {learner.name}: {len(kinds)} milestones, {courses} courses and {meets} talks with colleagues "
        f"among them (`onboard show {first.id}`)"
    ]
