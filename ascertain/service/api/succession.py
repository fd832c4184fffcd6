"""Key roles, who is on their lists, and how ready people are: suggestions, never decisions."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from ascertain.domain.permission import Action
from ascertain.pipeline.permit import demand_somewhere, permitted_learner
from ascertain.pipeline.succession import nominate, object_to, role_or_raise, take_off
from ascertain.pipeline.succession_view import about, board, role_list
from ascertain.service.api.answers import One
from ascertain.service.api.asking import Asks, Caller
from ascertain.service.api.description import PROBLEMS
from ascertain.service.api.learners import LearnerId
from ascertain.service.api.models_succession import (
    Nominate,
    Nominated,
    Objected,
    Objects,
    ReadinessOfPerson,
    SuccessionBoard,
    SuccessionList,
)
from ascertain.service.api.writing import WRITE_PROBLEMS, Done, Given, Writes, once, takes

OFF: dict[int | str, dict[str, Any]] = {409: {"description": "Succession is not planned here."}}
router = APIRouter(prefix="/v1", tags=["talent"], responses=PROBLEMS)

KeyRoleId = Annotated[str, Path(max_length=80, description="Id of a key role.")]
ReadsReadiness = Annotated[Caller, Depends(Asks(Action.READINESS_READ))]


@router.get("/succession", operation_id="succession_board", response_model=One[SuccessionBoard], responses=OFF)
def everything(caller: ReadsReadiness) -> Response:
    """Every key role with the strength of its bench, by the people whom the caller may see."""
    with caller.reading() as uow:
        demand_somewhere(uow, caller.who, caller.action)
        data = board(uow, caller.who, caller.app.readiness)
    caller.note("readiness", sorted({p["person"]["id"] for r in data["roles"] for p in r["people"]}))
    return caller.one(SuccessionBoard, data)


@router.get("/succession/{key_role}", operation_id="succession_list", response_model=One[SuccessionList], responses=OFF)
def one(key_role: KeyRoleId, caller: ReadsReadiness) -> Response:
    """Who is on the list of a key role, as far as the caller may see them. Who shares places is not told apart."""
    with caller.reading() as uow:
        demand_somewhere(uow, caller.who, caller.action)
        data = role_list(uow, caller.who, key_role, caller.app.readiness, caller.app.bundle.taxonomy)
    caller.note("readiness", [r["person"]["id"] for r in (*data["rows"], *data["objecting"])])
    return caller.one(SuccessionList, _plain(data, "rows"))


@router.get(
    "/learners/{learner}/readiness",
    operation_id="learner_readiness",
    response_model=One[ReadinessOfPerson],
    responses=OFF,
)
def of_person(
    learner: LearnerId,
    caller: ReadsReadiness,
    role: Annotated[
        str, Query(max_length=80, description="A job profile; else the key roles whose list the person is on.")
    ] = "",
) -> Response:
    """How ready a person is, what is missing, and how that moved. Of somebody who has not said that they want to be
    found, only for their own eyes."""
    with caller.reading() as uow:
        found = permitted_learner(uow, caller.who, caller.action, learner)
        data = about(uow, caller.who, found, caller.app.readiness, caller.app.bundle.taxonomy, role)
    caller.note("readiness", [found.id])
    return caller.one(ReadinessOfPerson, _plain(data, "roles"))


@router.post(
    "/learners/{learner}/nominations",
    operation_id="nominate",
    response_model=One[Nominated],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(Nominate),
)
def put_up(
    learner: LearnerId,
    caller: Annotated[Caller, Depends(Writes(Action.SUCCESSION_NOMINATE))],
    given: Annotated[Nominate, Depends(Given(Nominate))],
) -> Response:
    """Put somebody who wants to be found on the list of a key role, or take them off. They see it, and may object."""

    def work() -> Done:
        app = caller.app
        with caller.writing() as uow:
            person = permitted_learner(uow, caller.who, caller.action, learner)
            role = role_or_raise(uow, given.role)
            if given.on:
                nominate(
                    uow, role, person, reason=given.reason, actor=caller.who, clock=app.clock, ground=app.readiness
                )
            else:
                take_off(uow, role, person, reason=given.reason, actor=caller.who)
            uow.commit()
        return Done(Nominated, {"role": role.id, "person": person.id, "on": given.on}, person.id)

    return once(caller, given, work)


@router.post(
    "/learners/{learner}/objections",
    operation_id="object_to_list",
    response_model=One[Objected],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(Objects),
)
def objects(
    learner: LearnerId,
    caller: Annotated[Caller, Depends(Writes(Action.WISH_STATE))],
    given: Annotated[Objects, Depends(Given(Objects))],
) -> Response:
    """Say that one does not want to be on the list of a key role; it works at once. `agree` takes it back."""

    def work() -> Done:
        with caller.writing() as uow:
            person = permitted_learner(uow, caller.who, caller.action, learner)
            role = role_or_raise(uow, given.role)
            clock = caller.app.clock
            done = object_to(uow, role, person, agree=given.agree, words=given.words, actor=caller.who, clock=clock)
            uow.commit()
        return Done(Objected, {"role": role.id, "objects": done.objected_at is not None}, person.id)

    return once(caller, given, work)


def _plain(data: dict[str, Any], rows: str) -> dict[str, Any]:
    """Without the sentences in parts, which pages draw; ``reasons`` has them as text."""
    return data | {rows: [{k: v for k, v in r.items() if k != "told"} for r in data[rows]]}
