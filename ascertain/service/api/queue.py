"""The queue: what waits, what runs, what failed for good, and another try of that."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from ascertain.domain.canonical import plain
from ascertain.domain.permission import Action
from ascertain.service.api.answers import One, Page
from ascertain.service.api.asking import Asks, Caller
from ascertain.service.api.description import PROBLEMS
from ascertain.service.api.models_operation import DeadJob, QueueStanding, Requeue, Requeued, SweepReport
from ascertain.service.api.paging import Paging, Sorted
from ascertain.service.api.writing import WRITE_PROBLEMS, Done, Given, Writes, once, takes
from ascertain.service.queueing import again, look, reports

router = APIRouter(prefix="/v1/queue", tags=["operation"], responses=PROBLEMS)

Runs = Annotated[Caller, Depends(Asks(Action.SYSTEM_RUN))]


@router.get("", operation_id="queue", response_model=One[QueueStanding])
def standing(caller: Runs) -> Response:
    """What waits, by priority; what runs, by kind; the limits; workers; how many jobs failed for good."""
    return caller.one(QueueStanding, look(caller.service, caller.who)[0])


@router.get("/dead", operation_id="list_dead_jobs", response_model=Page[DeadJob])
def dead(caller: Runs, paging: Annotated[Paging, Depends()]) -> Response:
    """Jobs for which no try is left, the latest first, with the reason."""
    rows = [plain(r) for r in look(caller.service, caller.who)[1]]
    order = {r["id"]: i for i, r in enumerate(rows)}
    return caller.page(DeadJob, caller.cut(Sorted(rows, lambda r: (order[r["id"]],)), paging))


@router.get("/sweeps", operation_id="list_sweeps", response_model=Page[SweepReport])
def sweeps(caller: Runs, paging: Annotated[Paging, Depends()]) -> Response:
    """The last hundred sweeps, the latest first, with what they were expected to take and what came of them."""
    rows = [
        {k: v for k, v in plain(s).items() if k in SweepReport.model_fields}
        for s in reports(caller.service, caller.who)
    ]
    order = {r["id"]: i for i, r in enumerate(rows)}
    return caller.page(SweepReport, caller.cut(Sorted(rows, lambda r: (order[r["id"]],)), paging))


@router.post(
    "/requeue",
    operation_id="requeue_jobs",
    status_code=202,
    response_model=One[Requeued],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(Requeue),
)
def requeue(
    caller: Annotated[Caller, Depends(Writes(Action.SYSTEM_RUN))], given: Annotated[Requeue, Depends(Given(Requeue))]
) -> Response:
    """Try one failed job anew, or all of them, with all their tries."""

    def work() -> Done:
        return Done(Requeued, {"jobs": again(caller.service, caller.who, given.job)}, None, 202)

    return once(caller, given, work)
