"""catalogue import."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ascertain.cli.output import AsJson, emit, opened

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(help="Learning content.", no_args_is_help=True)


@app.callback()
def catalogue() -> None:
    """Learning content from files (systems are pulled by `sync`)."""


@app.command("import")
def import_file(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="CSV with title and description at least.")],
    scale: Annotated[
        str, typer.Option("--scale", help="Scale that levels are on, of config/scales.yaml (eqf, cefr, percent …).")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Import a course catalogue and map it to skills. A malformed row is reported; the rest is imported."""
    from ascertain.pipeline.files import import_catalogue
    from ascertain.policy.scales import scale_called

    named = scale_called(scale) if scale else None
    shown = opened()
    report = import_catalogue(source, shown.units, scale=named)
    tags = shown.tag()

    def render(c: Console) -> None:
        c.print(
            f"{report.new} new, {report.changed} changed, {report.unchanged} unchanged; "
            f"{tags.tags} skill tags on {tags.contents} items, {tags.untaught} without any"
        )
        for p in report.problems[:20]:
            c.print(f"  {p}", style="yellow", soft_wrap=True)

    emit({"import": report, "tagging": tags}, as_json, render)
