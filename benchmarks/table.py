"""A benchmark's result and how it is printed."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, slots=True)
class Result:
    """One measured ratio.

    Attributes:
        unit: of ``ours`` and ``base`` (medians over ``samples``).
        ratio: ``ours / base``; ``aim`` is the largest that is wanted, ``None`` where none is set.
        detail: further figures, by name.
    """

    name: str
    what: str
    ours: float
    base: float
    unit: str
    ratio: float
    samples: int
    aim: float | None = None
    detail: dict[str, float] = field(default_factory=dict)


def compared(
    name: str,
    what: str,
    ours: Sequence[float],
    base: Sequence[float],
    *,
    unit: str,
    aim: float | None = None,
    detail: dict[str, float] | None = None,
) -> Result:
    """A result from two series: medians, and their ratio. The quartiles of ``ours`` go into the details."""
    a, b = statistics.median(ours), statistics.median(base)
    more = dict(detail or {})
    if len(ours) >= 4:
        low, _, high = statistics.quantiles(ours, n=4)
        more |= {f"quartile 1 ({unit})": low, f"quartile 3 ({unit})": high}
    return Result(name, what, a, b, unit, a / b, len(ours), aim, more)


def as_text(results: Sequence[Result]) -> str:
    """A Markdown table with the details below each row's name."""
    head = ["benchmark", "ours", "compared with", "ratio", "aim", "n"]
    rows = [
        [
            r.what,
            f"{r.ours:.4g} {r.unit}",
            f"{r.base:.4g} {r.unit}",
            f"{r.ratio:.3g}",
            f"≤ {r.aim:g}" if r.aim is not None else "",
            str(r.samples),
        ]
        for r in results
    ]
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) + " |" for row in [head, *rows]]
    lines.insert(1, "|" + "|".join("-" * (w + 2) for w in widths) + "|")
    for r in results:
        if r.detail:
            lines += ["", f"{r.name}: " + ", ".join(f"{k} {v:.4g}" for k, v in r.detail.items())]
    return "\n".join(lines)


def as_json(results: Sequence[Result]) -> str:
    """All figures."""
    return json.dumps([asdict(r) for r in results], indent=2)
