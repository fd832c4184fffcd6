"""Reliability diagrams as SVG: what was said against how often it was right, a panel each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_SIZE, _GAP, _LEFT = 220, 50, 46
_TITLES, _HEADING = 46, 18
_AXIS, _NOTE = 40, 18


@dataclass(frozen=True, slots=True)
class Dot:
    """One bin: what was said in the mean, the share that was right (both in [0, 1]), and of how many.

    ``right_95`` is drawn as a bar; without it the count is written beside the dot.
    """

    said: float
    right: float
    count: int
    right_95: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """A diagram with its title, a line of figures below it, and what its axes say."""

    title: str
    figures: str
    axis: str
    dots: Sequence[Dot]


def reliability_diagram(panels: Sequence[Panel], *, heading: str = "", note: str = "", label: str = "") -> str:
    """The panels side by side. Dots grow by area with the count; on the dashed line what was said is right.

    Args:
        label: what the picture shows, for those who cannot see it. A picture without one is described where it stands.
    """
    top = _TITLES + (_HEADING if heading else 0)
    width, height = _LEFT + len(panels) * (_SIZE + _GAP), top + _SIZE + _AXIS + (_NOTE if note else 0)
    told = f'role="img" aria-label="{escape(label)}" ' if label else ""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'{told}font-family="sans-serif" font-size="11" fill="#333">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    if heading:
        parts.append(f'<text x="{_LEFT}" y="18" font-size="13">{escape(heading)}</text>')
    for i, panel in enumerate(panels):
        left = _LEFT + i * (_SIZE + _GAP)
        total = sum(d.count for d in panel.dots)
        parts += _frame(panel, left, top)
        for dot in panel.dots:
            parts += _dot(dot, total, left, top)
    if note:
        parts.append(f'<text x="{_LEFT}" y="{height - 8}" fill="#777">{escape(note)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _frame(panel: Panel, left: float, top: float) -> list[str]:
    parts = [
        f'<text x="{left}" y="{top - 24}" font-weight="bold">{escape(panel.title)}</text>',
        f'<text x="{left}" y="{top - 9}">{escape(panel.figures)}</text>',
        f'<rect x="{left}" y="{top}" width="{_SIZE}" height="{_SIZE}" fill="none" stroke="#ccc"/>',
        f'<line x1="{left}" y1="{top + _SIZE}" x2="{left + _SIZE}" y2="{top}" stroke="#999" stroke-dasharray="4 3"/>',
    ]
    for tick in (0, 0.5, 1):
        parts += [
            f'<text x="{left + tick * _SIZE}" y="{top + _SIZE + 14}" text-anchor="middle">{tick:g}</text>',
            f'<text x="{left - 6}" y="{top + (1 - tick) * _SIZE + 4}" text-anchor="end">{tick:g}</text>',
        ]
    middle, below = left + _SIZE / 2, top + _SIZE + 28
    return [*parts, f'<text x="{middle}" y="{below}" text-anchor="middle">{escape(panel.axis)}</text>']


def _dot(dot: Dot, total: int, left: float, top: float) -> list[str]:
    x, y = left + dot.said * _SIZE, top + (1 - dot.right) * _SIZE
    share = (dot.count / total) ** 0.5
    radius = 3 + 15 * share if dot.right_95 is None else 2 + 10 * share
    drawn = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="#2b6cb0" fill-opacity="0.55"/>'
    if dot.right_95 is None:
        written = min(max(y - radius - 3, top + 10), top + _SIZE - 4)  # inside the frame, whatever the dot's place
        return [drawn, f'<text x="{x:.1f}" y="{written:.1f}" text-anchor="middle">{dot.count}</text>']
    low, high = (top + (1 - v) * _SIZE for v in dot.right_95)
    return [f'<line x1="{x:.1f}" y1="{low:.1f}" x2="{x:.1f}" y2="{high:.1f}" stroke="#2b6cb0"/>', drawn]
