"""queue status, dead, requeue."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from ascertain.cli.actor import Actor, asking
from ascertain.cli.output import AsJson, emit, opened
from ascertain.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(help="What waits for workers, what runs, and what failed for good.", no_args_is_help=True)


@app.command("status")
def status(actor: Actor = None, as_json: AsJson = False) -> None:
    """What waits, by priority; what runs, by kind; the limits; how many workers; how many jobs failed for good."""
    from ascertain.jobs.dead import standing
    from ascertain.jobs.queue import JobQueue
    from ascertain.jobs.server import open_queue

    shown = opened()
    with closing(open_queue(shown.settings)) as handle:
        found = standing(shown, JobQueue(handle, shown.settings), asking(shown, actor))

    def render(c: Console) -> None:
        for name in ("waiting", "running", "limits"):
            c.print(f"{name}: {', '.join(f'{k} {v}' for k, v in found[name].items()) or 'none'}", markup=False)
        c.print(f"workers: {found['workers']}")
        c.print(f"failed for good: {found['dead']}" + (" (`ascertain queue dead`)" if found["dead"] else ""))

    emit(found, as_json, render)


@app.command("dead")
def dead(actor: Actor = None, as_json: AsJson = False) -> None:
    """The jobs for which no try is left, the latest first, each with its reason. They are kept for 30 days."""
    from ascertain.jobs.dead import dead as letters
    from ascertain.jobs.queue import JobQueue
    from ascertain.jobs.server import open_queue

    shown = opened()
    with closing(open_queue(shown.settings)) as handle:
        found = letters(shown, JobQueue(handle, shown.settings), asking(shown, actor))

    def render(c: Console) -> None:
        for f in found:
            at = f["failed_at"].isoformat(timespec="seconds") if f["failed_at"] else "–"
            c.print(f"{f['id']}  {f['task']}  {at}\n  {f['reason']}", markup=False, soft_wrap=True)
        if not found:
            c.print("no job has failed for good")

    emit(found, as_json, render)


@app.command("requeue")
def requeue(
    job: Annotated[list[str] | None, typer.Argument(help="Ids of jobs, from `queue dead`.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every job that failed for good.")] = False,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Try failed jobs anew, with all their tries. A job that has been done since does nothing twice."""
    from ascertain.jobs.dead import requeue as again
    from ascertain.jobs.queue import JobQueue
    from ascertain.jobs.server import open_queue

    if bool(job) == everything:
        raise ConfigError("give either ids or --all", remedy="ascertain queue dead")
    shown = opened()
    with closing(open_queue(shown.settings)) as handle:
        done = again(shown, JobQueue(handle, shown.settings), asking(shown, actor), job or ())
    emit({"queued": done}, as_json, lambda c: c.print(f"{len(done)} queued"))
