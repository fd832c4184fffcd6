"""Further writes: consents, proposed learning, and job profiles out of proposals."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from redis.exceptions import RedisError
from starlette.responses import Response

from ascertain.domain.assignments import Assignment as StoredAssignment
from ascertain.domain.assignments import AssignmentState
from ascertain.domain.consent import Origin
from ascertain.domain.permission import Action
from ascertain.domain.ports import UnitOfWork
from ascertain.domain.skills import Level
from ascertain.errors import ConfigError, InputError, NotFoundError
from ascertain.jobs.anew import assess_anew
from ascertain.pipeline import accept_job, assignments
from ascertain.pipeline.consent import say
from ascertain.pipeline.permit import demand, permitted_learner
from ascertain.pipeline.run_requests import may_know
from ascertain.service.api.answers import One, Page
from ascertain.service.api.asking import Asks, Caller
from ascertain.service.api.description import PROBLEMS
from ascertain.service.api.models_insight import Assignment
from ascertain.service.api.models_writes import (
    AcceptedRole,
    AcceptRole,
    ConsentSaid,
    DecideAssignment,
    SayConsent,
    YesOrNo,
)
from ascertain.service.api.paging import Paging, Sorted
from ascertain.service.api.writing import WRITE_PROBLEMS, Done, Given, Writes, matching, once, takes
from ascertain.taxonomy.denying import read_denied

router = APIRouter(prefix="/v1", responses=PROBLEMS)

LearnerId = Annotated[str, Path(max_length=200, description="Id or e-mail address of a person.")]
AssignmentId = Annotated[str, Path(max_length=80, description="Id of a proposed path.")]


@router.post(
    "/learners/{learner}/consents",
    operation_id="say_consent",
    tags=["consents"],
    response_model=One[ConsentSaid],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(SayConsent),
)
def consent(
    learner: LearnerId,
    caller: Annotated[Caller, Depends(Writes(Action.CONSENT_GIVE))],
    given: Annotated[SayConsent, Depends(Given(SayConsent))],
) -> Response:
    """Give or withdraw consent: one's own, or (those who may) what a person said on paper. A no takes away at once
    what rests on it."""

    def work() -> Done:
        app, who = caller.app, caller.who
        with caller.reading() as uow:
            found = uow.people.get(who.learner_id) if who.learner_id else None
            own = found is not None and learner.strip().casefold() in (found.id.casefold(), found.email.casefold())
            action = caller.action if own else Action.CONSENT_RECORD
            person = permitted_learner(uow, who, action, learner)
        said = say(
            app.units,
            app.clock,
            person.id,
            [*given.purposes, *given.sources],
            given=given.given,
            origin=Origin.PERSON,
            actor=who.name,
            reason=given.reason,
            text_version=given.text_version,
            on=_day(given.on),
        )
        gone = said.forgotten
        data = {
            "learner": person.id,
            "given": said.given,
            "recorded": [t.value for t in said.recorded],
            "taken_away": {"evidence": gone.evidence, "assertions": gone.assertions, "reviews": gone.reviews},
            "assessed_anew": bool(gone) and anew(caller, said.touched),
        }
        return Done(ConsentSaid, data, person.id)

    return once(caller, given, work)


@router.get("/assignments", operation_id="list_assignments", tags=["assignments"], response_model=Page[Assignment])
def listed(
    caller: Annotated[Caller, Depends(Asks(Action.ASSIGNMENT_READ))],
    paging: Annotated[Paging, Depends()],
    state: Annotated[AssignmentState, Query(description="Only those in this state.")] = AssignmentState.PROPOSED,
) -> Response:
    """Proposed paths, the oldest first."""
    with caller.reading() as uow:
        here = {p.id for p in uow.people.all()}  # who left or is restricted is in no list
        every = [a for a in uow.assignments.listed(state) if a.learner_id in here]
        seen, left_out = assignments.seen_by(uow, caller.who, every)
        rows = [assignments.shown(a) for a in seen]
    cut = caller.cut(Sorted(rows, lambda r: (str(r["proposed_at"]), str(r["id"])), (state.value,)), paging)
    caller.note("assignments", {r["learner"] for r in cut.rows})
    return caller.page(Assignment, cut, left_out=left_out)


@router.get(
    "/assignments/{assignment}", operation_id="get_assignment", tags=["assignments"], response_model=One[Assignment]
)
def show(assignment: AssignmentId, caller: Annotated[Caller, Depends(Asks(Action.ASSIGNMENT_READ))]) -> Response:
    """One proposed path."""
    with caller.reading() as uow:
        row = _assignment(uow, caller, assignment)
    caller.note("assignments", [row.learner_id])
    return caller.one(Assignment, assignments.shown(row))


@router.post(
    "/assignments/{assignment}/decision",
    operation_id="decide_assignment",
    tags=["assignments"],
    response_model=One[Assignment],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(DecideAssignment, if_match=True),
)
def decide(
    assignment: AssignmentId,
    caller: Annotated[Caller, Depends(Writes(Action.ASSIGNMENT_APPROVE))],
    given: Annotated[DecideAssignment, Depends(Given(DecideAssignment))],
) -> Response:
    """Approve or reject a path. Not by the learner. Only an approved path may be assigned outside."""

    def work() -> Done:
        with caller.writing() as uow:
            row = _assignment(uow, caller, assignment)
            matching(caller, Assignment, assignments.shown(row))
            yes = given.decision is YesOrNo.APPROVE
            done = assignments.decide(
                uow, row.id, approve=yes, reason=given.reason, principal=caller.who, clock=caller.app.clock
            )
            uow.commit()
        return Done(Assignment, assignments.shown(done), done.learner_id)

    return once(caller, given, work)


@router.post(
    "/roles",
    operation_id="accept_role",
    tags=["roles"],
    status_code=201,
    response_model=One[AcceptedRole],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(AcceptRole),
)
def accept(
    caller: Annotated[Caller, Depends(Writes(Action.JOBS_ACCEPT))],
    given: Annotated[AcceptRole, Depends(Given(AcceptRole))],
) -> Response:
    """Make a job profile of a job that a connected system proposes. Whoever has its code is measured against it."""

    def work() -> Done:
        app = caller.app
        with caller.reading() as uow:
            demand(uow, caller.who, caller.action)
            found = [j for j in uow.proposals.all() if given.proposal in (j.ref, j.code)]
        if len(found) != 1:
            raise NotFoundError(f"{len(found)} proposals are called that")
        floor, level = app.policy.mapping.claim_floor, Level(given.level)
        deny, led = read_denied(), app.bundle.taxonomy.led
        made = accept_job.draft(found[0], app.bundle.mapper, floor, level, given.id, deny=deny, led=led)
        with caller.writing() as uow:
            demand(uow, caller.who, caller.action)
            accept_job.accept(uow, found[0], made, actor=caller.who.name)
            uow.commit()
        asked = made.profile.requirements
        data = {
            "id": made.profile.id,
            "title": made.profile.title,
            "requirements": [{"skill": r.skill_id, "level": int(r.level), "importance": r.importance} for r in asked],
            "unknown": list(made.unknown),
            "denied": list(made.denied),
            "led": [{"source": k.source, "target": k.target, "relation": k.relation.value} for k in made.led],
        }
        return Done(AcceptedRole, data, None, 201)

    return once(caller, given, work)


def _assignment(uow: UnitOfWork, caller: Caller, text: str) -> StoredAssignment:
    """
    Raises:
        ForbiddenError: not permitted, or there is none: whoever may not know gets the same answer.
        NotFoundError: there is none, told to those who may do it about anybody.
    """
    row = uow.assignments.get(text)
    learner = uow.people.get(row.learner_id) if row else None
    if row is not None and learner is not None:
        assignments.demand_about_path(uow, caller.who, caller.action, learner, row)
        return row
    may_know(uow, caller.who, caller.action)
    raise NotFoundError("there is no such assignment")


def anew(caller: Caller, learners: tuple[str, ...]) -> bool:
    """Queue new assessments; whether any was. What was said is on record whatever becomes of this: a queue that is away
    leaves it to the next sweep."""
    try:
        return assess_anew(caller.app.settings, caller.app.clock, learners) > 0
    except (RedisError, OSError, ConfigError):
        return False


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InputError(f"{text} is no day", field="on", remedy="2026-03-01") from None
