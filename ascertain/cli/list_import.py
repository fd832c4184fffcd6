"""What `opening import` and `succession import` tell of a list that was taken in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from ascertain.cli.output import emit

if TYPE_CHECKING:
    from rich.console import Console

    from ascertain.pipeline.list_import import ListReport

REFUSED_SHOWN = 20


def tell_import(report: ListReport, where: str, as_json: bool) -> None:
    """Print what became of a list; ``where`` stands before the place of a record that was left out.

    Raises:
        typer.Exit: with 3 where a record was left out.
    """

    def render(c: Console) -> None:
        c.print(
            f"{report.source}: {report.new} new, {report.changed} changed, {report.unchanged} unchanged, "
            f"{report.closed} closed, {len(report.refused)} left out"
        )
        for r in report.refused[:REFUSED_SHOWN]:
            c.print(f"  {where}.{r.place} ({r.id or 'no id'}), {r.field}: {r.detail}", soft_wrap=True)
        if len(report.refused) > REFUSED_SHOWN:
            c.print(f"  and {len(report.refused) - REFUSED_SHOWN} more: --json has them all")

    emit(report, as_json, render)
    if report.refused:
        raise typer.Exit(3)
