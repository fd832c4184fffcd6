"""Starts assessments that somebody asks for, on a page or by the API, and says before what they would take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ascertain.domain.permission import Action, Principal
from ascertain.domain.run_requests import Progress
from ascertain.domain.runs import RunState
from ascertain.errors import ConflictError, NotFoundError
from ascertain.jobs import run_requests as jobs
from ascertain.pipeline import run_requests
from ascertain.pipeline.estimate import walked
from ascertain.pipeline.permit import all_permitted, demand_somewhere, permitted_learner
from ascertain.pipeline.runs_view import typical
from ascertain.pipeline.stop import is_stopped
from ascertain.pipeline.sweep import cohort_or_raise
from ascertain.runtime import App
from ascertain.service.context import Service
from ascertain.service.infer import STOPPED, STOPPED_SECONDS
from ascertain.service.problems import wait


@dataclass(frozen=True, slots=True)
class Begun:
    """``learner_id`` where it is about one learner alone."""

    progress: Progress
    learner_id: str | None


def start_runs(
    service: Service, who: Principal, learner: str, cohort: str, *, force: bool = False, ident: str = ""
) -> Begun:
    """Queue the assessment of a learner, or of those of a cohort who are due.

    Args:
        learner: id or address; empty for a cohort.
        ident: the request's id; asked for again under the same one, nothing more is started.

    Raises:
        Problem: 503 while everything is stopped, or the queue is away.
        ForbiddenError: about one of them they may not.
        NotFoundError: there is nobody, told to those who may do it about anybody.
        ConflictError: the learner is not active.
    """
    app, watch = service.app, service.watch
    if is_stopped(app.units):
        raise wait(503, STOPPED, STOPPED_SECONDS)
    with app.units(write=False) as uow:  # whoever may not is told nothing of the queue
        if learner:
            permitted_learner(uow, who, Action.ASSESS_RUN, learner)
        else:
            demand_somewhere(uow, who, Action.ASSESS_RUN)
    with watch.queue(app) as queue:
        queue.handle.connection.ping()  # before anything is taken down
    with app.units() as uow:
        if ident and uow.run_requests.get(ident) is not None:
            known = run_requests.permitted_request(uow, who, ident)
            alone = [m.learner_id for m in uow.run_requests.members(ident)] if not known.cohort else []
            uow.commit()
            return Begun(watch.look(app, known), alone[0] if alone else None)
        if learner:
            person = permitted_learner(uow, who, Action.ASSESS_RUN, learner)
            if not person.active:
                raise ConflictError(f"{person.id} is not active")
            asked = run_requests.ask(uow, who, app.clock, [person], ident=ident)
        else:
            person = None
            asked = run_requests.ask_for_cohort(uow, who, app.clock, cohort, force=force, ident=ident)
        uow.commit()
    with watch.queue(app) as queue:
        if person is not None:
            jobs.start_one(app, queue, asked, person.id)
        else:
            queue.enqueue_start(asked.id)
    return Begun(watch.look(app, asked, anew=True), person.id if person is not None else None)


def estimate_runs(app: App, who: Principal, learner: str, cohort: str, *, force: bool = False) -> dict[str, Any]:
    """What starting them would take, by the middle run of those that ended well with the present brain; where there is
    none, by walking a few of the cases without asking a model (``walked``): the fewest calls, and tokens by length.

    ``due`` of ``people`` would be assessed; the others have not changed, or may not be assessed. ``seconds`` (of one
    worker), ``calls``, ``tokens`` and ``usd`` are null where nothing is known to go by.

    Raises:
        ForbiddenError, NotFoundError, ConflictError: as ``start_runs``.
    """
    with app.units(write=False) as uow:
        if learner:
            person = permitted_learner(uow, who, Action.ASSESS_RUN, learner)
            if not person.active:
                raise ConflictError(f"{person.id} is not active")
            people = [person]
        else:
            try:
                people = cohort_or_raise(uow, cohort)
            except NotFoundError:
                run_requests.may_know(uow, who, Action.ASSESS_RUN)
                raise
            all_permitted(uow, who, Action.ASSESS_RUN, people)
        usual = typical(uow, app.crew.brain_version, app.clock.now())
    if learner:
        found, due = _of_one(app, people[0].id), [people[0].id]
    else:
        plan = app.plan_sweep(cohort, force=force)
        found = {
            "due": len(plan.due),
            "unchanged": plan.unchanged,
            "no_notice": len(plan.no_notice),
            "no_consent": len(plan.no_consent),
            "blocked": "",
        }
        due = [p.id for p in plan.due]
    steps = 0
    if not usual["n"] and found["due"]:
        usual |= walked(app.assessor, due)
        steps = usual["walked"]
    each = {k: None if usual[k] is None else usual[k] * found["due"] for k in ("seconds", "calls", "tokens", "usd")}
    known = {"rests_on": usual["n"], "walked": steps, "brain": app.crew.brain_version}
    return {"people": len(people), **found, **each, **known}


def _of_one(app: App, learner_id: str) -> dict[str, Any]:
    now = app.assessor.present(learner_id)
    with app.units(write=False) as uow:
        run = uow.runs.find(learner_id, now.fingerprint)
    known = run is not None and run.state is RunState.DONE
    blocked = now.problem.message if now.problem is not None else ""
    due = not blocked and not known
    return {"due": int(due), "unchanged": int(known), "no_notice": 0, "no_consent": 0, "blocked": blocked}
