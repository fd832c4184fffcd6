"""stop, resume."""

from __future__ import annotations

from typing import Annotated

import typer

from ascertain.cli.actor import Actor, asking
from ascertain.cli.output import AsJson, emit, opened


def stop(
    reason: Annotated[str, typer.Option("--reason", help="Why, in a few words.")] = "no reason given",
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Stop everything that works by itself, now: no job is taken, pushes, sweeps and messages end at their next step.

    Webhooks are still recorded and worked off later. What is shown stays readable.
    """
    _switch(actor, reason, on=False, as_json=as_json)


def resume(actor: Actor = None, as_json: AsJson = False) -> None:
    """Let everything go on. Pushes that were stopped go on with `writeback push --run RUN`."""
    _switch(actor, "", on=True, as_json=as_json)


def _switch(actor: str | None, reason: str, *, on: bool, as_json: bool) -> None:
    from ascertain.pipeline.stop import turn_everything

    app = opened()
    switch = turn_everything(app.units, app.clock, asking(app, actor).name, reason, on=on)
    word = "everything goes on" if on else f"everything is stopped by {switch.actor}: {switch.reason}"
    emit(switch, as_json, lambda c: c.print(word))
