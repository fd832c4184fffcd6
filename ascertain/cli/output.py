"""How commands print: JSON for programs, Rich for people."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ascertain.domain.canonical import plain

if TYPE_CHECKING:
    from rich.console import Console

    from ascertain.runtime import App
    from ascertain.taxonomy.library import TaxonomyLibrary

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def console(*, stderr: bool = False) -> Console:
    """A console that keeps colour when a terminal is there and none when it is not."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, emoji=False)  # an id may hold :ticket:


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
        print(json.dumps(plain(data), indent=2, ensure_ascii=False))
    else:
        render(console())


def taxonomies(progress: Callable[[str, int, int], None] | None = None) -> TaxonomyLibrary:
    """The taxonomies of the home folder, as the settings say they are searched."""
    from ascertain.paths import CONFIG_DIR
    from ascertain.settings import load_settings
    from ascertain.taxonomy.langchain import own_retrieval
    from ascertain.taxonomy.library import TaxonomyLibrary

    settings = load_settings()
    folder = settings.home_dir / "taxonomies"
    return TaxonomyLibrary(folder, CONFIG_DIR, own=own_retrieval(settings, progress), progress=progress)


def opened() -> App:
    """The application on checked settings."""
    from ascertain.runtime import get_app

    return get_app()
