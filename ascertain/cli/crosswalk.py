"""taxonomy crosswalk draft, import, propose, list and show."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ascertain.cli.actor import Actor, Reader, asking
from ascertain.cli.output import AsJson, emit, opened, taxonomies
from ascertain.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from rich.console import Console

    from ascertain.domain.crosswalks import ConceptKind, Link
    from ascertain.pipeline.taxonomy_crosswalk import CrosswalkSeen
    from ascertain.taxonomy.crosswalk import CrosswalkLibrary
    from ascertain.taxonomy.library import TaxonomyLibrary
    from ascertain.taxonomy.loaded import Problem

app = typer.Typer(
    help="Which concept of one taxonomy corresponds to which of another: the official ESCO-O*NET file, or your own.",
    no_args_is_help=True,
)
SHOWN = 20


def crosswalks() -> CrosswalkLibrary:
    """Those of the home folder, beside the taxonomies."""
    from ascertain.settings import load_settings
    from ascertain.taxonomy.crosswalk import CrosswalkLibrary

    return CrosswalkLibrary(load_settings().home_dir / "taxonomies")


@app.command("import")
def import_crosswalk(
    file: Annotated[Path, typer.Argument(help="CSV: the official file, or columns from, to and relation.")],
    source: Annotated[str, typer.Option("--from", help="Taxonomy that the links lead from, such as onet.")],
    target: Annotated[str, typer.Option("--to", help="Taxonomy that they lead to, such as esco.")],
    kind: Annotated[str, typer.Option(help="skill or occupation (else as the file says).")] = "",
    as_json: AsJson = False,
) -> None:
    """Import a crosswalk. The relation is what `to` is to `from`: exact, close, broader or narrower. Nothing is led by
    it before people have taken it up: `taxonomy crosswalk propose`.

    A malformed row, or one about what can never be a skill, is reported with file, line and field; the rest goes in.
    """
    from ascertain.domain.crosswalks import ConceptKind
    from ascertain.taxonomy.denying import read_denied

    if kind and kind not in set(ConceptKind):
        raise InputError(f"no kind {kind!r}", field="kind", remedy=f"use {' or '.join(ConceptKind)}")
    library = taxonomies()
    known = cache(lambda name, of: _concepts(library, name, of))
    report = crosswalks().import_crosswalk(
        file, source, target, ConceptKind(kind) if kind else None, known, read_denied()
    )

    def render(c: Console) -> None:
        c.print(f"{report.id}: {report.links:,} links between {report.kind}s")
        for name, count in ((source, report.unknown_sources), (target, report.unknown_targets)):
            if count is None:
                c.print(f"  {name} is not imported: whether it has these {report.kind}s was not checked")
            elif count:
                c.print(f"  {count:,} ids are no {report.kind}s of {name} as imported", style="yellow")
        for p in report.problems[:SHOWN]:
            c.print(f"  {p.file}:{p.line}, field {p.field!r}: {p.message}", style="yellow", soft_wrap=True)
        if len(report.problems) > SHOWN:
            c.print(f"  … and {len(report.problems) - SHOWN} more rows left out", style="yellow")
        c.print(f"next: ascertain taxonomy crosswalk propose {report.id}", soft_wrap=True)

    emit(report, as_json, render)


@app.command("draft")
def draft_file(
    source: Annotated[
        str, typer.Argument(help="A taxonomy that is imported, or the name for that of --file: onet, hris.")
    ],
    file: Annotated[
        Path | None, typer.Option("--file", help="CSV of its skills: label; and id, synonyms (a|b), definition.")
    ] = None,
    target: Annotated[str, typer.Option("--to", help="The other taxonomy (else the one in use).")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="File to write (else crosswalk-SOURCE-TO.csv).")] = None,
    as_json: AsJson = False,
) -> None:
    """Write a file with the skill that fits each skill of another taxonomy, for people to decide row by row.

    What has the same name, what an earlier crosswalk says, else what is near in meaning with its probability. Nothing
    is used before somebody writes yes in the column `decision` and imports the file.
    """
    from collections import Counter

    from ascertain.policy import read_policy
    from ascertain.settings import load_settings
    from ascertain.taxonomy.crosswalk import skill_links
    from ascertain.taxonomy.crosswalk_draft import draft, read_terms, term_of, write_draft
    from ascertain.taxonomy.denying import read_denied

    settings = load_settings()
    library, target = taxonomies(), target or settings.taxonomy
    name = target.partition("@")[0]
    if source.partition("@")[0] == name:
        raise InputError("a crosswalk leads from one taxonomy to another", field="--to", remedy="name two")
    problems: list[Problem] = []
    if file is None:
        terms = [term_of(s) for s in library.open(source).taxonomy.skills()]
    else:
        terms, problems = read_terms(file)
    there = library.open(target)
    led = skill_links(there.taxonomy, crosswalks().newest())
    rows = draft(
        terms,
        there.taxonomy.skills(),
        there.mapper,
        read_denied(),
        floor=read_policy(settings.policy_file)[0].mapping.claim_floor,
        known=lambda ident: [link] if (link := led(ident)) else [],
    )
    written = out or Path(f"crosswalk-{source.partition('@')[0]}-{name}.csv")
    write_draft(written, rows)
    counts = {v: n for v, n in sorted(Counter(r.verdict.value for r in rows).items())}
    by_why = {w: n for w, n in Counter(r.why for r in rows).most_common()}

    def render(c: Console) -> None:
        c.print(f"{written}: {len(rows):,} skills of {source} to {there.taxonomy.version}", soft_wrap=True)
        c.print("  " + ", ".join(f"{n:,} {v}" for v, n in counts.items()))
        for why, n in by_why.items():
            c.print(f"  {n:6,} {why}")
        for p in problems[:SHOWN]:
            c.print(f"  {p.file}:{p.line}, field {p.field!r}: {p.message}", style="yellow", soft_wrap=True)
        c.print(
            f"write yes or no under decision, then: ascertain taxonomy crosswalk import {written} "
            f"--from {source.partition('@')[0]} --to {name}",
            soft_wrap=True,
        )

    shown = {"file": str(written), "to": there.taxonomy.version, "verdicts": counts, "why": by_why}
    emit({**shown, "problems": problems}, as_json, render)


@app.command("propose")
def propose(
    crosswalk: Annotated[
        str, typer.Argument(metavar="[CROSSWALK]", help="Its id, or the beginning of its hash; else the newest import.")
    ] = "",
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Put an imported crosswalk up for decision: what it leads, and what it has that the one in use has not. Nothing is
    changed. `taxonomy preview`, `decide`, `apply` and `revert` as for every change."""
    from ascertain.cli.steward import show_preview
    from ascertain.domain.permission import Action
    from ascertain.domain.stewardship import Support
    from ascertain.pipeline.permit import demand

    shown = opened()
    who = asking(shown, actor)
    with shown.units(write=False) as uow:
        demand(uow, who, Action.TAXONOMY_APPROVE)
    ids = shown.crosswalks.ids()
    walk = shown.crosswalks.open(crosswalk or next(iter(ids), ""))
    change = shown.crosswalk(walk)
    with shown.units() as uow:
        steward = shown.steward(uow)
        made = steward.propose(change, by=who, support=Support("decided row by row before it was imported"))
        found = steward.preview(made.id)
        uow.commit()
    show_preview(shown, found, as_json)


@app.command("codes")
def codes(actor: Reader = None, as_json: AsJson = False) -> None:
    """Ids of other taxonomies that people's evidence names, those that nothing leads first: what a crosswalk lacks."""
    from ascertain.domain.permission import Action
    from ascertain.pipeline.permit import demand

    shown = opened()
    who = asking(shown, actor)
    with shown.units(write=False) as uow:
        demand(uow, who, Action.TAXONOMY_APPROVE)
        found = shown.codes(uow)

    def render(c: Console) -> None:
        from rich.table import Table

        if not found:
            c.print("no evidence names a skill by the id of another taxonomy")
            return
        table = Table("framework", "id", "called", "people", "leads to", box=None, pad_edge=False)
        for r in found:
            leads = r.target or (f"nothing: a {r.relation} one is another skill" if r.relation else "nothing")
            people = "few" if r.people is None else str(r.people)
            table.add_row(r.code.framework or "·", r.code.code, r.code.label or "·", people, leads)
        c.print(table)

    emit({"codes": found}, as_json, render)


@app.command("list")
def list_crosswalks(as_json: AsJson = False) -> None:
    """The crosswalks that are imported here or proposed, and which of them are used."""
    shown = opened()
    with shown.units(write=False) as uow:
        proposed = {p.change.target: p for p in uow.stewardship.proposals(shown.taxonomies.name)}
        there = {i: uow.stewardship.crosswalk(i) for i in proposed}
    walks = {w.id: w for w in there.values() if w is not None}
    walks |= {i: shown.crosswalks.open(i) for i in shown.crosswalks.ids() if i not in walks}
    used = shown.taxonomies.changes().crosswalks
    rows = [
        {
            "id": w.id,
            "from": w.source,
            "to": w.target,
            "kind": w.kind.value,
            "links": len(w.links),
            "state": proposed[w.id].state.value if w.id in proposed else "imported",
            "used": w.id in used,
        }
        for w in sorted(walks.values(), key=lambda w: w.id)
    ]

    def render(c: Console) -> None:
        from rich.table import Table

        if not rows:
            c.print("none yet: ascertain taxonomy crosswalk import")
            return
        table = Table("crosswalk", "from", "to", "kind", "links", "state", box=None, pad_edge=False)
        for r in rows:
            state = "in use" if r["used"] else str(r["state"])
            table.add_row(str(r["id"]), str(r["from"]), str(r["to"]), str(r["kind"]), f"{r['links']:,}", state)
        c.print(table)

    emit({"crosswalks": rows}, as_json, render)


@app.command("show")
def show_crosswalk(
    id: Annotated[str, typer.Argument(help="A crosswalk's id (or the beginning of its hash), or a concept's id.")],
    as_json: AsJson = False,
) -> None:
    """What a concept corresponds to in other taxonomies, or, for a crosswalk, how many links of which relation."""
    held = crosswalks()
    if any(id == i or (len(id) >= 4 and i.rpartition("+")[2].startswith(id)) for i in held.ids()):
        walk = held.open(id)
        counts = walk.relations
        whole = {"id": walk.id, "from": walk.source, "to": walk.target, "kind": walk.kind.value, "relations": counts}
        told = ", ".join(f"{n:,} {r}" for r, n in counts.items())
        emit(whole, as_json, lambda c: c.print(f"{walk.id}: {walk.kind}s of {walk.source} to {walk.target}: {told}"))
        return
    found = [(w.target, link) for w in held.newest() for link in w.targets(id)]
    found += [(w.source, link) for w in held.newest() for link in w.sources(id)]
    if not found:
        raise NotFoundError(
            f"no crosswalk has {id!r}, and none is called so", remedy="ascertain taxonomy crosswalk list"
        )
    library = taxonomies()
    rows = _rows(library, found)

    def render(c: Console) -> None:
        from rich.table import Table

        table = Table("it is", "in", "id", "label", box=None, pad_edge=False)
        for r in rows:
            table.add_row(_SAID[r["relation"]], r["taxonomy"], r["id"], r["label"])
        table.columns[2].overflow = "fold"
        c.print(table)

    emit({"id": id, "links": rows}, as_json, render)


def lines(c: Console, w: CrosswalkSeen) -> None:
    """What a crosswalk leads where."""
    c.print(f"  {w.words}", soft_wrap=True)
    for link in w.links[:SHOWN]:
        c.print(f"  {link.source} is {_SAID[link.relation]} {link.label or link.target}", soft_wrap=True)
    if len(w.links) > SHOWN:
        c.print(f"  … and {w.added - SHOWN:,} more (--json has {len(w.links):,})")


_SAID = {"exact": "the same as", "close": "close to", "broader": "part of", "narrower": "wider than"}
"""Relation of a target, said of the source."""


def _rows(library: TaxonomyLibrary, found: list[tuple[str, Link]]) -> list[dict[str, Any]]:
    labels: dict[str, dict[str, str]] = {}
    for name in {name for name, _ in found}:
        if name in library.names():
            store = library.open(name).taxonomy
            labels[name] = {s.id: s.label for s in store.skills()} | {p.id: p.title for p in store.job_profiles()}
    return [
        {
            "taxonomy": name,
            "id": link.target,
            "label": labels.get(name, {}).get(link.target, ""),
            "relation": link.relation.value,
        }
        for name, link in sorted(found, key=lambda f: (f[0], f[1].relation.rank, f[1].target))
    ]


def _concepts(library: TaxonomyLibrary, name: str, kind: ConceptKind) -> Mapping[str, str] | None:
    if name not in library.names():
        return None
    store = library.open(name).taxonomy
    if kind == "skill":
        return {s.id: s.label for s in store.skills()}
    return {p.id: p.title for p in store.job_profiles()}
