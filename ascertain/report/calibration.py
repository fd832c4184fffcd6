"""The calibration report as one HTML file, and its diagram. No scripts; nobody is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from markupsafe import Markup

from ascertain.domain.calibration import named
from ascertain.domain.calibration_log import CalibrationRecord
from ascertain.domain.canonical import plain
from ascertain.pipeline.calibration_view import CalibrationReport
from ascertain.report.page_templates import page_templates
from ascertain.report.reliability_diagram import Dot, Panel, reliability_diagram

Json = Mapping[str, Any]


def reliability_svg(panels: Mapping[str, Json], note: str = "") -> str:
    """A panel for each set of figures (``Reliability`` as JSON): a dot a bin with its 95 % interval."""
    return reliability_diagram(
        [_panel(title, figures) for title, figures in panels.items()],
        note=note,
        label="Reliability: how often confidences were right",
    )


def calibration_html(report: CalibrationReport, day: date) -> str:
    """All decisions so far: diagrams, figures, and the parts."""
    panels = {"posterior": plain(report.posterior)} if report.posterior else {}
    if report.shown is not None:
        panels["confidence as stored"] = plain(report.shown)
    head = f"In use: {named(report.in_use)}. {report.decisions} decisions about {report.people} people."
    return _page(head, day, panels, {t: plain(p) for t, p in report.parts.items()}, dict(report.left_out))


def fit_html(record: CalibrationRecord, day: date) -> str:
    """A calibration before and after, out of fold."""
    fitted = record.figures["outcome"]
    panels = {"before": fitted["before"], f"after ({fitted['method']}), out of fold": fitted["after"]}
    return _page(
        f"Calibration {record.calibration.number}: {fitted['why']}", day, panels, {}, record.figures["left_out"]
    )


def groups_html(head: str, day: date, cuts: Mapping[str, Sequence[Json]]) -> str:
    """Parts alone, for cuts by group."""
    panels = {f"{cut}: {p['name']}": p["figures"] for cut, parts in cuts.items() for p in parts if p["figures"]}
    return _page(head, day, panels, cuts, {})


def _page(
    head: str, day: date, panels: Mapping[str, Json], cuts: Mapping[str, Any], left_out: Mapping[str, int]
) -> str:
    environment = page_templates()
    environment.filters["three"] = lambda v: f"{v:.3f}"
    # Made of numbers and escaped words alone.
    figure = Markup(reliability_svg(panels)) if panels else ""
    template = environment.get_template("calibration.html")
    return template.render(head=head, day=day, panels=panels, cuts=cuts, left_out=left_out, figure=figure)


def _panel(title: str, figures: Json) -> Panel:
    low, high = figures["ece_95"]
    line = f"ECE {figures['ece']:.3f} [{low:.3f}, {high:.3f}], n {figures['n']}"
    dots = [Dot(b["said"], b["right"], b["n"], tuple(b["right_95"])) for b in figures["bins"]]
    return Panel(title, line, "confidence; up: share right", dots)
