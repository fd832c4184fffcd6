"""The first 90 days as a drawing: a lane for each kind of milestone, a mark on its day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from markupsafe import Markup

from ascertain.domain.onboarding import PHASES
from ascertain.domain.text import clean_text
from ascertain.service.pages.figures import _n, _svg, _text

LANES = (
    ("check_in", "Check-ins"),
    ("meet", "People"),
    ("task", "Systems and work"),
    ("course", "Courses"),
    ("goal", "Skills to show"),
)
LEFT, WIDTH, ROW, TOP = 128.0, 860.0, 34, 24


def days(milestones: Sequence[Mapping[str, Any]], today: int | None) -> Markup:
    """Marks by lane and day; filled where done, red where late, crossed where skipped. ``today`` is a day of the plan,
    ``None`` outside of it."""
    span = max([PHASES[-1], *(m["day"] for m in milestones)])
    foot = float(TOP + ROW * len(LANES))

    def x(day: float) -> float:
        return float(LEFT + day / span * (WIDTH - LEFT - 16))

    parts = []
    for i, end in enumerate(PHASES):
        start = (0, *PHASES)[i]
        band = "band odd" if i % 2 else "band"
        box = f'x="{_n(x(start))}" y="{TOP}" width="{_n(x(end) - x(start))}" height="{_n(foot - TOP)}"'
        parts.append(f'<rect class="{band}" {box}/>')
        parts.append(_text((x(start) + x(end)) / 2, 15, f"day {start + 1} to {end}", "middle"))
    for i, (kind, name) in enumerate(LANES):
        y = TOP + ROW * i + ROW / 2
        parts.append(_text(LEFT - 10, y + 4, name, "end", kind="label"))
        parts.append(f'<path class="grid" d="M{_n(LEFT)} {_n(y)}H{_n(x(span))}"/>')
        parts += _marks([m for m in milestones if m["kind"] == kind], y, x)
    if today is not None and 0 <= today <= span:
        parts.append(f'<path class="today" d="M{_n(x(today))} {TOP}V{_n(foot)}"/>')
        parts.append(_text(x(today), foot + 14, "today", "middle"))
    words = "; ".join(f"day {m['day']}: {clean_text(m['title'])}, {m['state']}" for m in milestones) or "nothing yet"
    return _svg("days", WIDTH, foot + 20, f"The first {PHASES[-1]} days: {words}", parts)


def _marks(rows: Sequence[Mapping[str, Any]], y: float, x: Any) -> list[str]:
    """Several on one day stand beside each other."""
    parts, seen = [], dict[int, int]()
    for m in rows:
        beside = seen.get(m["day"], 0)
        seen[m["day"]] = beside + 1
        at = x(m["day"]) - 9.0 * beside
        state = "late" if m["overdue"] else m["state"]
        about = f"<title>day {m['day']}: {escape(clean_text(m['title']))}</title>"
        parts.append(f'<circle class="mark {state}" cx="{_n(at)}" cy="{_n(y)}" r="6">{about}</circle>')
    return parts
