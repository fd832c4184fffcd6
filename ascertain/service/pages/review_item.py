"""``/review/ITEM``: evidence first, one's own level, then the suggestion, then the decision; taking it back, and giving
the item to somebody else. What was typed stays on the page when something is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from ascertain.domain.permission import Action
from ascertain.domain.ports import UnitOfWork
from ascertain.domain.runs import DecisionKind
from ascertain.domain.skills import Level
from ascertain.errors import AscertainError, ConflictError, ForbiddenError, InputError, NotFoundError
from ascertain.pipeline.access import note_access
from ascertain.pipeline.permit import permitted_item, principal_of
from ascertain.pipeline.review_desk import Decided, find
from ascertain.pipeline.review_queue import reassign as give
from ascertain.pipeline.review_undo import undo
from ascertain.pipeline.review_writes import if_accepted
from ascertain.runtime import App
from ascertain.service.pages.forms import Message
from ascertain.service.pages.review import address, last_decision, untrained, where_next, words
from ascertain.service.pages.shell import Reader, Reads, Sends, Sent, back, service_of, show

router = APIRouter(include_in_schema=False)
Typed = Mapping[str, str]

FIELDS = ("decision", "level", "needs", "reason", "to", "why")
NOTHING_TYPED: Typed = dict.fromkeys(FIELDS, "")


@router.get("/review/{item}")
def question(request: Request, reader: Annotated[Reader, Depends(Reads(Action.REVIEW_DECIDE))], item: str) -> Response:
    """The evidence. Nothing of the suggestion is in this page until the reader has judged."""
    return _shown(request, reader, item)


@router.post("/review/{item}/judge")
def judge(request: Request, sent: Annotated[Sent, Depends(Sends(Action.REVIEW_DECIDE))], item: str) -> Response:
    """Keep the reader's own judgement; the page then shows the suggestion beside it."""
    app = service_of(request).app
    own = _level(sent, "own_level")
    try:
        if own is None:
            raise InputError("say what the evidence shows: a level, or none", field="own_level")
        with app.units() as uow:
            app.review_desk(uow, sent.who).judge(item, own)
            uow.commit()
    except (InputError, ConflictError) as e:
        return _shown(request, sent.reader, item, error=e)
    return back(request, sent.reader, f"{address(item)}#suggestion")


@router.post("/review/{item}/decide")
def decide(request: Request, sent: Annotated[Sent, Depends(Sends(Action.REVIEW_DECIDE))], item: str) -> Response:
    """Decide, and go on with the next one."""
    app, typed = service_of(request).app, _typed(sent)
    try:
        if typed["decision"] not in set(DecisionKind):
            raise InputError("choose one of the decisions", field="decision")
        kind = DecisionKind(typed["decision"])
        level = _level(sent, "level") if kind is DecisionKind.ADJUST else None
        needs = typed["needs"] if kind is DecisionKind.MORE_EVIDENCE else ""
        with app.units() as uow:
            desk = app.review_desk(uow, sent.who)
            done = desk.decide(item, kind, reason=typed["reason"], level=Level(level) if level else None, needs=needs)
            uow.commit()
    except (InputError, ConflictError) as e:
        return _shown(request, sent.reader, item, error=e, typed=typed)
    to, said = where_next(app, sent.reader)
    return back(request, sent.reader, to, f"{_done(done)} {said}".strip())


@router.post("/review/{item}/undo")
def take_back(
    request: Request, sent: Annotated[Sent, Depends(Sends(Action.REVIEW_DECIDE))], item: str
) -> RedirectResponse:
    """Take one's own decision back. The judgement before it stands."""
    app = service_of(request).app
    try:
        with app.units() as uow:
            found = permitted_item(uow, sent.who, Action.REVIEW_DECIDE, item)
            undo(uow, found.id, who=sent.who, clock=app.clock)
            uow.commit()
    except ConflictError as e:
        return back(request, sent.reader, "/review", words(e), kind="bad")
    return back(request, sent.reader, address(found.id), "Taken back: it waits again.")


@router.post("/review/{item}/reassign")
def reassign(request: Request, sent: Annotated[Sent, Depends(Sends(Action.REVIEW_DECIDE))], item: str) -> Response:
    """Give it to somebody else who may decide about it."""
    app, typed = service_of(request).app, _typed(sent)
    try:
        with app.units() as uow:
            found = find(uow, sent.who, Action.REVIEW_DECIDE, item)
            if found is None:
                raise NotFoundError(f"there is no review item {item!r}")
            moved = give(
                uow,
                found,
                typed["to"],
                reason=typed["why"],
                by=sent.who,
                rules=app.policy.review,
                principal=lambda name: principal_of(uow, name, today=app.clock.today()),
            )
            uow.commit()
    except ForbiddenError as e:
        if e.action != Action.REVIEW_DECIDE.value or e.actor == sent.who.name:
            raise
        # It is about whom it would go to, not about the reader.
        return _shown(request, sent.reader, item, error=e, typed=typed)
    except (InputError, ConflictError) as e:
        return _shown(request, sent.reader, item, error=e, typed=typed)
    to, said = where_next(app, sent.reader)
    return back(request, sent.reader, to, f"It waits for {_named(app, moved.assignee)} now. {said}".strip())


def _shown(
    request: Request, reader: Reader, item: str, *, error: AscertainError | None = None, typed: Typed = NOTHING_TYPED
) -> Response:
    app = service_of(request).app
    with app.units() as uow:
        desk = app.review_desk(uow, reader.who)
        asked = desk.show(item)
        look = uow.looks.get(asked.item_id, reader.who.name)
        judged = look.own_level if look else None
        suggestion = desk.judge(asked.item_id, judged) if judged is not None else None
        others = _others(uow, asked.learner_id, asked.assignee, app.policy.review.l_and_d, reader)
        uow.commit()
    note_access(app.units, reader.who.name, "review", [asked.learner_id])
    writes, problem = (
        if_accepted(app.write_back, app.units, reader.who, suggestion, app.clock.today()) if suggestion else ([], "")
    )
    data: dict[str, Any] = {
        "question": asked,
        "assignee": _named(app, asked.assignee),
        "suggestion": suggestion,
        "writes": writes,
        "writes_problem": problem,
        "problem": untrained(app, reader),
        "typed": typed,
        "wrong": getattr(error, "field", "") or "",
        "others": others,
        "last": last_decision(request, reader),
    }
    said = [Message(words(error), "bad")] if error else []
    return show(request, reader, "review-item.html", data, status=422 if error else 200, messages=said)


def _others(uow: UnitOfWork, learner_id: str, assignee: str, l_and_d: str, reader: Reader) -> list[tuple[str, str]]:
    """Whom the rules could have named: (name under which it would wait, in words)."""
    learner = uow.people.get(learner_id)
    manager = uow.people.get(learner.manager_id) if learner and learner.manager_id else None
    found = [(l_and_d, "learning and development")]
    if manager is not None:
        found.append((manager.id, f"{manager.name}, their manager"))
    return [(name, said) for name, said in found if name != assignee and name != reader.who.learner_id]


def _named(app: App, assignee: str) -> str:
    with app.units(write=False) as uow:
        person = uow.people.get(assignee)
    return person.name if person else assignee


def _done(done: Decided) -> str:
    said = {
        DecisionKind.ACCEPT: "Accepted.",
        DecisionKind.ADJUST: "Adjusted.",
        DecisionKind.REJECT: "Rejected.",
        DecisionKind.MORE_EVIDENCE: "Kept until there is more evidence.",
    }[done.item.decision or DecisionKind.ACCEPT]
    if done.was_check:
        said += " That one was to keep reviewing honest: its answer is known, and nothing was decided about the person."
    return said


def _typed(sent: Sent) -> Typed:
    return {name: sent.form.text(name) for name in FIELDS}


def _level(sent: Sent, name: str) -> int | None:
    text = sent.form.text(name, 10)
    return int(text) if text in {"0", "1", "2", "3", "4", "5"} else None
