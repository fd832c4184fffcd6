"""readiness person, plan, history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ascertain.cli.actor import Reader, asking
from ascertain.cli.output import AsJson, emit, opened
from ascertain.domain.permission import Action

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(
    help="How ready somebody is for another role, what is missing, and how long that takes.", no_args_is_help=True
)

Who = Annotated[str, typer.Argument(metavar="LEARNER", help="Id or e-mail address.")]
Profile = Annotated[
    str,
    typer.Option("--role", metavar="PROFILE", help="A job profile; else the key roles whose list they are on."),
]


@app.command("person")
def person(learner: Who, role: Profile = "", actor: Reader = None, as_json: AsJson = False) -> None:
    """How ready somebody is, as a range, and what decides it."""
    data = _about(learner, role, actor)

    def render(c: Console) -> None:
        c.print(data["notice"], style="dim", soft_wrap=True)
        for r in data["roles"]:
            c.print(f"{r['title']}: {r['band']} ({r['best']} to {r['worst']})", style="bold")
            covered, weeks = r["coverage"], r["weeks"]
            c.print(
                f"  covered {covered['point']:.0%}, range {covered['low']:.0%} to {covered['high']:.0%}; must-haves "
                f"take {weeks['low']:.0f} to {weeks['high']:.0f} weeks at {r['hours_per_week']:g} hours a week",
                soft_wrap=True,
            )
            for sentence in r["reasons"]:
                c.print(f"  {sentence}", soft_wrap=True)
        if not data["roles"]:
            c.print("on the list of no key role; `--role PROFILE` compares with a job profile")

    emit(data, as_json, render)


@app.command("plan")
def plan(
    learner: Who,
    role: Annotated[str, typer.Option("--role", metavar="PROFILE", help="The job profile that it leads to.")],
    actor: Reader = None,
    as_json: AsJson = False,
) -> None:
    """What to learn first for a role, by what it closes for each hour, and the path out of the catalogue. Proposes
    nothing."""
    from ascertain.domain.matching import confirmed_gaps
    from ascertain.pipeline.confirmed_skills import confirmed_skills
    from ascertain.pipeline.permit import permitted_learner
    from ascertain.pipeline.readiness import requirements_or_raise

    data = _about(learner, role, actor)
    app_ = opened()
    planner, who = app_.planner(), asking(app_, actor)
    with app_.units(write=False) as uow:
        found = permitted_learner(uow, who, Action.READINESS_READ, learner)
        profile = requirements_or_raise(uow, role)
        rules = app_.policy.belief
        rows = confirmed_gaps(profile, confirmed_skills(uow, found.id, rules), rules)
        path = planner.towards(uow, found, profile, [g for g, _ in rows.values()])
    (mine,) = data["roles"]
    shown: dict[str, Any] = {
        "learner": found.id,
        "role": profile.id,
        "band": mine["band"],
        "needs": mine["plan"],
        "path": [{"title": s.title, "hours": s.hours, "end_week": s.end_week} for s in path.steps],
        "closes": path.closure,
        "status": path.status.value,
        "limit": path.binding,
    }

    def render(c: Console) -> None:
        from rich.table import Table

        table = Table("what", "now", "asked", "hours", "range", box=None, pad_edge=False)
        for n in shown["needs"]:
            hours = n["hours"]
            must = "" if n["essential"] else " (nice to have)"
            between = f"{hours['low']:.0f} to {hours['high']:.0f}"
            table.add_row(
                n["label"] + must, str(n["confirmed"] or "-"), str(n["required"]), f"{hours['point']:.0f}", between
            )
        c.print(table if shown["needs"] else "everything that the role asks for is confirmed")
        for s in shown["path"]:
            c.print(f"  by week {s['end_week']:.0f}: {s['title']} ({s['hours']:g} h)", soft_wrap=True)
        if shown["path"]:
            c.print(f"the path is {shown['status']}; what limits it: {shown['limit'] or 'nothing'}", soft_wrap=True)

    emit(shown, as_json, render)


@app.command("history")
def history(learner: Who, actor: Reader = None, as_json: AsJson = False) -> None:
    """How somebody's readiness for key roles moved, month by month."""
    data = _about(learner, "", actor)
    rows = [{"role": r["role"], "title": r["title"], "months": r["months"]} for r in data["roles"]]

    def render(c: Console) -> None:
        for r in rows:
            c.print(r["title"], style="bold")
            for m in r["months"]:
                cover = m["coverage"]
                between = f"{cover['low']:.0%} to {cover['high']:.0%}"
                c.print(f"  {m['month'][:7]}  {m['band']}, {cover['point']:.0%} covered ({between})")
            if not r["months"]:
                c.print("  nothing kept yet")
        if not rows:
            c.print("on the list of no key role")

    emit(rows, as_json, render)


def _about(learner: str, profile: str, actor: str | None) -> dict[str, Any]:
    from ascertain.pipeline.access import note_access
    from ascertain.pipeline.permit import permitted_learner
    from ascertain.pipeline.succession_view import about

    shown = opened()
    who = asking(shown, actor)
    with shown.units(write=False) as uow:
        found = permitted_learner(uow, who, Action.READINESS_READ, learner)
        data = about(uow, who, found, shown.readiness, shown.bundle.taxonomy, profile)
    note_access(shown.units, who.name, "readiness", [found.id])
    for r in data["roles"]:
        del r["told"]
    return data
