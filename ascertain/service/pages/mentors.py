"""``/me/mentors``: who could help the reader, whom they asked, what they offer themself, and who asked them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from ascertain.domain.assertion import AssertionState
from ascertain.domain.mentoring import Offer, Word
from ascertain.domain.people import Learner
from ascertain.domain.permission import Action
from ascertain.domain.ports import UnitOfWork
from ascertain.errors import ConflictError, InputError, NotFoundError
from ascertain.pipeline import mentoring, views_gaps
from ascertain.pipeline.mentoring_find import find, may_mentor, open_needs
from ascertain.pipeline.mentoring_view import found_view, mentoring_of
from ascertain.pipeline.views import label
from ascertain.runtime import App
from ascertain.service.pages.people import oneself
from ascertain.service.pages.shell import Reader, Reads, Sends, Sent, back, service_of, show

router = APIRouter(include_in_schema=False)
Json = dict[str, Any]
HERE = "/me/mentors"
NEEDS_SHOWN = 8
Uses = Annotated[Sent, Depends(Sends(Action.MENTOR_USE))]


@router.get("/me/mentors")
def mentors(
    request: Request, reader: Annotated[Reader, Depends(Reads(Action.MENTOR_READ))], skill: str = ""
) -> Response:
    """Mentors for what the reader's role still asks for, or for one skill; their requests, their offer, their
    mentees."""
    app = service_of(request).app
    with app.units(write=False) as uow:
        learner = oneself(uow, reader, Action.MENTOR_READ)
        data = _page(uow, app, learner, skill)
    service_of(request).reads.note(
        reader.who.name, "mentors", sorted({learner.id, *(r["mentor"] for r in data["found"])})
    )
    return show(request, reader, "mentors.html", data)


@router.post("/me/mentors/offer")
def offer(request: Request, sent: Uses) -> Response:
    """Offer to be a mentor, change that, or take it back."""
    form = sent.form

    def work(uow: UnitOfWork, app: App, learner: Learner) -> str:
        if form.text("close", 5):
            mentoring.close_offer(uow, learner, actor=sent.who)
            return "You offer nothing any more. Whom you mentor already, you still do."
        places = form.text("places", 3)
        made = Offer(
            learner.id,
            int(places) if places.isdigit() else 0,
            tuple(form.all("skill")),
            form.text("level_shown", 5) == "1",
            form.text("timezone", 60),
            form.text("note", mentoring.WORDS_CHARS),
        )
        mentoring.offer(uow, app.bundle.taxonomy, made, learner, app.mentors, actor=sent.who)
        return "Your offer stands. You can change it or take it back at any time."

    return _done(request, sent, work, "#offer")


@router.post("/me/mentors/requests")
def ask(request: Request, sent: Uses) -> Response:
    """Ask somebody."""
    form = sent.form

    def work(uow: UnitOfWork, app: App, learner: Learner) -> str:
        words = form.text("words", mentoring.WORDS_CHARS)
        mentoring.ask(
            uow, learner, form.text("mentor", 200), form.text("skill", 300), words, app.mentors, actor=sent.who
        )
        return "They are asked. They see your name, the skill and your words, and nothing else."

    return _done(request, sent, work, "#asked")


@router.post("/me/mentors/{mentorship}/answer")
def answer(request: Request, mentorship: str, sent: Uses) -> Response:
    """Say yes or no to somebody who asks."""
    form = sent.form

    def work(uow: UnitOfWork, app: App, learner: Learner) -> str:
        row, _ = mentoring.permitted_pair(uow, sent.who, mentorship, mentor_only=True)
        yes = form.text("answer", 5) == "yes"
        said = form.text("said", mentoring.WORDS_CHARS)
        mentoring.answer(uow, row, yes=yes, said=said, desk=app.mentors, actor=sent.who)
        return "You are their mentor now." if yes else "You said no. They may not ask for the same again for a while."

    return _done(request, sent, work, "#mentees")


@router.post("/me/mentors/{mentorship}/end")
def end(request: Request, mentorship: str, sent: Uses) -> Response:
    """End it, on either side."""

    def work(uow: UnitOfWork, app: App, learner: Learner) -> str:
        row, by = mentoring.permitted_pair(uow, sent.who, mentorship)
        mentoring.end(uow, row, by=by, said=sent.form.text("said", 500), desk=app.mentors, actor=sent.who)
        return "It is ended."

    return _done(request, sent, work, "#asked")


@router.post("/me/mentors/objections")
def object_to(request: Request, sent: Uses) -> Response:
    """Not to be brought together with somebody, or take that back."""
    form = sent.form

    def work(uow: UnitOfWork, app: App, learner: Learner) -> str:
        other = mentoring.acquainted(uow, learner, form.text("other", 200), app.mentors.seek)
        if form.text("lift", 5):
            mentoring.lift(uow, Word.OBJECTION, learner, other.id, actor=sent.who)
            return "It is taken back."
        mentoring.object_to(uow, learner, other, app.mentors, actor=sent.who)
        return "You will not be shown to each other. They are not told."

    return _done(request, sent, work, "#found")


def _done(request: Request, sent: Sent, work: Callable[[UnitOfWork, App, Learner], str], part: str) -> Response:
    app = service_of(request).app
    try:
        with app.units() as uow:
            said = work(uow, app, oneself(uow, sent.reader, Action.MENTOR_USE))
            uow.commit()
    except (InputError, ConflictError, NotFoundError) as e:
        remedy = f" {e.remedy[:1].upper()}{e.remedy[1:]}." if isinstance(e, InputError) and e.remedy else ""
        return back(request, sent.reader, HERE, f"Nothing was changed: {e.message}.{remedy}", kind="bad")
    return back(request, sent.reader, f"{HERE}{part}", said)


def _page(uow: UnitOfWork, app: App, learner: Learner, skill: str) -> Json:
    taxonomy, desk = app.bundle.taxonomy, app.mentors
    needs = [skill] if taxonomy.skill(skill) else open_needs(uow, learner)[:NEEDS_SHOWN]
    found = found_view(uow, find(uow, learner, needs, desk.seek), taxonomy)
    asked_for = views_gaps.gaps(uow, learner, taxonomy)["gaps"]
    data = mentoring_of(uow, learner, taxonomy, desk, own=True)
    standing = {(m["other"], m["skill"]): m["state"] for m in data["asked"] if m["state"] in ("asked", "accepted")}
    least = desk.seek.rules.least_level
    accepted = [a for a in uow.assertions.of(learner.id) if a.state is AssertionState.ACCEPTED]
    good = [(label(taxonomy, a.skill_id), a.skill_id) for a in accepted if a.level and a.level >= least]
    skills: dict[str, list[Json]] = {}
    for r in found:
        skills.setdefault(r["label"], []).append(r | {"standing": standing.get((r["mentor"], r["skill"]), "")})
    return data | {
        "found": found,
        "by_skill": list(skills.items()),
        "needs": [label(taxonomy, s) for s in needs],
        "choice": sorted((g["label"], g["skill"]) for g in asked_for),
        "skill": skill,
        "good": sorted(good),
        "willing": may_mentor(learner),
        "chosen": {s["skill"] for s in data["offer"]["skills"]} if data["offer"] else set(),
        "most": desk.seek.rules.most_places,
        "timezone": learner.timezone,
    }
