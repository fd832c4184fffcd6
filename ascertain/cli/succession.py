"""succession import, roles, nominate, withdraw, object, bench, role, keep."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ascertain.cli.actor import Actor, Reader, asking
from ascertain.cli.list_import import tell_import
from ascertain.cli.output import AsJson, emit, opened, tell_left_out
from ascertain.domain.permission import Action

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(
    help="Key roles and who could follow in them: a suggestion to look at, never a decision.", no_args_is_help=True
)

RoleId = Annotated[str, typer.Argument(metavar="ROLE", help="Id out of `succession roles`.")]
Who = Annotated[str, typer.Argument(metavar="LEARNER", help="Id or e-mail address.")]
Why = Annotated[str, typer.Option("--reason", help="Why; the person reads it.")]


@app.command("import")
def import_file(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="JSON: config/schemas/key-roles.schema.json.")],
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Take in key roles. A record that is wrong is named and left out; again the same file changes nothing.

    With `"complete": true` in the file, what its source sent before and is not in it is closed. Exit code 3 where a
    record was left out.
    """
    from ascertain.pipeline.succession_roles import import_key_roles, read_key_roles

    raw = read_key_roles(source)
    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        report = import_key_roles(uow, raw, actor=who)
        uow.commit()

    tell_import(report, f"{source.name}, roles", as_json)


@app.command("roles")
def list_roles(
    everything: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    as_json: AsJson = False,
) -> None:
    """The key roles, without people."""
    from ascertain.pipeline.readiness_words import role_view

    shown = opened()
    with shown.units(write=False) as uow:
        rows = [role_view(r) for r in uow.successions.roles(closed=everything)]

    def render(c: Console) -> None:
        for r in rows:
            c.print(f"{r['id']}  {r['title']} ({r['job_profile']}), seats: {r['seats']}{_closed(r)}", soft_wrap=True)
        if not rows:
            c.print("there are no key roles: `ascertain succession import FILE`")

    emit(rows, as_json, render)


@app.command("nominate")
def nominate_person(role: RoleId, learner: Who, reason: Why, actor: Actor = None, as_json: AsJson = False) -> None:
    """Put somebody who wants to be found on the list of a key role. They see it, with the reason, and may object."""
    from ascertain.pipeline.permit import permitted_learner
    from ascertain.pipeline.succession import nominate, role_or_raise

    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        person = permitted_learner(uow, who, Action.SUCCESSION_NOMINATE, learner)
        found = role_or_raise(uow, role)
        done = nominate(uow, found, person, reason=reason, actor=who, clock=shown.clock, ground=shown.readiness)
        uow.commit()
    words = f"{person.id} is on the list of {found.title}, nominated by {done.nominated_by}"
    emit({"role": found.id, "learner": person.id, "by": done.nominated_by}, as_json, lambda c: c.print(words))


@app.command("withdraw")
def withdraw(role: RoleId, learner: Who, reason: Why, actor: Actor = None, as_json: AsJson = False) -> None:
    """Take a nomination back; what was kept under it goes."""
    from ascertain.pipeline.permit import permitted_learner
    from ascertain.pipeline.succession import role_or_raise, take_off

    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        person = permitted_learner(uow, who, Action.SUCCESSION_NOMINATE, learner)
        gone = take_off(uow, role_or_raise(uow, role), person, reason=reason, actor=who)
        uow.commit()
    words = "taken off" if gone else "was not on the list"
    emit({"role": role, "learner": person.id, "taken_off": gone}, as_json, lambda c: c.print(words))


@app.command("object")
def object_(
    role: RoleId,
    learner: Who,
    words: Annotated[str, typer.Option("--words", help="Why, in one's own words, if one likes.")] = "",
    agree: Annotated[bool, typer.Option("--agree", help="Take an objection back.")] = False,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Say that one does not want to be on a list; it works at once."""
    from ascertain.pipeline.permit import permitted_learner
    from ascertain.pipeline.succession import object_to, role_or_raise

    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        person = permitted_learner(uow, who, Action.WISH_STATE, learner)
        found = role_or_raise(uow, role)
        done = object_to(uow, found, person, agree=agree, words=words, actor=who, clock=shown.clock)
        uow.commit()
    said = "objects" if done.objected_at else "agrees"
    emit({"role": found.id, "learner": person.id, "said": said}, as_json, lambda c: c.print(f"{person.id} {said}"))


@app.command("bench")
def bench_board(actor: Reader = None, as_json: AsJson = False) -> None:
    """How strong the bench of each key role is, by the people whom the reader may see."""
    from ascertain.pipeline.access import note_access
    from ascertain.pipeline.permit import demand_somewhere
    from ascertain.pipeline.succession_view import board

    shown = opened()
    who = asking(shown, actor)
    with shown.units(write=False) as uow:
        demand_somewhere(uow, who, Action.READINESS_READ)
        data = board(uow, who, shown.readiness)
    seen = sorted({p["person"]["id"] for r in data["roles"] for p in r["people"]})
    note_access(shown.units, who.name, "readiness", seen)
    emit(data, as_json, lambda c: _board(c, data))
    tell_left_out(sum(r["left_out"] for r in data["roles"]))


@app.command("role")
def one_role(role: RoleId, actor: Reader = None, as_json: AsJson = False) -> None:
    """Who is on the list of a key role, when they could be ready, and what is missing."""
    from ascertain.pipeline.access import note_access
    from ascertain.pipeline.permit import demand_somewhere
    from ascertain.pipeline.succession_view import role_list

    shown = opened()
    who = asking(shown, actor)
    with shown.units(write=False) as uow:
        demand_somewhere(uow, who, Action.READINESS_READ)
        data = role_list(uow, who, role, shown.readiness, shown.bundle.taxonomy)
    people = [r["person"]["id"] for r in (*data["rows"], *data["objecting"])]
    note_access(shown.units, who.name, "readiness", people)
    for r in data["rows"]:
        del r["told"]
    emit(data, as_json, lambda c: _list(c, data))
    tell_left_out(data["left_out"])


@app.command("keep")
def keep(actor: Actor = None, as_json: AsJson = False) -> None:
    """Keep the month's readiness of everybody on a list now; the schedule does it every morning."""
    from ascertain.pipeline.readiness import keep_month

    shown = opened()
    with shown.units() as uow:
        done = keep_month(uow, shown.readiness, shown.clock)
        uow.commit()
    words = f"{done.month:%Y-%m}: {done.looked} looked at, {done.kept} new or changed"
    emit(done, as_json, lambda c: c.print(words))


def _closed(r: dict[str, Any]) -> str:
    return f", closed: {r['closed']}" if r["closed"] else ""


def _board(c: Console, data: dict[str, Any]) -> None:
    from rich.table import Table

    c.print(data["notice"], style="dim", soft_wrap=True)
    table = Table("role", "seats", "on the list", "now", "1 year", "2 years", "seats filled in a year", box=None)
    for r in data["roles"]:
        s = r["strength"]
        table.add_row(
            f"{r['title']} ({r['id']})", str(s["seats"]), str(s["candidates"]), _n(s["now"]), _n(s["one_year"]),
            _n(s["two_years"]), s["risk"],
        )  # fmt: skip
    c.print(table if data["roles"] else "there are no key roles: `ascertain succession import FILE`")
    for p in data["single_points"]:
        also = f"; also on: {', '.join(p['also'])}" if p["also"] else ""
        c.print(f"{p['person']['name']} is alone for: {', '.join(p['alone'])}{also}", soft_wrap=True)


def _list(c: Console, data: dict[str, Any]) -> None:
    from rich.table import Table

    c.print(f"{data['title']}  {data['id']}, seats: {data['seats']}; {data['strength']['risk']}")
    c.print(data["notice"], style="dim", soft_wrap=True)
    c.print(f"bias check: {data['bias_check']}")
    table = Table("place", "name", "ready", "covered", "why", box=None, pad_edge=False)
    for r in data["rows"]:
        place = r["place"]
        where = str(place["best"]) if place["best"] == place["worst"] else f"{place['best']}-{place['worst']}"
        covered = f"{r['coverage']['low']:.0%} to {r['coverage']['high']:.0%}"
        ready = f"{r['band']} ({r['best']} to {r['worst']})"
        table.add_row(where, r["person"]["name"], ready, covered, " ".join(r["reasons"]))
    c.print(table if data["rows"] else "nobody whom you may see")
    for o in data["objecting"]:
        c.print(f"{o['person']['name']} does not want to be on it{': ' + o['words'] if o['words'] else ''}")


def _n(count: dict[str, Any]) -> str:
    low, high = count["low"], count["high"]
    return str(low) if low == high else f"{low} to {high}"
