"""Who uses the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ascertain.cli.review import login_name

if TYPE_CHECKING:
    from ascertain.runtime import App

Reader = Annotated[str | None, typer.Option("--as", help="Who reads it (else ASCERTAIN_ACTOR, else the login name).")]


def acting(app: App, given: str | None) -> str:
    """The name under which something is recorded.

    Raises:
        ConfigError: nothing says who it is.
    """
    return given or app.settings.actor or login_name()
