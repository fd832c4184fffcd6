"""The console of the commands: what comes from data is printed as it reads, and nothing in it is obeyed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from ascertain.domain.text import visible


class DataConsole(Console):
    """A Rich console for text from outside.

    ``[red]`` and ``:ticket:`` are letters here: colour is asked for with ``Text`` and ``style``. Hidden characters and
    control characters are taken out of every piece that is drawn, before Rich adds its own colours.
    """

    def __init__(self, file: IO[str], *, stderr: bool = False, width: int | None = None) -> None:
        super().__init__(file=file, stderr=stderr, width=width, markup=False, emoji=False, highlight=False)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """The pieces of what is drawn; see ``rich.console.Console.render``."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=visible(segment.text))
