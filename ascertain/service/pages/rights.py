"""A learner's rights: what may be used, who looked, a copy of everything, corrections, mails."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from redis.exceptions import RedisError
from starlette.responses import Response

from ascertain.domain.consent import OPT_IN, Origin, Topic, topic_of
from ascertain.domain.outbox import Switch
from ascertain.domain.permission import Action
from ascertain.domain.ports import UnitOfWork
from ascertain.domain.rights_requests import CORRECTABLE, RightsRequest
from ascertain.domain.text import visible
from ascertain.errors import AscertainError, InputError, NotFoundError
from ascertain.jobs.anew import assess_anew
from ascertain.pipeline.consent import Said, say
from ascertain.pipeline.consent_view import TEXT_VERSION, consent_rows
from ascertain.pipeline.dossier import dossier
from ascertain.pipeline.notice import notice_dates
from ascertain.pipeline.notify_mail import OPT_OUT
from ascertain.pipeline.rights_requests import shown as shown_request
from ascertain.report.dossier import render_dossier
from ascertain.service.pages.forms import Message
from ascertain.service.pages.people import called, oneself
from ascertain.service.pages.shell import Reader, Reads, Sends, Sent, back, service_of, show

router = APIRouter(include_in_schema=False)
PAGE = 50


@router.get("/me/consents")
def consents(request: Request, reader: Annotated[Reader, Depends(Reads(Action.CONSENT_READ))]) -> Response:
    """What may be used, and why what may not."""
    app = service_of(request).app
    with app.units(write=False) as uow:
        learner = oneself(uow, reader, Action.CONSENT_READ)
        told = notice_dates(uow, [learner]).get(learner.id)
        data = {"rows": consent_rows(uow, learner), "told": told, "text_version": TEXT_VERSION}
    return show(request, reader, "consents.html", data)


@router.get("/me/consents/{topic}")
def consent(request: Request, topic: str, reader: Annotated[Reader, Depends(Reads(Action.CONSENT_READ))]) -> Response:
    """What follows from a yes or a no, before either is said."""
    app, asked = service_of(request).app, _topic(topic)
    with app.units(write=False) as uow:
        learner = oneself(uow, reader, Action.CONSENT_READ)
        row = next(r for r in consent_rows(uow, learner) if r["topic"] == asked.value)
        history = [s for s in uow.consents.of(learner.id) if s.topic is asked]
    data = {"row": row, "history": history[::-1], "text_version": TEXT_VERSION, "opt_in": asked in OPT_IN}
    return show(request, reader, "consent.html", data)


@router.post("/me/consents/{topic}")
def answer(request: Request, topic: str, sent: Annotated[Sent, Depends(Sends(Action.CONSENT_GIVE))]) -> Response:
    """The person's own yes or no."""
    app, asked = service_of(request).app, _topic(topic)
    word = sent.form.text("answer", 10)
    if word not in ("yes", "no"):
        raise InputError("say yes or no", field="answer", remedy="go back and press one of the buttons")
    with app.units(write=False) as uow:
        learner = oneself(uow, sent.reader, Action.CONSENT_GIVE)
    said = say(
        app.units,
        app.clock,
        learner.id,
        [asked],
        given=word == "yes",
        origin=Origin.PERSON,
        actor=sent.who.name,
        reason=sent.form.text("reason", 500) or "said on the person's own page",
        text_version=TEXT_VERSION if word == "yes" else "",
    )
    return back(request, sent.reader, "/me/consents", _told(request, said))


@router.get("/me/access")
def access(request: Request, reader: Annotated[Reader, Depends(Reads(Action.ACCESS_READ))], page: int = 1) -> Response:
    """Who looked at the reader, newest first."""
    app = service_of(request).app
    with app.units(write=False) as uow:
        learner = oneself(uow, reader, Action.ACCESS_READ)
        found = uow.accesses.of(learner.id)
    pages = max(1, -(-len(found) // PAGE))
    page = min(max(1, page), pages)
    rows = found[(page - 1) * PAGE : page * PAGE]
    own = {reader.who.name.casefold(), learner.id.casefold(), learner.email.casefold()}
    data = {"rows": rows, "own": own, "page": page, "pages": pages, "total": len(found)}
    return show(request, reader, "access.html", data)


@router.get("/me/data")
def data(request: Request, reader: Annotated[Reader, Depends(Reads(Action.PERSON_EXPORT))]) -> Response:
    """A copy of everything, what was corrected, and what one can ask for."""
    return my_data(request, reader)


def my_data(request: Request, reader: Reader, *, given: Mapping[str, str] | None = None, error: str = "") -> Response:
    """The page; with ``error`` what is wrong with the request in ``given``."""
    app = service_of(request).app
    with app.units(write=False) as uow:
        learner = oneself(uow, reader, Action.PERSON_EXPORT)
        mails = uow.switches.get(f"{OPT_OUT}{learner.id}")
        found = {
            "learner": learner,
            "corrections": uow.rectifications.of(learner.id),
            "restrictions": uow.restrictions.of(learner.id),
            "told": notice_dates(uow, [learner]).get(learner.id),
            "mails": mails is None or mails.on,
            "requests": [_asked(uow, r, app.clock.today()) for r in reversed(uow.rights_requests.about(learner.id))],
            "correctable": CORRECTABLE,
            "given": given or {"kind": "", "field": "", "value": "", "words": ""},
        }
    said = [Message(error, "bad")] if error else []
    return show(request, reader, "data.html", found, status=422 if error else 200, messages=said)


@router.get("/me/export.{form}")
def export(request: Request, form: str, reader: Annotated[Reader, Depends(Reads(Action.PERSON_EXPORT))]) -> Response:
    """Everything held on the reader, as a file: ``json`` for programs, ``html`` to read."""
    service, app = service_of(request), service_of(request).app
    if form not in ("json", "html"):
        raise NotFoundError("there is no such form")
    with app.units(write=False) as uow:
        learner = oneself(uow, reader, Action.PERSON_EXPORT)
    service.reads.note(reader.who.name, "export", [learner.id])
    with app.units(write=False) as uow:
        held = dossier(uow, learner, app.pseudonyms.pseudonym(learner.id), app.store.held_on(learner.id))
    if form == "json":
        body, kind = visible(json.dumps(held, indent=2, ensure_ascii=False)), "application/json"
    else:
        body, kind = render_dossier(held, app.clock.now()), "text/html"
    headers = {
        "Content-Disposition": f'attachment; filename="ascertain-my-data.{form}"',
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    }
    return Response(body, media_type=f"{kind}; charset=utf-8", headers=headers)


@router.post("/me/mails")
def mails(request: Request, sent: Annotated[Sent, Depends(Sends(Action.MAILS_SET))]) -> Response:
    """Mails, or none."""
    app, on = service_of(request).app, sent.form.text("mails", 5) == "on"
    with app.units() as uow:
        learner = oneself(uow, sent.reader, Action.MAILS_SET)
        uow.switches.put(Switch(f"{OPT_OUT}{learner.id}", on, sent.who.name, "", app.clock.now()))
        payload = {"actor": sent.who.name}
        uow.audit.append(
            "notification.mails", actor="person", header={"on": on}, learner_id=learner.id, payload=payload
        )
        uow.commit()
    return back(request, sent.reader, "/me/data", "You get mails again." if on else "You get no mails any more.")


def _asked(uow: UnitOfWork, found: RightsRequest, today: date) -> dict[str, Any]:
    return shown_request(found, today) | {"answered_by_name": called(uow, found.answered_by)}


def _topic(name: str) -> Topic:
    try:
        return topic_of(name)
    except ValueError:
        raise NotFoundError("there is no such purpose or source") from None


def _told(request: Request, said: Said) -> str:
    """What became of it, in words."""
    app = service_of(request).app
    if not said.recorded:
        return "That was so before: nothing changed."
    words = [f"Recorded: {'yes' if said.given else 'no'}."]
    if gone := said.forgotten:
        words.append(f"Deleted: {gone.evidence} pieces of evidence. Skills that stand no longer: {gone.assertions}.")
        try:
            assess_anew(app.settings, app.clock, said.touched)
            words.append("You are assessed anew without them.")
        except (AscertainError, RedisError, OSError):  # what was said stands; the next sweep finds a changed case
            words.append("The next assessment goes without them.")
    elif said.given:
        words.append("What it brings comes in with the next synchronisation.")
    return " ".join(words)
