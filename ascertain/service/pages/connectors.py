"""``/connectors``, ``/quarantine`` and ``/cost``: whether data comes in, what could not be used, what it costs."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, RedirectResponse

from ascertain.domain.permission import Action
from ascertain.errors import NotFoundError
from ascertain.pipeline import connections_view, requarantine
from ascertain.pipeline.permit import demand, may
from ascertain.pipeline.spending_view import spending
from ascertain.service.connections import described, next_slots
from ascertain.service.pages.operation import tabs_for
from ascertain.service.pages.shell import Reader, Reads, Sends, Sent, back, service_of, show
from ascertain.service.problems import Problem
from ascertain.service.requeuing import requeue

router = APIRouter(include_in_schema=False)

PAGE = 50
PERIODS = (7, 30, 90, 365)


@router.get("/connectors")
def connectors(request: Request, reader: Annotated[Reader, Depends(Reads(Action.CONNECTOR_READ))]) -> HTMLResponse:
    """Every connection, those in trouble first."""
    app = service_of(request).app
    with app.units(write=False) as uow:
        demand(uow, reader.who, Action.CONNECTOR_READ)
    found = described(app)
    now = app.clock.now()
    with app.units(write=False) as uow:
        rows = connections_view.connections(uow, found, now)
        sees_quarantine = may(uow, reader.who, Action.QUARANTINE_READ)
    order = {c.value: i for i, c in enumerate(connections_view.Condition)}
    rows.sort(key=lambda r: (order[r["condition"]], r["name"]))
    data = {
        "rows": rows,
        "slots": next_slots(app),
        "sees_quarantine": sees_quarantine,
        "operation": tabs_for(reader.who),
        "by_condition": dict(Counter(r["condition"] for r in rows)),
        "now": now,
    }
    return show(request, reader, "connectors.html", data)


@router.get("/quarantine")
def quarantine(
    request: Request,
    reader: Annotated[Reader, Depends(Reads(Action.QUARANTINE_READ))],
    connection: str = "",
    page: int = 1,
) -> HTMLResponse:
    """Records that could not be used, with the field at fault and what helps; the oldest first."""
    app = service_of(request).app
    with app.units(write=False) as uow:
        demand(uow, reader.who, Action.QUARANTINE_READ)
        everything = requarantine.waiting(uow, app.clock.now())
        may_retry = may(uow, reader.who, Action.SYNC_RUN)
    rows = [r for r in everything if connection in ("", r.connection)]
    pages = max(1, -(-len(rows) // PAGE))
    page = min(max(page, 1), pages)
    data = {
        "rows": rows[(page - 1) * PAGE : page * PAGE],
        "all": len(rows),
        "by_connection": sorted(Counter(r.connection for r in everything).items()),
        "by_reason": Counter((r.connection, r.entity, r.field, r.reason) for r in rows).most_common(10),
        "connection": connection,
        "may_retry": may_retry,
        "page": page,
        "pages": pages,
        "operation": tabs_for(reader.who),
    }
    return show(request, reader, "quarantine.html", data)


@router.post("/quarantine/retry")
def retry(request: Request, sent: Annotated[Sent, Depends(Sends(Action.SYNC_RUN))]) -> RedirectResponse:
    """Have one record, or all of a connection, tried again by a worker."""
    service = service_of(request)
    connection, record = sent.form.text("connection", 200), sent.form.text("record", 200)
    try:
        number = requeue(service, sent.who, connection, record)
    except NotFoundError:
        return back(request, sent.reader, "/quarantine", "Nothing there is in quarantine any more.", kind="warn")
    except Problem as e:
        if e.status != 503:
            raise
        return back(request, sent.reader, "/quarantine", f"{e.detail[:1].upper()}{e.detail[1:]}.", kind="bad")
    what = "It is" if number == 1 else f"{number} records are"
    said = f"{what} queued to be tried again. What can be used leaves this page; look again in a moment."
    return back(request, sent.reader, "/quarantine", said)


@router.get("/cost")
def cost(request: Request, reader: Annotated[Reader, Depends(Reads(Action.COST_READ))], days: int = 30) -> HTMLResponse:
    """Calls, tokens and money by day, brain and crew, and for each accepted assertion."""
    app = service_of(request).app
    days = days if days in PERIODS else 30
    with app.units(write=False) as uow:
        demand(uow, reader.who, Action.COST_READ)
        found = spending(uow, app.clock.today(), days=days)
    data = {"s": found, "days": days, "periods": PERIODS, "operation": tabs_for(reader.who)}
    return show(request, reader, "cost.html", data)
