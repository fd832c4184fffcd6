"""opening import, list, close."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ascertain.cli.actor import Actor, Reader, asking
from ascertain.cli.list_import import tell_import
from ascertain.cli.output import AsJson, emit, opened

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(help="Roles, projects and gigs that people could take on.", no_args_is_help=True)

OpeningId = Annotated[str, typer.Argument(metavar="OPENING", help="Id out of `opening list`.")]


@app.command("import")
def import_file(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="JSON: config/schemas/openings.schema.json.")],
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Take in openings. A record that is wrong is named and left out; again the same file changes nothing.

    With `"complete": true` in the file, what its source sent before and is not in it is closed. Exit code 3 where a
    record was left out.
    """
    from ascertain.pipeline.openings import import_openings, read_openings

    raw = read_openings(source)
    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        report = import_openings(uow, shown.bundle.taxonomy, raw, actor=who, clock=shown.clock)
        uow.commit()

    tell_import(report, f"{source.name}, openings", as_json)


@app.command("list")
def list_openings(
    everything: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    actor: Reader = None,
    as_json: AsJson = False,
) -> None:
    """What there is to take on."""
    from ascertain.pipeline.match_words import opening_view

    shown = opened()
    taxonomy, today = shown.bundle.taxonomy, shown.clock.today()
    with shown.units(write=False) as uow:
        rows = [opening_view(o, taxonomy) for o in uow.openings.all() if everything or o.open_on(today)]

    def render(c: Console) -> None:
        from rich.table import Table

        table = Table("opening", "kind", "title", "where", "until", "asks for", box=None, pad_edge=False)
        for r in rows:
            asked = ", ".join(f"{q['label']} {q['level']}" for q in r["requirements"][:4])
            more = f" and {len(r['requirements']) - 4} more" if len(r["requirements"]) > 4 else ""
            until = f"closed: {r['closed']}" if r["closed"] else r["closes_on"] or ""
            table.add_row(r["id"], r["kind"], r["title"], r["location"] or r["department"], until, asked + more)
        c.print(table if rows else "no openings")

    emit(rows, as_json, render)


@app.command("close")
def close(
    opening: OpeningId,
    reason: Annotated[str, typer.Option("--reason", help="Why; those interested read it.")],
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Close an opening; its list goes."""
    from ascertain.pipeline.openings import close_opening

    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        done = close_opening(uow, opening, reason=reason, actor=who, clock=shown.clock)
        uow.commit()
    emit({"id": done.id, "closed": done.closed_because}, as_json, lambda c: c.print(f"{done.id}: closed"))
