"""content tag-all, coverage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ascertain.cli.actor import Actor, asking
from ascertain.cli.output import AsJson, console, emit, opened

if TYPE_CHECKING:
    from rich.console import Console

Queue = Annotated[bool, typer.Option("--queue", help="Hand the work to the queue instead of doing it here.")]


def tag_all(queue: Queue = False, actor: Actor = None, as_json: AsJson = False) -> None:
    """Read the whole library for skills: map what is new or changed, and let the catalogue crew weigh it.

    What was read before is not read again, until its text, the taxonomy, the mapper or the crew's brain is another.
    Safe to stop and to repeat.
    """
    from ascertain.pipeline.stop import is_stopped

    shown = opened()
    asking(shown, actor)
    if queue:
        _enqueue(as_json)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(stderr=True), disable=as_json, transient=True) as bar:
        mapping = bar.add_task("mapping", total=None)
        tagged = shown.tag(lambda i, n: bar.update(mapping, completed=i, total=n))
        weighing = bar.add_task("weighing", total=None)
        report = shown.weigh(
            lambda i, n: bar.update(weighing, completed=i, total=n), go_on=lambda: not is_stopped(shown.units)
        )

    def render(c: Console) -> None:
        c.print(f"{tagged.contents} mapped: {tagged.tags} skill tags, {tagged.untaught} items without any")
        c.print(
            f"{report.contents} weighed: {report.kept} tags stand, {report.refused} held back, "
            f"{report.terms} terms without a skill"
        )
        if report.silent:
            c.print(f"  {report.silent} items got no answer; the next look takes them again", style="yellow")
        if report.dropped:
            c.print(f"  {report.dropped} statements of agents did not stand up to the checks")
        if report.spent:
            c.print(f"  {report.spent}; the next look goes on", style="yellow", soft_wrap=True)

    emit({"tagging": tagged, "weighing": report}, as_json, render)


def _enqueue(as_json: bool) -> None:
    from ascertain.jobs.queue import JobQueue
    from ascertain.jobs.server import open_queue
    from ascertain.jobs.tagging import enqueue_library
    from ascertain.settings import load_settings

    settings = load_settings()
    handle = open_queue(settings)
    try:
        ticket = enqueue_library(JobQueue(handle, settings), "cli")
    finally:
        handle.close()
    data = {"job": ticket.id, "state": ticket.state}
    emit(data, as_json, lambda c: c.print(f"{ticket.id}: {ticket.state}; `ascertain content coverage` shows how far"))


def coverage(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Terms shown.")] = 15, as_json: AsJson = False
) -> None:
    """How far the library is read, and which words in it no skill fits."""
    from ascertain.pipeline.library import coverage as covered

    shown = opened()
    with shown.units(write=False) as uow:
        found = covered(uow, shown.tagger, shown.catalogue_crew.version)

    def render(c: Console) -> None:
        c.print(in_words(found), soft_wrap=True)
        for term, texts in list(found["terms"].items())[:limit]:
            c.print(f"  no skill for “{term}” ({texts})", markup=False, soft_wrap=True)

    emit(found, as_json, render)


def in_words(found: dict[str, Any]) -> str:
    """The figures in one sentence or two."""
    when = f", last on {found['last']:%Y-%m-%d %H:%M} UTC" if found["last"] else ""
    return (
        f"{found['mapped']} of {found['contents']} items mapped, {found['weighed']} weighed by the present crew{when}; "
        f"{found['tagged']} with a tag in use, {found['held_back']} tags held back, {found['transcripts']} with a "
        "transcript"
    )
