"""``/me/readiness``: how ready the reader is, and which lists they are on. ``/succession``: key roles and benches."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from ascertain.domain.matching import may_appear
from ascertain.domain.permission import Action, Principal, may_at_all
from ascertain.domain.ports import UnitOfWork
from ascertain.domain.talent import must_plan
from ascertain.errors import ConflictError, InputError, NotFoundError
from ascertain.pipeline.permit import demand_somewhere, permitted_learner, those_permitted
from ascertain.pipeline.succession import nominate, object_to, role_or_raise, take_off
from ascertain.pipeline.succession_view import about, board, role_list
from ascertain.service.pages.people import oneself
from ascertain.service.pages.readiness_figure import moving
from ascertain.service.pages.shell import Reader, Reads, Sends, Sent, back, service_of, show

router = APIRouter(include_in_schema=False)
Json = dict[str, Any]


@router.get("/me/readiness")
def mine(
    request: Request, reader: Annotated[Reader, Depends(Reads(Action.READINESS_READ))], role: str = ""
) -> Response:
    """The key roles on whose list the reader is, or one job profile."""
    app = service_of(request).app
    with app.units(write=False) as uow:
        learner = oneself(uow, reader, Action.READINESS_READ)
        known = {r.id: r.title for r in uow.roles.all()}
        chosen = role if role in known else ""
        data = about(uow, reader.who, learner, app.readiness, app.bundle.taxonomy, chosen)
    for r in data["roles"]:
        r["moving"] = moving(r["months"]) if r["months"] else None
    service_of(request).reads.note(reader.who.name, "readiness", [learner.id])
    choices = sorted(known.items(), key=lambda k: k[1].casefold())
    found = may_appear(learner)
    return show(request, reader, "me-readiness.html", data | {"choices": choices, "chosen": chosen, "found": found})


@router.post("/me/readiness")
def say(request: Request, sent: Annotated[Sent, Depends(Sends(Action.WISH_STATE))]) -> Response:
    """Object to being on a list, or take that back."""
    app, form = service_of(request).app, sent.form
    agree = form.text("agree", 5) == "yes"
    try:
        with app.units() as uow:
            learner = oneself(uow, sent.reader, Action.WISH_STATE)
            role = role_or_raise(uow, form.text("role", 80))
            words = form.text("words", 400)
            object_to(uow, role, learner, agree=agree, words=words, actor=sent.who, clock=app.clock)
            uow.commit()
    except (InputError, NotFoundError) as e:
        return back(request, sent.reader, "/me/readiness", f"Nothing was changed: {e.message}.", kind="bad")
    done = "You can be on the list again." if agree else "You are off the list. You can take it back at any time."
    return back(request, sent.reader, "/me/readiness", done)


@router.get("/succession")
def all_roles(request: Request, reader: Annotated[Reader, Depends(Reads(Action.READINESS_READ))]) -> Response:
    """Every key role: how strong its bench is, and a heat map of the people whom the reader may see."""
    app = service_of(request).app
    with app.units(write=False) as uow:
        demand_somewhere(uow, reader.who, Action.READINESS_READ)
        data = board(uow, reader.who, app.readiness)
    seen = sorted({p["person"]["id"] for r in data["roles"] for p in r["people"]})
    service_of(request).reads.note(reader.who.name, "readiness", seen)
    return show(request, reader, "succession.html", data)


@router.get("/succession/{key_role}")
def one(request: Request, key_role: str, reader: Annotated[Reader, Depends(Reads(Action.READINESS_READ))]) -> Response:
    """The list of a key role, with the form of whoever may nominate."""
    app = service_of(request).app
    with app.units(write=False) as uow:
        demand_somewhere(uow, reader.who, Action.READINESS_READ)
        data = role_list(uow, reader.who, key_role, app.readiness, app.bundle.taxonomy)
        there = {r["person"]["id"] for r in (*data["rows"], *data["objecting"])}
        data["choices"] = _could(uow, reader.who, key_role, there)
        data["removable"] = _removable(uow, reader.who, there)
    service_of(request).reads.note(reader.who.name, "readiness", sorted(there))
    return show(request, reader, "succession-role.html", data)


@router.post("/succession/{key_role}/nominations")
def put_up(
    request: Request, key_role: str, sent: Annotated[Sent, Depends(Sends(Action.SUCCESSION_NOMINATE))]
) -> Response:
    """Put somebody on the list, or take them off."""
    app, form = service_of(request).app, sent.form
    must_plan(app.talent)
    on, to = form.text("on", 5) != "no", f"/succession/{quote(key_role, safe='')}"
    try:
        with app.units() as uow:
            person = permitted_learner(uow, sent.who, Action.SUCCESSION_NOMINATE, form.text("learner", 200))
            role, why = role_or_raise(uow, key_role), form.text("reason", 400)
            if on:
                nominate(uow, role, person, reason=why, actor=sent.who, clock=app.clock, ground=app.readiness)
            else:
                take_off(uow, role, person, reason=why, actor=sent.who)
            uow.commit()
    except (InputError, ConflictError, NotFoundError) as e:
        to = "/succession" if isinstance(e, NotFoundError) else to
        return back(request, sent.reader, to, f"Nothing was changed: {e.message}.", kind="bad")
    words = "is on the list: they see it, with your reason, and may object" if on else "is off the list"
    return back(request, sent.reader, to, f"{person.name} {words}.")


def _could(uow: UnitOfWork, who: Principal, key_role: str, there: set[str]) -> list[tuple[str, str, str]]:
    """Whom the reader may nominate: people who want to be found, do not hold the role and are not on the list."""
    role = role_or_raise(uow, key_role)
    if role.closed or not may_at_all(who, Action.SUCCESSION_NOMINATE):
        return []
    people = [p for p in uow.people.all() if may_appear(p) and p.id not in there and p.id not in role.incumbents]
    allowed = those_permitted(uow, who, Action.SUCCESSION_NOMINATE, people)
    return sorted(((p.id, p.name, p.job_title) for p in allowed), key=lambda r: (r[1].casefold(), r[0]))


def _removable(uow: UnitOfWork, who: Principal, there: set[str]) -> set[str]:
    """Those on the list whom the reader may take off."""
    people = [p for p in uow.people.all() if p.id in there]
    return {p.id for p in those_permitted(uow, who, Action.SUCCESSION_NOMINATE, people)}
