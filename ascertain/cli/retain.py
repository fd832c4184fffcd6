"""retain plan, run, log, hold, release, holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ascertain.cli.actor import Actor, asking
from ascertain.cli.output import AsJson, emit, opened

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(help="How long what is held: what is due, deleting it, legal holds.", no_args_is_help=True)


@app.command("plan")
def plan(as_json: AsJson = False) -> None:
    """Count what has been held longer than the policy's `retention` says. Changes nothing."""
    from ascertain.jobs.retaining import retainer

    found = retainer(opened()).plan()

    def render(c: Console) -> None:
        from rich.table import Table

        table = Table("kind", "kept, days", "due", box=None)
        for d in found.due:
            table.add_row(d.kind, "while active" if d.days is None else str(d.days), str(d.rows))
        c.print(table)
        c.print(f"policy {found.policy}; {found.held} people under legal hold")

    emit(found, as_json, render)


@app.command("run")
def run(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete what is due, with a deletion record for each batch. It cannot be undone.

    A run that was stopped is gone on with by the next one. Backups, logs and exported files are yours to delete.
    """
    from ascertain.cli.writeback import _confirm
    from ascertain.jobs.retaining import retainer

    use_case = retainer(opened())
    found = use_case.plan()
    if found.rows:
        _confirm(f"Delete what {found.rows} entries of the plan name, for good?", yes=yes, as_json=as_json)
    report = use_case.run()

    def render(c: Console) -> None:
        for d in report.deletions:
            c.print(f"{d.id}: {d.rows} {d.kind} from before {d.before:%Y-%m-%d}")
        c.print("stopped: the next run goes on" if report.stopped else f"{len(report.deletions)} deletions recorded")

    emit(report, as_json, render)


@app.command("log")
def log(
    last: Annotated[int, typer.Option("--last", min=1, help="How many deletions.")] = 50, as_json: AsJson = False
) -> None:
    """Deletion records, newest first: what, how many, under which policy."""
    with opened().units(write=False) as uow:
        found = uow.retention.deletions(last)

    def render(c: Console) -> None:
        from rich.table import Table

        table = Table("deletion", "when (UTC)", "kind", "rows", "from before", "policy", box=None)
        for d in found:
            table.add_row(d.id, f"{d.at:%Y-%m-%d %H:%M}", d.kind, str(d.rows), f"{d.before:%Y-%m-%d}", d.policy)
        c.print(table if found else "nothing was deleted by retention yet")

    emit({"deletions": found}, as_json, render)


@app.command("hold")
def hold(
    reason: Annotated[str, typer.Option("--reason", help="Why. It is stored: name nobody in it.")],
    person: Annotated[str | None, typer.Option("--person", help="Id or e-mail address of a person.")] = None,
    cohort: Annotated[str | None, typer.Option("--cohort", help="A department, a job profile id, or `all`.")] = None,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Place a legal hold: nothing of these people is deleted, and no audit record, until it is released."""
    from ascertain.domain.permission import Action
    from ascertain.pipeline.permit import permitted_learner
    from ascertain.pipeline.retain import place_hold

    shown = opened()
    who = asking(shown, actor)
    learner = None
    if person is not None:
        with shown.units(write=False) as uow:
            learner = permitted_learner(uow, who, Action.PERSON_ERASE, person)
    made = place_hold(shown.units, shown.clock, who.name, reason, learner=learner, cohort=cohort)
    emit(made, as_json, lambda c: c.print(f"{made.id}: held"))


@app.command("release")
def release(
    hold_id: Annotated[str, typer.Argument(metavar="HOLD", help="What `retain hold` printed.")],
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """End a legal hold. The next run deletes what is due by then."""
    from ascertain.pipeline.retain import release_hold

    shown = opened()
    release_hold(shown.units, hold_id, asking(shown, actor).name)
    emit({"released": hold_id}, as_json, lambda c: c.print(f"{hold_id}: released"))


@app.command("holds")
def holds(
    everything: Annotated[bool, typer.Option("--all", help="Also those that were released.")] = False,
    as_json: AsJson = False,
) -> None:
    """Legal holds that stand."""
    with opened().units(write=False) as uow:
        found = uow.retention.holds(standing=not everything)

    def render(c: Console) -> None:
        from rich.table import Table

        table = Table("hold", "of", "since (UTC)", "by", "reason", "released", box=None)
        for h in found:
            ended = f"{h.lifted_at:%Y-%m-%d} {h.lifted_by}" if h.lifted_at else ""
            table.add_row(
                h.id, h.learner_id or f"cohort {h.cohort}", f"{h.placed_at:%Y-%m-%d}", h.placed_by, h.reason, ended
            )
        c.print(table if found else "no legal hold stands")

    emit({"holds": found}, as_json, render)
