"""rollout check, status, report, advance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ascertain.cli.actor import Actor, Reader, asking
from ascertain.cli.output import AsJson, emit, opened

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(
    help="Pilots: whom, which skills and which sources may be touched, phase by phase.", no_args_is_help=True
)
Ident = Annotated[str, typer.Argument(metavar="PILOT", help="Its id in config/rollout.yaml.")]


@app.command("check")
def check(actor: Reader = None, as_json: AsJson = False) -> None:
    """Read config/rollout.yaml and say what in it nothing knows: people, skills, connections; who is in two pilots."""
    from ascertain.connectors.connection import read_entries
    from ascertain.pipeline.rollout import check as look

    shown = opened()
    names = [c.name for c in read_entries(shown.settings.connectors_file)]
    with shown.units(write=False) as uow:
        found = look(uow, shown.rollout, shown.bundle.taxonomy, names)
    rollout = shown.rollout
    data = {"enabled": rollout.enabled, "pilots": [p.id for p in rollout.pilots], "problems": found}

    def render(c: Console) -> None:
        state = "in force" if rollout.enabled else "not in force: everybody, every skill and every source is in reach"
        c.print(f"{len(rollout.pilots)} pilots; the rollout is {state}")
        for problem in found:
            c.print(f"- {problem}")
        if not found:
            c.print("nothing is wrong with the file")

    emit(data, as_json, render)


@app.command("status")
def status(actor: Reader = None, as_json: AsJson = False) -> None:
    """Every pilot with its phase, and how many people and skills it reaches."""
    from ascertain.pipeline.rollout import status as look

    shown = opened()
    with shown.units(write=False) as uow:
        found = look(uow, shown.rollout, shown.pilot_skills, shown.clock)
    emit(found, as_json, lambda c: _status(c, found))


@app.command("report")
def report(
    pilot: Ident,
    keep: Annotated[bool, typer.Option("--keep", help="Keep it, so that a move can rest on it.")] = False,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """How a pilot does: accuracy by reviewers' decisions, coverage, time, disputes, and what that says of the next
    phase."""
    from ascertain.domain.permission import Action
    from ascertain.pipeline.permit import demand
    from ascertain.pipeline.rollout_report import figures
    from ascertain.pipeline.rollout_report import keep as keep_report

    shown = opened()
    who = asking(shown, actor)
    with shown.units(write=False) as uow:
        demand(uow, who, Action.ROLLOUT_READ)
        found = figures(uow, shown.rollout, pilot, shown.pilot_skills, shown.bundle.taxonomy, shown.clock)
    kept = None
    if keep:
        with shown.units() as uow:
            kept = keep_report(uow, who, found, shown.clock)
            uow.commit()
    emit(found | {"id": kept.id if kept else None}, as_json, lambda c: _report(c, found, kept.id if kept else ""))


@app.command("advance")
def advance(
    pilot: Ident,
    reason: Annotated[str, typer.Option("--reason", help="Why, in a few words; kept with it.")],
    report: Annotated[str, typer.Option("--report", help="The kept report that a step forward rests on.")] = "",
    to: Annotated[
        int | None, typer.Option("--to", min=0, help="Another phase than the next one; 0 lets the pilot rest.")
    ] = None,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Begin a pilot, move it to its next phase, or step back. Only a human does, and it is on the audit chain."""
    from ascertain.pipeline.rollout import Mover

    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        made = Mover(shown.rollout, shown.clock).advance(uow, who, pilot, to=to, reason=reason, report=report)
        uow.commit()

    def render(c: Console) -> None:
        c.print(f"{made.pilot} is in phase {made.phase} now: the next `ascertain sync` brings what it may use")
        if not shown.rollout.enabled:
            c.print("no rollout is in force (`enabled: false` in config/rollout.yaml): it changes nothing yet")

    emit(made, as_json, render)


def _status(c: Console, found: dict[str, Any]) -> None:
    from rich.table import Table

    if not found["enabled"]:
        c.print("no rollout is in force: everybody, every skill and every source is in reach")
    else:
        c.print(f"{found['reached']} of {found['people']} people are in reach")
    for p in found["pilots"]:
        skills = "every skill" if p["skills"] is None else f"{p['skills']} skills"
        days = f"{p['starts'] or 'the day it is begun'} to {p['ends'] or 'no end'}"
        c.print(f"\n{p['id']}  {p['title']}: {p['state']}; {p['cohort']} people, {skills}; {days}")
        table = Table("", "phase", "connections", "kinds of evidence", box=None)
        for f in p["phases"]:
            table.add_row(
                "→" if f["present"] else str(f["number"]),
                f["name"],
                "every" if f["connections"] is None else ", ".join(f["connections"]),
                "every" if f["kinds"] is None else ", ".join(k.replace("_", " ") for k in f["kinds"]),
            )
        c.print(table)
        for move in p["moves"][:3]:
            c.print(f"{move['at'][:10]}: to phase {move['phase']} by {move['by']}, “{move['reason']}”")
        for r in p["reports"][:3]:
            c.print(f"report {r['id']} of {r['at'][:10]}, phase {r['phase']}: {r['verdict']}")


def _report(c: Console, found: dict[str, Any], kept: str) -> None:
    from rich.table import Table

    from ascertain.pipeline.rollout_words import sentences

    c.print(f"{found['title']}, phase {found['phase']} of {found['phases']}: {found['verdict'].upper()}", style="bold")
    for sentence in sentences(found):
        c.print(f"- {sentence.text}")
    for name in ("by_source", "by_skill"):
        table = Table(name.replace("by_", "").capitalize(), "right", "of", "share", "95 % interval", box=None)
        for row in found["accuracy"][name][:8]:
            share = "too few" if row["few"] else f"{row['share']:.0%}"
            interval = "" if row["few"] else "{:.0%} to {:.0%}".format(*row["interval"])
            table.add_row(row["name"], str(row["part"]), str(row["of"]), share, interval)
        if found["accuracy"][name]:
            c.print(table)
    fairness = found["fairness"]
    last = f"the newest of {fairness['latest']}" if fairness["latest"] else "none was made"
    c.print(f"fairness audits: {last}; their figures are for the fairness auditor (`ascertain fairness list`)")
    c.print(f"kept as {kept}" if kept else "not kept: --keep lets a move rest on it")
