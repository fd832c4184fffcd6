"""How much of the library is read, drawn."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from ascertain.service.pages.figures import _rect, _svg

COVERED = 480.0
"""Width of the bar that stands for all there is."""


def coverage(total: int, parts: Sequence[tuple[str, int]]) -> Markup:
    """Of ``total`` things how many are in each of these parts, side by side; what is in none is left blank. Up to
    three."""
    drawn, at, said = [_rect("track", 0, 2, COVERED, 14, 3)], 0.0, []
    for i, (words, n) in enumerate(parts[:3], 1):
        width = COVERED * max(0, n) / total if total > 0 else 0.0
        if width:
            drawn.append(_rect(f"part p{i}", at, 2, width, 14, 3))
        at += width
        said.append(f"{n} {words}")
    legend = Markup("").join(
        Markup('<li><span class="key p{}"></span>{}</li>').format(i, words) for i, words in enumerate(said, 1)
    )
    figure = _svg("coverage", COVERED, 18, f"of {total}: {', '.join(said)}", drawn)
    return figure + Markup('<ul class="legend">{}</ul>').format(legend)
