"""Disputes: contest an assertion, add to it, take it back, decide."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from ascertain.domain.disputes import Dispute as StoredDispute
from ascertain.domain.permission import Action
from ascertain.domain.ports import UnitOfWork
from ascertain.domain.skills import Level
from ascertain.pipeline import disputes, views
from ascertain.pipeline.permit import permitted_assertion, permitted_rows, permitted_thing
from ascertain.service.api.answers import One, Page
from ascertain.service.api.asking import Asks, Caller
from ascertain.service.api.description import PROBLEMS
from ascertain.service.api.models_people import Dispute
from ascertain.service.api.models_writes import AddEvidence, DecideDispute, OpenDispute
from ascertain.service.api.paging import Paging, Sorted
from ascertain.service.api.writing import WRITE_PROBLEMS, Done, Given, Writes, matching, once, takes

router = APIRouter(prefix="/v1/disputes", tags=["disputes"], responses=PROBLEMS)

DisputeId = Annotated[str, Path(max_length=80, description="Id of a dispute.")]
Reads = Annotated[Caller, Depends(Asks(Action.DISPUTE_READ))]
Opens = Annotated[Caller, Depends(Writes(Action.DISPUTE_OPEN))]
Adds = Annotated[Caller, Depends(Writes(Action.EVIDENCE_ADD))]
Decides = Annotated[Caller, Depends(Writes(Action.DISPUTE_DECIDE))]


@router.get("", operation_id="list_disputes", response_model=Page[Dispute])
def listed(
    caller: Reads,
    paging: Annotated[Paging, Depends()],
    closed: Annotated[bool, Query(description="Closed ones too.")] = False,
) -> Response:
    """Disputes that wait for a decision, the first due first."""
    with caller.reading() as uow:
        every = uow.disputes.all() if closed else uow.disputes.open()
        seen, left_out = permitted_rows(uow, caller.who, caller.action, every, lambda d: (d.learner_id, d.skill_id))
        rows = [views.dispute(d) for d in seen]
    cut = caller.cut(Sorted(rows, lambda r: (str(r["due"]), str(r["id"])), (closed,)), paging)
    caller.note("disputes", {r["learner"] for r in cut.rows})
    return caller.page(Dispute, cut, left_out=left_out)


@router.get("/{dispute}", operation_id="get_dispute", response_model=One[Dispute])
def show(dispute: DisputeId, caller: Reads) -> Response:
    """A dispute, and the answer to it."""
    with caller.reading() as uow:
        found = _permitted(uow, caller, dispute)
    caller.note("dispute", [found.learner_id])
    return caller.one(Dispute, views.dispute(found))


@router.post(
    "",
    operation_id="open_dispute",
    status_code=201,
    response_model=One[Dispute],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(OpenDispute),
)
def contest(caller: Opens, given: Annotated[OpenDispute, Depends(Given(OpenDispute))]) -> Response:
    """Contest an assertion. It is frozen at once: no write-back, no message, no mentor, no coverage, no decision."""

    def work() -> Done:
        app, masker = caller.app, caller.app.masker()
        with caller.writing() as uow:
            made = disputes.contest(
                uow,
                permitted_assertion(uow, caller.who, caller.action, given.assertion).id,
                reason=given.reason,
                actor=caller.who.name,
                clock=app.clock,
                due_days=app.policy.routing.dispute_due_days,
                masker=masker,
                texts=given.evidence,
            )
            uow.commit()
        return _done(made, 201, {"Location": f"/v1/disputes/{made.id}"})

    return once(caller, given, work)


@router.post(
    "/{dispute}/evidence",
    operation_id="add_dispute_evidence",
    response_model=One[Dispute],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(AddEvidence),
)
def add(dispute: DisputeId, caller: Adds, given: Annotated[AddEvidence, Depends(Given(AddEvidence))]) -> Response:
    """Add evidence to an open dispute."""

    def work() -> Done:
        app, masker = caller.app, caller.app.masker()
        with caller.writing() as uow:
            found = _permitted(uow, caller, dispute)
            done = disputes.add_evidence(
                uow, found, given.evidence, actor=caller.who.name, clock=app.clock, masker=masker
            )
            uow.commit()
        return _done(done)

    return once(caller, given, work)


@router.post(
    "/{dispute}/withdraw",
    operation_id="withdraw_dispute",
    response_model=One[Dispute],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(),
)
def withdraw(dispute: DisputeId, caller: Opens) -> Response:
    """Take a dispute back: the learner, or whoever opened it. The assertion is again what it was."""

    def work() -> Done:
        with caller.writing() as uow:
            found = _permitted(uow, caller, dispute)
            done = disputes.withdraw(uow, found.id, actor=caller.who.name, clock=caller.app.clock)
            uow.commit()
        return _done(done)

    return once(caller, None, work)


@router.post(
    "/{dispute}/decision",
    operation_id="decide_dispute",
    response_model=One[Dispute],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(DecideDispute, if_match=True),
)
def decide(
    dispute: DisputeId, caller: Decides, given: Annotated[DecideDispute, Depends(Given(DecideDispute))]
) -> Response:
    """Decide. Not the learner, nor whoever made the decision that is disputed. The learner sees who, what and why."""

    def work() -> Done:
        with caller.writing() as uow:
            found = _permitted(uow, caller, dispute)
            matching(caller, Dispute, views.dispute(found))
            done = disputes.decide(
                uow,
                found.id,
                given.outcome,
                reason=given.reason,
                actor=caller.who.name,
                clock=caller.app.clock,
                level=Level(given.level) if given.level else None,
                confirmed=given.confirmed,
            )
            uow.commit()
        return _done(done)

    return once(caller, given, work)


def _permitted(uow: UnitOfWork, caller: Caller, text: str) -> StoredDispute:
    found = permitted_thing(uow, caller.who, caller.action, lambda: disputes.dispute_or_raise(uow, text))
    return found or disputes.dispute_or_raise(uow, text)


def _done(dispute: StoredDispute, status: int = 200, headers: dict[str, Any] | None = None) -> Done:
    return Done(Dispute, views.dispute(dispute), dispute.learner_id, status, headers or {})
