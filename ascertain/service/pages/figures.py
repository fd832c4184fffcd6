"""Small drawings for the pages, as inline SVG without a style attribute, which the content security policy refuses.

Each has a text of its own for readers who do not see it; colours come from the style sheet's classes, so that light,
dark and print follow. Lengths are in the drawing's own units.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from markupsafe import Markup, escape

LEVELS = {1: "awareness", 2: "foundation", 3: "practitioner", 4: "advanced", 5: "expert"}
BAR = 120.0
"""Width of a bar that stands for 0 to 1."""
LETTER = 6.4
"""Width of a letter of a label, on average, rather too wide than too narrow."""
SHEETS = 6
"""As many sheets of evidence as are drawn; more are said in words."""


def ladder(level: int | None, required: int | None = None) -> Markup:
    """A level as rising steps; the step that a role asks for has an outline."""
    steps = []
    for i in range(1, 6):
        height = 4 + 3 * i
        on = " on" if level is not None and i <= level else ""
        asked = " asked" if i == required else ""
        steps.append(_rect(f"step{on}{asked}", (i - 1) * 9 + 1, 20 - height, 7, height, 1.5))
    words = f"level {level} of 5, {LEVELS[level]}" if level else "no level yet"
    if required:
        words += f"; the role asks for {required}"
    return _svg("ladder", 46, 21, words, steps)


def interval(low: float, high: float, point: float | None = None, *, words: str = "") -> Markup:
    """A probability: the credible range as a band, the figure itself as a mark. All in 0..1."""
    low, high = _share(low), _share(max(low, high))
    band = max(2.0, (high - low) * BAR)
    parts = [
        _rect("track", 0, 5, BAR, 6, 3),
        _rect("band", min(low * BAR, BAR - band), 5, band, 6, 3),
        *(f'<path class="grid" d="M{_n(q * BAR)} 3V13"/>' for q in (0.25, 0.5, 0.75)),
    ]
    if point is not None:
        parts.append(_rect("mark", _share(point) * (BAR - 3), 1, 3, 14, 1.5))
    said = words or (f"{point:.2f}, " if point is not None else "") + f"range {low:.2f} to {high:.2f}"
    return _svg("interval", BAR, 16, said, parts)


def evidence(amount: float) -> Markup:
    """How much evidence there is, as sheets: one for each effective piece, the last one filled to its share."""
    amount = max(0.0, amount if math.isfinite(amount) else 0.0)
    parts = []
    for i in range(SHEETS):
        height = 13 * min(1.0, max(0.0, amount - i))
        parts.append(_rect("sheet", i * 9 + 1, 2, 7, 13, 1))
        if height > 0:
            parts.append(_rect("sheet on", i * 9 + 1, 15 - height, 7, height, 1))
    if amount > SHEETS:
        parts.append(f'<path class="more" d="M{SHEETS * 9 + 2} 8.5h6m-3 -3v6"/>')
    return _svg("evidence", SHEETS * 9 + 10, 17, f"{amount:.1f} effective pieces of evidence", parts)


def signed(value: float, most: float) -> Markup:
    """An effect as a bar to the right (raises) or to the left (lowers) of a middle line; ``most`` fills its half."""
    half = BAR / 2
    length = half * min(1.0, abs(value) / most) if most > 0 and math.isfinite(value) else 0.0
    x = half if value >= 0 else half - length
    parts = [_rect("track", 0, 5, BAR, 6, 3)]
    if length >= 0.05:
        parts.append(_rect("up" if value >= 0 else "down", x, 3, max(1.0, length), 10, 1))
    parts.append(f'<path class="middle" d="M{_n(half)} 0V16"/>')
    said = f"{'raises' if value >= 0 else 'lowers'} the confidence by {abs(value):.2f}"
    return _svg("signed", BAR, 16, said, parts)


def reliability(points: Sequence[tuple[float, float, float, float, int]], *, size: int = 260) -> Markup:
    """A reliability curve. Each point is (stated, observed, low, high, n), all but n in 0..1."""
    inner = size - 52.0

    def x(share: float) -> float:
        return 42 + _share(share) * inner

    def y(share: float) -> float:
        return 8 + (1 - _share(share)) * inner

    parts = [
        f'<path class="axis" d="M{_n(x(0))} {_n(y(1))}V{_n(y(0))}H{_n(x(1))}"/>',
        f'<path class="diagonal" d="M{_n(x(0))} {_n(y(0))}L{_n(x(1))} {_n(y(1))}"/>',
    ]
    for tick in (0.0, 0.5, 1.0):
        parts.append(_text(x(tick), y(0) + 14, f"{tick:g}", "middle"))
        parts.append(_text(36, y(tick) + 4, f"{tick:g}", "end"))
    for stated, observed, low, high, n in points:
        about = f"<title>stated {stated:.2f}, observed {observed:.2f}, n = {n}</title>"
        radius = _n(2.5 + min(5.0, math.sqrt(max(0, n)) / 4))
        at = f'cx="{_n(x(stated))}" cy="{_n(y(observed))}" r="{radius}"'
        parts.append(f'<path class="whisker" d="M{_n(x(stated))} {_n(y(high))}V{_n(y(low))}"/>')
        parts.append(f'<circle class="point" {at}>{about}</circle>')
    parts.append(_text(42 + inner / 2, size - 2, "stated", "middle"))
    middle = _n(size / 2 - 14)
    parts.append(f'<text x="10" y="{middle}" transform="rotate(-90 10 {middle})" text-anchor="middle">observed</text>')
    words = "; ".join(f"stated {s:.2f}, observed {o:.2f} of {n}" for s, o, _, _, n in points) or "no decisions yet"
    return _svg("reliability", size, size, f"Reliability curve: {words}", parts)


def mapping(curve: Sequence[tuple[float, float]], *, size: int = 260) -> Markup:
    """What a calibration makes of a posterior: (posterior, confidence) in 0..1; dashed where it would keep it."""
    inner = size - 52.0
    where = [(42 + _share(a) * inner, 8 + (1 - _share(b)) * inner) for a, b in curve]
    bottom, right = 8 + inner, 42 + inner
    parts = [
        f'<path class="axis" d="M42 8V{_n(bottom)}H{_n(right)}"/>',
        f'<path class="diagonal" d="M42 {_n(bottom)}L{_n(right)} 8"/>',
        f'<path class="line" d="M{"L".join(f"{_n(x)} {_n(y)}" for x, y in where)}"/>' if where else "",
    ]
    for tick in (0.0, 0.5, 1.0):
        parts.append(_text(42 + tick * inner, bottom + 14, f"{tick:g}", "middle"))
        parts.append(_text(36, 8 + (1 - tick) * inner + 4, f"{tick:g}", "end"))
    parts.append(_text(42 + inner / 2, size - 2, "posterior", "middle"))
    middle = _n(size / 2 - 14)
    parts.append(
        f'<text x="10" y="{middle}" transform="rotate(-90 10 {middle})" text-anchor="middle">confidence</text>'
    )
    told = [p for p in curve if round(p[0], 6) in (0.25, 0.5, 0.75, 0.9)]
    words = "; ".join(f"{a:g} becomes {b:.2f}" for a, b in told) or "nothing"
    return _svg("reliability", size, size, f"What becomes of a posterior: {words}", parts)


def timeline(steps: Sequence[tuple[str, float, float, bool]], weeks: float) -> Markup:
    """A path over time: (title, begins, ends, done) in weeks from today; one row a step."""
    weeks = max(weeks, 1.0, *(end for _, _, end, _ in steps)) if steps else 1.0
    width, row, foot = 640.0, 26, 26 * len(steps)
    parts = []
    for week in _ticks(weeks):
        x = week / weeks * width
        parts.append(f'<path class="grid" d="M{_n(x)} 0V{foot}"/>')
        anchor = "start" if week == 0 else "end" if x > width - 12 else "middle"
        parts.append(_text(x, foot + 14, f"{week:g}", anchor))
    for i, (title, begins, ends, done) in enumerate(steps):
        x, w = begins / weeks * width, max(6.0, (ends - begins) / weeks * width)
        anchor, at = _beside(x, x + w, width, _short(title))
        parts.append(_rect("step done" if done else "step", x, i * row + 3, w, row - 6, 4))
        parts.append(_text(at, i * row + 17, _short(title), anchor, kind="label"))
    words = "; ".join(f"{t}: week {b:.0f} to {e:.0f}" for t, b, e, _ in steps) or "no steps"
    return _svg("timeline", width, foot + 18, f"Path over {weeks:g} weeks: {words}", parts)


def trend(points: Sequence[tuple[date, float]], *, words: str) -> Markup:
    """A line over time; values in 0..1."""
    width, height = 220.0, 48.0
    if not points:
        return _svg("trend", width, height, f"{words}: nothing yet", [])
    first, last = points[0][0], points[-1][0]
    span = max(1, (last - first).days)
    where = [((d - first).days / span * (width - 8) + 4, (1 - _share(v)) * (height - 8) + 4) for d, v in points]
    line = "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in where)
    x, y = where[-1]
    parts = [f'<path class="line" d="{line}"/>', f'<circle class="point" cx="{_n(x)}" cy="{_n(y)}" r="3"/>']
    said = f"{words}: {points[0][1]:.2f} on {first}, {points[-1][1]:.2f} on {last}"
    return _svg("trend", width, height, said, parts)


def line(points: Sequence[tuple[date, float]], *, words: str) -> Markup:
    """A line over time with its axes; values in 0..1."""
    width, height, left, foot = 640.0, 180.0, 44.0, 20.0
    if len(points) < 2:
        return _svg("line-over-time", width, height, f"{words}: nothing yet", [])
    first, last = points[0][0], points[-1][0]
    span = max(1, (last - first).days)

    def x(day: date) -> float:
        return left + (day - first).days / span * (width - left - 8)

    def y(share: float) -> float:
        return 8 + (1 - _share(share)) * (height - foot - 12)

    parts = []
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(f'<path class="grid" d="M{_n(left)} {_n(y(tick))}H{_n(width)}"/>')
        parts.append(_text(left - 6, y(tick) + 4, f"{100 * tick:.0f}\u202f%", "end"))
    path = "M" + "L".join(f"{_n(x(d))} {_n(y(v))}" for d, v in points)
    parts.append(f'<path class="line" d="{path}"/>')
    for d, v in points:
        about = f"<title>{d}: {100 * v:.0f} %</title>"
        parts.append(f'<circle class="point" cx="{_n(x(d))}" cy="{_n(y(v))}" r="3">{about}</circle>')
    parts.append(_text(left, height - 4, f"{first}", "start"))
    parts.append(_text(width, height - 4, f"{last}", "end"))
    said = f"{words}: {points[0][1]:.2f} on {first}, {points[-1][1]:.2f} on {last}"
    return _svg("line-over-time", width, height, said, parts)


def columns(rows: Sequence[Mapping[str, Any]], figure: str, *, words: str) -> Markup:
    """One column a day, from the first to the last of them; each row has ``day`` and ``figure``."""
    width, height, foot = 640.0, 90.0, 16.0
    if not rows:
        return _svg("columns", width, height, f"{words}: nothing yet", [])
    first, last = rows[0]["day"], rows[-1]["day"]
    span = max(14, (last - first).days + 1)
    most = max((float(r[figure]) for r in rows), default=0.0) or 1.0
    slot = width / span
    parts = [f'<path class="axis" d="M0 {_n(height - foot)}H{_n(width)}"/>']
    for r in rows:
        value = float(r[figure])
        tall = max(1.0, value / most * (height - foot - 4)) if value else 0.0
        x = ((r["day"] - first).days + span - (last - first).days - 1) * slot
        about = f"<title>{r['day']}: {value:,.6g}</title>"
        box = _rect("column", x + slot * 0.1, height - foot - tall, slot * 0.8, tall, min(2.0, slot * 0.2))
        parts.append(f"<g>{about}{box}</g>")
    parts.append(_text(width, height - 3, f"{last}", "end"))
    if len(rows) > 1 and span == (last - first).days + 1:
        parts.append(_text(0, height - 3, f"{first}", "start"))
    said = f"{words} by day, {first} to {last}: most {most:,.6g}"
    return _svg("columns", width, height, said, parts)


def moved(flows: Sequence[tuple[str, str, int, int]]) -> Markup:
    """What goes from one skill to another: (from, to, how many, how many the target has then); a band as thick as it
    is many, in the bar of what there is then."""
    row, width, left, right = 56, 480.0, 178.0, 302.0
    most = max([1, *(after for _, _, _, after in flows)])
    parts = []
    for i, (source, target, count, after) in enumerate(flows):
        y = i * row + 30.0
        thick, whole = max(2.0, 30 * count / most), max(2.0, 30 * after / most)
        parts.append(
            f'<path class="flow" d="M{_n(left)} {_n(y - thick / 2)}C{_n(left + 50)} {_n(y - thick / 2)} '
            f"{_n(right - 50)} {_n(y - whole / 2)} {_n(right)} {_n(y - whole / 2)}V{_n(y - whole / 2 + thick)}"
            f"C{_n(right - 50)} {_n(y - whole / 2 + thick)} {_n(left + 50)} {_n(y + thick / 2)} "
            f'{_n(left)} {_n(y + thick / 2)}Z"/>'
        )
        parts.append(_rect("from", left - 8, y - thick / 2, 8, thick, 1))
        parts.append(_rect("to", right, y - whole / 2, 8, whole, 1))
        parts.append(_text(left - 14, y - 2, _short(source, 22), "end", kind="label"))
        parts.append(_text(left - 14, y + 13, f"{count} go", "end"))
        parts.append(_text(right + 14, y - 2, _short(target, 22), "start", kind="label"))
        parts.append(_text(right + 14, y + 13, f"{after} then", "start"))
    words = "; ".join(f"{c} from {s} to {t}, which has {a} then" for s, t, c, a in flows) or "nothing moves"
    return _svg("moved", width, row * max(1, len(flows)) + 4.0, f"Assertions that move: {words}", parts)


def quarters(counts: Sequence[tuple[str, int]]) -> Markup:
    """How many quotes each quarter has, as columns."""
    most, wide = max([1, *(n for _, n in counts)]), 16
    parts = []
    for i, (name, n) in enumerate(counts):
        height = 30 * n / most
        about = f"<title>{escape(name)}: {n}</title>"
        parts.append(f"<g>{about}{_rect('column', i * wide + 1, 32 - height, wide - 4, max(1.0, height), 1)}</g>")
    words = ", ".join(f"{name}: {n}" for name, n in counts) or "without a date"
    return _svg("quarters", max(wide, wide * len(counts)), 33, f"Quotes by quarter: {words}", parts)


def _ticks(weeks: float) -> list[float]:
    step = next((s for s in (1, 2, 4, 8, 13, 26, 52) if weeks / s <= 8), 104)
    return [float(w) for w in range(0, int(weeks) + 1, step)]


def _beside(left: float, right: float, width: float, words: str) -> tuple[str, float]:
    """Where words about a bar stand: after it, before it where there is no room, else on it."""
    needs = len(words) * LETTER + 6
    if right + needs <= width:
        return "start", right + 6
    return ("end", left - 6) if left >= needs else ("start", left + 4)


def _short(title: str, most: int = 60) -> str:
    return title if len(title) <= most else title[: most - 1].rstrip() + "…"


def _rect(kind: str, x: float, y: float, width: float, height: float, radius: float) -> str:
    where = f'x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" rx="{_n(radius)}"'
    return f'<rect class="{kind}" {where}/>'


def _text(x: float, y: float, words: str, anchor: str, *, kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}">{escape(words)}</text>'


def _svg(kind: str, width: float, height: float, words: str, parts: Sequence[str]) -> Markup:
    size = f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}"'
    body = "".join(parts)
    return Markup(f'<svg class="figure {kind}" {size} role="img"><title>{escape(words)}</title>{body}</svg>')


def _share(value: float) -> float:
    """Cut to 0..1; what is not a number is 0."""
    return min(1.0, max(0.0, value)) if math.isfinite(value) else 0.0


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")
