"""What the API and the pages share about onboarding: asking for a plan, and reading one as the reader may see it."""

from __future__ import annotations

import logging
from typing import Any

from ascertain.domain.onboarding import OnboardingPlan
from ascertain.domain.permission import Action, Principal
from ascertain.domain.ports import UnitOfWork
from ascertain.jobs.onboarding import enqueue_draft
from ascertain.pipeline import onboarding, onboarding_view
from ascertain.pipeline.access import readable
from ascertain.pipeline.onboarding_input import checked, given_of
from ascertain.pipeline.permit import may_each, permitted_learner
from ascertain.runtime import App
from ascertain.service.context import Service
from ascertain.service.problems import Problem

Json = dict[str, Any]
log = logging.getLogger(__name__)


def ask(service: Service, who: Principal, learner: str, given: Json) -> OnboardingPlan:
    """Ask for a plan and queue its drafting. While the queue is away it waits for the next sync.

    Raises:
        ForbiddenError: they may not, or there is nobody.
        InputError: naming the field.
        ConflictError: there is a plan, no role, or the person has left.
    """
    app = service.app
    with app.units() as uow:
        person = permitted_learner(uow, who, Action.ONBOARDING_EDIT, learner)
        asked = checked(given)  # whoever may not is told nothing of what is wrong
        found = given_of(uow, person, app.builder.role_of(uow, person), app.bundle.taxonomy, asked)
        made = onboarding.ask(
            uow, person, found, starts_on=asked.starts_on, by=who.name, kind=who.kind, clock=app.clock
        )
        uow.commit()
    try:
        with service.watch.queue(app) as queue:
            enqueue_draft(queue, made.id)
    except Problem as e:
        log.warning("plan %s waits for the next sync: %s", made.id, e.detail)
    return made


def read(app: App, uow: UnitOfWork, who: Principal, plan: str) -> Json:
    """A plan with sentences. Whoever shows it notes ``onboarding_view.people_in`` of it first.

    Raises:
        ForbiddenError, NotFoundError: as ``onboarding.permitted_plan``.
    """
    found, learner = onboarding.permitted_plan(uow, who, Action.ONBOARDING_READ, plan)
    own = who.learner_id == learner.id
    data = onboarding_view.shown(uow, found, learner, app.bundle.taxonomy, app.clock.today(), own=own)
    data["told"] = [s.text for s in onboarding_view.sentences(data)]
    return data


def listed(app: App, uow: UnitOfWork, who: Principal, *, everything: bool = False) -> tuple[list[Json], int]:
    """Plans of the people whom the reader may see, and how many others there are."""
    rows = onboarding_view.in_lists(uow, uow.onboardings.listed(), app.clock.today())
    rows = [r for r in rows if everything or r["state"] != "withdrawn"]
    allowed = may_each(uow, who, Action.ONBOARDING_READ, [(r["learner"], None) for r in rows])
    seen = [r for r, yes in zip(rows, allowed, strict=True) if yes]
    people = [p for p in uow.people.all() if p.id in {r["learner"] for r in seen}]
    may = {p.id for p in readable(uow, who.name, people)}
    return [r for r in seen if r["learner"] in may], len(rows) - len(seen)
