"""person access, export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ascertain.cli.actor import Reader, acting
from ascertain.cli.output import AsJson, emit, opened

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(help="A person's rights: who looked at me, what is held on me.", no_args_is_help=True)

PersonId = Annotated[str, typer.Argument(metavar="ID", help="Id or e-mail address of a person.")]


@app.command("access")
def access(person: PersonId, as_json: AsJson = False) -> None:
    """Who looked at a person's skills: when, what, and at how many people at once. Newest first."""
    from ascertain.pipeline.cases import learner_or_raise

    with opened().units(write=False) as uow:
        learner = learner_or_raise(uow, person)
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
    from ascertain.pipeline.cases import learner_or_raise
    from ascertain.pipeline.dossier import dossier
    from ascertain.report.dossier import write_dossier

    shown = opened()
    with shown.units(write=False) as uow:
        learner = learner_or_raise(uow, person)
    note_access(shown.units, acting(shown, actor), "export", [learner.id])
    with shown.units(write=False) as uow:
        held = shown.store.held_on(learner.id)
        data = dossier(uow, learner, shown.pseudonyms.pseudonym(learner.id), held)
    folder = out or Path(f"person-{learner.id.replace('/', '_')}")
    files = write_dossier(data, folder, shown.clock.now())
    counts = {name: len(rows) for name, rows in held.items()} | {"audit": len(data["audit"])}

    def render(c: Console) -> None:
        c.print(f"wrote {files[0]} and {files[1]}: " + ", ".join(f"{n} {name}" for name, n in counts.items()))

    emit({"person": learner.id, "files": [str(f) for f in files], "rows": counts}, as_json, render)
