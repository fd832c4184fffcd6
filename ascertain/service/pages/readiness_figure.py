"""Readiness over time as a drawing: the range as a band, the figure itself as a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from markupsafe import Markup

from ascertain.service.pages.figures import _n, _share, _svg, _text

WIDTH, HEIGHT, LEFT, FOOT = 640.0, 170.0, 44.0, 20.0


def moving(months: Sequence[Mapping[str, Any]]) -> Markup:
    """Coverage by month; of one month a mark with its range."""
    days = [date.fromisoformat(m["month"]) for m in months]
    span = max(1, (days[-1] - days[0]).days) if days else 1

    def x(day: date) -> float:
        share = (day - days[0]).days / span if len(days) > 1 else 0.5
        return LEFT + 8 + share * (WIDTH - LEFT - 24)

    def y(share: float) -> float:
        return 8 + (1 - _share(share)) * (HEIGHT - FOOT - 14)

    parts = []
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(f'<path class="grid" d="M{_n(LEFT)} {_n(y(tick))}H{_n(WIDTH)}"/>')
        parts.append(_text(LEFT - 6, y(tick) + 4, f"{100 * tick:.0f}\u202f%", "end"))
    rows = [(x(d), y(m["coverage"]["low"]), y(m["coverage"]["point"]), y(m["coverage"]["high"]))
            for d, m in zip(days, months, strict=True)]  # fmt: skip
    if len(rows) > 1:
        there = "L".join(f"{_n(a)} {_n(high)}" for a, _, _, high in rows)
        home = "L".join(f"{_n(a)} {_n(low)}" for a, low, _, _ in reversed(rows))
        parts.append(f'<path class="band" d="M{there}L{home}Z"/>')
        parts.append(f'<path class="line" d="M{"L".join(f"{_n(a)} {_n(p)}" for a, _, p, _ in rows)}"/>')
    for (a, low, point, high), m in zip(rows, months, strict=True):
        if len(rows) == 1:
            parts.append(f'<path class="line" d="M{_n(a)} {_n(low)}V{_n(high)}"/>')
        about = f"<title>{m['month'][:7]}: {100 * m['coverage']['point']:.0f} %, {m['band']}</title>"
        parts.append(f'<circle class="point" cx="{_n(a)}" cy="{_n(point)}" r="3.5">{about}</circle>')
    if days:
        parts.append(_text(x(days[0]), HEIGHT - 4, months[0]["month"][:7], "middle"))
    if len(days) > 1:
        parts.append(_text(x(days[-1]), HEIGHT - 4, months[-1]["month"][:7], "middle"))
    said = "; ".join(f"{m['month'][:7]} {100 * m['coverage']['point']:.0f} %, {m['band']}" for m in months)
    return _svg("line-over-time", WIDTH, HEIGHT, f"Covered by month: {said or 'nothing yet'}", parts)
