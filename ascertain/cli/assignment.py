"""assignment list, approve, reject."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ascertain.cli.actor import Actor, Reader, asking
from ascertain.cli.output import AsJson, emit, opened, tell_left_out
from ascertain.domain.assignments import AssignmentState
from ascertain.domain.permission import Action

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(
    help="Learning paths that wait for a yes. A path is a proposal until the manager or L&D approves it.",
    no_args_is_help=True,
)

AssignmentId = Annotated[str, typer.Argument(metavar="ASSIGNMENT", help="Id out of `assignment list`.")]
Why = Annotated[str, typer.Option("--reason", help="Why; the learner reads it.")]


@app.command("list")
def list_assignments(
    state: Annotated[
        AssignmentState | None, typer.Option("--state", help="Only these (else those that wait).")
    ] = AssignmentState.PROPOSED,
    everything: Annotated[bool, typer.Option("--all", help="Of every state.")] = False,
    approver: Annotated[str | None, typer.Option(help="Only what waits for this one (a manager's id).")] = None,
    actor: Reader = None,
    as_json: AsJson = False,
) -> None:
    """Proposed paths, the oldest first, with what changed since the path before."""
    from ascertain.pipeline.access import note_access
    from ascertain.pipeline.assignments import about_path
    from ascertain.pipeline.assignments import shown as view
    from ascertain.pipeline.permit import permitted_rows

    shown = opened()
    who = asking(shown, actor)
    with shown.units(write=False) as uow:
        listed = uow.assignments.listed(None if everything else state)
        here = {p.id for p in uow.people.all()}  # who left or is restricted is in no list
        asked = [a for a in listed if a.learner_id in here and approver in (None, a.approver)]
        seen, left_out = permitted_rows(uow, who, Action.ASSIGNMENT_READ, asked, about_path(who))
        rows = [view(a) for a in seen]
    note_access(shown.units, who.name, "assignments", [r["learner"] for r in rows])

    def render(c: Console) -> None:
        from rich.table import Table

        table = Table("assignment", "who", "state", "asks", "what", "changed", box=None)
        for r in rows:
            titles = ", ".join(i["title"] for i in r["items"])
            table.add_row(r["id"], r["learner"], r["state"], r["approver"], titles, "; ".join(r["changes"]))
        c.print(table if rows else "no assignments")

    emit({"assignments": rows, "left_out": left_out}, as_json, render)
    tell_left_out(left_out)


@app.command("approve")
def approve(assignment: AssignmentId, reason: Why, actor: Actor = None, as_json: AsJson = False) -> None:
    """Approve a path: from now on, and while it stays the same, it may be assigned. Not by the learner."""
    decide_path(assignment, reason, actor, as_json, approve=True)


@app.command("reject")
def reject(assignment: AssignmentId, reason: Why, actor: Actor = None, as_json: AsJson = False) -> None:
    """Say no to a path. The same path is not proposed again; another one is."""
    decide_path(assignment, reason, actor, as_json, approve=False)


def decide_path(assignment: str, reason: str, actor: str | None, as_json: bool, *, approve: bool) -> None:
    from ascertain.pipeline.assignments import decide

    shown = opened()
    principal = asking(shown, actor)
    with shown.units() as uow:
        done = decide(uow, assignment, approve=approve, reason=reason, principal=principal, clock=shown.clock)
        uow.commit()
    emit(done, as_json, lambda c: c.print(f"{done.id}: {done.state.value} by {done.decided_by}"))
