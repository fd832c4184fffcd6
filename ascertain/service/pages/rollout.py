"""``/rollout``: pilots and their phases; ``/rollout/PILOT``: how one does, keeping that as a report, moving it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from ascertain.domain.permission import Action
from ascertain.errors import AscertainError, ConflictError, InputError, NotFoundError
from ascertain.pipeline.permit import demand, may
from ascertain.pipeline.rollout import Mover, pilot_or_raise, status
from ascertain.pipeline.rollout_report import figures, keep
from ascertain.pipeline.rollout_words import sentences
from ascertain.service.pages.forms import Message
from ascertain.service.pages.operation import tabs_for
from ascertain.service.pages.shell import Reader, Reads, Sends, Sent, back, service_of, show

router = APIRouter(include_in_schema=False)
ROWS = 12
"""Skills of a report that are shown; the API and the command line have them all."""


@router.get("/rollout")
def pilots(request: Request, reader: Annotated[Reader, Depends(Reads(Action.ROLLOUT_READ))]) -> Response:
    """All pilots, drawn by phase."""
    app = service_of(request).app
    with app.units(write=False) as uow:
        demand(uow, reader.who, Action.ROLLOUT_READ)
        found = status(uow, app.rollout, app.pilot_skills, app.clock)
    return show(request, reader, "rollout.html", {"found": found, "operation": tabs_for(reader.who)})


@router.get("/rollout/{pilot}")
def one(request: Request, pilot: str, reader: Annotated[Reader, Depends(Reads(Action.ROLLOUT_READ))]) -> Response:
    """How a pilot does."""
    return _one(request, reader, pilot)


@router.post("/rollout/{pilot}/report")
def keep_report(request: Request, pilot: str, sent: Annotated[Sent, Depends(Sends(Action.ROLLOUT_MOVE))]) -> Response:
    """Keep what it says now, so that a move can rest on it."""
    app = service_of(request).app
    try:
        with app.units() as uow:
            demand(uow, sent.who, Action.ROLLOUT_MOVE)
            found = figures(uow, app.rollout, pilot, app.pilot_skills, app.bundle.taxonomy, app.clock)
            made = keep(uow, sent.who, found, app.clock)
            uow.commit()
    except ConflictError as e:
        return _one(request, sent.reader, pilot, e)
    return back(request, sent.reader, f"/rollout/{made.pilot}", f"It is kept as {made.id}.")


@router.post("/rollout/{pilot}/phase")
def move(request: Request, pilot: str, sent: Annotated[Sent, Depends(Sends(Action.ROLLOUT_MOVE))]) -> Response:
    """Begin it, move it on, or step back."""
    app, form = service_of(request).app, sent.form
    try:
        with app.units() as uow:
            demand(uow, sent.who, Action.ROLLOUT_MOVE)
            phase = form.text("phase", 20)
            if not phase.isdecimal():
                raise InputError("choose a phase", field="phase", remedy="one of those listed")
            mover, said = Mover(app.rollout, app.clock), form.text("reason", 500)
            made = mover.advance(uow, sent.who, pilot, to=int(phase), reason=said, report=form.text("report", 80))
            uow.commit()
    except NotFoundError as e:
        if app.rollout.pilot(pilot) is None:
            raise
        return _one(request, sent.reader, pilot, e)
    except (InputError, ConflictError) as e:
        return _one(request, sent.reader, pilot, e)
    words = f"It is in phase {made.phase} now. The next sync brings what it may use." if made.phase else "It rests."
    return back(request, sent.reader, f"/rollout/{made.pilot}", words)


def _one(request: Request, reader: Reader, pilot: str, wrong: AscertainError | None = None) -> Response:
    app = service_of(request).app
    with app.units(write=False) as uow:
        demand(uow, reader.who, Action.ROLLOUT_READ)
        pilot_or_raise(app.rollout, pilot)
        state = status(uow, app.rollout, app.pilot_skills, app.clock)
        shown = next(p for p in state["pilots"] if p["id"] == pilot)
        found: dict[str, Any] | None = None
        if state["enabled"] and shown["state"] == "running":
            found = figures(uow, app.rollout, pilot, app.pilot_skills, app.bundle.taxonomy, app.clock)
        data = {
            "p": shown,
            "enabled": state["enabled"],
            "r": found,
            "told": sentences(found) if found else [],
            "rows": ROWS,
            "moves": may(uow, reader.who, Action.ROLLOUT_MOVE),
            "usable": [k for k in shown["reports"] if k["phase"] == shown["phase"]],
        }
    messages = [Message(f"{wrong.message}. {wrong.remedy or ''}".strip(), "bad")] if wrong else []
    return show(request, reader, "rollout-pilot.html", data, status=422 if wrong else 200, messages=messages)
