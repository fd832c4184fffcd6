"""Contest a skill, add to it, take it back; read the answer, and give one."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from ascertain.connectors.evidence_file import text_of
from ascertain.domain.disputes import Dispute, Outcome
from ascertain.domain.permission import Action
from ascertain.domain.ports import UnitOfWork
from ascertain.domain.skills import Level
from ascertain.errors import ConflictError, InputError, NotFoundError
from ascertain.pipeline import views
from ascertain.pipeline.disputes import MOST_CHARACTERS, add_evidence, contest, decide, withdraw
from ascertain.pipeline.permit import may, may_each, permitted_assertion, permitted_thing
from ascertain.service.pages.forms import MOST_BYTES, Form, Message
from ascertain.service.pages.people import called, oneself
from ascertain.service.pages.shell import Reader, Reads, Sends, Sent, back, service_of, show

router = APIRouter(include_in_schema=False)
Json = dict[str, Any]
PAGE = 50


@router.get("/me/disputes")
def mine(request: Request, reader: Annotated[Reader, Depends(Reads(Action.DISPUTE_READ))]) -> Response:
    """The reader's own."""
    app = service_of(request).app
    with app.units(write=False) as uow:
        learner = oneself(uow, reader, Action.DISPUTE_READ)
        found = [_row(uow, d, app.bundle.taxonomy, app.clock.today()) for d in reversed(uow.disputes.about(learner.id))]
    service_of(request).reads.note(reader.who.name, "disputes", [learner.id])
    return show(request, reader, "disputes.html", {"mine": True, "rows": found, "left_out": 0, "everything": True})


@router.get("/disputes")
def of_others(
    request: Request, reader: Annotated[Reader, Depends(Reads(Action.DISPUTE_READ))], everything: bool = False
) -> Response:
    """Those that the reader may see, the first due first."""
    app = service_of(request).app
    with app.units(write=False) as uow:
        asked = uow.disputes.all() if everything else uow.disputes.open()
        allowed = may_each(uow, reader.who, Action.DISPUTE_READ, [(d.learner_id, d.skill_id) for d in asked])
        seen = [d for d, yes in zip(asked, allowed, strict=True) if yes]
        rows = [_row(uow, d, app.bundle.taxonomy, app.clock.today()) for d in seen[:PAGE]]
    service_of(request).reads.note(reader.who.name, "disputes", {d.learner_id for d in seen[:PAGE]})
    data = {"mine": False, "rows": rows, "left_out": len(asked) - len(seen), "everything": everything}
    data["late"] = sum(d.overdue(app.clock.today()) for d in seen)
    return show(request, reader, "disputes.html", data | {"more": max(0, len(seen) - PAGE)})


@router.get("/disputes/new")
def new(
    request: Request, reader: Annotated[Reader, Depends(Reads(Action.DISPUTE_OPEN))], assertion: str = ""
) -> Response:
    """The form: what is wrong, and what shows it."""
    return _form(request, reader, assertion, {"reason": "", "evidence": ""})


@router.post("/disputes")
def open_one(request: Request, sent: Annotated[Sent, Depends(Sends(Action.DISPUTE_OPEN, files=True))]) -> Response:
    """Contest it: from now on nothing uses it."""
    app = service_of(request).app
    ident = sent.form.text("assertion", 100)
    words = {"reason": sent.form.text("reason", MOST_BYTES), "evidence": sent.form.text("evidence", MOST_BYTES)}
    try:
        texts = _texts(sent.form)
        with app.units() as uow:
            made = contest(
                uow,
                permitted_assertion(uow, sent.who, Action.DISPUTE_OPEN, ident).id,
                reason=words["reason"],
                actor=sent.who.name,
                clock=app.clock,
                due_days=app.policy.routing.dispute_due_days,
                masker=app.masker(),
                texts=texts,
            )
            uow.commit()
    except InputError as e:
        return _form(request, sent.reader, ident, words, e)
    said = f"It is contested. An answer is due by {made.due_on}; until then nothing uses this skill."
    return back(request, sent.reader, f"/disputes/{made.id}", said)


@router.get("/disputes/{dispute}")
def one(request: Request, dispute: str, reader: Annotated[Reader, Depends(Reads(Action.DISPUTE_READ))]) -> Response:
    """A dispute with its answer, or with the forms for whoever may go on with it."""
    return _shown(request, reader, dispute)


@router.post("/disputes/{dispute}/evidence")
def add(
    request: Request, dispute: str, sent: Annotated[Sent, Depends(Sends(Action.EVIDENCE_ADD, files=True))]
) -> Response:
    """Add words that show it, or a file of which the words are kept."""
    app = service_of(request).app
    try:
        texts = _texts(sent.form)
        if not texts:
            raise InputError("there is nothing to add", field="evidence", remedy="words, or a file")
        with app.units() as uow:
            found = _permitted(uow, sent, Action.EVIDENCE_ADD, dispute)
            add_evidence(uow, found, texts, actor=sent.who.name, clock=app.clock, masker=app.masker())
            uow.commit()
    except (InputError, ConflictError) as e:
        return _shown(request, sent.reader, dispute, e)
    return back(request, sent.reader, f"/disputes/{found.id}", "It is added. It counts as your own word until checked.")


@router.post("/disputes/{dispute}/withdraw")
def take_back(request: Request, dispute: str, sent: Annotated[Sent, Depends(Sends(Action.DISPUTE_OPEN))]) -> Response:
    """The reader contests it no longer."""
    app = service_of(request).app
    try:
        with app.units() as uow:
            found = _permitted(uow, sent, Action.DISPUTE_OPEN, dispute)
            withdraw(uow, found.id, actor=sent.who.name, clock=app.clock)
            uow.commit()
    except (InputError, ConflictError) as e:
        return _shown(request, sent.reader, dispute, e)
    return back(request, sent.reader, f"/disputes/{found.id}", "You no longer contest it.")


@router.post("/disputes/{dispute}/decide")
def answer(request: Request, dispute: str, sent: Annotated[Sent, Depends(Sends(Action.DISPUTE_DECIDE))]) -> Response:
    """Decide about it. The learner reads the reason."""
    app, form = service_of(request).app, sent.form
    try:
        with app.units() as uow:
            found = _permitted(uow, sent, Action.DISPUTE_DECIDE, dispute)
            chosen = form.text("outcome", 20)
            if chosen not in set(Outcome):
                raise InputError("choose what is to become of it", field="outcome", remedy="one of the three")
            level = form.level("level") if chosen == Outcome.AMEND else None
            decide(
                uow,
                found.id,
                Outcome(chosen),
                reason=form.text("reason"),
                actor=sent.who.name,
                clock=app.clock,
                level=Level(level) if level else None,
                confirmed=form.all("confirm"),
            )
            uow.commit()
    except (InputError, ConflictError) as e:
        return _shown(request, sent.reader, dispute, e)
    return back(request, sent.reader, f"/disputes/{found.id}", "It is decided, and the learner reads your reason.")


def _texts(form: Form) -> list[str]:
    """What was pasted, and the words of the file that was given beside it.

    Raises:
        InputError: the file is too large, of another kind, or cannot be read.
    """
    found = [t for t in [form.text("evidence", MOST_BYTES)] if t]
    given = form.file("file")
    if given is not None:
        found.append(text_of(given.body, given.name, most_characters=MOST_CHARACTERS))
    return found


def _permitted(uow: UnitOfWork, sent: Sent | Reader, action: Action, ident: str) -> Dispute:
    found = permitted_thing(uow, sent.who, action, lambda: uow.disputes.get(ident))
    if found is None:
        raise NotFoundError(f"there is no dispute {ident!r}")
    return found


def _row(uow: UnitOfWork, dispute: Dispute, taxonomy: Any, today: date) -> Json:
    learner = uow.people.get(dispute.learner_id)
    name = learner.name if learner else dispute.learner_id
    late = {"overdue": dispute.overdue(today)}
    names = {"name": name, "opened_by": called(uow, dispute.opened_by), "decided_by": called(uow, dispute.decided_by)}
    spoken = dispute.opened_by not in (dispute.learner_id, learner.email if learner else "")
    return views.dispute(dispute) | {"label": views.label(taxonomy, dispute.skill_id), "spoken": spoken} | names | late


def _form(request: Request, reader: Reader, assertion: str, words: Json, error: InputError | None = None) -> Response:
    app = service_of(request).app
    with app.units(write=False) as uow:
        row = permitted_assertion(uow, reader.who, Action.DISPUTE_OPEN, assertion)
        data = {"a": views.assertion(row), "mine": row.learner_id == reader.who.learner_id, "error": _said(error)}
    service_of(request).reads.note(reader.who.name, "profile", [row.learner_id])
    return show(request, reader, "dispute-new.html", data | words, status=422 if error else 200)


def _shown(request: Request, reader: Reader, ident: str, error: InputError | ConflictError | None = None) -> Response:
    app = service_of(request).app
    with app.units(write=False) as uow:
        found = _permitted(uow, reader, Action.DISPUTE_READ, ident)
        learner = uow.people.get(found.learner_id)
        added = [e for e in uow.evidence.of(found.learner_id) if e.id in found.evidence]
        own = reader.who.learner_id == found.learner_id
        data = {
            "d": _row(uow, found, app.bundle.taxonomy, app.clock.today()),
            "added": [{"id": e.id, "text": e.text, "kind": e.kind.value, "on": e.occurred_on} for e in added],
            "mine": own,
            "may_add": found.open and may(uow, reader.who, Action.EVIDENCE_ADD, learner, found.skill_id),
            "may_withdraw": found.open and own,
            "may_decide": found.open and may(uow, reader.who, Action.DISPUTE_DECIDE, learner, found.skill_id),
            "may_see": may(uow, reader.who, Action.EXPLAIN, learner, found.skill_id),
        }
    service_of(request).reads.note(reader.who.name, "dispute", [found.learner_id])
    said = [Message(_said(error), "bad")] if error else []
    return show(request, reader, "dispute.html", data, status=422 if error else 200, messages=said)


def _said(error: InputError | ConflictError | None) -> str:
    """What is wrong, for the page: of the remedy only what is no command."""
    if error is None:
        return ""
    remedy = f". {error.remedy}" if error.remedy and "`" not in error.remedy and "--" not in error.remedy else ""
    return f"{error.message}{remedy}"
