"""A reliability diagram as SVG: what the mapper says of its first candidate against how often that is right."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from benchmarks.mapping_figures import Line

SIZE, GAP, TOP, LEFT, BOTTOM = 220, 50, 64, 46, 58


def diagram(lines: Sequence[Line], note: str) -> str:
    """A panel for each line that has probabilities; a dot a bin, its area and number the count."""
    shown = [x for x in lines if x.bins]
    width, height = LEFT + len(shown) * (SIZE + GAP), TOP + SIZE + BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="sans-serif" font-size="11" fill="#333">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="{LEFT}" y="18" font-size="13">Share of first candidates that are right, by what the mapper says'
        f"</text>",
    ]
    for i, x in enumerate(shown):
        parts += _panel(x, LEFT + i * (SIZE + GAP), TOP)
    parts += [f'<text x="{LEFT}" y="{height - 8}" fill="#777">{escape(note)}</text>', "</svg>"]
    return "\n".join(parts) + "\n"


def _panel(x: Line, left: float, top: float) -> list[str]:
    count = sum(b.count for b in x.bins)
    ece = f"ECE {x.figures['ECE']} [{x.intervals['ECE'][0]}, {x.intervals['ECE'][1]}], {count} sentences"
    parts = [
        f'<text x="{left}" y="{top - 24}" font-weight="bold">{escape(x.data)}</text>',
        f'<text x="{left}" y="{top - 9}">{escape(ece)}</text>',
        f'<rect x="{left}" y="{top}" width="{SIZE}" height="{SIZE}" fill="none" stroke="#ccc"/>',
        f'<line x1="{left}" y1="{top + SIZE}" x2="{left + SIZE}" y2="{top}" stroke="#999" stroke-dasharray="4 3"/>',
    ]
    for tick in (0, 0.5, 1):
        parts += [
            f'<text x="{left + tick * SIZE}" y="{top + SIZE + 14}" text-anchor="middle">{tick:g}</text>',
            f'<text x="{left - 6}" y="{top + (1 - tick) * SIZE + 4}" text-anchor="end">{tick:g}</text>',
        ]
    parts.append(f'<text x="{left + SIZE / 2}" y="{top + SIZE + 28}" text-anchor="middle">probability given</text>')
    for b in x.bins:
        cx, cy = left + b.said * SIZE, top + (1 - b.right) * SIZE
        radius = 3 + 15 * (b.count / count) ** 0.5
        # Numbers stand inside the frame, whatever the dot's place.
        label = min(max(cy - radius - 3, top + 10), top + SIZE - 4)
        parts += [
            f'<circle cx="{cx:.1f}" cy="{cy:.1f}" r="{radius:.1f}" fill="#2b6cb0" fill-opacity="0.55"/>',
            f'<text x="{cx:.1f}" y="{label:.1f}" text-anchor="middle">{b.count}</text>',
        ]
    return parts
