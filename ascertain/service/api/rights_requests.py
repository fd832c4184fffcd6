"""What people ask for about their data: ask, take back, answer."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from ascertain.domain.permission import Action
from ascertain.domain.ports import UnitOfWork
from ascertain.domain.rights_requests import RequestKind, RightsRequest
from ascertain.errors import NotFoundError
from ascertain.jobs.erasing import erase_everywhere
from ascertain.pipeline import rights_requests as use_case
from ascertain.pipeline.access import REQUESTS
from ascertain.pipeline.permit import demand_somewhere, permitted_learner, permitted_rows
from ascertain.service.api.answers import One, Page
from ascertain.service.api.asking import Asks, Caller
from ascertain.service.api.deciding import anew
from ascertain.service.api.description import PROBLEMS
from ascertain.service.api.learners import LearnerId
from ascertain.service.api.models_rights import (
    AnsweredRequest,
    AnswerRequest,
    MakeRequest,
    RequestAboutData,
    RequestAnswer,
)
from ascertain.service.api.paging import Paging, Sorted
from ascertain.service.api.writing import WRITE_PROBLEMS, Done, Given, Writes, matching, once, takes

router = APIRouter(prefix="/v1", tags=["requests"], responses=PROBLEMS)

RequestId = Annotated[str, Path(max_length=80, description="Id of a request.")]
Reads = Annotated[Caller, Depends(Asks(Action.REQUEST_READ))]
Makes = Annotated[Caller, Depends(Writes(Action.REQUEST_MAKE))]
Answers = Annotated[Caller, Depends(Writes(Action.REQUEST_ANSWER))]


@router.get("/requests", operation_id="list_requests", response_model=Page[RequestAboutData])
def listed(
    caller: Reads,
    paging: Annotated[Paging, Depends()],
    answered: Annotated[bool, Query(description="Answered ones too.")] = False,
) -> Response:
    """What people ask for about their data, the first due first: overdue ones are at the beginning."""
    today = caller.app.clock.today()
    with caller.reading() as uow:
        demand_somewhere(uow, caller.who, caller.action)
        every = uow.rights_requests.all() if answered else uow.rights_requests.open()
        seen, left_out = permitted_rows(uow, caller.who, caller.action, every, lambda r: (r.learner_id, None))
        rows = [use_case.shown(r, today) for r in seen]
    cut = caller.cut(Sorted(rows, lambda r: (str(r["due"]), str(r["id"])), (answered,)), paging)
    caller.note(REQUESTS, {r["learner"] for r in cut.rows})
    return caller.page(RequestAboutData, cut, left_out=left_out)


@router.get("/learners/{learner}/requests", operation_id="learner_requests", response_model=Page[RequestAboutData])
def of_person(learner: LearnerId, caller: Reads, paging: Annotated[Paging, Depends()]) -> Response:
    """What a person asks for or has asked for, oldest first."""
    today = caller.app.clock.today()
    with caller.reading() as uow:
        found = permitted_learner(uow, caller.who, caller.action, learner)
        rows = [use_case.shown(r, today) for r in uow.rights_requests.about(found.id)]
    caller.note(REQUESTS, [found.id])
    cut = caller.cut(Sorted(rows, lambda r: (str(r["asked_at"]), str(r["id"]))), paging)
    return caller.page(RequestAboutData, cut)


@router.post(
    "/learners/{learner}/requests",
    operation_id="make_request",
    status_code=201,
    response_model=One[RequestAboutData],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(MakeRequest),
)
def make(learner: LearnerId, caller: Makes, given: Annotated[MakeRequest, Depends(Given(MakeRequest))]) -> Response:
    """Ask for a correction, a restriction or erasure. An answer is due in a month."""

    def work() -> Done:
        with caller.writing() as uow:
            made = use_case.ask(
                uow,
                permitted_learner(uow, caller.who, caller.action, learner),
                given.kind,
                field=given.field,
                value=given.value,
                words=given.words,
                actor=caller.who.name,
                clock=caller.app.clock,
            )
            uow.commit()
        return Done(RequestAboutData, use_case.shown(made, caller.app.clock.today()), made.learner_id, 201)

    return once(caller, given, work)


@router.post(
    "/learners/{learner}/requests/{request}/withdraw",
    operation_id="withdraw_request",
    response_model=One[RequestAboutData],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(),
)
def withdraw(learner: LearnerId, request: RequestId, caller: Makes) -> Response:
    """No longer ask."""

    def work() -> Done:
        with caller.writing() as uow:
            found = _permitted(uow, caller, learner, request)
            done = use_case.withdraw(uow, found, actor=caller.who.name, clock=caller.app.clock)
            uow.commit()
        return Done(RequestAboutData, use_case.shown(done, caller.app.clock.today()), done.learner_id)

    return once(caller, None, work)


@router.post(
    "/learners/{learner}/requests/{request}/answer",
    operation_id="answer_request",
    response_model=One[AnsweredRequest],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(AnswerRequest, if_match=True),
)
def answer(
    learner: LearnerId,
    request: RequestId,
    caller: Answers,
    given: Annotated[AnswerRequest, Depends(Given(AnswerRequest))],
) -> Response:
    """Do it, decline it, or take up to three months. `do` corrects, restricts or erases at once."""

    def work() -> Done:
        app, who = caller.app, caller.who
        with caller.writing() as uow:
            found = _permitted(uow, caller, learner, request)
            matching(caller, RequestAboutData, use_case.shown(found, app.clock.today()))
            if given.answer is RequestAnswer.DO and found.kind is RequestKind.ERASURE:
                person = use_case.must_confirm(uow, found, typed=given.confirm, principal=who)
            else:
                person, done = None, _answered(uow, caller, found, given)
                uow.commit()
        if person is not None:
            why = given.reason or f"asked in {found.id}"
            gone = erase_everywhere(app, person, actor=who.name, reason=why, request=found)
            data: dict[str, Any] = {"id": found.id, "state": "done", "due": found.due_on.isoformat()}
            data |= {"assessed_anew": False, "tombstone": gone.tombstone, "rows": dict(gone.rows)}
            return Done(AnsweredRequest, data | {"files_left": len(gone.files)}, None)
        corrected = found.open and found.kind is RequestKind.RECTIFICATION and given.answer is RequestAnswer.DO
        data = {"id": done.id, "state": done.state.value, "due": done.due_on.isoformat()}
        data |= {"assessed_anew": corrected and anew(caller, (found.learner_id,))}
        return Done(AnsweredRequest, data | {"tombstone": None, "rows": {}, "files_left": 0}, found.learner_id)

    return once(caller, given, work)


def _answered(uow: UnitOfWork, caller: Caller, found: RightsRequest, given: AnswerRequest) -> RightsRequest:
    clock, by = caller.app.clock, caller.who.name
    if given.answer is RequestAnswer.DO:
        return use_case.do(uow, found, answer=given.reason, principal=caller.who, clock=clock)
    if given.answer is RequestAnswer.DECLINE:
        return use_case.decline(uow, found, reason=given.reason, actor=by, clock=clock)
    return use_case.take_longer(uow, found, reason=given.reason, actor=by, clock=clock)


def _permitted(uow: UnitOfWork, caller: Caller, learner: str, request: str) -> RightsRequest:
    person = permitted_learner(uow, caller.who, caller.action, learner)
    found = use_case.permitted_request(uow, caller.who, caller.action, request)
    if found.learner_id != person.id:
        raise NotFoundError(f"there is no request {request!r} of this person")
    return found
