"""People by skills, for staffing tools."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from ascertain.domain.permission import Action
from ascertain.domain.skills import Level
from ascertain.pipeline.find_people import NOTICE, with_skills
from ascertain.pipeline.permit import demand_somewhere
from ascertain.service.api import answers
from ascertain.service.api.asking import Asks, Caller
from ascertain.service.api.description import PROBLEMS
from ascertain.service.api.models_people import FoundPeople
from ascertain.service.api.paging import Paging, Sorted

router = APIRouter(prefix="/v1", tags=["people"], responses=PROBLEMS)


@router.get("/people", operation_id="people_by_skills", response_model=FoundPeople)
def people(
    caller: Annotated[Caller, Depends(Asks(Action.PEOPLE_SEARCH))],
    paging: Annotated[Paging, Depends()],
    skill: Annotated[list[str], Query(min_length=1, max_length=10, description="Ids of skills: all of them.")],
    level: Annotated[int, Query(ge=1, le=5, description="At least this level.")] = 1,
) -> Response:
    """People with all of these skills, by id: accepted and uncontested ones, of people who want to be found.

    It is no ranking and no decision; each answer says so.
    """
    with caller.reading() as uow:
        demand_somewhere(uow, caller.who, caller.action)
        rows = with_skills(uow, caller.who, skill, Level(level))
    filters = (*sorted(set(skill)), level)
    cut = caller.cut(Sorted(rows, lambda r: (str(r["learner"]["id"]),), filters), paging)
    caller.note("people", [r["learner"]["id"] for r in cut.rows])
    found = FoundPeople.model_validate({"data": cut.rows, "next": cut.next, "notice": NOTICE})
    return answers.listed(caller.request, found, cut.next)
