"""taxonomy release propose and amend."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ascertain.cli.actor import Actor, asking
from ascertain.cli.output import AsJson, opened
from ascertain.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from ascertain.pipeline.taxonomy_release import ReleaseSeen

app = typer.Typer(
    help="Take up another release of the taxonomy in use; `taxonomy preview`, `decide`, `apply` and `revert` as for "
    "every change.",
    no_args_is_help=True,
)
SHOWN = 10
Lead = Annotated[
    list[str] | None,
    typer.Option("--lead", help="OLD=NEW: what follows a skill that is gone; again; OLD= for nothing."),
]
Replaced = Annotated[
    Path | None,
    typer.Option("--replaced", help="CSV of what the publisher replaced: from, to and relation, as a crosswalk."),
]


@app.command("propose")
def propose(
    version: Annotated[
        str, typer.Argument(metavar="[RELEASE]", help="Of those imported; else the newest.", show_default=False)
    ] = "",
    lead: Lead = None,
    replaced: Replaced = None,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Put another imported release up for decision: what is added, gone, relabelled, moved and followed, and what it
    would do to people's results. Nothing is changed."""
    from ascertain.cli.steward import show_preview
    from ascertain.domain.permission import Action
    from ascertain.domain.stewardship import Support
    from ascertain.pipeline.permit import demand

    shown = opened()
    who = asking(shown, actor)
    with shown.units(write=False) as uow:
        demand(uow, who, Action.TAXONOMY_APPROVE)
    change = shown.release(version, _leads(lead, replaced))
    with shown.units() as uow:
        steward = shown.steward(uow)
        made = steward.propose(change, by=who, support=Support("imported beside the one in use"))
        found = steward.preview(made.id)
        uow.commit()
    show_preview(shown, found, as_json)


@app.command("amend")
def amend(
    proposal: Annotated[str, typer.Argument(metavar="PROPOSAL", help="Its id, or the beginning of it.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, in a few words; kept with it.")],
    lead: Lead = None,
    replaced: Replaced = None,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Say what follows skills that are gone. Answers that were given before count no more."""
    from ascertain.cli.steward import show_preview
    from ascertain.domain.permission import Action
    from ascertain.pipeline.permit import demand
    from ascertain.pipeline.taxonomy_release import replaced as with_leads

    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        demand(uow, who, Action.TAXONOMY_APPROVE)
        steward = shown.steward(uow)
        change = with_leads(steward.get(proposal).change, _leads(lead, replaced))
        made = steward.amend(who, proposal, change, reason=reason)
        found = steward.preview(made.id)
        uow.commit()
    show_preview(shown, found, as_json)


def lines(c: Console, r: ReleaseSeen) -> None:
    """What becomes of skills, and what was kept."""
    c.print(f"  {r.words}", soft_wrap=True)
    listed = [
        ("relabelled", [f"{x.before} → {x.after}" for x in r.diff.renamed]),
        ("followed", [f"{label} → {', '.join(names) or 'nothing'}" for _, label, _, names in r.leads]),
        ("kept", [f"{label}: gone from the release, results or roles are about it" for _, label in r.carried]),
        ("kept", [f"{title}: a job profile that somebody has" for title in r.profiles]),
        ("moved", [label for _, label in r.diff.moved]),
        ("new", [label for _, label in r.diff.new]),
    ]
    for title, found in listed:
        for line in found[:SHOWN]:
            c.print(f"  {title:10} {line}", soft_wrap=True)
        if len(found) > SHOWN:
            c.print(f"  {title:10} … and {len(found) - SHOWN} more (--json has all)")
    if r.relaid or r.dropped:
        c.print(f"  {len(r.relaid)} changes of your own lie over it; {len(r.dropped)} fit it no longer")


def _leads(given: list[str] | None, file: Path | None) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    if file is not None:
        from ascertain.taxonomy.crosswalk import read_crosswalk

        _, links, problems = read_crosswalk(file, "before", "after")
        for p in problems:
            typer.echo(f"{p.file}:{p.line}, field {p.field!r}: {p.message}; left out", err=True)
        for link in links:
            found.setdefault(link.source, []).append(link.target)
    for text in given or ():
        old, equals, new = text.partition("=")
        if not equals or not old.strip():
            raise InputError(f"{text!r} is no replacement", field="--lead", remedy="write OLD=NEW with two ids")
        found[old.strip()] = [n.strip() for n in new.split(",") if n.strip()]
    return found
