"""Ask for something about one's data, and answer it. What is done is done in the transaction of the answer, by the same
use cases as on the command line; an erasure, which takes the request with it, is in ``ascertain.jobs.erasing``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from ascertain.domain import rights_requests as rules
from ascertain.domain.people import Learner
from ascertain.domain.permission import Action, Principal
from ascertain.domain.ports import Clock, UnitOfWork
from ascertain.domain.rectification import Field
from ascertain.domain.rights_requests import OTHER, RequestKind, RequestState, RightsRequest
from ascertain.domain.text import clean_plain
from ascertain.errors import InputError, NotFoundError
from ascertain.pipeline.permit import demand, demand_about_anybody
from ascertain.pipeline.rectify import rectify_person
from ascertain.pipeline.restrict import restrict
from ascertain.pipeline.write_back_switch import named

Json = dict[str, Any]

NEEDS = {
    RequestKind.RECTIFICATION: Action.PERSON_RECTIFY,
    RequestKind.RESTRICTION: Action.PERSON_RESTRICT,
    RequestKind.ERASURE: Action.PERSON_ERASE,
}
"""What whoever does it must be allowed besides answering."""


def ask(
    uow: UnitOfWork,
    learner: Learner,
    kind: RequestKind,
    *,
    field: str = "",
    value: str = "",
    words: str = "",
    actor: str,
    clock: Clock,
) -> RightsRequest:
    """Ask; it is due in a month. Asking for the same again changes nothing. The caller commits.

    Raises:
        InputError: naming the field that is wrong.
        ConflictError: something else of the kind is asked already.
    """
    earlier = uow.rights_requests.about(learner.id)
    made = rules.ask(
        learner.id,
        kind,
        field=field.strip(),
        value=clean_plain(value),
        words=clean_plain(words),
        by=named(actor),
        now=clock.now(),
        earlier=earlier,
    )
    if made not in earlier:
        uow.rights_requests.add(made)
        header = {"request": made.id, "kind": kind.value, "due": made.due_on.isoformat()}
        payload = {"by": made.asked_by, "field": made.field, "value": made.value, "words": made.words}
        uow.audit.append("request.made", actor="learner", learner_id=learner.id, header=header, payload=payload)
    return made


def withdraw(uow: UnitOfWork, request: RightsRequest, *, actor: str, clock: Clock) -> RightsRequest:
    """No longer ask. The caller commits.

    Raises:
        ConflictError: it was answered.
    """
    done = rules.withdraw(request, by=named(actor), now=clock.now())
    if done != request:
        uow.rights_requests.put(done)
        payload, header = {"by": done.answered_by}, {"request": done.id}
        uow.audit.append(
            "request.withdrawn", actor="learner", learner_id=done.learner_id, header=header, payload=payload
        )
    return done


def take_longer(uow: UnitOfWork, request: RightsRequest, *, reason: str, actor: str, clock: Clock) -> RightsRequest:
    """Two further months, with the reason. The caller commits.

    Raises:
        InputError: there is no reason.
        ConflictError: it was answered or made longer before, or the first month is over.
    """
    by, done = named(actor), rules.longer(request, reason=clean_plain(reason), now=clock.now())
    if done != request:
        uow.rights_requests.put(done)
        header = {"request": done.id, "due": done.due_on.isoformat()}
        payload = {"by": by, "reason": done.longer_because}
        uow.audit.append("request.longer", actor="operator", learner_id=done.learner_id, header=header, payload=payload)
    return done


def decline(uow: UnitOfWork, request: RightsRequest, *, reason: str, actor: str, clock: Clock) -> RightsRequest:
    """Do it not, with the reason that the person reads. The caller commits.

    Raises:
        InputError: there is no reason.
        ConflictError: it was answered otherwise.
    """
    done = rules.answered(request, RequestState.DECLINED, by=named(actor), answer=clean_plain(reason), now=clock.now())
    _close(uow, request, done)
    return done


def do(uow: UnitOfWork, request: RightsRequest, *, answer: str, principal: Principal, clock: Clock) -> RightsRequest:
    """Correct or restrict what the person asked for, and tell them. The caller commits, and has the person assessed
    again.

    Raises:
        InputError: it is an erasure (see ``must_confirm``), or what is right cannot be stored.
        ForbiddenError: whoever answers may not do that very thing.
        ConflictError: it was answered otherwise.
    """
    by = named(principal.name)
    if request.kind is RequestKind.ERASURE:
        raise InputError(
            "an erasure is done as a whole", where=request.id, field="kind", remedy="confirm it with the id"
        )
    learner = uow.people.get(request.learner_id)
    if learner is None:
        raise NotFoundError(f"there is no learner {request.learner_id!r}")
    if request.kind is RequestKind.RECTIFICATION and request.field == OTHER and not answer.strip():
        raise InputError(
            "say what was corrected", where=request.id, field="reason", remedy="correct it first; the person reads this"
        )
    done = rules.answered(request, RequestState.DONE, by=by, answer=clean_plain(answer), now=clock.now())
    if done == request:
        return done
    demand(uow, principal, NEEDS[request.kind], learner)
    why = f"asked in {request.id}"
    if request.kind is RequestKind.RESTRICTION:
        restrict(uow, learner, reason=why, actor=by, clock=clock)
    elif request.field != OTHER:
        rectify_person(uow, learner, Field(request.field), request.value, reason=why, actor=by, clock=clock)
    _close(uow, request, done)
    return done


def must_confirm(uow: UnitOfWork, request: RightsRequest, *, typed: str, principal: Principal) -> Learner:
    """Whose erasure it is, once whoever does it has typed the person's id themselves.

    Raises:
        InputError: it is no erasure, or something else was typed.
        ForbiddenError: they may not erase this person.
        ConflictError: it was answered.
    """
    if request.kind is not RequestKind.ERASURE:
        raise InputError("is no erasure", where=request.id, field="kind", remedy="answer it without an id")
    rules.must_be_open(request)
    learner = uow.people.get(request.learner_id)
    if learner is None:
        raise NotFoundError(f"there is no learner {request.learner_id!r}")
    demand(uow, principal, Action.PERSON_ERASE, learner)
    if typed.strip() != learner.id:
        raise InputError(
            "type the person's own id: an erasure cannot be undone",
            where=request.id,
            field="confirm",
            remedy="it stands beside their name",
        )
    return learner


def note_erased(uow: UnitOfWork, request: RightsRequest, *, actor: str) -> None:
    """After an erasure on request: that it was answered, and when it was due. Names nobody. The caller commits."""
    header = {"request": request.id, "kind": request.kind.value, "due": request.due_on.isoformat()}
    _done(uow, header, {"by": named(actor)}, None)


def permitted_request(uow: UnitOfWork, principal: Principal, action: Action, text: str) -> RightsRequest:
    """The request of that id, if ``principal`` may do ``action`` about its person.

    Raises:
        ForbiddenError: they may not, or there is none: whoever may not know gets the same answer.
        NotFoundError: there is none, told to those who may do it about anybody.
    """
    found = uow.rights_requests.get(text)
    learner = uow.people.get(found.learner_id) if found else None
    if found is not None and learner is not None:
        demand(uow, principal, action, learner)
        return found
    demand_about_anybody(principal, action)
    raise NotFoundError(f"there is no request {text!r}", remedy="`ascertain person requests` lists them")


def in_order(found: Iterable[RightsRequest], today: date) -> list[RightsRequest]:
    """Overdue ones first, then those that wait, the first due first; then the answered ones, newest first."""
    rows = list(found)
    waiting = sorted((r for r in rows if r.open), key=lambda r: (not r.overdue(today), r.due_on, r.asked_at, r.id))
    return waiting + sorted((r for r in rows if not r.open), key=lambda r: (r.asked_at, r.id), reverse=True)


def shown(request: RightsRequest, today: date) -> Json:
    """As people and programs read it."""
    return {
        "id": request.id,
        "learner": request.learner_id,
        "kind": request.kind.value,
        "field": request.field,
        "value": request.value,
        "words": request.words,
        "asked_by": request.asked_by,
        "asked_at": request.asked_at.isoformat(),
        "due": request.due_on.isoformat(),
        "overdue": request.overdue(today),
        "longer_because": request.longer_because,
        "state": request.state.value,
        "answered_by": request.answered_by,
        "answer": request.answer,
        "answered_at": request.answered_at.isoformat() if request.answered_at else None,
    }


def _close(uow: UnitOfWork, before: RightsRequest, done: RightsRequest) -> None:
    if done == before:
        return
    uow.rights_requests.put(done)
    header = {"request": done.id, "kind": done.kind.value, "due": done.due_on.isoformat()}
    payload = {"by": done.answered_by, "answer": done.answer}
    if done.state is RequestState.DONE:
        _done(uow, header, payload, done.learner_id)
    else:
        uow.audit.append(
            "request.declined", actor="operator", learner_id=done.learner_id, header=header, payload=payload
        )


def _done(uow: UnitOfWork, header: Json, payload: Json, learner_id: str | None) -> None:
    uow.audit.append("request.done", actor="operator", learner_id=learner_id, header=header, payload=payload)
