"""How the product runs: rounds of assessments, connections, quarantine, usage."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from ascertain.domain.canonical import plain
from ascertain.domain.permission import Action
from ascertain.errors import InputError
from ascertain.pipeline import connections_view, requarantine, runs_view
from ascertain.pipeline.access import readable
from ascertain.pipeline.permit import demand, demand_somewhere
from ascertain.pipeline.spending_view import spending
from ascertain.service.api.answers import One, Page
from ascertain.service.api.asking import Asks, Caller
from ascertain.service.api.description import PROBLEMS
from ascertain.service.api.models_operation import (
    ConnectionHealth,
    Quarantined,
    QuarantineQueued,
    RetryQuarantine,
    Round,
    RunEstimate,
    UsageOfDays,
)
from ascertain.service.api.paging import Cut, Paging, Sorted
from ascertain.service.api.writing import WRITE_PROBLEMS, Done, Given, Writes, once, takes
from ascertain.service.connections import described
from ascertain.service.requeuing import requeue
from ascertain.service.rounds import look
from ascertain.service.starting import estimate_runs

router = APIRouter(prefix="/v1", tags=["operation"], responses=PROBLEMS)

Pages = Annotated[Paging, Depends()]
Runs = Annotated[Caller, Depends(Asks(Action.ASSESS_RUN))]
Syncs = Annotated[Caller, Depends(Writes(Action.SYNC_RUN))]


@router.get("/runs", operation_id="list_runs", response_model=Page[Round])
def rounds(caller: Runs, paging: Pages) -> Response:
    """Rounds of assessments of the last ninety days, the newest first, as far as the caller may assess everybody in
    them."""
    app = caller.app
    with caller.reading() as uow:
        demand_somewhere(uow, caller.who, caller.action)
        found = runs_view.rounds(uow, caller.who, app.clock.now())
    cut = caller.cut(Sorted(found, lambda r: (-r.began.timestamp(), r.name)), paging)
    looked = {r.request.id: look(caller.service, r.request) for r in cut.rows if r.request}
    with caller.reading() as uow:
        runs = uow.runs.some([m.run_id for p in looked.values() for m in p.members])
        rows = [runs_view.row(r, looked.get(r.request.id) if r.request else None, runs) for r in cut.rows]
        alone = {r["learner"] for r in rows}
        named = {
            p.id
            for p in readable(uow, caller.who.name, [p for p in uow.people.all(active_only=False) if p.id in alone])
        }
    caller.note("runs", sorted(named))
    rows = [r | {"learner": r["learner"] if r["learner"] in named else ""} for r in rows]
    return caller.page(Round, Cut([_shown(r) for r in rows], cut.next))


@router.get("/run-estimate", operation_id="estimate_runs", response_model=One[RunEstimate])
def estimate(
    caller: Runs,
    learner: Annotated[str, Query(max_length=200, description="Id or e-mail address.")] = "",
    cohort: Annotated[str, Query(max_length=200, description="A department, a job profile id, or `all`.")] = "",
    force: Annotated[bool, Query(description="Of a cohort: also those whose case has not changed.")] = False,
) -> Response:
    """What starting these assessments would take. Nothing is started."""
    if bool(learner) == bool(cohort):
        raise InputError("give either learner or cohort", field="learner")
    return caller.one(RunEstimate, estimate_runs(caller.app, caller.who, learner, cohort, force=force))


@router.get("/connections", operation_id="list_connections", response_model=Page[ConnectionHealth])
def connections(caller: Annotated[Caller, Depends(Asks(Action.CONNECTOR_READ))], paging: Pages) -> Response:
    """How each configured connection does. No system is called for it."""
    app = caller.app
    with caller.reading() as uow:
        demand(uow, caller.who, caller.action)
    found = described(app)
    with caller.reading() as uow:
        rows = connections_view.connections(uow, found, app.clock.now())
    return caller.page(ConnectionHealth, caller.cut(Sorted([plain(r) for r in rows], lambda r: (r["name"],)), paging))


@router.get("/quarantine", operation_id="list_quarantine", response_model=Page[Quarantined])
def quarantine(
    caller: Annotated[Caller, Depends(Asks(Action.QUARANTINE_READ))],
    paging: Pages,
    connection: Annotated[str, Query(max_length=200, description="Only of this connection.")] = "",
) -> Response:
    """Records that could not be used, the oldest first, with the field at fault and what helps."""
    with caller.reading() as uow:
        demand(uow, caller.who, caller.action)
        rows = requarantine.waiting(uow, caller.app.clock.now(), connection=connection or None)
    shown = Sorted([plain(r) for r in rows], lambda r: (r["since"], r["id"]), (connection,))
    return caller.page(Quarantined, caller.cut(shown, paging))


@router.post(
    "/quarantine/retry",
    operation_id="retry_quarantine",
    status_code=202,
    response_model=One[QuarantineQueued],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(RetryQuarantine),
)
def retry(caller: Syncs, given: Annotated[RetryQuarantine, Depends(Given(RetryQuarantine))]) -> Response:
    """Queue another try of one record in quarantine, or of all of a connection."""

    def work() -> Done:
        number = requeue(caller.service, caller.who, given.connection, given.record)
        return Done(QuarantineQueued, {"records": number}, None, 202)

    return once(caller, given, work)


@router.get("/usage", operation_id="usage", response_model=One[UsageOfDays])
def usage(
    caller: Annotated[Caller, Depends(Asks(Action.COST_READ))],
    days: Annotated[int, Query(ge=1, le=3660, description="Of the last so many days (UTC), today included.")] = 30,
) -> Response:
    """What agents used, by day, brain and agent, runs that failed included."""
    with caller.reading() as uow:
        demand(uow, caller.who, caller.action)
        return caller.one(UsageOfDays, plain(spending(uow, caller.app.clock.today(), days=days)))


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = plain({k: v for k, v in row.items() if k != "day"})
    return found | {"id": row["id"] or None}
