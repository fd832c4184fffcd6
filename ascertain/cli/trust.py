"""explain, replay; audit verify, checkpoint, export."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ascertain.cli.actor import Reader, asking
from ascertain.cli.output import AsJson, emit, opened
from ascertain.domain.permission import Action
from ascertain.errors import ConfigError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from rich.console import Console

audit = typer.Typer(help="The hash-chained record of every step.", no_args_is_help=True)

AssertionId = Annotated[str, typer.Argument(metavar="ASSERTION", help="Id or an unambiguous beginning of it.")]


def explain(assertion: AssertionId, actor: Reader = None, as_json: AsJson = False) -> None:
    """The receipt of a number: what each piece of evidence added, and what would raise it."""
    from ascertain.cli.render import receipt_view
    from ascertain.pipeline.access import note_access
    from ascertain.pipeline.explain import explain as receipt_of
    from ascertain.pipeline.permit import permitted_assertion

    app = opened()
    who = asking(app, actor)
    with app.units(write=False) as uow:
        receipt = receipt_of(uow, permitted_assertion(uow, who, Action.EXPLAIN, assertion).id)
    note_access(app.units, who.name, "explain", [receipt.assertion.learner_id])
    emit(receipt, as_json, lambda c: receipt_view(c, receipt))


def replay(
    assertion: Annotated[str | None, typer.Argument(metavar="[ASSERTION]", help="Id or beginning of it.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Replay every current assertion.")] = False,
    actor: Reader = None,
    as_json: AsJson = False,
) -> None:
    """Rebuild a number from the stored evidence and say what differs, if anything (exit code 8 when it does).

    An auditor replays all of them, and reads which differ and why, not the numbers of people.
    """
    from ascertain.pipeline.permit import demand, may_each, permitted_assertion
    from ascertain.pipeline.replay import Replayer

    if (assertion is None) == (not everything):
        raise ConfigError("give an assertion, or --all", remedy="ascertain replay a1b2c3")
    app = opened()
    who = asking(app, actor)
    with app.units(write=False) as uow:
        if assertion is None:
            demand(uow, who, Action.REPLAY_ALL)
            asked = uow.assertions.all()
        else:
            asked = [permitted_assertion(uow, who, Action.REPLAY, assertion)]
        replayer = Replayer(uow, app.bundle.taxonomy, app.taxonomy_of)
        results = [replayer.replay(a.id) for a in asked]
        mine = may_each(uow, who, Action.REPLAY, [(a.learner_id, a.skill_id) for a in asked])
    results = [
        r if yes else dataclasses.replace(r, stored="", rebuilt="", differences=r.causes)
        for r, yes in zip(results, mine, strict=True)
    ]
    wrong = [r for r in results if not r.identical]

    def render(c: Console) -> None:
        for r in results if assertion else wrong:
            c.print(
                f"{r.assertion_id}: {'identical' if r.identical else 'DIFFERS'}", style="" if r.identical else "red"
            )
            if r.stored:
                c.print(f"  {r.stored}", soft_wrap=True)
            for d in r.differences:
                c.print(f"  - {d}", soft_wrap=True)
        if everything:
            c.print(f"{len(results)} replayed, {len(results) - len(wrong)} byte-identical, {len(wrong)} differ")

    emit(results if assertion else {"replayed": len(results), "differ": wrong}, as_json, render)
    if wrong:
        raise typer.Exit(8)


@audit.command("verify")
def verify(
    checkpoints: Annotated[
        list[Path] | None, typer.Option("--checkpoints", help="Checkpoints kept elsewhere; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Walk the chain and check it against the checkpoints kept outside the database (exit code 8 if it is broken)."""
    from ascertain.domain.audit import verify as walk
    from ascertain.store.checkpoints import CheckpointFile

    app = opened()
    held = app.store.checkpoints()
    for file in checkpoints or ():
        if not file.is_file():
            raise InputError("there is no such file", where=str(file), field="--checkpoints")
        held += CheckpointFile(file).read()
    with app.units(write=False) as uow:
        faults = walk(uow.audit.records(), held, uow.audit.ciphertexts())
        head = uow.audit.head()

    def render(c: Console) -> None:
        for f in faults:
            c.print(f"record {f.seq}: {f.problem}", style="red")
        c.print(f"{head.seq if head else 0} records, {'whole' if not faults else f'{len(faults)} faults'}")

    emit({"records": head.seq if head else 0, "whole": not faults, "faults": faults}, as_json, render)
    if faults:
        raise typer.Exit(8)


@audit.command("checkpoint")
def checkpoint(
    out: Annotated[Path | None, typer.Option("--out", help="File to add it to, on another machine or medium.")] = None,
    as_json: AsJson = False,
) -> None:
    """The end of the chain as one line. Kept where the database's owner cannot write, it shows a cut-off end."""
    from ascertain.domain.canonical import canonical_json
    from ascertain.pipeline.audit_export import checkpoint as of_chain
    from ascertain.store.checkpoints import CheckpointFile

    app = opened()
    with app.units(write=False) as uow:
        made = of_chain(uow, app.store.checkpoints())
    if out is None:
        print(canonical_json(made))
        return
    CheckpointFile(out).append(made)
    emit(made, as_json, lambda c: c.print(f"record {made.seq}: added to {out}"))


@audit.command("export")
def export(
    since: Annotated[str | None, typer.Option("--from", help="First record: its number, or a day (UTC).")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Last record: its number, or a day (UTC).")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="File to write (else standard output).")] = None,
    payloads: Annotated[bool, typer.Option("--open", help="With payloads in clear. This is recorded.")] = False,
    actor: Reader = None,
    as_json: AsJson = False,
) -> None:
    """The records, a JSON line each, for `python audit_verifier.py`: headers and digests, payloads only with --open."""
    from ascertain.pipeline import audit_export
    from ascertain.pipeline.permit import demand

    app = opened()
    who = asking(app, actor)
    bounds = _bound(since, "--from"), _bound(until, "--to")
    with app.units(write=False) as uow:
        if payloads:
            demand(uow, who, Action.AUDIT_OPEN)
        part = audit_export.span(uow, *bounds)
    if payloads:
        audit_export.note_opening(app.units, who.name, part)
    with app.units(write=False) as uow:
        lines = audit_export.lines(uow, part, opened=payloads)
        if out is None:
            sys.stdout.writelines(lines)
            return
        _write(out, lines)
    emit(part, as_json, lambda c: c.print(f"wrote records {part.first} to {part.last} to {out}"))


def _bound(text: str | None, field: str) -> int | date | None:
    from ascertain.pipeline.audit_export import day_or_number

    try:
        return None if text is None else day_or_number(text)
    except ValueError:
        raise InputError(f"{text!r} is neither a number nor a day", field=field, remedy="12, or 2026-03-01") from None


def _write(file: Path, lines: Iterable[str]) -> None:
    """For its owner alone: who did what when is nobody else's."""
    try:
        file.touch(mode=0o600)
        with file.open("w", encoding="ascii", newline="\n") as target:
            target.writelines(lines)
    except OSError as e:
        raise InputError(f"cannot write {file}: {e.strerror}", remedy="give another --out") from None
