"""Onboarding: ask for a plan, read it, change it, approve it, follow it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from ascertain.domain.permission import Action
from ascertain.pipeline import onboarding, onboarding_view
from ascertain.pipeline.onboarding_changes import ChangeInput, changes_of
from ascertain.pipeline.onboarding_export import calendar
from ascertain.service import onboarding as shared
from ascertain.service.api.answers import One, Page
from ascertain.service.api.asking import Asks, Caller
from ascertain.service.api.description import PROBLEMS
from ascertain.service.api.models_onboarding import (
    AskOnboarding,
    ChangeOnboarding,
    CommentOnboarding,
    DecideOnboarding,
    Onboarding,
    OnboardingComment,
    OnboardingPlan,
    TickMilestone,
)
from ascertain.service.api.paging import Paging, Sorted
from ascertain.service.api.writing import WRITE_PROBLEMS, Done, Given, Writes, matching, once, takes

router = APIRouter(prefix="/v1/onboarding", tags=["onboarding"], responses=PROBLEMS)

PlanId = Annotated[str, Path(max_length=80, description="Id of a plan.")]
MilestoneId = Annotated[str, Path(max_length=20, description="Id of a milestone of the plan.")]
Reads = Annotated[Caller, Depends(Asks(Action.ONBOARDING_READ))]
Edits = Annotated[Caller, Depends(Writes(Action.ONBOARDING_EDIT))]
Follows = Annotated[Caller, Depends(Writes(Action.ONBOARDING_FOLLOW))]


@router.get("", operation_id="list_onboarding", response_model=Page[Onboarding])
def listed(
    caller: Reads,
    paging: Annotated[Paging, Depends()],
    everything: Annotated[bool, Query(description="Withdrawn ones too.")] = False,
) -> Response:
    """Plans of the first 90 days, the first to start first."""
    with caller.reading() as uow:
        rows, left_out = shared.listed(caller.app, uow, caller.who, everything=everything)
    cut = caller.cut(Sorted(rows, lambda r: (str(r["starts_on"]), str(r["id"])), (everything,)), paging)
    caller.note("onboarding", {r["learner"] for r in cut.rows})
    return caller.page(Onboarding, cut, left_out=left_out)


@router.post(
    "",
    operation_id="ask_onboarding",
    status_code=201,
    response_model=One[OnboardingPlan],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(AskOnboarding),
)
def ask(caller: Edits, given: Annotated[AskOnboarding, Depends(Given(AskOnboarding))]) -> Response:
    """Ask for a plan. It is `asked` until a worker has drafted it, and a `draft` until the manager approves it."""

    def work() -> Done:
        made = shared.ask(caller.service, caller.who, given.learner, given.model_dump(exclude={"learner"}))
        return _done(caller, made.id, 201, {"Location": f"/v1/onboarding/{made.id}"})

    return once(caller, given, work)


@router.get("/{plan}", operation_id="get_onboarding", response_model=One[OnboardingPlan])
def show(plan: PlanId, caller: Reads) -> Response:
    """A plan with its milestones and how it goes."""
    with caller.reading() as uow:
        data = shared.read(caller.app, uow, caller.who, plan)
    caller.note("onboarding", onboarding_view.people_in(data))
    return caller.one(OnboardingPlan, data)


@router.get(
    "/{plan}/calendar",
    operation_id="get_onboarding_calendar",
    response_class=Response,
    responses={200: {"content": {"text/calendar": {"schema": {"type": "string"}}}}},
)
def ics(plan: PlanId, caller: Reads) -> Response:
    """The plan as a calendar (iCalendar, RFC 5545). Taken in again after a change it moves entries and doubles none."""
    with caller.reading() as uow:
        data = shared.read(caller.app, uow, caller.who, plan)
    caller.note("onboarding", onboarding_view.people_in(data))
    name = f'attachment; filename="onboarding-{data["id"]}.ics"'
    return Response(calendar(data), media_type="text/calendar", headers={"Content-Disposition": name})


@router.post(
    "/{plan}/changes",
    operation_id="change_onboarding",
    response_model=One[OnboardingPlan],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(ChangeOnboarding, if_match=True),
)
def change(
    plan: PlanId, caller: Edits, given: Annotated[ChangeOnboarding, Depends(Given(ChangeOnboarding))]
) -> Response:
    """Add, remove, move or edit milestones."""

    def work() -> Done:
        app = caller.app
        with caller.writing() as uow:
            found, learner = onboarding.permitted_plan(uow, caller.who, caller.action, plan)
            matching(caller, OnboardingPlan, shared.read(app, uow, caller.who, found.id))
            asked = [ChangeInput.model_validate(c.model_dump()) for c in given.changes]
            changes = changes_of(uow, found, learner, app.bundle.taxonomy, asked)
            onboarding.change(uow, found, changes, reason=given.reason, principal=caller.who, clock=app.clock)
            uow.commit()
        return _done(caller, found.id)

    return once(caller, given, work)


@router.post(
    "/{plan}/decision",
    operation_id="decide_onboarding",
    response_model=One[OnboardingPlan],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(DecideOnboarding, if_match=True),
)
def decide(
    plan: PlanId, caller: Edits, given: Annotated[DecideOnboarding, Depends(Given(DecideOnboarding))]
) -> Response:
    """Approve a draft, or withdraw a plan. Not the new hire."""

    def work() -> Done:
        app = caller.app
        with caller.writing() as uow:
            found, _ = onboarding.permitted_plan(uow, caller.who, caller.action, plan)
            matching(caller, OnboardingPlan, shared.read(app, uow, caller.who, found.id))
            onboarding.decide(
                uow, found, approve=given.approve, reason=given.reason, principal=caller.who, clock=app.clock
            )
            uow.commit()
        return _done(caller, found.id)

    return once(caller, given, work)


@router.post(
    "/{plan}/milestones/{milestone}",
    operation_id="tick_milestone",
    response_model=One[OnboardingPlan],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(TickMilestone),
)
def tick(
    plan: PlanId,
    milestone: MilestoneId,
    caller: Follows,
    given: Annotated[TickMilestone, Depends(Given(TickMilestone))],
) -> Response:
    """Say that a milestone is done, skipped or open again: the new hire or the manager."""

    def work() -> Done:
        with caller.writing() as uow:
            found, _ = onboarding.permitted_plan(uow, caller.who, caller.action, plan)
            onboarding.tick(
                uow, found, milestone, given.state, note=given.note, principal=caller.who, clock=caller.app.clock
            )
            uow.commit()
        return _done(caller, found.id)

    return once(caller, given, work)


@router.post(
    "/{plan}/comments",
    operation_id="comment_onboarding",
    status_code=201,
    response_model=One[OnboardingComment],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(CommentOnboarding),
)
def comment(
    plan: PlanId, caller: Follows, given: Annotated[CommentOnboarding, Depends(Given(CommentOnboarding))]
) -> Response:
    """Say something about it: the new hire or the manager."""

    def work() -> Done:
        with caller.writing() as uow:
            found, _ = onboarding.permitted_plan(uow, caller.who, caller.action, plan)
            made = onboarding.comment(
                uow, found, given.words, milestone=given.milestone, principal=caller.who, clock=caller.app.clock
            )
            uow.commit()
        return Done(OnboardingComment, onboarding_view.comment(made), found.learner_id, 201)

    return once(caller, given, work)


def _done(caller: Caller, plan: str, status: int = 200, headers: dict[str, Any] | None = None) -> Done:
    with caller.reading() as uow:
        data = shared.read(caller.app, uow, caller.who, plan)
    return Done(OnboardingPlan, data, data["learner"], status, headers or {})
