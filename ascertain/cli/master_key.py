"""master-key show, rotate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ascertain.cli.actor import Actor, asking
from ascertain.cli.output import AsJson, emit, opened

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(
    help="The master key, which wraps the data keys of the audit payloads: a key file, Vault, or your own service.",
    no_args_is_help=True,
)

REWRAP_LABELS = "ascertain.cli.fairness:rewrap"
"""By its path: but for the fairness commands nothing may import what opens the group labels."""


@app.command("show")
def show(as_json: AsJson = False) -> None:
    """Who keeps it, whether it wraps and unwraps now, and how many data keys it wraps."""
    shown = opened()
    found = shown.store.check_master_key()
    counts, under_way = shown.store.data_keys(), shown.store.rotation_under_way()

    def render(c: Console) -> None:
        c.print(f"master key: {found}", soft_wrap=True)
        for n in counts:
            c.print(f"  {n.keys} data keys wrapped by {n.master_id}" + ("" if n.present else " (former)"))
        if under_way:
            c.print("a rotation is under way: `ascertain master-key rotate` goes on with it")

    emit({"master_key": found, "data_keys": counts, "rotation_under_way": under_way}, as_json, render)


@app.command("rotate")
def rotate(
    only_rewrap: Annotated[
        bool,
        typer.Option("--only-rewrap", help="Make no new version: bring what was wrapped before up to the present one."),
    ] = False,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Make a new version of the master key and wrap every data key with it. Payloads are not touched.

    After the settings were changed from the key file to Vault (or your own service) this is also the move: what the
    file wrapped is wrapped by the other. Stopped in the middle, the same command goes on where it was.
    """
    from ascertain.cli.output import shown_progress
    from ascertain.runtime import load

    shown = opened()
    who = asking(shown, actor).name
    with shown_progress(hidden=as_json) as tell:
        done = shown.store.rotate_master_key(
            who, new_version=not only_rewrap, progress=lambda n, total: tell("data keys", n, total)
        )
    labels = bool(load(REWRAP_LABELS)(shown))

    def render(c: Console) -> None:
        c.print(f"{done.keys} data keys are wrapped by {done.present}" + (" (resumed)" if done.resumed else ""))
        if done.kept_secrets:
            c.print(f"{done.kept_secrets} kept secrets have a data key of their own now")
        if labels:
            c.print("the secret of the group labels is wrapped by it too")
        if done.former != done.present and ":" in done.present and ":" not in done.former:
            c.print(
                "audit.key is no longer needed, but for backups of the database from before: keep it as long as them"
            )

    emit({"rotation": done, "group_labels": labels}, as_json, render)
