"""A reliability diagram of the belief as SVG: the chance given against how often it came true, a panel a mark."""

from __future__ import annotations

from html import escape

from benchmarks.belief_figures import Figures

SIZE, GAP, TOP, LEFT, BOTTOM = 220, 50, 64, 46, 58
Panel = tuple[list[tuple[int, float, float]], Figures]


def diagram(panels: dict[str, Panel], note: str) -> str:
    """A dot a bin, its area and number the count."""
    width, height = LEFT + len(panels) * (SIZE + GAP), TOP + SIZE + BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="sans-serif" font-size="11" fill="#333">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="{LEFT}" y="18" font-size="13">Share of next assessments that reach the mark, by the chance given'
        f"</text>",
    ]
    for i, (mark, panel) in enumerate(panels.items()):
        parts += _panel(mark, panel, LEFT + i * (SIZE + GAP), TOP)
    return "\n".join([*parts, f'<text x="{LEFT}" y="{height - 8}" fill="#777">{escape(note)}</text>', "</svg>"]) + "\n"


def _panel(mark: str, panel: Panel, left: float, top: float) -> list[str]:
    bins, figures = panel
    count = sum(n for n, _, _ in bins)
    ece = f"ECE {figures.ece:.3f} [{figures.ece_95[0]:.3f}, {figures.ece_95[1]:.3f}], {count} submissions"
    parts = [
        f'<text x="{left}" y="{top - 24}" font-weight="bold">{escape(mark)}</text>',
        f'<text x="{left}" y="{top - 9}">{escape(ece)}</text>',
        f'<rect x="{left}" y="{top}" width="{SIZE}" height="{SIZE}" fill="none" stroke="#ccc"/>',
        f'<line x1="{left}" y1="{top + SIZE}" x2="{left + SIZE}" y2="{top}" stroke="#999" stroke-dasharray="4 3"/>',
    ]
    for tick in (0, 0.5, 1):
        parts += [
            f'<text x="{left + tick * SIZE}" y="{top + SIZE + 14}" text-anchor="middle">{tick:g}</text>',
            f'<text x="{left - 6}" y="{top + (1 - tick) * SIZE + 4}" text-anchor="end">{tick:g}</text>',
        ]
    parts.append(f'<text x="{left + SIZE / 2}" y="{top + SIZE + 28}" text-anchor="middle">chance given</text>')
    for n, said, true in bins:
        cx, cy = left + said * SIZE, top + (1 - true) * SIZE
        radius = 3 + 15 * (n / count) ** 0.5
        label = min(max(cy - radius - 3, top + 10), top + SIZE - 4)  # inside the frame, whatever the dot's place
        parts += [
            f'<circle cx="{cx:.1f}" cy="{cy:.1f}" r="{radius:.1f}" fill="#2b6cb0" fill-opacity="0.55"/>',
            f'<text x="{cx:.1f}" y="{label:.1f}" text-anchor="middle">{n}</text>',
        ]
    return parts
