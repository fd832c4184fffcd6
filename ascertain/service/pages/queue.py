"""``/queue``: what waits, what runs, and the jobs that failed for good."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, RedirectResponse

from ascertain.domain.permission import Action
from ascertain.errors import ConflictError, NotFoundError
from ascertain.service.pages.operation import tabs_for
from ascertain.service.pages.shell import Reader, Reads, Sends, Sent, back, service_of, show
from ascertain.service.problems import Problem
from ascertain.service.queueing import again, look, reports

router = APIRouter(include_in_schema=False)

SHOWN = 100
SWEEPS = 20


@router.get("/queue")
def queue(request: Request, reader: Annotated[Reader, Depends(Reads(Action.SYSTEM_RUN))]) -> HTMLResponse:
    """How the queue stands; the latest hundred of the jobs for which no try is left."""
    standing, dead = look(service_of(request), reader.who)
    sweeps = reports(service_of(request), reader.who)[:SWEEPS]
    data = {"q": standing, "sweeps": sweeps, "rows": dead[:SHOWN], "all": len(dead), "operation": tabs_for(reader.who)}
    return show(request, reader, "queue.html", data)


@router.post("/queue/requeue")
def requeue(request: Request, sent: Annotated[Sent, Depends(Sends(Action.SYSTEM_RUN))]) -> RedirectResponse:
    """Have one job, or all, tried anew."""
    try:
        number = again(service_of(request), sent.who, sent.form.text("job", 200))
    except (NotFoundError, ConflictError):
        return back(request, sent.reader, "/queue", "That job is not among those that failed any more.", kind="warn")
    except Problem as e:
        if e.status != 503:
            raise
        return back(request, sent.reader, "/queue", f"{e.detail[:1].upper()}{e.detail[1:]}.", kind="bad")
    said = "It is queued anew." if number == 1 else f"{number} jobs are queued anew."
    return back(request, sent.reader, "/queue", said)
