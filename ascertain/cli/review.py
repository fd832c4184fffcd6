"""review list, review decide."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from ascertain.cli.output import AsJson, emit, opened
from ascertain.domain.runs import DecisionKind
from ascertain.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(help="What waits for a human, and what a human decides.", no_args_is_help=True)


@app.command("list")
def list_items(
    assignee: Annotated[str | None, typer.Option(help="Only what waits for this person (a manager's id).")] = None,
    learner: Annotated[str | None, typer.Option(help="Only one learner (id or e-mail address).")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many rows.")] = 30,
    actor: Annotated[
        str | None, typer.Option("--as", help="Who reads it (else ASCERTAIN_ACTOR, else the login name).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What waits for a human, most urgent first."""
    from ascertain.cli.actor import acting
    from ascertain.cli.render import review_table
    from ascertain.pipeline import views
    from ascertain.pipeline.access import note_access
    from ascertain.pipeline.cases import learner_or_raise

    shown = opened()
    with shown.units(write=False) as uow:
        who = learner_or_raise(uow, learner).id if learner else None
        rows = views.reviews(uow, shown.bundle.taxonomy, assignee=assignee, learner_id=who)
    note_access(shown.units, acting(shown, actor), "reviews", [r["learner"] for r in rows[:limit]])
    emit({"waiting": len(rows), "items": rows[:limit]}, as_json, lambda c: review_table(c, rows[:limit], len(rows)))


@app.command("decide")
def decide(
    item: Annotated[str, typer.Argument(metavar="ITEM", help="Id out of `review list`.")],
    decision: Annotated[DecisionKind, typer.Argument(help="What you decide.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, in a few words; kept with the decision.")],
    level: Annotated[int | None, typer.Option("--level", min=1, max=5, help="The right level, to adjust.")] = None,
    reviewer: Annotated[str | None, typer.Option("--as", help="Who decides (else the login name).")] = None,
    as_json: AsJson = False,
) -> None:
    """Decide about one assertion. A decision stands until new evidence brings a new assertion."""
    from ascertain.domain.skills import Level
    from ascertain.pipeline.review import decide as record

    shown = opened()
    with shown.units() as uow:
        done = record(
            uow,
            item,
            decision,
            reason=reason,
            reviewer=login_name() if reviewer is None else reviewer,
            clock=shown.clock,
            level=Level(level) if level else None,
        )
        uow.commit()

    def render(c: Console) -> None:
        c.print(f"{done.id}: {decision.value.replace('_', ' ')} by {done.decided_by}: {done.decision_reason}")

    emit(done, as_json, render)


def login_name() -> str:
    """Who runs the command, as the machine knows them."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # containers run under numbers that have no name
        raise ConfigError("this user has no login name", remedy="say who decides: --as NAME") from None
