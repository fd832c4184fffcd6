"""explain, replay, audit verify."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ascertain.cli.output import AsJson, emit, opened
from ascertain.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

audit = typer.Typer(help="The hash-chained record of every step.", no_args_is_help=True)

AssertionId = Annotated[str, typer.Argument(metavar="ASSERTION", help="Id or an unambiguous beginning of it.")]


def explain(assertion: AssertionId, as_json: AsJson = False) -> None:
    """The receipt of a number: what each piece of evidence added, and what would raise it."""
    from ascertain.cli.render import receipt_view
    from ascertain.pipeline.explain import explain as receipt_of

    app = opened()
    with app.units(write=False) as uow:
        receipt = receipt_of(uow, assertion)
    emit(receipt, as_json, lambda c: receipt_view(c, receipt))


def replay(
    assertion: Annotated[str | None, typer.Argument(metavar="[ASSERTION]", help="Id or beginning of it.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Replay every current assertion.")] = False,
    as_json: AsJson = False,
) -> None:
    """Rebuild a number from the stored evidence and say what differs, if anything (exit code 8 when it does)."""
    from ascertain.pipeline.replay import Replayer

    if (assertion is None) == (not everything):
        raise ConfigError("give an assertion, or --all", remedy="ascertain replay a1b2c3")
    app = opened()
    with app.units(write=False) as uow:
        ids = [a.id for a in uow.assertions.all()] if assertion is None else [assertion]
        replayer = Replayer(uow, app.bundle.taxonomy)
        results = [replayer.replay(i) for i in ids]
    wrong = [r for r in results if not r.identical]

    def render(c: Console) -> None:
        for r in results if assertion else wrong:
            c.print(
                f"{r.assertion_id}: {'identical' if r.identical else 'DIFFERS'}", style="" if r.identical else "red"
            )
            c.print(f"  {r.stored}", soft_wrap=True)
            for d in r.differences:
                c.print(f"  - {d}", soft_wrap=True)
        if everything:
            c.print(f"{len(results)} replayed, {len(results) - len(wrong)} byte-identical, {len(wrong)} differ")

    emit(results if assertion else {"replayed": len(results), "differ": wrong}, as_json, render)
    if wrong:
        raise typer.Exit(8)


@audit.command("verify")
def verify(as_json: AsJson = False) -> None:
    """Walk the chain and check it against the checkpoints kept outside the database (exit code 8 if it is broken)."""
    from ascertain.domain.audit import verify as walk

    app = opened()
    with app.units(write=False) as uow:
        faults = walk(uow.audit.records(), app.store.checkpoints(), uow.audit.ciphertexts())
        head = uow.audit.head()

    def render(c: Console) -> None:
        for f in faults:
            c.print(f"record {f.seq}: {f.problem}", style="red")
        c.print(f"{head.seq if head else 0} records, {'whole' if not faults else f'{len(faults)} faults'}")

    emit({"records": head.seq if head else 0, "whole": not faults, "faults": faults}, as_json, render)
    if faults:
        raise typer.Exit(8)
