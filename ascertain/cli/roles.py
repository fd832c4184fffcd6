"""roles list, roles accept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ascertain.cli.actor import Actor, asking
from ascertain.cli.output import AsJson, emit, opened
from ascertain.errors import NotFoundError

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(help="Job profiles in use, and jobs that a connected system proposes.", no_args_is_help=True)


@app.command("list")
def list_roles(as_json: AsJson = False) -> None:
    """Job profiles that ask for skills, and proposals out of connected systems, which ask for nothing yet."""
    shown = opened()
    with shown.units(write=False) as uow:
        profiles, proposals = uow.roles.all(), uow.proposals.all()

    def render(c: Console) -> None:
        from rich.table import Table

        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in ("job profile", "title", "asks for"):
            table.add_column(column, overflow="fold")
        for p in profiles:
            table.add_row(p.id, p.title, f"{len(p.requirements)} skills")
        c.print(table)
        if proposals:
            c.print()
            table = Table(box=None, pad_edge=False, header_style="bold")
            for column in ("proposal", "code", "title", "skills named", "accepted as"):
                table.add_column(column, overflow="fold")
            for j in proposals:
                table.add_row(j.ref, j.code, j.title, ", ".join(j.skills) or "·", j.accepted_as or "·")
            c.print(table)

    emit({"profiles": profiles, "proposals": proposals}, as_json, render)


@app.command("accept")
def accept(
    proposal: Annotated[str, typer.Argument(metavar="PROPOSAL", help="Reference or code out of `roles list`.")],
    level: Annotated[int, typer.Option("--level", min=1, max=5, help="Level asked of every skill it names.")] = 3,
    id_: Annotated[str | None, typer.Option("--id", help="Id of the new profile (else from its code).")] = None,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Make a job profile of a proposal. Whoever has its job code is measured against it after `sync --full`."""
    from ascertain.domain.skills import Level
    from ascertain.pipeline import accept_job
    from ascertain.taxonomy.denying import read_denied

    shown = opened()
    with shown.units(write=False) as uow:
        every = uow.proposals.all()
    found = [j for j in every if proposal in (j.ref, j.code)]
    if len(found) != 1:
        raise NotFoundError(
            f"{len(found)} proposals are called {proposal!r}", remedy="take the reference that `roles list` shows"
        )
    floor = shown.policy.mapping.claim_floor
    deny, led = read_denied(), shown.bundle.taxonomy.led
    made = accept_job.draft(found[0], shown.bundle.mapper, floor, Level(level), id_, deny=deny, led=led)
    with shown.units() as uow:
        accept_job.accept(uow, found[0], made, actor=asking(shown, actor).name)
        uow.commit()

    def render(c: Console) -> None:
        c.print(f"{made.profile.id}: {made.profile.title}, {len(made.profile.requirements)} skills at level {level}")
        for link in made.led:
            c.print(f"  {link.source}: by a crosswalk {link.relation.value} of {link.target}", soft_wrap=True)
        if made.unknown:
            c.print(f"  no skill found for: {', '.join(made.unknown)}", style="yellow", soft_wrap=True)
        if made.denied:
            c.print(f"  can never be a skill: {', '.join(made.denied)}", style="yellow", soft_wrap=True)

    emit(made, as_json, render)
