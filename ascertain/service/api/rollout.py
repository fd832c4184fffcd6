"""Pilots of a rollout, and how they do."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from starlette.responses import Response

from ascertain.domain.permission import Action
from ascertain.pipeline.permit import demand
from ascertain.pipeline.rollout import status
from ascertain.pipeline.rollout_report import figures
from ascertain.service.api.answers import One
from ascertain.service.api.asking import Asks, Caller
from ascertain.service.api.description import PROBLEMS
from ascertain.service.api.models_rollout import PilotReport, RolloutState

router = APIRouter(prefix="/v1/rollout", tags=["operation"], responses=PROBLEMS)

Reads = Annotated[Caller, Depends(Asks(Action.ROLLOUT_READ))]


@router.get("", operation_id="rollout", response_model=One[RolloutState])
def state(caller: Reads) -> Response:
    """Every pilot with its phase, and how many people and skills it reaches."""
    app = caller.app
    with caller.reading() as uow:
        demand(uow, caller.who, caller.action)
        return caller.one(RolloutState, status(uow, app.rollout, app.pilot_skills, app.clock))


@router.get("/{pilot}", operation_id="rollout_report", response_model=One[PilotReport])
def report(pilot: Annotated[str, Path(max_length=80, description="Id of a pilot.")], caller: Reads) -> Response:
    """How a pilot that runs does: accuracy, coverage, time, disputes, and what that says of the next phase."""
    app = caller.app
    with caller.reading() as uow:
        demand(uow, caller.who, caller.action)
        found = figures(uow, app.rollout, pilot, app.pilot_skills, app.bundle.taxonomy, app.clock)
    return caller.one(PilotReport, found)
