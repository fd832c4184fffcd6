"""A reliability diagram of the belief as SVG: the chance given against how often it came true, a panel a mark."""

from __future__ import annotations

from ascertain.report.reliability_diagram import Dot, Panel, reliability_diagram
from benchmarks.belief_figures import Figures

Bins = list[tuple[int, float, float]]
"""Count, chance given, share that came true."""


def diagram(panels: dict[str, tuple[Bins, Figures]], note: str) -> str:
    """A dot a bin, its area and number the count."""
    heading = "Share of next assessments that reach the mark, by the chance given"
    return reliability_diagram([_panel(m, *p) for m, p in panels.items()], heading=heading, note=note)


def _panel(mark: str, bins: Bins, figures: Figures) -> Panel:
    count = sum(n for n, _, _ in bins)
    ece = f"ECE {figures.ece:.3f} [{figures.ece_95[0]:.3f}, {figures.ece_95[1]:.3f}], {count} submissions"
    return Panel(mark, ece, "chance given", [Dot(said, true, n) for n, said, true in bins])
