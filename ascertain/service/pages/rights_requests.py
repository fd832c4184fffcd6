"""Ask for a correction, a restriction or erasure of one's own data; and, for those who answer, what people ask for."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from redis.exceptions import RedisError
from starlette.responses import Response

from ascertain.domain.people import Learner
from ascertain.domain.permission import Action
from ascertain.domain.ports import UnitOfWork
from ascertain.domain.rights_requests import MOST_WORDS, OTHER, RequestKind, RightsRequest
from ascertain.errors import AscertainError, ConflictError, InputError
from ascertain.jobs.anew import assess_anew
from ascertain.jobs.erasing import erase_everywhere
from ascertain.pipeline import rights_requests as use_case
from ascertain.pipeline.access import REQUESTS
from ascertain.pipeline.permit import demand_somewhere, may, permitted_rows
from ascertain.pipeline.rights_requests import permitted_request
from ascertain.service.pages.forms import Form, Message
from ascertain.service.pages.people import called, oneself
from ascertain.service.pages.rights import my_data
from ascertain.service.pages.shell import Reader, Reads, Sends, Sent, back, service_of, show

router = APIRouter(include_in_schema=False)
Json = dict[str, Any]
PAGE = 50
ANSWERS = ("do", "decline", "longer")


@router.post("/me/requests")
def ask(request: Request, sent: Annotated[Sent, Depends(Sends(Action.REQUEST_MAKE))]) -> Response:
    """Ask; the answer is due in a month."""
    app, form = service_of(request).app, sent.form
    given = {"kind": form.text("kind", 20), "field": form.text("field", 20), "value": form.text("value", 300)}
    given["words"] = form.text("words", 4 * MOST_WORDS)
    try:
        with app.units() as uow:
            learner = oneself(uow, sent.reader, Action.REQUEST_MAKE)
            made = use_case.ask(
                uow,
                learner,
                _kind(given["kind"]),
                field=given["field"],
                value=given["value"],
                words=given["words"],
                actor=sent.who.name,
                clock=app.clock,
            )
            uow.commit()
    except (InputError, ConflictError) as e:
        return my_data(request, sent.reader, given=given, error=_said(e))
    return back(request, sent.reader, "/me/data", f"You asked for it. An answer is due by {made.due_on}.")


@router.post("/me/requests/{ident}/withdraw")
def take_back(request: Request, ident: str, sent: Annotated[Sent, Depends(Sends(Action.REQUEST_MAKE))]) -> Response:
    """No longer ask."""
    app = service_of(request).app
    try:
        with app.units() as uow:
            found = permitted_request(uow, sent.who, Action.REQUEST_MAKE, ident)
            use_case.withdraw(uow, found, actor=sent.who.name, clock=app.clock)
            uow.commit()
    except ConflictError as e:
        return my_data(request, sent.reader, error=_said(e))
    return back(request, sent.reader, "/me/data", "You no longer ask for it.")


@router.get("/requests")
def listed(
    request: Request, reader: Annotated[Reader, Depends(Reads(Action.REQUEST_ANSWER))], everything: bool = False
) -> Response:
    """What people ask for whom the reader may answer: overdue ones first."""
    app = service_of(request).app
    today = app.clock.today()
    with app.units(write=False) as uow:
        demand_somewhere(uow, reader.who, Action.REQUEST_ANSWER)
        asked = uow.rights_requests.all() if everything else uow.rights_requests.open()
        seen, left_out = permitted_rows(uow, reader.who, Action.REQUEST_ANSWER, asked, lambda r: (r.learner_id, None))
        ordered = use_case.in_order(seen, today)
        rows = [_row(uow, r, app) for r in ordered[:PAGE]]
    data = {
        "rows": rows,
        "late": sum(r.overdue(today) for r in ordered),
        "waiting": sum(r.open for r in ordered),
        "everything": everything,
        "left_out": left_out,
        "more": max(0, len(ordered) - PAGE),
    }
    service_of(request).reads.note(reader.who.name, REQUESTS, {r.learner_id for r in ordered[:PAGE]})
    return show(request, reader, "requests.html", data)


@router.get("/requests/{ident}")
def one(request: Request, ident: str, reader: Annotated[Reader, Depends(Reads(Action.REQUEST_ANSWER))]) -> Response:
    """One request, and the forms for its answer."""
    return _shown(request, reader, ident)


@router.post("/requests/{ident}/answer")
def answer(request: Request, ident: str, sent: Annotated[Sent, Depends(Sends(Action.REQUEST_ANSWER))]) -> Response:
    """Do it, decline it with a reason, or say that it takes longer. An erasure is confirmed with the person's id."""
    app, form = service_of(request).app, sent.form
    try:
        with app.units() as uow:
            found = permitted_request(uow, sent.who, Action.REQUEST_ANSWER, ident)
            said = form.text("said", 10)
            if said not in ANSWERS:
                raise InputError("choose an answer", field="said", remedy="one of the buttons")
            if said == "do" and found.kind is RequestKind.ERASURE:
                whom = use_case.must_confirm(uow, found, typed=form.text("confirm", 300), principal=sent.who)
            else:
                whom = None
                told = _answered(uow, found, said, form, sent, app)
                uow.commit()
    except (InputError, ConflictError) as e:
        return _shown(request, sent.reader, ident, _said(e), form.text("reason", 4 * MOST_WORDS))
    if whom is not None:
        told, kind = _erased(request, sent, found, whom)
        return back(request, sent.reader, "/requests", told, kind=kind)
    if said == "do" and found.kind is RequestKind.RECTIFICATION:
        told += _anew(app, found.learner_id)
    return back(request, sent.reader, f"/requests/{found.id}", told)


def _answered(uow: UnitOfWork, found: RightsRequest, said: str, form: Form, sent: Sent, app: Any) -> str:
    reason = form.text("reason", MOST_WORDS)
    if said == "do":
        use_case.do(uow, found, answer=reason, principal=sent.who, clock=app.clock)
        return "It is done, and the person reads it."
    if said == "decline":
        use_case.decline(uow, found, reason=reason, actor=sent.who.name, clock=app.clock)
        return "It is declined, and the person reads your reason."
    done = use_case.take_longer(uow, found, reason=reason, actor=sent.who.name, clock=app.clock)
    return f"It is due by {done.due_on} now, and the person reads your reason."


def _erased(request: Request, sent: Sent, found: RightsRequest, whom: Learner) -> tuple[str, str]:
    """Erase, and what is to be said about it: the words and their kind."""
    app = service_of(request).app
    reason = sent.form.text("reason", MOST_WORDS) or f"asked in {found.id}"
    done = erase_everywhere(app, whom, actor=sent.who.name, reason=reason, request=found)
    rows = sum(done.rows.values())
    told = f"The person is erased: {rows} rows and {done.jobs} jobs. The tombstone {done.tombstone} keeps them away."
    if not done.queue_rewritten:
        return f"{told} The queue's own file could not be rewritten: whoever runs the queue has to.", "warn"
    if done.files:
        return f"{told} {len(done.files)} files of the home folder still name them: have them deleted.", "warn"
    return told, ""


def _anew(app: Any, learner_id: str) -> str:
    try:
        assess_anew(app.settings, app.clock, [learner_id])
    except (AscertainError, RedisError, OSError):  # the correction stands; the next sweep finds a changed case
        return " The next sweep assesses them with it."
    return " They are assessed anew with it."


def _shown(request: Request, reader: Reader, ident: str, error: str = "", reason: str = "") -> Response:
    app = service_of(request).app
    with app.units(write=False) as uow:
        found = permitted_request(uow, reader.who, Action.REQUEST_ANSWER, ident)
        learner = uow.people.get(found.learner_id)
        now = str(getattr(learner, found.field)) if learner and found.field and found.field != OTHER else ""
        data = {
            "r": _row(uow, found, app),
            "now": now,
            "other": found.field == OTHER,
            "erases": found.kind is RequestKind.ERASURE,
            "may_do": may(uow, reader.who, use_case.NEEDS[found.kind], learner),
            "may_longer": found.open and not found.longer_because and not found.overdue(app.clock.today()),
            "reason": reason,
        }
    service_of(request).reads.note(reader.who.name, REQUESTS, [found.learner_id])
    said = [Message(error, "bad")] if error else []
    return show(request, reader, "request.html", data, status=422 if error else 200, messages=said)


def _row(uow: UnitOfWork, found: RightsRequest, app: Any) -> Json:
    learner = uow.people.get(found.learner_id)
    names = {
        "name": learner.name if learner else found.learner_id,
        "department": learner.department if learner else "",
        "asked_by_name": called(uow, found.asked_by),
        "answered_by_name": called(uow, found.answered_by),
        "own_words": learner is not None and found.asked_by in (learner.id, learner.email),
    }
    return use_case.shown(found, app.clock.today()) | names


def _kind(name: str) -> RequestKind:
    try:
        return RequestKind(name)
    except ValueError:
        raise InputError("choose what you ask for", field="kind", remedy="one of the three") from None


def _said(error: InputError | ConflictError) -> str:
    """What is wrong, for the page: of the remedy only what is no command."""
    remedy = f". {error.remedy}" if error.remedy and "`" not in error.remedy and "--" not in error.remedy else ""
    return f"{error.message}{remedy}"
