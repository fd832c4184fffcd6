"""taxonomy crosswalk propose, import, list and show."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ascertain.cli.output import AsJson, emit, taxonomies
from ascertain.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from rich.console import Console

    from ascertain.domain.crosswalks import ConceptKind, Link
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
    """Import a crosswalk. The relation is what `to` is to `from`: exact, close, broader or narrower.

    A malformed row is reported with file, line and field; the rest is imported.
    """
    from ascertain.domain.crosswalks import ConceptKind

    if kind and kind not in set(ConceptKind):
        raise InputError(f"no kind {kind!r}", field="kind", remedy=f"use {' or '.join(ConceptKind)}")
    library = taxonomies()
    report = crosswalks().import_crosswalk(
        file, source, target, ConceptKind(kind) if kind else None, lambda name, of: _concepts(library, name, of)
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
            c.print(f"  … and {len(report.problems) - SHOWN} more malformed rows", style="yellow")

    emit(report, as_json, render)


@app.command("propose")
def propose(
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
    led = skill_links(there.taxonomy, crosswalks())
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


@app.command("list")
def list_crosswalks(as_json: AsJson = False) -> None:
    """The crosswalks that are used: the newest of each kind between each two taxonomies."""
    rows = [
        {"id": w.id, "from": w.source, "to": w.target, "kind": w.kind.value, "links": len(w.links)}
        for w in crosswalks().newest()
    ]

    def render(c: Console) -> None:
        from rich.table import Table

        if not rows:
            c.print("none yet: ascertain taxonomy crosswalk import")
            return
        table = Table("crosswalk", "from", "to", "kind", "links", box=None, pad_edge=False)
        for r in rows:
            table.add_row(str(r["id"]), str(r["from"]), str(r["to"]), str(r["kind"]), f"{r['links']:,}")
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
        counts: dict[str, int] = {}
        for link in walk.links:
            counts[link.relation.value] = counts.get(link.relation.value, 0) + 1
        whole = {"id": walk.id, "from": walk.source, "to": walk.target, "kind": walk.kind.value, "relations": counts}
        told = ", ".join(f"{n:,} {r}" for r, n in sorted(counts.items()))
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


def _concepts(library: TaxonomyLibrary, name: str, kind: ConceptKind) -> Collection[str] | None:
    if name not in library.names():
        return None
    store = library.open(name).taxonomy
    if kind == "skill":
        return {s.id for s in store.skills()}
    return {p.id for p in store.job_profiles()}
