"""A reliability diagram as SVG: what the mapper says of its first candidate against how often that is right."""

from __future__ import annotations

from collections.abc import Sequence

from ascertain.report.reliability_diagram import Dot, Panel, reliability_diagram
from benchmarks.mapping_figures import Line


def diagram(lines: Sequence[Line], note: str) -> str:
    """A panel for each line that has probabilities; a dot a bin, its area and number the count."""
    heading = "Share of first candidates that are right, by what the mapper says"
    return reliability_diagram([_panel(x) for x in lines if x.bins], heading=heading, note=note)


def _panel(x: Line) -> Panel:
    count = sum(b.count for b in x.bins)
    ece = f"ECE {x.figures['ECE']} [{x.intervals['ECE'][0]}, {x.intervals['ECE'][1]}], {count} sentences"
    return Panel(x.data, ece, "probability given", [Dot(b.said, b.right, b.count) for b in x.bins])
