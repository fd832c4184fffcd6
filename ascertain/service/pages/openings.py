"""``/marketplace``: what there is for the reader, and what they want. ``/openings``: who might be somebody for what."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from ascertain.domain.matching import may_appear
from ascertain.domain.permission import Action
from ascertain.domain.ports import UnitOfWork
from ascertain.domain.talent import must_match
from ascertain.domain.wishes import IN_WORDS, Topic, Want
from ascertain.errors import ConflictError, InputError
from ascertain.pipeline.match_words import opening_view, reasons, view
from ascertain.pipeline.matches import NOTICE, for_me, shown_list
from ascertain.pipeline.openings import open_ones, opening_or_raise
from ascertain.pipeline.permit import demand, demand_somewhere
from ascertain.pipeline.views import label, person
from ascertain.pipeline.wishes import state
from ascertain.runtime import App
from ascertain.service.pages.people import called, oneself
from ascertain.service.pages.shell import Reader, Reads, Sends, Sent, back, service_of, show

router = APIRouter(include_in_schema=False)
Json = dict[str, Any]
SKILLS_OFFERED = 200


@router.get("/marketplace")
def marketplace(request: Request, reader: Annotated[Reader, Depends(Reads(Action.OPENING_READ))]) -> Response:
    """Open openings; for a learner beside what is confirmed of them, with the forms to say what they want."""
    app = service_of(request).app
    must_match(app.talent)
    with app.units(write=False) as uow:
        demand(uow, reader.who, Action.OPENING_READ)
        data = _mine(uow, app, reader) if reader.who.learner_id else _plain(uow, app)
    if reader.who.learner_id:
        service_of(request).reads.note(reader.who.name, "matches", [reader.who.learner_id])
    return show(request, reader, "marketplace.html", data)


@router.post("/me/wishes")
def wish(request: Request, sent: Annotated[Sent, Depends(Sends(Action.WISH_STATE))]) -> Response:
    """Say what one wants of a skill or an opening."""
    app, form = service_of(request).app, sent.form
    about, want = form.text("about", 300), form.text("want", 20)
    try:
        with app.units() as uow:
            learner = oneself(uow, sent.reader, Action.WISH_STATE)
            topic = Topic.SKILL if form.text("kind", 20) == Topic.SKILL.value else Topic.OPENING
            state(uow, app.bundle.taxonomy, learner, topic, about, want, actor=sent.who, clock=app.clock)
            uow.commit()
    except (InputError, ConflictError) as e:
        return back(request, sent.reader, "/marketplace", f"Nothing was changed: {e.message}.", kind="bad")
    return back(request, sent.reader, "/marketplace#wishes", "It is noted. It changes no level; you can take it back.")


@router.get("/openings")
def openings(request: Request, reader: Annotated[Reader, Depends(Reads(Action.MATCH_READ))]) -> Response:
    """Open openings, with how many people the reader may look at for each."""
    app = service_of(request).app
    with app.units(write=False) as uow:
        demand_somewhere(uow, reader.who, Action.MATCH_READ)
        must_match(app.talent)
        rows = []
        for o in open_ones(uow, app.clock.today()):
            found = shown_list(uow, reader.who, o)
            mine = o.manager_id and o.manager_id == reader.who.learner_id
            check = found.outcome
            row = {"people": len(found.rows), "made": found.made is not None, "check": check, "mine": bool(mine)}
            rows.append(opening_view(o, app.bundle.taxonomy) | row)
    rows.sort(key=lambda r: (not r["mine"], r["closes_on"] or "9999", r["title"], r["id"]))
    return show(request, reader, "openings.html", {"rows": rows, "notice": NOTICE})


@router.get("/openings/{opening}")
def one(request: Request, opening: str, reader: Annotated[Reader, Depends(Reads(Action.MATCH_READ))]) -> Response:
    """The people on the list of an opening, as far as the reader may see them, with reasons."""
    app = service_of(request).app
    taxonomy, few = app.bundle.taxonomy, app.talent.few_hours
    with app.units(write=False) as uow:
        demand_somewhere(uow, reader.who, Action.MATCH_READ)
        must_match(app.talent)
        found = shown_list(uow, reader.who, opening_or_raise(uow, opening))
        rows = [
            view(p, found.opening, taxonomy, few)
            | {"person": person(who), "told": reasons(p.match, taxonomy, f"#m-{who.id}", few)}
            for who, p in found.rows
        ]
        manager = called(uow, found.opening.manager_id)
    service_of(request).reads.note(reader.who.name, "matches", [r["person"]["id"] for r in rows])
    data = {
        "opening": opening_view(found.opening, taxonomy),
        "manager": manager,
        "rows": rows,
        "made": found.made,
        "left_out": found.left_out,
        "outdated": found.outdated,
        "check": found.check,
        "notice": NOTICE,
    }
    return show(request, reader, "opening.html", data)


def _mine(uow: UnitOfWork, app: App, reader: Reader) -> Json:
    learner = oneself(uow, reader, Action.MATCH_READ)
    taxonomy, few = app.bundle.taxonomy, app.talent.few_hours
    pairs = for_me(uow, learner, app.policy.belief, app.clock.today())
    rows = [
        view(p, o, taxonomy, few)
        | {"o": opening_view(o, taxonomy), "told": reasons(p.match, taxonomy, f"#o-{o.id}", few)}
        for o, p in pairs
    ]
    stated = uow.wishes.of(learner.id)
    known = {a.skill_id for a in uow.assertions.of(learner.id) if a.level}
    known |= {r.skill_id for o, _ in pairs for r in o.requirements}
    offered = sorted((label(taxonomy, s), s) for s in known)[:SKILLS_OFFERED]
    wishes = [
        {"about": w.about, "label": label(taxonomy, w.about), "want": w.want.value, "words": IN_WORDS[w.want]}
        for w in stated
        if w.topic is Topic.SKILL
    ]
    found = {"rows": rows, "wishes": wishes, "offered": offered, "listed": may_appear(learner), "mine": True}
    wants = [(w.value, words) for w, words in IN_WORDS.items() if w in (Want.USE, Want.LEARN, Want.AVOID)]
    return found | {"wants": wants, "notice": NOTICE}


def _plain(uow: UnitOfWork, app: App) -> Json:
    rows = [{"o": opening_view(o, app.bundle.taxonomy), "interest": None} for o in open_ones(uow, app.clock.today())]
    return {"rows": rows, "mine": False, "notice": NOTICE, "wishes": [], "offered": [], "listed": False, "wants": []}
