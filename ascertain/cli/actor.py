"""Who uses the command line."""

from __future__ import annotations

import getpass
import os
from typing import TYPE_CHECKING, Annotated

import typer

from ascertain.errors import InputError

if TYPE_CHECKING:
    from ascertain.domain.permission import Action, Principal
    from ascertain.runtime import App
    from ascertain.settings import Settings

Reader = Annotated[str | None, typer.Option("--as", help="Who reads it (else ASCERTAIN_ACTOR, else the login name).")]
Actor = Annotated[str | None, typer.Option("--as", help="Who does it (else ASCERTAIN_ACTOR, else the login name).")]

RESERVED = ("operator:", "key:", "oidc:")
"""What the product itself puts before names."""


def login_name() -> str:
    """Who runs the command, as the machine knows them: `uid-10001` where a container's user has a number alone."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return f"uid-{os.getuid()}"


def acting(app: App, given: str | None) -> str:
    """The name that somebody goes by."""
    return given or app.settings.actor or login_name()


def asking(app: App, given: str | None) -> Principal:
    """Who asks: ``--as``, else ASCERTAIN_ACTOR, else the local operator (or, where that is switched off, the login
    name) with what was granted to it.

    Raises:
        InputError: nobody is named, or a name of the product's own.
    """
    from ascertain.pipeline.permit import operator, principal_of

    name = _named(given, app.settings)
    today = app.clock.today()
    if name is None:
        return operator(login_name(), today=today)
    with app.units(write=False) as uow:
        return principal_of(uow, name, today=today, sees_tree=app.policy.permission.manager_sees_tree)


def require(action: Action, given: str | None) -> None:
    """Go on only if whoever asks may do what concerns nobody in particular.

    Raises:
        ForbiddenError: they may not.
    """
    from ascertain.domain.permission import decide
    from ascertain.pipeline.permit import demand, operator
    from ascertain.settings import load_settings

    settings = load_settings()
    if _named(given, settings) is None and decide(operator(login_name()), action, None).allowed:
        return  # without the database: `taxonomy import` needs none
    from ascertain.cli.output import opened

    app = opened()
    who = asking(app, given)
    with app.units(write=False) as uow:
        demand(uow, who, action)


def _named(given: str | None, settings: Settings) -> str | None:
    """``None`` for the local operator."""
    if given is not None and not given.strip():
        raise InputError("nobody is named", field="--as", remedy="say who it is: --as NAME")
    name = given.strip() if given else settings.actor.strip()
    if not name and settings.local_operator:
        return None
    name = name or login_name()
    if name.casefold().startswith(RESERVED):
        raise InputError(f"{name!r} is not a name that somebody can go by", field="--as", remedy="give it without that")
    return name
