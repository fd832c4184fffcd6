"""mentor find, offer, request, answer, end, list, object, leave."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ascertain.cli.actor import Actor, Reader, asking
from ascertain.cli.output import AsJson, emit, opened
from ascertain.domain.permission import Action

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(help="Mentors: who offers it, who could be whose, requests and answers.", no_args_is_help=True)

Who = Annotated[str, typer.Argument(metavar="LEARNER", help="Id or e-mail address.")]
Other = Annotated[str, typer.Argument(metavar="OTHER", help="Id or e-mail address of the other one.")]
Request = Annotated[str, typer.Argument(metavar="REQUEST", help="Id out of `mentor list`.")]
Why = Annotated[str, typer.Option("--reason", help="In a few words; the other one reads it.")]
Lift = Annotated[bool, typer.Option("--lift", help="Take it back.")]


@app.command("find")
def find_mentors(
    learner: Who,
    skill: Annotated[list[str] | None, typer.Option("--skill", help="Id; else every open need of the role.")] = None,
    timezone: Annotated[str, typer.Option("--timezone", help="Where the learner is, if not where HR says.")] = "",
    actor: Reader = None,
    as_json: AsJson = False,
) -> None:
    """Who could be somebody's mentor: of those who offered it, the best first, with reasons."""
    from ascertain.pipeline.access import note_access
    from ascertain.pipeline.mentoring_find import find, must_be_zone, open_needs
    from ascertain.pipeline.mentoring_view import everybody, found_view, seen_by
    from ascertain.pipeline.permit import may, permitted_learner

    must_be_zone(timezone)
    shown = opened()
    who = asking(shown, actor)
    with shown.units(write=False) as uow:
        person = permitted_learner(uow, who, Action.MENTOR_READ, learner)
        skills = skill or open_needs(uow, person)
        fits = find(uow, person, skills, shown.mentors.seek, timezone=timezone)
        seen = everybody if may(uow, who, Action.MENTOR_USE, person) else seen_by(uow, who)
        rows = found_view(uow, [(p, f) for p, f in fits if seen(p.id)], shown.bundle.taxonomy)
    note_access(shown.units, who.name, "mentors", sorted({person.id, *(r["mentor"] for r in rows)}))

    def render(c: Console) -> None:
        for r in rows:
            c.print(f"{r['label']}: {r['name']} ({r['mentor']})  {' '.join(r['reasons'])}", soft_wrap=True)
        if not rows:
            c.print("nobody offers that at present")

    emit(rows, as_json, render)


@app.command("offer")
def offer(
    learner: Who,
    places: Annotated[int, typer.Option("--places", help="How many people at once.")] = 1,
    skill: Annotated[list[str] | None, typer.Option("--skill", help="Id; else every skill good enough.")] = None,
    level: Annotated[bool, typer.Option("--level/--no-level", help="Whether those who look are told it.")] = False,
    timezone: Annotated[str, typer.Option("--timezone", help="Where one is, if not where HR says.")] = "",
    note: Annotated[str, typer.Option("--note", help="To those who look for a mentor.")] = "",
    close: Annotated[bool, typer.Option("--close", help="Take the offer back.")] = False,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Offer to be a mentor, in place of what was offered before; `--close` takes it back."""
    from ascertain.domain.mentoring import Offer
    from ascertain.pipeline import mentoring
    from ascertain.pipeline.mentoring_view import offer_view
    from ascertain.pipeline.permit import permitted_learner

    shown = opened()
    who = asking(shown, actor)
    taxonomy = shown.bundle.taxonomy
    with shown.units() as uow:
        person = permitted_learner(uow, who, Action.MENTOR_USE, learner)
        data: dict[str, Any] = {"learner": person.id, "offer": None}
        if close:
            words = "taken back" if mentoring.close_offer(uow, person, actor=who) else "nothing was offered"
        else:
            asked = Offer(person.id, places, tuple(skill or ()), level, timezone, note)
            made = mentoring.offer(uow, taxonomy, asked, person, shown.mentors, actor=who)
            data["offer"] = offer_view(made, taxonomy)
            about = ", ".join(s["label"] for s in data["offer"]["skills"]) or "every skill good enough"
            words = f"{person.name} offers {made.places} places: {about}"
        uow.commit()
    emit(data, as_json, lambda c: c.print(words, soft_wrap=True))


@app.command("request")
def request(
    learner: Who,
    mentor: Annotated[str, typer.Argument(metavar="MENTOR", help="Id or e-mail address.")],
    skill: Annotated[str, typer.Option("--skill", help="Id of the skill.")],
    words: Annotated[str, typer.Option("--words", help="To the mentor.")] = "",
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Ask somebody to be one's mentor in a skill. What waits or holds already is answered as it stands."""
    from ascertain.pipeline import mentoring
    from ascertain.pipeline.permit import permitted_learner

    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        person = permitted_learner(uow, who, Action.MENTOR_USE, learner)
        made = mentoring.ask(uow, person, mentor, skill, words, shown.mentors, actor=who)
        uow.commit()
    emit(_plain(shown, made), as_json, lambda c: c.print(f"{made.id}: {made.state.value}"))


@app.command("answer")
def answer(
    request: Request,
    said: Annotated[str, typer.Argument(metavar="ANSWER", help="yes or no.")],
    reason: Why = "",
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """The mentor says yes or no to a request."""
    from ascertain.errors import InputError
    from ascertain.pipeline import mentoring

    if said not in ("yes", "no"):
        raise InputError(f"{said!r} is no answer", field="ANSWER", remedy="yes or no")
    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        row, _ = mentoring.permitted_pair(uow, who, request, mentor_only=True)
        done = mentoring.answer(uow, row, yes=said == "yes", said=reason, desk=shown.mentors, actor=who)
        uow.commit()
    emit(_plain(shown, done), as_json, lambda c: c.print(f"{done.id}: {done.state.value}"))


@app.command("end")
def end(request: Request, reason: Why = "", actor: Actor = None, as_json: AsJson = False) -> None:
    """Either of the two ends it; a request that waits is taken back."""
    from ascertain.pipeline import mentoring

    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        row, by = mentoring.permitted_pair(uow, who, request)
        done = mentoring.end(uow, row, by=by, said=reason, desk=shown.mentors, actor=who)
        uow.commit()
    emit(_plain(shown, done), as_json, lambda c: c.print(f"{done.id}: {done.state.value}"))


@app.command("list")
def listed(learner: Who, actor: Reader = None, as_json: AsJson = False) -> None:
    """What somebody offers, whom they asked, who asked them. The words of a request are for the two alone."""
    from ascertain.pipeline.access import note_access
    from ascertain.pipeline.mentoring_view import mentoring_of, seen_by
    from ascertain.pipeline.permit import may, permitted_learner

    shown = opened()
    who = asking(shown, actor)
    with shown.units(write=False) as uow:
        person = permitted_learner(uow, who, Action.MENTOR_READ, learner)
        own = may(uow, who, Action.MENTOR_USE, person)
        data = mentoring_of(uow, person, shown.bundle.taxonomy, shown.mentors, own=own, seen=seen_by(uow, who))
    note_access(shown.units, who.name, "mentoring", [person.id])

    def render(c: Console) -> None:
        o = data["offer"]
        skills = ", ".join(s["label"] for s in o["skills"]) if o else ""
        c.print(f"offers {o['places']} places: {skills or 'every skill good enough'}" if o else "offers nothing")
        for r in data["asked"]:
            c.print(f"{r['id']}  asked {r['name']}: {r['label']}  {r['state']}", soft_wrap=True)
        for r in data["mentees"]:
            c.print(f"{r['id']}  asked by {r['name']}: {r['label']}  {r['state']}", soft_wrap=True)

    emit(data, as_json, render)


@app.command("object")
def object_to(learner: Who, other: Other, lift: Lift = False, actor: Actor = None, as_json: AsJson = False) -> None:
    """Not to be brought together with somebody: neither is shown to the other any more, and the other is not told."""
    from ascertain.domain.mentoring import Word
    from ascertain.pipeline import mentoring
    from ascertain.pipeline.permit import permitted_learner

    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        person = permitted_learner(uow, who, Action.MENTOR_USE, learner)
        found = mentoring.acquainted(uow, person, other, shown.mentors.seek)
        if lift:
            mentoring.lift(uow, Word.OBJECTION, person, found.id, actor=who)
        else:
            mentoring.object_to(uow, person, found, shown.mentors, actor=who)
        uow.commit()
    emit({"other": found.id, "holds": not lift}, as_json, lambda c: c.print("taken back" if lift else "noted"))


@app.command("leave")
def leave(
    learner: Who,
    mentor: Annotated[str, typer.Argument(metavar="MENTOR", help="Id or e-mail address.")],
    reason: Annotated[str, typer.Option("--reason", help="Why this pair is fine.")] = "",
    until: Annotated[datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="The last day.")] = None,
    lift: Lift = False,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Leave for a mentor along a reporting line; by learning and development or HR."""
    from ascertain.domain.mentoring import Word
    from ascertain.pipeline import mentoring
    from ascertain.pipeline.permit import permitted_learner

    shown = opened()
    who = asking(shown, actor)
    day = until.date() if until else None
    with shown.units() as uow:
        person = permitted_learner(uow, who, Action.MENTOR_ALLOW, learner)
        other = permitted_learner(uow, who, Action.MENTOR_ALLOW, mentor)
        if lift:
            mentoring.lift(uow, Word.LEAVE, person, other.id, actor=who)
        else:
            mentoring.allow(uow, person, other, reason, shown.mentors, actor=who, until=day)
        uow.commit()
    data = {"learner": person.id, "mentor": other.id, "holds": not lift}
    emit(data, as_json, lambda c: c.print("taken back" if lift else "leave is on record"))


def _plain(shown: Any, row: Any) -> dict[str, Any]:
    from ascertain.pipeline.mentoring_view import mentorship_view

    return mentorship_view(row, shown.bundle.taxonomy, shown.mentors)
