"""Draws a fairness audit on a terminal: opportunity first, then rates; the HTML has everything."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from ascertain.domain.fairness import FLAGGED, RateTable, Verdict
from ascertain.domain.fairness_audit import FairnessReport, shown_p
from ascertain.report.fairness import MARKS, Opportunity, opportunity_grid

if TYPE_CHECKING:
    from rich.console import Console

    from ascertain.pipeline.fairness_matches import CheckedList


def audit_view(c: Console, report: FairnessReport, *, written: Sequence[Path]) -> None:
    """The tables of one attribute at a time, and in words what is flagged."""
    c.print(f"Fairness audit of {report.population}, {report.people} people, {report.made_on}, by {report.made_by}")
    for s in report.sources:
        c.print(f"labels from {s.source}, for: {s.purpose}", soft_wrap=True, style="dim")
    c.print("\nHow much evidence could each group leave? Means per head; ▼ is lower than chance explains.")
    for grid in opportunity_grid(report):
        if len(grid.by) == 1:
            c.print(_opportunity(grid))
    for t in report.rates:
        if len(t.by) == 1:
            unknown = f", {t.unknown} without a known group" if t.unknown else ""
            above = "" if t.threshold is None else f", share above the median {t.threshold:.4g}"
            c.print(f"\n{report.measure(t.measure).title} by {t.by[0]}: {t.n} people{unknown}{above}")
            if t.groups:
                c.print(_rates(t))
    c.print(f"\n{len(report.findings)} differences ask for a look, {report.too_few} comparisons had too few people.")
    for f in report.findings:
        if len(f.by) == 1:
            c.print(Text(f"{MARKS[f.verdict]} {f.text}"), soft_wrap=True)
    crossed = sum(len(f.by) > 1 for f in report.findings)
    if crossed:
        c.print(f"and {crossed} where two attributes meet: --html, --csv or --json")
    if not report.findings:
        c.print("No flag is no proof of fairness.")
    for file in written:
        c.print(f"wrote {file}")


def matches_view(c: Console, found: Sequence[CheckedList]) -> None:
    """Each list with its rates by one attribute at a time."""
    for one in found:
        check = one.check
        c.print(f"\n{one.title}  {one.opening_id}: {one.listed} of {one.considered} people listed")
        for t in one.tables:
            if len(t.by) == 1 and t.groups:
                above = "listed" if t.threshold is None else f"coverage above the median {t.threshold:.4g}"
                c.print(f"by {t.by[0]}: {above}")
                c.print(_rates(t))
        counts = f"{check.comparisons} comparisons, {check.flagged} ask for a look, {check.too_few} with too few people"
        c.print(f"{check.outcome}: {counts}")
    c.print("\nReaders of a list see its outcome in words. No flag is no proof of fairness.")


def _opportunity(grid: Opportunity) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(grid.by[0])
    table.add_column("people", justify="right")
    for title in grid.titles:
        table.add_column(title.lower(), justify="right")
    for (group, n), cells in zip(grid.groups, grid.cells, strict=True):
        row = []
        for g in cells:
            if g is None:
                row.append("·")
            elif g.mean is None:
                row.append(g.verdict.value)
            else:
                row.append(f"{g.mean:.4g}{' ▼' if g.verdict in FLAGGED else ''}")
        table.add_row(Text(" / ".join(group)), str(n), *row)
    return table


def _rates(t: RateTable) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("group", "people", "yes", "rate", "ratio", "chance alone", "in words"):
        table.add_column(name, justify="left" if name in ("group", "in words") else "right")
    for g in t.groups:
        table.add_row(
            Text(" / ".join(g.group)),
            str(g.n),
            "–" if g.chosen is None else str(g.chosen),
            "–" if g.rate is None else f"{g.rate:.1%}",
            "–" if g.ratio is None else f"{g.ratio:.3f}",
            "–" if g.test is None else f"p {shown_p(g.test.p)}",
            Text(f"{MARKS[g.verdict]} {g.verdict.value}", style=_STYLE.get(g.verdict, "")),
        )
    return table


_STYLE = {Verdict.BELOW: "red", Verdict.NOTICE: "yellow", Verdict.TOO_FEW: "dim", Verdict.SMALL_SHARE: "dim"}
