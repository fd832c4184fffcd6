"""person access, export, erase, lift."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ascertain.cli.actor import Actor, Reader, asking
from ascertain.cli.output import AsJson, emit, opened
from ascertain.domain.permission import Action

if TYPE_CHECKING:
    from rich.console import Console

    from ascertain.jobs.erasing import ErasedEverywhere

app = typer.Typer(help="A person's rights: who looked at me, what is held on me.", no_args_is_help=True)

PersonId = Annotated[str, typer.Argument(metavar="ID", help="Id or e-mail address of a person.")]


@app.command("access")
def access(person: PersonId, actor: Reader = None, as_json: AsJson = False) -> None:
    """Who looked at a person's skills: when, what, and at how many people at once. Newest first."""
    from ascertain.pipeline.permit import permitted_learner

    shown = opened()
    who = asking(shown, actor)
    with shown.units(write=False) as uow:
        learner = permitted_learner(uow, who, Action.ACCESS_READ, person)
        found = uow.accesses.of(learner.id)

    def render(c: Console) -> None:
        from rich.table import Table

        table = Table("when (UTC)", "who", "what", "people", "audit record", box=None)
        for a in found:
            table.add_row(f"{a.at:%Y-%m-%d %H:%M:%S}", a.actor, a.what, str(a.people), str(a.record))
        c.print(table if found else f"nobody has looked at {learner.id}")

    emit({"person": learner.id, "accesses": found}, as_json, render)


@app.command("export")
def export(
    person: PersonId,
    out: Annotated[Path | None, typer.Option("--out", help="Folder to write into (else person-ID).")] = None,
    actor: Reader = None,
    as_json: AsJson = False,
) -> None:
    """Everything held on a person, as JSON and as a page to read. Whoever does it is in it."""
    from ascertain.pipeline.access import note_access
    from ascertain.pipeline.dossier import dossier
    from ascertain.pipeline.permit import permitted_learner
    from ascertain.report.dossier import write_dossier

    shown = opened()
    who = asking(shown, actor)
    with shown.units(write=False) as uow:
        learner = permitted_learner(uow, who, Action.PERSON_EXPORT, person)
    note_access(shown.units, who.name, "export", [learner.id])
    with shown.units(write=False) as uow:
        held = shown.store.held_on(learner.id)
        data = dossier(uow, learner, shown.pseudonyms.pseudonym(learner.id), held)
    folder = out or Path(f"person-{learner.id.replace('/', '_')}")
    files = write_dossier(data, folder, shown.clock.now())
    counts = {name: len(rows) for name, rows in held.items()} | {"audit": len(data["audit"])}

    def render(c: Console) -> None:
        c.print(f"wrote {files[0]} and {files[1]}: " + ", ".join(f"{n} {name}" for name, n in counts.items()))

    emit({"person": learner.id, "files": [str(f) for f in files], "rows": counts}, as_json, render)


@app.command("erase")
def erase(
    person: PersonId,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept sealed. Name nobody in it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Take a person out of the database, the queue and others' texts, destroy their key, and keep them away.

    It cannot be undone. Group labels go too. Reports, exports and backups that were written to files
    are yours to delete.
    """
    from ascertain.cli.writeback import _confirm
    from ascertain.jobs.erasing import erase_everywhere
    from ascertain.pipeline.permit import permitted_learner
    from ascertain.pipeline.retain import must_not_be_held

    shown = opened()
    who = asking(shown, actor)
    with shown.units(write=False) as uow:
        learner = permitted_learner(uow, who, Action.PERSON_ERASE, person)
        must_not_be_held(uow, learner)
    _confirm(f"Erase {learner.name} ({learner.id}) for good?", yes=yes, as_json=as_json)
    tell_erased(erase_everywhere(shown, learner, actor=who.name, reason=reason), as_json)


def tell_erased(done: ErasedEverywhere, as_json: bool) -> None:
    """What went; exit code 1 where something is left for a human to delete."""

    def render(c: Console) -> None:
        c.print(f"erased under {done.tombstone}: " + ", ".join(f"{n} {name}" for name, n in done.rows.items()))
        rest = "" if done.queue_rewritten else "; its file could not be rewritten"
        c.print(f"{done.jobs} jobs removed from the queue{rest}")
        for file in done.files:
            c.print(f"still named in {file}: delete it", style="red")

    emit(done, as_json, render)
    if done.files or not done.queue_rewritten:
        raise typer.Exit(1)


@app.command("lift")
def lift(
    tombstone: Annotated[str, typer.Argument(help="What `person erase` printed.")],
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Let somebody who was erased come back with the next sync."""
    from ascertain.errors import NotFoundError

    shown = opened()
    with shown.units() as uow:
        if not uow.tombstones.lift(tombstone):
            raise NotFoundError(f"there is no erasure {tombstone!r}", remedy="see the audit records `person.erased`")
        payload = {"actor": asking(shown, actor).name}
        uow.audit.append("person.erasure_lifted", actor="operator", header={"tombstone": tombstone}, payload=payload)
        uow.commit()
    emit({"lifted": tombstone}, as_json, lambda c: c.print(f"{tombstone}: lifted"))
