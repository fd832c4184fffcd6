"""taxonomy list, show and diff."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ascertain.cli.crosswalk import crosswalks
from ascertain.cli.output import AsJson, bundle_in_use, emit, taxonomies
from ascertain.errors import NotFoundError

if TYPE_CHECKING:
    from rich.console import Console

    from ascertain.domain.skills import JobProfile, Skill

SHOWN = 15


def list_taxonomies(as_json: AsJson = False) -> None:
    """The taxonomies that can be used, each with its imports, the newest first."""
    from ascertain.settings import load_settings

    library, used = taxonomies(), load_settings().taxonomy
    names = library.names()
    rows = library.imports()

    def render(c: Console) -> None:
        from rich.table import Table

        table = Table("", "taxonomy", "release", "imported", "hash", "also in", box=None, pad_edge=False)
        table.add_row("*" if used == names[0] else "", names[0], "", "ships with it", "", "")
        seen: set[str] = set()
        for r in rows:
            mark = "*" if (r.name not in seen and used == r.name) or used == f"{r.name}@{r.release}" else ""
            seen.add(r.name)
            table.add_row(mark, r.name, r.release, r.imported[:10], r.version.rpartition("+")[2], " ".join(r.further))
        c.print(table)
        c.print("* in use (ASCERTAIN_TAXONOMY); an older import opens as NAME@RELEASE or NAME@HASH")

    emit({"taxonomies": names, "in_use": used, "imports": rows}, as_json, render)


def show(
    name: Annotated[str | None, typer.Argument(metavar="[TAXONOMY]", help="NAME or NAME@RELEASE; else in use.")] = None,
    concept: Annotated[
        str | None,
        typer.Argument(metavar="[CONCEPT]", help="Id of a skill or job profile, or a code that leads to one."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What a taxonomy holds; or one skill or job profile of it.

    A code of another taxonomy leads to job profiles through an imported crosswalk: ascertain taxonomy show esco
    15-1252.00
    """
    from ascertain.settings import load_settings

    bundle = taxonomies().open(name) if name else bundle_in_use()
    name = name or load_settings().taxonomy
    store, mapper = bundle.taxonomy, bundle.mapper
    if concept is None:
        data = {
            "version": store.version,
            "language": mapper.language,
            "further_languages": list(mapper.further),
            "skills": len(store.skills()),
            "job_profiles": len(store.job_profiles()),
            "mapper": mapper.version,
        }
        lines = "\n".join(f"{k.replace('_', ' '):18} {_plain(v)}" for k, v in data.items())
        emit(data, as_json, lambda c: c.print(lines, soft_wrap=True))
        return
    if skill := store.skill(concept):
        emit(skill, as_json, lambda c: _skill(c, skill))
        return
    from ascertain.taxonomy.crosswalk import profiles_for

    found = profiles_for(store, name.partition("@")[0], concept, crosswalks())
    if not found:
        raise NotFoundError(
            f"{store.version} has no skill or job profile {concept!r}, and no crosswalk leads from it to one",
            remedy="ascertain taxonomy crosswalk list shows the crosswalks there are",
        )
    rows = [{"relation": link.relation.value if link else "itself", "job_profile": p} for p, link in found]

    def render(c: Console) -> None:
        if len(found) == 1:
            _profile(c, found[0][0], {s.id: s.label for s in store.skills()})
            return
        from rich.table import Table

        table = Table("relation", "job profile", "skills", "id", box=None, pad_edge=False)
        for p, link in found:
            table.add_row(link.relation.value if link else "itself", p.title, str(len(p.requirements)), p.id)
        table.columns[-1].overflow = "fold"
        c.print(table)

    emit({"concept": concept, "found": rows}, as_json, render)


def diff(
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="NAME@RELEASE of the older version.")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="NAME@RELEASE of the newer one.")],
    as_json: AsJson = False,
) -> None:
    """Which skills of a version are gone, renamed or new in another: ascertain taxonomy diff esco@1.1.0 esco@1.1.1

    A skill that is gone is matched with the newer one that goes by its name.
    """
    from ascertain.domain.version_diff import compare

    library = taxonomies()
    d = compare(library.open(before).taxonomy, library.open(after).taxonomy)

    def render(c: Console) -> None:
        c.print(f"{d.before} → {d.after}: {d.kept:,} skills kept, {len(d.renamed):,} of them renamed; ", end="")
        c.print(f"{len(d.gone):,} gone, {len(d.succeeded):,} of them under another id; {len(d.new):,} new")
        successor = {s.id: s for s in d.succeeded}
        lists: list[tuple[str, list[str]]] = [
            ("renamed", [f"{r.before} → {r.after}" for r in d.renamed]),
            ("gone", [f"{label}{_after(successor.get(id_))}" for id_, label in d.gone]),
            ("new", [label for _, label in d.new]),
        ]
        for title, lines in lists:
            for line in lines[:SHOWN]:
                c.print(f"  {title:8} {line}", soft_wrap=True)
            if len(lines) > SHOWN:
                c.print(f"  {title:8} … and {len(lines) - SHOWN} more (--json has all)")

    emit(d, as_json, render)


def _after(found: Any) -> str:
    return f" (now {found.successor}, by its {found.by})" if found else ""


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _skill(c: Console, s: Skill) -> None:
    c.print(f"{s.label}  ({s.kind}, half-life {s.family})")
    c.print(s.id)
    if s.definition:
        c.print(s.definition)
    if s.synonyms:
        c.print(f"also: {'; '.join(s.synonyms)}")


def _profile(c: Console, p: JobProfile, labels: dict[str, str]) -> None:
    from rich.table import Table

    c.print(f"{p.title}  ({p.id})")
    if p.summary:
        c.print(p.summary)
    table = Table("skill", "level", "importance", "", box=None, pad_edge=False)
    for r in sorted(p.requirements, key=lambda r: (-r.importance, r.skill_id)):
        essential = "essential" if r.essential else ""
        table.add_row(labels.get(r.skill_id, r.skill_id), str(int(r.level)), f"{r.importance:.2f}", essential)
    c.print(table)
