"""match refresh, opening, person, wish, wishes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ascertain.cli.actor import Actor, Reader, asking
from ascertain.cli.output import AsJson, emit, opened, tell_left_out
from ascertain.domain.permission import Action
from ascertain.domain.wishes import IN_WORDS, Topic, Want
from ascertain.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(
    help="People beside openings, both ways: a suggestion to look at, never a decision.", no_args_is_help=True
)

Who = Annotated[str, typer.Argument(metavar="LEARNER", help="Id or e-mail address.")]
OpeningId = Annotated[str, typer.Argument(metavar="OPENING", help="Id out of `opening list`.")]


@app.command("refresh")
def refresh_lists(actor: Actor = None, as_json: AsJson = False) -> None:
    """Make the list of every open opening now; the schedule does it every morning."""
    from ascertain.pipeline.matches import refresh

    shown = opened()
    with shown.units() as uow:
        done = refresh(uow, shown.talent, shown.policy.belief, shown.clock)
        uow.commit()
    words = f"{done.made} lists made, {done.unchanged} as before, {done.dropped} of closed openings taken away"
    emit(done, as_json, lambda c: c.print(words))


@app.command("opening")
def for_opening(opening: OpeningId, actor: Reader = None, as_json: AsJson = False) -> None:
    """Who might be somebody for an opening: of people who want to be found, as far as the reader may see them."""
    from ascertain.domain.talent import must_match
    from ascertain.pipeline.access import note_access
    from ascertain.pipeline.match_words import view
    from ascertain.pipeline.matches import NOTICE, shown_list
    from ascertain.pipeline.openings import opening_or_raise
    from ascertain.pipeline.permit import demand_somewhere

    shown = opened()
    who = asking(shown, actor)
    taxonomy, few = shown.bundle.taxonomy, shown.talent.few_hours
    with shown.units(write=False) as uow:
        demand_somewhere(uow, who, Action.MATCH_READ)
        must_match(shown.talent)
        found = shown_list(uow, who, opening_or_raise(uow, opening))
        rows = [{"learner": p.id, "name": p.name} | view(m, found.opening, taxonomy, few) for p, m in found.rows]
    note_access(shown.units, who.name, "matches", [r["learner"] for r in rows])
    data: dict[str, Any] = {"opening": found.opening.id, "title": found.opening.title, "notice": NOTICE, "rows": rows}
    data |= {"made_at": found.made.made_at if found.made else None, "left_out": found.left_out}
    data |= {
        "outdated": found.outdated,
        "bias_check": found.outcome,
    }

    def render(c: Console) -> None:
        c.print(f"{data['title']}  {data['opening']}")
        c.print(NOTICE, style="dim", soft_wrap=True)
        c.print(f"bias check: {data['bias_check']}")
        if found.made is None:
            c.print("no list was made yet: `ascertain match refresh`")
        _table(c, rows, "name")

    emit(data, as_json, render)
    tell_left_out(found.left_out)


@app.command("person")
def for_person(learner: Who, actor: Reader = None, as_json: AsJson = False) -> None:
    """What there is for somebody: open openings beside what is confirmed of them."""
    from ascertain.domain.talent import must_match
    from ascertain.pipeline.access import note_access
    from ascertain.pipeline.match_words import view
    from ascertain.pipeline.matches import for_me, must_be_found
    from ascertain.pipeline.permit import permitted_learner

    shown = opened()
    who = asking(shown, actor)
    taxonomy, few, rules = shown.bundle.taxonomy, shown.talent.few_hours, shown.policy.belief
    with shown.units(write=False) as uow:
        person = permitted_learner(uow, who, Action.MATCH_READ, learner)
        must_match(shown.talent)
        must_be_found(who, person)
        rows = [
            {"title": o.title} | view(p, o, taxonomy, few) for o, p in for_me(uow, person, rules, shown.clock.today())
        ]
    note_access(shown.units, who.name, "matches", [person.id])
    emit(rows, as_json, lambda c: _table(c, rows, "title"))


@app.command("wish")
def wish(
    learner: Who,
    want: Annotated[
        str,
        typer.Argument(metavar="WANT", help="use, learn, avoid, interested, not_interested; nothing takes it back."),
    ],
    skill: Annotated[str, typer.Option("--skill", help="Id of a skill that it is said of.")] = "",
    opening: Annotated[str, typer.Option("--opening", help="Id of an opening that it is said of.")] = "",
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Say what one wants of a skill or an opening; `nothing` takes it back. It changes no level."""
    from ascertain.pipeline.permit import permitted_learner
    from ascertain.pipeline.wishes import state

    if bool(skill) == bool(opening):
        raise InputError("say of what: one of them", field="--skill", remedy="--skill ID or --opening ID")
    topic = Topic.SKILL if skill else Topic.OPENING
    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        person = permitted_learner(uow, who, Action.WISH_STATE, learner)
        taxonomy = shown.bundle.taxonomy
        done = state(uow, taxonomy, person, topic, skill or opening, want, actor=who, clock=shown.clock)
        uow.commit()
    words = f"{person.id} {IN_WORDS[done.want]}: {done.about}" if done else "taken back"
    emit({"about": skill or opening, "want": done.want if done else None}, as_json, lambda c: c.print(words))


@app.command("wishes")
def wishes(learner: Who, actor: Reader = None, as_json: AsJson = False) -> None:
    """What somebody said that they want."""
    from ascertain.pipeline.access import note_access
    from ascertain.pipeline.permit import permitted_learner
    from ascertain.pipeline.views import label

    shown = opened()
    who = asking(shown, actor)
    with shown.units(write=False) as uow:
        person = permitted_learner(uow, who, Action.MATCH_READ, learner)
        rows = [
            {"topic": w.topic.value, "about": w.about, "want": w.want.value, "at": w.stated_at}
            for w in uow.wishes.of(person.id)
        ]
        names = {r["about"]: label(shown.bundle.taxonomy, str(r["about"])) for r in rows if r["topic"] == Topic.SKILL}
    note_access(shown.units, who.name, "wishes", [person.id])

    def render(c: Console) -> None:
        for r in rows:
            c.print(f"{names.get(r['about'], r['about'])}: {IN_WORDS[Want(str(r['want']))]}")
        if not rows:
            c.print("nothing said yet")

    emit(rows, as_json, render)


def _table(c: Console, rows: list[dict[str, Any]], name: str) -> None:
    from rich.table import Table

    table = Table("place", name, "covered", "range", "why", box=None, pad_edge=False)
    for r in rows:
        place = str(r["best"]) if r["best"] == r["worst"] else f"{r['best']}-{r['worst']}"
        covered = r["coverage"]
        between = f"{covered['low']:.0%} to {covered['high']:.0%}"
        table.add_row(place, r[name], f"{covered['point']:.0%}", between, " ".join(r["reasons"]))
    c.print(table if rows else "nobody" if name == "name" else "nothing is open")
