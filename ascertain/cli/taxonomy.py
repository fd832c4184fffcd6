"""taxonomy import, taxonomy list, map."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ascertain.cli.output import AsJson, console, emit
from ascertain.errors import ConfigError, InputError

if TYPE_CHECKING:
    from rich.console import Console

    from ascertain.domain.skills import Candidate
    from ascertain.taxonomy.library import TaxonomyLibrary

app = typer.Typer(help="Skill taxonomies: ESCO, O*NET, your own.", no_args_is_help=True)

BATCH = 256
LINE_SCHEMA = {
    "type": "object",
    "required": ["id", "text"],
    "properties": {"id": {"type": ["string", "integer"]}, "text": {"type": "string"}},
}


def _library() -> TaxonomyLibrary:
    from ascertain.paths import CONFIG_DIR
    from ascertain.settings import load_settings
    from ascertain.taxonomy.langchain import own_retrieval
    from ascertain.taxonomy.library import TaxonomyLibrary

    settings = load_settings()
    return TaxonomyLibrary(settings.home_dir / "taxonomies", CONFIG_DIR, own=own_retrieval(settings))


@app.command("import")
def import_taxonomy(
    kind: Annotated[str, typer.Argument(metavar="FORMAT", help="esco, onet, or custom.")],
    source: Annotated[Path, typer.Argument(metavar="PATH", help="Folder, zip or file of the release.")],
    name: Annotated[str | None, typer.Option(help="Name to keep it under (else the format's).")] = None,
    language: Annotated[str, typer.Option(help="Language of the release files, such as en or de.")] = "en",
    as_json: AsJson = False,
) -> None:
    """Import a taxonomy with its index. A malformed row is reported with file, line and field; the rest is imported."""
    from rich.progress import Progress

    with Progress(console=console(stderr=True), disable=as_json, transient=True) as bar:
        tasks: dict[str, Any] = {}

        def progress(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total)
            bar.update(tasks[stage], completed=done, total=total)

        report = _library().import_taxonomy(kind, source, name=name, language=language, progress=progress)

    def render(c: Console) -> None:
        c.print(
            f"{report.version}: {report.skills:,} skills, {report.job_profiles:,} job profiles "
            f"in {report.seconds:.1f} s"
        )
        for p in report.problems[:20]:
            c.print(f"  {p.file}:{p.line}, field {p.field!r}: {p.message}", style="yellow", soft_wrap=True)
        if len(report.problems) > 20:
            c.print(f"  … and {len(report.problems) - 20} more malformed rows", style="yellow")
        c.print(f"use it: ASCERTAIN_TAXONOMY={report.name}")

    emit(report, as_json, render)


@app.command("list")
def list_taxonomies(as_json: AsJson = False) -> None:
    """The taxonomies that can be used."""
    names = _library().names()
    emit({"taxonomies": names}, as_json, lambda c: c.print("\n".join(names)))


@app.command("fill")
def fill_store(
    taxonomy: Annotated[str | None, typer.Option("--taxonomy", help="Else the one in use.")] = None,
    as_json: AsJson = False,
) -> None:
    """Put a taxonomy's skills into the vector database of ASCERTAIN_VECTOR_STORE."""
    from ascertain.settings import load_settings
    from ascertain.taxonomy.langchain import VectorStoreRetriever

    settings = load_settings()
    bundle = _library().open(taxonomy or settings.taxonomy)
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

    With --file one line out for each line in: {"id", "skills": [{"id", "label", "probability", "quote"}]}.
    """
    from ascertain.settings import load_settings

    if (text is None) == (file is None):
        raise ConfigError("give a text or --file", remedy='ascertain map "Built dashboards in Power BI"')
    mapper = _library().open(taxonomy or load_settings().taxonomy).mapper

    def run(texts: list[str]) -> list[list[Candidate]]:
        return mapper.rank(texts, top) if top else mapper.map(texts, top=10)

    if text is not None:
        found = [_skill(c) for c in run([text])[0]]
        emit({"skills": found}, as_json, lambda c: _table(c, found))
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
            for (key, _), found_ in zip(batch, run([t for _, t in batch]), strict=True):
                print(json.dumps({"id": key, "skills": [_skill(c) for c in found_]}, ensure_ascii=False))
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


def _table(c: Console, rows: list[dict[str, Any]]) -> None:
    from rich.table import Table

    if not rows:
        c.print("none fits")
        return
    table = Table("probability", "skill", "shown by", box=None, pad_edge=False)
    for r in rows:
        table.add_row(f"{r['probability']:.2f}", r["label"], f"“{r['quote']}”" if r["quote"] else "")
    c.print(table)
