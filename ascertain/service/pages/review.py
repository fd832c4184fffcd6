"""``/review``: what waits, with filters, and the way to the next item."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, RedirectResponse

from ascertain.domain.people import Learner
from ascertain.domain.permission import Action
from ascertain.errors import AscertainError, InputError
from ascertain.pipeline.access import note_access
from ascertain.pipeline.permit import permitted_rows
from ascertain.pipeline.review_desk import must_be_trained
from ascertain.pipeline.review_queue import about, names_of, next_of, rows, waiting
from ascertain.pipeline.review_sources import Source
from ascertain.pipeline.review_undo import undoable
from ascertain.pipeline.views import label
from ascertain.runtime import App
from ascertain.service.pages.shell import Reader, Reads, back, service_of, show

router = APIRouter(include_in_schema=False)

PAGE = 25
NOTHING_LEFT = "Nothing else waits for you."


@router.get("/review")
def queue(
    request: Request,
    reader: Annotated[Reader, Depends(Reads(Action.REVIEW_DECIDE))],
    mine: int = 1,
    overdue: int = 0,
    skill: str = "",
    source: str = "",
    page: int = 1,
) -> HTMLResponse:
    """What waits, most urgent first: for the reader, or for anybody whom they may decide about. Neither level nor
    confidence is in it."""
    app = service_of(request).app
    taxonomy = app.bundle.taxonomy
    with app.units(write=False) as uow:
        items, _ = permitted_rows(
            uow, reader.who, Action.REVIEW_DECIDE, waiting(uow), lambda i: (i.learner_id, i.skill_id)
        )
        names = {n.casefold() for n in names_of(uow, reader.who, app.policy.review)}
        own = [i for i in items if i.assignee.casefold() in names]
        today = app.clock.today()
        asked = [i for i in (own if mine else items) if not overdue or i.due_on < today]
        asked = about(uow, asked, skill_id=skill, source=Source.of(source) if source else None)
        pages = max(1, -(-len(asked) // PAGE))
        page = min(max(page, 1), pages)
        shown = rows(uow, taxonomy, asked[(page - 1) * PAGE : page * PAGE], today)
        assignees = {a: uow.people.get(a) for a in {r["assignee"] for r in shown}}
        skills = sorted({(label(taxonomy, i.skill_id), i.skill_id) for i in items})
        sources = uow.evidence.sources()
        last = last_decision(request, reader)
    note_access(app.units, reader.who.name, "reviews", [r["learner"] for r in shown])
    filters = {"mine": mine, "overdue": overdue, "skill": skill, "source": source}
    data: dict[str, Any] = {
        "rows": [r | {"assignee_name": _named(assignees[r["assignee"]], r["assignee"])} for r in shown],
        "waiting": len(asked),
        "own": len(own),
        "all": len(items),
        "late": sum(i.due_on < today for i in asked),
        "asked": filters,
        "filtered": bool(skill or source or overdue),
        "skills": skills,
        "sources": [(f"{s}:{k}", f"{s}: {k.replace('_', ' ')}") for s, k in sources],
        "query": urlencode({k: v for k, v in filters.items() if v != ""}),
        "page": page,
        "pages": pages,
        "problem": untrained(app, reader),
        "last": last,
    }
    return show(request, reader, "review.html", data)


@router.get("/review/next")
def next_item(
    request: Request, reader: Annotated[Reader, Depends(Reads(Action.REVIEW_DECIDE))], after: str = ""
) -> RedirectResponse:
    """The most urgent item that waits for the reader, or the one that follows ``after``."""
    to, said = where_next(service_of(request).app, reader, after=after)
    return back(request, reader, to, said)


def where_next(app: App, reader: Reader, *, after: str = "") -> tuple[str, str]:
    """Where the reader goes on, and what is to be said there."""
    with app.units(write=False) as uow:
        try:
            item = next_of(uow, reader.who, app.policy.review, after=after)
        except AscertainError:  # something waits under their name that they may no longer decide about
            item = None
    return (address(item.id), "") if item else ("/review", NOTHING_LEFT)


def last_decision(request: Request, reader: Reader) -> dict[str, str] | None:
    """The reader's newest decision, while it can be taken back."""
    app = service_of(request).app
    with app.units(write=False) as uow:
        item = undoable(uow, reader.who, app.clock.now())
        if item is None or item.decision is None:
            return None
        person = uow.people.get(item.learner_id)
        return {
            "item": item.id,
            "name": person.name if person else item.learner_id,
            "label": label(app.bundle.taxonomy, item.skill_id),
            "decision": item.decision.value,
        }


def _named(person: Learner | None, assignee: str) -> str:
    return person.name if person else assignee


def untrained(app: App, reader: Reader) -> str:
    """Why somebody may read and not decide; empty where they may."""
    try:
        must_be_trained(reader.who, app.policy.review)
    except InputError:
        return "No reviewer training of yours is on record, so you can read but not decide."
    return ""


def words(error: AscertainError) -> str:
    """What is wrong, for the page."""
    return f"{error.message[:1].upper()}{error.message[1:]}."


def address(item: str) -> str:
    """Where an item is."""
    return f"/review/{quote(item, safe='')}"
