"""How commands print: JSON for programs, Rich for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Annotated, Any, cast

import typer

from ascertain.domain.canonical import plain
from ascertain.domain.text import visible

if TYPE_CHECKING:
    from rich.console import Console

    from ascertain.runtime import App
    from ascertain.taxonomy.library import TaxonomyBundle, TaxonomyLibrary

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def console(*, stderr: bool = False) -> Console:
    """A console that keeps colour when a terminal is there and none when it is not."""
    from ascertain.cli.terminal import DataConsole

    stream: Any = sys.stderr if stderr else sys.stdout
    while isinstance(stream, Visible):  # it would take Rich's own colours away
        stream = stream.stream
    return DataConsole(stream, stderr=stderr)


class Visible:
    """A stream on which nothing hidden is written; all else is the stream's own."""

    def __init__(self, stream: IO[str]) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        """Write what can be seen of it."""
        self.stream.write(visible(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


@contextmanager
def nothing_hidden() -> Iterator[None]:
    """Whatever is printed inside, also by a prompt, a warning or the log, is without hidden characters. ``writelines``
    is left alone: with it goes what a verifier reads byte by byte."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (cast("Any", Visible(s)) for s in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


@contextmanager
def shown_progress(*, hidden: bool = False) -> Iterator[Callable[[str, int, int], None]]:
    """A function that shows (stage, done, total) on standard error; the bar appears with the first call."""
    bars: list[Any] = []
    tasks: dict[str, Any] = {}

    def progress(stage: str, done: int, total: int) -> None:
        if hidden:
            return
        if not bars:
            from rich.progress import Progress

            bars.append(Progress(console=console(stderr=True), transient=True))
            bars[0].start()
        if stage not in tasks:
            tasks[stage] = bars[0].add_task(stage, total=total)
        bars[0].update(tasks[stage], completed=done, total=total)

    try:
        yield progress
    finally:
        for bar in bars:
            bar.stop()


def emit(data: Any, as_json: bool, render: Callable[[Console], None]) -> None:
    """Print ``data`` as JSON, or let ``render`` draw it."""
    if as_json:
        print(visible(json.dumps(plain(data), indent=2, ensure_ascii=False)))
    else:
        render(console())


def tell_left_out(people: int) -> None:
    """Say on standard error how many people were left out because the reader may not see them."""
    if people:
        typer.echo(f"{people} left out: not for the reader to see", err=True)


def taxonomies(progress: Callable[[str, int, int], None] | None = None) -> TaxonomyLibrary:
    """The taxonomies of the home folder, as the settings say they are searched."""
    from ascertain.paths import CONFIG_DIR
    from ascertain.settings import load_settings
    from ascertain.taxonomy.langchain import own_retrieval
    from ascertain.taxonomy.library import TaxonomyLibrary

    settings = load_settings()
    folder = settings.home_dir / "taxonomies"
    return TaxonomyLibrary(folder, CONFIG_DIR, own=own_retrieval(settings, progress), progress=progress)


def bundle_in_use(progress: Callable[[str, int, int], None] | None = None) -> TaxonomyBundle:
    """The taxonomy in use: under its changes where there is a database, which holds them; else the release."""
    from ascertain.settings import load_settings

    settings = load_settings()
    if settings.database_url or (settings.home_dir / "ascertain.sqlite").exists():
        return opened().bundle
    return taxonomies(progress).open(settings.taxonomy)


def opened() -> App:
    """The application on checked settings."""
    from ascertain.runtime import get_app

    return get_app()
