"""The fairness report: HTML that needs no scripts, and CSV with a row a comparison. Neither names a person."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment

from ascertain.domain.fairness import FLAGGED, GroupMean, GroupRate, MeanTable, RateTable, Verdict
from ascertain.domain.fairness_audit import VALID_DAYS, FairnessReport, Finding, MeasureKind, named, shown_p
from ascertain.domain.text import visible
from ascertain.report.page_templates import page_templates

MARKS = {
    Verdict.HIGHEST: "▲",
    Verdict.BELOW: "▼",
    Verdict.NOTICE: "◆",
    Verdict.LOWER: "▼",
    Verdict.MET: "●",
    Verdict.SIMILAR: "●",
    Verdict.TOO_FEW: "…",
    Verdict.SMALL_SHARE: "…",
    Verdict.NO_RATIO: "…",
    Verdict.ALONE: "…",
}
"""A sign beside each verdict's words, so that a table can be scanned without colour."""

STYLES = {v: "flagged" if v in FLAGGED else "said" for v in (Verdict.BELOW, Verdict.LOWER, Verdict.MET)} | {
    Verdict.NOTICE: "notice",
    Verdict.SIMILAR: "said",
    Verdict.HIGHEST: "best",
}
_FOLD = 12
"""A table with more groups than this begins folded."""


@dataclass(frozen=True, slots=True)
class Opportunity:
    """One cut of all opportunity measures: groups × measures. A cell is ``None`` where the measure does not apply."""

    by: tuple[str, ...]
    groups: tuple[tuple[tuple[str, ...], int], ...]
    titles: tuple[str, ...]
    cells: tuple[tuple[GroupMean | None, ...], ...]


def fairness_html(report: FairnessReport) -> str:
    """The report as one HTML file."""
    template = _environment().get_template("fairness.html")
    return template.render(
        r=report,
        opportunity=opportunity_grid(report),
        below=[f for f in report.findings if f.verdict is Verdict.BELOW],
        less=[f for f in report.findings if f.kind is MeasureKind.OPPORTUNITY],
        others=_others(report),
        outcomes=[m for m in report.measures if m.kind is not MeasureKind.OPPORTUNITY],
        chances=[m for m in report.measures if m.kind is MeasureKind.OPPORTUNITY],
        valid_days=VALID_DAYS,
    )


def _others(report: FairnessReport) -> list[Finding]:
    return [f for f in report.findings if f.verdict is not Verdict.BELOW and f.kind is not MeasureKind.OPPORTUNITY]


def opportunity_grid(report: FairnessReport) -> list[Opportunity]:
    """Opportunity, a table for each cut: what differs between groups is seen in one row."""
    grids = []
    for by in dict.fromkeys(t.by for t in report.opportunity):
        tables = [t for t in report.opportunity if t.by == by]
        sizes: dict[tuple[str, ...], int] = {}
        for t in tables:
            for g in t.groups:
                sizes[g.group] = max(g.n, sizes.get(g.group, 0))
        rows = sorted(sizes.items())
        by_group = [{g.group: g for g in t.groups} for t in tables]
        cells = tuple(tuple(found.get(group) for found in by_group) for group, _ in rows)
        titles = tuple(report.measure(t.measure).title for t in tables)
        grids.append(Opportunity(by, tuple(rows), titles, cells))
    return grids


COLUMNS = (
    "section",
    "measure",
    "by",
    "group",
    "people_in_sample",
    "unknown",
    "median",
    "n",
    "share_of_known",
    "chosen",
    "rate",
    "rate_low",
    "rate_high",
    "mean",
    "standard_deviation",
    "with_none",
    "ratio",
    "ratio_low",
    "ratio_high",
    "short_by",
    "hedges_g",
    "g_low",
    "g_high",
    "test",
    "p",
    "verdict",
)


def fairness_csv(report: FairnessReport) -> str:
    """The report as CSV, a row a group of each table, opportunity first. Lines above the header say what it is of."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for key, value in _facts(report):
        writer.writerow([f"# {key}", _cell(value)])
    writer.writerow(COLUMNS)
    sections = (("opportunity", report.opportunity), ("rates", report.rates), ("scores", report.scores))
    for section, tables in sections:
        for table in tables:
            for group in table.groups:
                row = {"section": section} | _of_table(table) | _of_group(table.by, group)
                writer.writerow([_cell(row.get(c, "")) for c in COLUMNS])
    return out.getvalue()


def _facts(report: FairnessReport) -> list[tuple[str, Any]]:
    rules = report.rules
    return [
        ("date", report.made_on.isoformat()),
        ("made by", report.made_by),
        ("population", f"{report.population}, {report.people} people"),
        *(("labels from", f"{s.source}; for: {s.purpose}; taken in {s.taken_on or 'undated'}") for s in report.sources),
        ("four fifths", f"a ratio under 0.{rules.ratio_percent:02d} is flagged"),
        ("small share", f"under {rules.share_percent} % of the known: counted, left out of the ratios"),
        ("too few", f"under {rules.least_people} people: no rate is stated"),
    ]


def _of_table(table: RateTable | MeanTable) -> dict[str, Any]:
    found = {"measure": table.measure, "by": " x ".join(table.by), "people_in_sample": table.n}
    median = table.threshold if isinstance(table, RateTable) else None
    return found | {"unknown": table.unknown, "median": median}


def _of_group(by: tuple[str, ...], g: GroupRate | GroupMean) -> dict[str, Any]:
    found: dict[str, Any] = {"group": named(by, g.group), "n": g.n, "ratio": g.ratio, "verdict": g.verdict.value}
    if g.test is not None:
        found |= {"test": g.test.name, "p": g.test.p}
    if isinstance(g, GroupMean):
        found |= {"mean": g.mean, "standard_deviation": g.deviation, "with_none": g.none}
        if g.difference is not None:
            found |= {"hedges_g": g.difference.g, "g_low": g.difference.low, "g_high": g.difference.high}
        return found
    found |= {"share_of_known": g.share, "chosen": g.chosen, "rate": g.rate, "short_by": g.short_by}
    if g.interval is not None:
        found |= {"rate_low": g.interval[0], "rate_high": g.interval[1]}
    if g.ratio_interval is not None:
        found |= {"ratio_low": g.ratio_interval[0], "ratio_high": g.ratio_interval[1]}
    return found


def _cell(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula: labels come from outside."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    text = visible(str(value))  # first: what is hidden could stand before a formula
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _environment() -> Environment:
    environment = page_templates()
    environment.filters["percent"] = lambda v: f"{100 * v:.1f}\u202f%"
    environment.filters["p"] = shown_p
    environment.filters["mark"] = MARKS.__getitem__
    environment.filters["style"] = lambda v: STYLES.get(v, "unsaid")
    environment.filters["sentence"] = lambda text: text[:1].upper() + text[1:]
    environment.tests["single"] = lambda by: len(by) == 1
    environment.globals["fold"] = _FOLD
    environment.globals["FLAGGED"] = FLAGGED
    return environment
