"""How commands print: JSON for programs, Rich for people."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ascertain.domain.canonical import plain

if TYPE_CHECKING:
    from rich.console import Console

    from ascertain.runtime import App

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def console(*, stderr: bool = False) -> Console:
    """A console that keeps colour when a terminal is there and none when it is not."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


def emit(data: Any, as_json: bool, render: Callable[[Console], None]) -> None:
    """Print ``data`` as JSON, or let ``render`` draw it."""
    if as_json:
        print(json.dumps(plain(data), indent=2, ensure_ascii=False))
    else:
        render(console())


def opened() -> App:
    """The application on checked settings."""
    from ascertain.runtime import get_app

    return get_app()
