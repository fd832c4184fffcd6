"""person access."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ascertain.cli.output import AsJson, emit, opened

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(help="A person's rights: who looked at me.", no_args_is_help=True)

PersonId = Annotated[str, typer.Argument(metavar="ID", help="Id or e-mail address of a person.")]


@app.command("access")
def access(person: PersonId, as_json: AsJson = False) -> None:
    """Who looked at a person's skills: when, what, and at how many people at once. Newest first."""
    from ascertain.pipeline.cases import learner_or_raise

    with opened().units(write=False) as uow:
        learner = learner_or_raise(uow, person)
        found = uow.accesses.of(learner.id)

    def render(c: Console) -> None:
        from rich.table import Table

        table = Table("when (UTC)", "who", "what", "people", "audit record", box=None)
        for a in found:
            table.add_row(f"{a.at:%Y-%m-%d %H:%M:%S}", a.actor, a.what, str(a.people), str(a.record))
        c.print(table if found else f"nobody has looked at {learner.id}")

    emit({"person": learner.id, "accesses": found}, as_json, render)
