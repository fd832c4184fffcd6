"""``/audit/access``: who read about whom, under pseudonyms: how much each reader sees, and every reading."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse

from ascertain.domain.permission import Action
from ascertain.domain.rights import ReadingFilter
from ascertain.errors import InputError
from ascertain.pipeline import audit_views
from ascertain.pipeline.permit import demand
from ascertain.service.pages.audit import day_in
from ascertain.service.pages.audit_tabs import tabs_of
from ascertain.service.pages.shell import Reader, Reads, service_of, show

router = APIRouter(include_in_schema=False)

PAGE = 50


@router.get("/audit/access")
def accesses(
    request: Request,
    reader: Annotated[Reader, Depends(Reads(Action.AUDIT_READ))],
    what: str = "",
    by: str = "",
    subject: str = "",
    since: str = "",
    until: str = "",
    least: str = "",
    before: int | None = None,
) -> HTMLResponse:
    """Readings, the newest first, fifty at a time; and who saw the most people under the same filters."""
    app = service_of(request).app
    asked = {"what": what, "by": by, "subject": subject, "since": since, "until": until, "least": least}
    wanted = ReadingFilter(
        what.strip(), by.strip(), subject.strip(), day_in("since", since), day_in("until", until), _count(least)
    )
    with app.units(write=False) as uow:
        demand(uow, reader.who, Action.AUDIT_READ)
        name = app.pseudonyms.pseudonym
        rows = audit_views.readings(uow, wanted, name, before=before, limit=PAGE + 1)
        most = audit_views.readers(uow, wanted, name) if before is None else []
        kinds = uow.accesses.kinds()
    older = {k: v for k, v in asked.items() if v} | {"before": rows[PAGE - 1]["record"]} if len(rows) > PAGE else {}
    data = {
        "tabs": tabs_of(reader.who),
        "rows": rows[:PAGE],
        "most": most,
        "kinds": kinds,
        "asked": asked,
        "first": before is None,
        "older": f"/audit/access?{urlencode(older)}" if older else "",
    }
    return show(request, reader, "audit-access.html", data)


def _count(text: str) -> int:
    if not text.strip():
        return 1
    if not text.strip().isdecimal() or not 1 <= int(text) <= 1_000_000:
        raise InputError(f"{text[:20]!r} is no number of people", field="least", remedy="a whole number from 1 on")
    return int(text)
