"""taxonomy adapt."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ascertain.cli.output import AsJson, emit, shown_progress

if TYPE_CHECKING:
    from rich.console import Console

    from ascertain.taxonomy.adapt import AdaptReport

_WORDS = {
    "log_loss": "log loss a text",
    "rp_at_1": "RP@1",
    "rp_at_5": "RP@5",
    "mrr": "MRR",
    "over_half": "none, yet over ½",
}


def adapt_taxonomy(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the taxonomy, such as starter.")],
    labelled: Annotated[
        Path | None,
        typer.Option("--labelled", help='JSON lines {"text", "skills": [id, …]} of your own, also without a skill.'),
    ] = None,
    reset: Annotated[bool, typer.Option("--reset", help="Back to the shipped coefficients.")] = False,
    as_json: AsJson = False,
) -> None:
    """Fit the mapper's coefficients to a taxonomy, from its names and definitions and your labelled texts.

    Kept beside the taxonomy and used from then on, if it is better on texts that the fit did not see; else nothing
    changes. Either way the exit code is 0, and "adapted" says which.
    """
    from ascertain.errors import ConfigError
    from ascertain.paths import CONFIG_DIR
    from ascertain.settings import load_settings
    from ascertain.taxonomy.adapt import adapt
    from ascertain.taxonomy.adapt_texts import read_labelled
    from ascertain.taxonomy.adapted import reset_adapted
    from ascertain.taxonomy.langchain import own_retrieval
    from ascertain.taxonomy.library import TaxonomyLibrary

    if reset and labelled:
        raise ConfigError("--reset takes no --labelled", remedy="give one of them")
    settings = load_settings()
    folder = settings.home_dir / "taxonomies"
    bundle = TaxonomyLibrary(folder, CONFIG_DIR, own=own_retrieval(settings), adapted=False).open(name)
    version = bundle.taxonomy.version
    if reset:
        gone = reset_adapted(folder, version)
        said = "back to the shipped coefficients" if gone else "was not adapted"
        emit({"taxonomy": version, "removed": gone}, as_json, lambda c: c.print(f"{version}: {said}"))
        return
    texts = read_labelled(labelled, bundle.taxonomy.skills()) if labelled else []
    with shown_progress(hidden=as_json) as progress:
        report = adapt(bundle, CONFIG_DIR, folder, texts, progress)
    emit(report, as_json, lambda c: _render(c, report))


def _render(c: Console, report: AdaptReport) -> None:
    from rich.table import Table

    c.print(f"{report.taxonomy}: {report.made_texts} texts made of names, {report.labelled_texts} labelled")
    c.print(f"judged on {report.judged_on}; means with 95 % intervals")
    table = Table("", "texts", "shipped", "adapted", "change", box=None, pad_edge=False)
    for f in report.figures:
        if f.texts:
            of, digits = (1, 2) if f.name == "log_loss" else (100, 1)
            cells = [
                f"{of * m:{sign}.{digits}f} [{of * low:{sign}.{digits}f}, {of * high:{sign}.{digits}f}]"
                for sign, (m, low, high) in (("", f.shipped), ("", f.adapted), ("+", f.change))
            ]
            table.add_row(_WORDS[f.name], str(f.texts), *cells)
    c.print(table)
    if report.adapted is None:
        c.print(f"the shipped coefficients stay: {report.why}", style="yellow")
        return
    share = f"; definitions count {report.definition_share:.0%} of a skill's meaning" if report.definition_share else ""
    c.print(f"adapted ({report.adapted}): {report.why}{share}", style="green")
    c.print(f"undo it: ascertain taxonomy adapt {report.taxonomy.partition('-')[0]} --reset")
