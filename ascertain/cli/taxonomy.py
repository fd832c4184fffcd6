"""taxonomy import, taxonomy fill, map."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ascertain.cli import adapt, crosswalk, release, scale, steward
from ascertain.cli import taxonomy_views as views
from ascertain.cli.output import AsJson, bundle_in_use, emit, shown_progress, taxonomies
from ascertain.errors import ConfigError, InputError

if TYPE_CHECKING:
    from rich.console import Console

    from ascertain.domain.skills import Candidate
    from ascertain.taxonomy.polyglot import PolyglotMapper, Reading

app = typer.Typer(help="Skill taxonomies: ESCO, O*NET, your own.", no_args_is_help=True)
app.add_typer(crosswalk.app, name="crosswalk")
app.add_typer(scale.app, name="scale")
app.add_typer(release.app, name="release")
app.command("adapt")(adapt.adapt_taxonomy)
app.command("list")(views.list_taxonomies)
app.command("show")(views.show)
app.command("diff")(views.diff)
app.command("propose")(steward.propose)
app.command("proposals")(steward.proposals)
app.command("preview")(steward.preview)
app.command("amend")(steward.amend)
app.command("decide")(steward.decide)
app.command("apply")(steward.apply)
app.command("revert")(steward.revert)

BATCH = 256
LINE_SCHEMA = {
    "type": "object",
    "required": ["id", "text"],
    "properties": {"id": {"type": ["string", "integer"]}, "text": {"type": "string"}},
}


@app.command("import")
def import_taxonomy(
    kind: Annotated[str, typer.Argument(metavar="FORMAT", help="esco, onet, or custom.")],
    source: Annotated[Path, typer.Argument(metavar="PATH", help="Folder, zip or file of the release.")],
    name: Annotated[str | None, typer.Option(help="Name to keep it under (else the format's).")] = None,
    language: Annotated[
        list[str] | None,
        typer.Option(help="Language of the release files (en). Given again: a further one, whose names are found too."),
    ] = None,
    called: Annotated[
        str | None, typer.Option("--release", help="What to call the release, such as 1.2.1 (else as it says).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Import a taxonomy with its index. A malformed row is reported with file, line and field; the rest is imported.

    ESCO in two languages: ascertain taxonomy import esco PATH --language en --language de. Ids and labels stay those of
    the first; German texts find the same skills.
    """
    first, *more = language or ["en"]
    library = taxonomies()
    earlier = library.versions(name or kind)
    with shown_progress(hidden=as_json) as progress:
        report = library.import_taxonomy(
            kind, source, name=name, language=first, more=more, release=called, progress=progress
        )
    earlier = [v for v in earlier if v != report.version]

    def render(c: Console) -> None:
        c.print(
            f"{report.version}: {report.skills:,} skills, {report.job_profiles:,} job profiles "
            f"in {report.seconds:.1f} s"
        )
        for p in report.problems[:20]:
            c.print(f"  {p.file}:{p.line}, field {p.field!r}: {p.message}", style="yellow", soft_wrap=True)
        if len(report.problems) > 20:
            c.print(f"  … and {len(report.problems) - 20} more malformed rows", style="yellow")
        for d in report.denied[:20]:
            c.print(f"  left out: {d.what} {d.name!r} ({d.group}): {d.why}", style="yellow", soft_wrap=True)
        if len(report.denied) > 20:
            c.print(f"  … and {len(report.denied) - 20} more names that can never be a skill", style="yellow")
        c.print(f"use it: ASCERTAIN_TAXONOMY={report.name}")
        if earlier:
            c.print(
                f"results made with {earlier[0]} stay with it until people take this one up: "
                "ascertain taxonomy release propose",
                soft_wrap=True,
            )

    emit(report, as_json, render)


@app.command("fill")
def fill_store(
    taxonomy: Annotated[str | None, typer.Option("--taxonomy", help="Else the one in use.")] = None,
    as_json: AsJson = False,
) -> None:
    """Put a taxonomy's skills into the vector database of ASCERTAIN_VECTOR_STORE."""
    from ascertain.settings import load_settings
    from ascertain.taxonomy.langchain import VectorStoreRetriever

    settings = load_settings()
    bundle = taxonomies().open(taxonomy or settings.taxonomy)
    retriever = bundle.mapper.retriever
    if not isinstance(retriever, VectorStoreRetriever):
        raise ConfigError("there is no vector database to fill", remedy="set ASCERTAIN_VECTOR_STORE (.env.example)")
    retriever.fill()
    skills = len(bundle.taxonomy.skills())
    emit({"skills": skills}, as_json, lambda c: c.print(f"{skills:,} skills of {bundle.taxonomy.version}"))


def map_text(
    text: Annotated[str | None, typer.Argument(metavar="[TEXT]", help="A text to map.")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help='JSON lines {"id", "text"}; `-` reads standard input.')
    ] = None,
    taxonomy: Annotated[str | None, typer.Option("--taxonomy", help="Else the one in use.")] = None,
    top: Annotated[
        int | None, typer.Option("--top", min=1, max=1000, help="Rank this many; else what is likely enough.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Which skills a text shows, best first, each with a probability and the sentence that shows it.

    With --file one line out for each line in: {"id", "skills": [{"id", "label", "probability", "quote"}]}. A text in
    another language than the taxonomy's also has "language" and a "note" on how it was read.
    """

    if (text is None) == (file is None) or (text is not None and not text.strip()):
        raise ConfigError("give a text or --file", remedy='ascertain map "Built dashboards in Power BI"')
    with shown_progress(hidden=as_json) as progress:
        bundle = taxonomies(progress).open(taxonomy) if taxonomy else bundle_in_use(progress)
        mapper = bundle.mapper
        _map(mapper, text, file, top, as_json)


def _map(mapper: PolyglotMapper, text: str | None, file: Path | None, top: int | None, as_json: bool) -> None:
    def run(texts: list[str]) -> list[list[Candidate]]:
        return mapper.rank(texts, top) if top else mapper.map(texts, top=10)

    if text is not None:
        found = [_skill(c) for c in run([text])[0]]
        reading = mapper.readings([text])[0]
        emit({"skills": found} | _reported(reading), as_json, lambda c: _table(c, found, reading))
        return
    bad = 0
    batch: list[tuple[Any, str]] = []
    lines = _lines(file or Path("-"))
    while True:
        item = next(lines, None)
        if isinstance(item, InputError):
            bad += 1
            print(f"ascertain: {item}", file=sys.stderr)
            continue
        if item is not None:
            batch.append(item)
        if batch and (item is None or len(batch) == BATCH):
            texts = [t for _, t in batch]
            for (key, _), found_, read in zip(batch, run(texts), mapper.readings(texts), strict=True):
                line = {"id": key, "skills": [_skill(c) for c in found_]} | _reported(read)
                print(json.dumps(line, ensure_ascii=False))
            batch = []
        if item is None:
            break
    if bad:
        raise typer.Exit(3)


def _lines(file: Path) -> Iterator[tuple[Any, str] | InputError]:
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(LINE_SCHEMA)
    try:
        stream = sys.stdin.buffer if str(file) == "-" else file.open("rb")
    except OSError as e:
        raise InputError(f"cannot read it: {e.strerror}", where=str(file), remedy="check the path") from None
    with stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            where = f"{file}:{number}"
            try:
                row = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
            except UnicodeDecodeError as e:
                yield InputError(f"not UTF-8 at byte {e.start}", where=where, remedy="save the file as UTF-8")
                continue
            except (ValueError, RecursionError) as e:
                told = e.msg if isinstance(e, json.JSONDecodeError) else str(e)
                yield InputError(f"not JSON: {told}", where=where, remedy='write {"id": "1", "text": "…"}')
                continue
            error = next(validator.iter_errors(row), None)
            if error is not None:
                field = ".".join(str(p) for p in error.absolute_path) or None
                yield InputError(error.message, where=where, field=field, remedy='write {"id": "1", "text": "…"}')
                continue
            yield row["id"], row["text"]


def _skill(c: Candidate) -> dict[str, Any]:
    return {"id": c.skill_id, "label": c.label, "probability": round(c.probability, 6), "quote": c.quote}


def _reported(reading: Reading | None) -> dict[str, str]:
    return {"language": reading.language, "note": reading.note} if reading else {}


def _table(c: Console, rows: list[dict[str, Any]], reading: Reading | None) -> None:
    from rich.table import Table

    if reading:
        c.print(reading.note, style="yellow")
    if not rows:
        c.print("none fits")
        return
    table = Table("probability", "skill", "shown by", box=None, pad_edge=False)
    for r in rows:
        table.add_row(f"{r['probability']:.2f}", r["label"], f"“{r['quote']}”" if r["quote"] else "")
    c.print(table)
