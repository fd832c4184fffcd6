"""How somebody reviews: ``/review/quality`` shows it to themselves, ``/audit/reviewers`` everybody's to those who watch
over reviewing. Looking at others is sealed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse

from ascertain.domain.permission import Action
from ascertain.domain.review_watch import quarter_of
from ascertain.pipeline.permit import demand, demand_somewhere
from ascertain.pipeline.review_watch import qualities, watch
from ascertain.service.pages.audit_tabs import tabs_of
from ascertain.service.pages.people import called
from ascertain.service.pages.shell import Reader, Reads, service_of, show

router = APIRouter(include_in_schema=False)


@router.get("/review/quality")
def own(request: Request, reader: Annotated[Reader, Depends(Reads(Action.REVIEW_DECIDE))]) -> HTMLResponse:
    """The reader's own figures of this quarter, and nobody else's."""
    app = service_of(request).app
    with app.units(write=False) as uow:
        demand_somewhere(uow, reader.who, Action.REVIEW_DECIDE)
        found = qualities(uow, app.policy, app.clock, reader.who.name)
    data = {
        "mine": True,
        "rows": [(reader.name, q) for q in found],
        "since": quarter_of(app.clock.today()).date(),
        "rules": app.policy.review.watch,
        "tabs": [],
    }
    return show(request, reader, "review-quality.html", data)


@router.get("/audit/reviewers")
def everybody(request: Request, reader: Annotated[Reader, Depends(Reads(Action.REVIEWERS_WATCH))]) -> HTMLResponse:
    """Everybody's, with the alarms."""
    app = service_of(request).app
    with app.units() as uow:
        demand(uow, reader.who, Action.REVIEWERS_WATCH)
        found = watch(uow, app.policy, app.clock, reader.who)
        rows = [(called(uow, q.reviewer), q) for q in found]
        uow.commit()
    data = {
        "mine": False,
        "rows": sorted(rows, key=lambda r: (not r[1].alarms, r[0].casefold())),
        "since": quarter_of(app.clock.today()).date(),
        "rules": app.policy.review.watch,
        "tabs": tabs_of(reader.who),
    }
    return show(request, reader, "review-quality.html", data)
