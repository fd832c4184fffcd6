"""What a cohort, a team or a role needs, and what would change it. Nothing is stored."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from ascertain.domain.permission import Action
from ascertain.errors import NotFoundError
from ascertain.pipeline.needs_view import needs, people_of
from ascertain.pipeline.permit import demand_about_anybody
from ascertain.pipeline.what_if import suppose
from ascertain.service.api.answers import One
from ascertain.service.api.asking import Asks, Caller
from ascertain.service.api.description import PROBLEMS
from ascertain.service.api.models_what_if import DevelopmentNeeds, Supposition

router = APIRouter(prefix="/v1", tags=["cohorts"], responses=PROBLEMS)

ReadsTeam = Annotated[Caller, Depends(Asks(Action.TEAM_READ))]
Cohort = Annotated[str, Query(max_length=200, description="A department, a role (id or title), or `all`.")]
Team = Annotated[str, Query(max_length=200, description="A manager, by id or address: their direct reports.")]
Role = Annotated[str, Query(max_length=200, description="A role: id or title.")]
Skill = Annotated[str, Query(max_length=300, description="A skill: id or label.")]


@router.get("/development-needs", operation_id="development_needs", response_model=One[DevelopmentNeeds])
def development_needs(caller: ReadsTeam, cohort: Cohort = "all", team: Team = "", role: Role = "") -> Response:
    """Skills by what is missing of them, weighted by importance, with ranges, reasons and what to do first."""
    with caller.reading() as uow:
        people, left_out, name = _people(uow, caller, cohort, team, role)
        found = needs(uow, people, caller.app.bundle.taxonomy)
    caller.note("needs", [p.id for p in people])
    return caller.one(DevelopmentNeeds, found | {"of": name, "left_out": left_out})


@router.get("/what-if/course", operation_id="what_if_course", response_model=One[Supposition])
def course(
    caller: ReadsTeam,
    content: Annotated[str, Query(min_length=1, max_length=300, description="A course: id, code or title.")],
    cohort: Cohort = "all",
    team: Team = "",
) -> Response:
    """These people finish a course."""
    return _supposed(caller, "course", cohort, team, {"content": content})


@router.get("/what-if/hire", operation_id="what_if_hire", response_model=One[Supposition])
def hire(
    caller: ReadsTeam,
    skill: Skill,
    level: Annotated[int, Query(ge=1, le=5, description="Their level.")],
    cohort: Cohort = "all",
    team: Team = "",
) -> Response:
    """Somebody with a skill joins."""
    return _supposed(caller, "hire", cohort, team, {"skill": skill, "level": level})


@router.get("/what-if/requirement", operation_id="what_if_requirement", response_model=One[Supposition])
def requirement(
    caller: ReadsTeam,
    role: Role,
    skill: Skill,
    level: Annotated[int, Query(ge=0, le=5, description="0: it is asked for no more.")],
    importance: Annotated[float, Query(gt=0, le=1)] = 0.5,
    cohort: Cohort = "all",
) -> Response:
    """A role asks for a skill at another level, newly, or no more."""
    asked = {"role": role, "skill": skill, "level": level, "importance": importance}
    return _supposed(caller, "requirement", cohort, "", asked)


def _supposed(caller: Caller, kind: str, cohort: str, team: str, asked: dict[str, Any]) -> Response:
    app = caller.app
    with caller.reading() as uow:
        people, left_out, name = _people(uow, caller, cohort, team, "")
        found = suppose(uow, kind, people, app.tagger, app.policy.belief, app.bundle.taxonomy, **asked)
    caller.note("what-if", [p.id for p in people])
    optional = {"teaches": None, "holders": None}
    return caller.one(Supposition, optional | found | {"of": name, "left_out": left_out})


def _people(uow: Any, caller: Caller, cohort: str, team: str, role: str) -> Any:
    try:
        return people_of(uow, caller.who, cohort="" if team or role else cohort, team=team, role=role)
    except NotFoundError:
        demand_about_anybody(caller.who, caller.action)
        raise
