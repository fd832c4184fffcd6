"""Reliability diagrams as SVG, and the calibration report as one HTML file. No scripts; nobody is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from html import escape
from typing import Any

from markupsafe import Markup

from ascertain.domain.calibration import named
from ascertain.domain.calibration_log import CalibrationRecord
from ascertain.domain.canonical import plain
from ascertain.pipeline.calibration_view import CalibrationReport
from ascertain.report.page_templates import page_templates

Json = Mapping[str, Any]
_SIZE, _GAP, _TOP, _LEFT, _BOTTOM = 220, 50, 46, 46, 40


def reliability_svg(panels: Mapping[str, Json], note: str = "") -> str:
    """A panel for each set of figures (``Reliability`` as JSON): a dot a bin with its 95 % interval, the area by the
    count; the dashed line is where each confidence would be right."""
    width, height = _LEFT + len(panels) * (_SIZE + _GAP), _TOP + _SIZE + _BOTTOM + (18 if note else 0)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="Reliability: how often confidences were right" font-family="sans-serif" '
        f'font-size="11" fill="#333">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for i, (title, figures) in enumerate(panels.items()):
        parts += _panel(title, figures, _LEFT + i * (_SIZE + _GAP), _TOP)
    if note:
        parts.append(f'<text x="{_LEFT}" y="{height - 8}" fill="#777">{escape(note)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


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


def _panel(title: str, figures: Json, left: float, top: float) -> list[str]:
    low, high = figures["ece_95"]
    parts = [
        f'<text x="{left}" y="{top - 24}" font-weight="bold">{escape(title)}</text>',
        f'<text x="{left}" y="{top - 9}">ECE {figures["ece"]:.3f} [{low:.3f}, {high:.3f}], n {figures["n"]}</text>',
        f'<rect x="{left}" y="{top}" width="{_SIZE}" height="{_SIZE}" fill="none" stroke="#ccc"/>',
        f'<line x1="{left}" y1="{top + _SIZE}" x2="{left + _SIZE}" y2="{top}" stroke="#999" stroke-dasharray="4 3"/>',
    ]
    for tick in (0, 0.5, 1):
        parts += [
            f'<text x="{left + tick * _SIZE}" y="{top + _SIZE + 14}" text-anchor="middle">{tick:g}</text>',
            f'<text x="{left - 6}" y="{top + (1 - tick) * _SIZE + 4}" text-anchor="end">{tick:g}</text>',
        ]
    middle = left + _SIZE / 2
    parts.append(f'<text x="{middle}" y="{top + _SIZE + 28}" text-anchor="middle">confidence; up: share right</text>')
    for b in figures["bins"]:
        x, y = left + b["said"] * _SIZE, top + (1 - b["right"]) * _SIZE
        ends = [top + (1 - v) * _SIZE for v in b["right_95"]]
        radius = 2 + 10 * (b["n"] / figures["n"]) ** 0.5
        parts += [
            f'<line x1="{x:.1f}" y1="{ends[0]:.1f}" x2="{x:.1f}" y2="{ends[1]:.1f}" stroke="#2b6cb0"/>',
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="#2b6cb0" fill-opacity="0.55"/>',
        ]
    return parts
