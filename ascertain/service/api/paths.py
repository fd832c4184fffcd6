"""What a person's path has to keep to, and what of it they will not take. The path itself is in ``learners``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from ascertain.domain.path_wishes import PathWishes, Share
from ascertain.domain.people import Learner
from ascertain.domain.permission import Action
from ascertain.domain.ports import UnitOfWork
from ascertain.pipeline.path_plan import Replanned
from ascertain.pipeline.path_replan import shown
from ascertain.pipeline.permit import permitted_learner
from ascertain.service.api.answers import One
from ascertain.service.api.asking import Caller
from ascertain.service.api.description import PROBLEMS
from ascertain.service.api.learners import LearnerId
from ascertain.service.api.models_paths import LimitPath, PathPlannedAnew, SkipPathItem
from ascertain.service.api.writing import WRITE_PROBLEMS, Done, Given, Writes, once, takes

router = APIRouter(prefix="/v1/learners/{learner}/path", tags=["people"], responses=PROBLEMS)

Plans = Annotated[Caller, Depends(Writes(Action.PATH_PLAN))]


@router.post(
    "/limits",
    operation_id="limit_path",
    response_model=One[PathPlannedAnew],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(LimitPath),
)
def limit(learner: LearnerId, caller: Plans, given: Annotated[LimitPath, Depends(Given(LimitPath))]) -> Response:
    """Say what a path has to keep to; what follows from it is proposed, and waits for a yes."""
    wishes = PathWishes(
        given.hours_per_week,
        given.by,
        tuple(dict.fromkeys(given.languages)),
        given.max_cost,
        {m: Share(s.least, s.most) for m, s in given.mix.items()},
    )

    def plan(uow: UnitOfWork, person: Learner) -> Replanned:
        return caller.app.planner().wish(uow, caller.who, person, wishes, given.reason)

    return once(caller, given, lambda: _planned(caller, learner, plan))


@router.post(
    "/skips",
    operation_id="skip_path_item",
    response_model=One[PathPlannedAnew],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(SkipPathItem),
)
def skip(learner: LearnerId, caller: Plans, given: Annotated[SkipPathItem, Depends(Given(SkipPathItem))]) -> Response:
    """Leave an item of a path out, for a reason, or let it be planned again. What is mandatory cannot be skipped."""

    def plan(uow: UnitOfWork, person: Learner) -> Replanned:
        planner = caller.app.planner()
        if given.take_back:
            return planner.take_back(uow, caller.who, person, given.item)
        return planner.skip(uow, caller.who, person, given.item, given.reason)

    return once(caller, given, lambda: _planned(caller, learner, plan))


def _planned(caller: Caller, learner: str, plan: Callable[[UnitOfWork, Learner], Replanned]) -> Done:
    with caller.writing() as uow:
        person = permitted_learner(uow, caller.who, caller.action, learner)
        found = plan(uow, person)
        uow.commit()
    return Done(PathPlannedAnew, shown(person.id, found), person.id)
