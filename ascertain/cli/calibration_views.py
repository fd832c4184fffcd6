"""Draws reliability on a terminal: what was said, what was right, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from ascertain.domain.calibration import named
from ascertain.domain.canonical import plain

if TYPE_CHECKING:
    from rich.console import Console

    from ascertain.pipeline.calibration import Rehearsal
    from ascertain.pipeline.calibration_view import CalibrationReport, Part
    from ascertain.pipeline.fairness_calibration import GroupCalibration

_WIDTH = 41
Json = Mapping[str, Any]


def report_view(c: Console, r: CalibrationReport) -> None:
    """Figures of all decisions so far."""
    c.print(f"In use: {named(r.in_use)}. {r.decisions} decisions about {r.people} people{_left_out(r.left_out)}.")
    if r.posterior is None:
        c.print("Nobody has decided about an asserted level yet: there is nothing to compare with.")
        return
    c.print(
        f"{r.drawn} of them were drawn at random from what code accepts and stand for those that were not; the others "
        f"were asked because something about them was doubtful. Nothing under {r.lowest:.2f} was decided about.",
        soft_wrap=True,
    )
    reliability_view(c, "Posterior, before any calibration", plain(r.posterior))
    if r.shown is not None:
        reliability_view(c, "Confidence as it was stored", plain(r.shown))
    for title, parts in r.parts.items():
        c.print()
        c.print(_parts(title, parts, r.least_people))


def fit_view(c: Console, fitted: Json) -> None:
    """A fit: how it ended, before and after."""
    c.print(f"{fitted['outcome']}: {fitted['why']}", soft_wrap=True)
    if fitted["before"] is not None:
        reliability_view(c, "Before: the posterior as it is", fitted["before"])
    if fitted["after"] is not None:
        reliability_view(c, f"After, {fitted['method']}, out of fold", fitted["after"])


def reliability_view(c: Console, title: str, r: Json) -> None:
    """Figures and a line a bin: ● how often it was right in its 95 % interval, ┃ what was said."""
    c.print()
    c.print(f"{title}: {r['n']} decisions about {r['people']} people", style="bold")
    c.print(
        f"said {r['said']:.3f} on average, right {r['right']:.3f}; ECE {r['ece']:.3f} {_range(r['ece_95'])}, a perfect "
        f"model of that size would show {r['perfect_ece']:.3f}",
        soft_wrap=True,
    )
    c.print(
        f"Brier {r['brier']:.3f} {_range(r['brier_95'])} = reliability {r['reliability']:.3f} − resolution "
        f"{r['resolution']:.3f} + uncertainty {r['uncertainty']:.3f} + within bins {r['within']:+.3f}",
        soft_wrap=True,
    )
    for b in r["bins"]:
        c.print(
            f"{b['low']:.1f}-{b['high']:.1f} {bar(b['said'], b['right'], *b['right_95'])} {b['n']:>5}  "
            f"said {b['said']:.2f}, right {b['right']:.2f}"
        )


def groups_view(c: Console, r: GroupCalibration, written: Path | None) -> None:
    """Figures of each group of people."""
    c.print(f"{r.decisions} decisions about {r.people} people")
    for attribute, parts in r.by.items():
        c.print()
        c.print(_parts(attribute, parts, r.least_people))
    c.print("Reviewers may judge groups differently: confidences are compared with what they said, not with the truth.")
    if written is not None:
        c.print(f"wrote {written}")


def bar(said: float, right: float, low: float, high: float) -> str:
    """One bin from 0 to 1 in characters."""
    cells = ["·"] * _WIDTH
    for i in range(_place(low), _place(high) + 1):
        cells[i] = "─"
    cells[_place(said)] = "┃"
    cells[_place(right)] = "●"
    return "".join(cells)


def rehearsal_view(c: Console, r: Rehearsal) -> None:
    """What would change: counts, by role, without names."""
    c.print(f"{r.assertions} assertions stand; {r.human} of them were decided by a human and stay as they are.")
    for state, (before, after) in r.states.items():
        c.print(f"{state.replace('_', ' ')}: {before} → {after}")
    if r.confidence is not None:
        c.print(f"mean confidence: {r.confidence[0]:.3f} → {r.confidence[1]:.3f}")
    for change in r.changes:
        states = f"{change.before.replace('_', ' ')} → {change.after.replace('_', ' ')}"
        c.print(f"  {change.role}: {change.assertions} {states}")
    if not r.changes:
        c.print("no state would change")


def _parts(title: str, parts: Sequence[Part], least: int) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in (title, "decisions", "people", "said", "right", "ECE", "of a perfect model", "Brier"):
        table.add_column(name, justify="left" if name == title else "right")
    for p in parts:
        f = p.figures
        cells = (
            [f"{v:.3f}" for v in (f.said, f.right, f.ece, f.perfect_ece, f.brier)]
            if f
            else [f"too few (under {least} people)", "", "", "", ""]
        )
        table.add_row(p.name, str(p.decisions), str(p.people), *cells)
    return table


def _left_out(counts: Mapping[str, int]) -> str:
    return f"; left out: {', '.join(f'{n} {why}' for why, n in counts.items())}" if counts else ""


def _place(share: float) -> int:
    return min(max(round(share * (_WIDTH - 1)), 0), _WIDTH - 1)


def _range(interval: Sequence[float]) -> str:
    return f"[{interval[0]:.3f}, {interval[1]:.3f}]"
