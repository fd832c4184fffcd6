"""content transcript put, import, list, show, remove."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ascertain.cli.actor import Actor, asking
from ascertain.cli.output import AsJson, emit, opened
from ascertain.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from rich.console import Console

    from ascertain.pipeline.tagging import TagReport

app = typer.Typer(help="What is said in the content: captions, slides, scripts.", no_args_is_help=True)

Content = Annotated[str, typer.Argument(metavar="CONTENT", help="Id of a content.")]


@app.callback()
def transcript() -> None:
    """What is said in the content."""


@app.command("put")
def put(
    content: Content,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="VTT, SRT, PDF, TXT, MD, DOCX or HTML.")],
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Put a transcript to one content, and look for its skills anew."""
    from ascertain.connectors.transcript_file import MOST_BYTES, read_transcript
    from ascertain.pipeline.transcripts import attach

    shown = opened()
    who = asking(shown, actor)
    try:
        with file.open("rb") as stream:
            body = stream.read(MOST_BYTES + 1)
    except OSError as e:
        raise InputError(f"cannot be read: {e.strerror}", where=str(file), remedy="check the path") from None
    read = read_transcript(body, file.name)
    with shown.units() as uow:
        made = attach(uow, who, content, read, shown.clock)
        uow.commit()
    tagged = shown.tag()
    data = {
        "content": content,
        "passages": len(made.passages),
        "characters": made.characters,
        "seconds": made.seconds,
        "remarks": read.remarks,
        "tagging": tagged,
    }

    def render(c: Console) -> None:
        until = f", until {_clock(made.seconds)}" if made.seconds is not None else ""
        c.print(f"{content}: {len(made.passages)} passages, {made.characters} characters{until}", soft_wrap=True)
        for r in read.remarks:
            c.print(f"  {r}", style="yellow", soft_wrap=True)
        _tagged(c, tagged)

    emit(data, as_json, render)


@app.command("import")
def import_folder(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Files named after content: its id or code.")],
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Put every transcript of a folder to the content that it is named after. A file that cannot be used is named; the
    others go on."""
    from ascertain.connectors.transcript_file import read_folder
    from ascertain.pipeline.transcripts import attach_all

    shown = opened()
    who = asking(shown, actor)
    read = list(read_folder(folder))  # reading takes its time; the database is not held meanwhile
    with shown.units() as uow:
        report = attach_all(uow, who, read, shown.clock)
        uow.commit()
    tagged = shown.tag()

    def render(c: Console) -> None:
        c.print(f"{report.new} new, {report.changed} changed, {report.unchanged} unchanged")
        for p in report.problems:
            c.print(f"  {p}", style="yellow", soft_wrap=True)
        for r in report.remarks:
            c.print(f"  {r}", soft_wrap=True)
        _tagged(c, tagged)

    emit({"import": report, "tagging": tagged}, as_json, render)
    if report.problems and not (report.new or report.changed or report.unchanged):
        raise typer.Exit(InputError.exit_code)


@app.command("list")
def listed(as_json: AsJson = False) -> None:
    """Which content has a transcript."""
    shown = opened()
    with shown.units(write=False) as uow:
        sizes = uow.transcripts.sizes()
        contents = {c.item.content_id: c for c in uow.contents.all(active_only=False)}
    rows = [
        {"content": i, "title": contents[i].item.title, "file": name, "kind": kind, "characters": n, "seconds": s}
        for i, (name, kind, n, s) in sizes.items()
    ]

    def render(c: Console) -> None:
        from rich.table import Table

        table = Table("content", "title", "file", "characters", "until", box=None, pad_edge=False)
        for r in rows:
            seconds = r["seconds"]
            until = _clock(seconds) if isinstance(seconds, float) else ""
            table.add_row(str(r["content"]), str(r["title"]), str(r["file"]), str(r["characters"]), until)
        c.print(table if rows else "no content has a transcript")

    emit(rows, as_json, render)


@app.command("show")
def show(content: Content, as_json: AsJson = False) -> None:
    """A transcript, passage by passage."""
    shown = opened()
    with shown.units(write=False) as uow:
        found = uow.transcripts.of([content]).get(content)
    if found is None:
        raise NotFoundError(f"{content!r} has no transcript", remedy="`ascertain content transcript list` shows them")

    def render(c: Console) -> None:
        for p in found.passages:
            c.print(f"{p.where.removeprefix('at ').removeprefix('on '):>9}  {p.text}", soft_wrap=True, markup=False)

    emit(found, as_json, render)


@app.command("remove")
def remove(content: Content, actor: Actor = None, as_json: AsJson = False) -> None:
    """Take a transcript away. Tags rest on the title and the description again."""
    from ascertain.pipeline.transcripts import remove

    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        remove(uow, who, content)
        uow.commit()
    tagged = shown.tag()
    emit({"content": content, "tagging": tagged}, as_json, lambda c: c.print(f"{content}: its transcript is gone"))


def _clock(seconds: float) -> str:
    from ascertain.domain.transcripts import clock_time

    return clock_time(seconds)


def _tagged(c: Console, tagged: TagReport) -> None:
    if tagged.contents:
        c.print(f"{tagged.tags} skill tags on {tagged.contents} items, {tagged.untaught} without any")
