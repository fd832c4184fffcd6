"""Sweeps in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ascertain.domain.sweeps import Sweep, SweepState

if TYPE_CHECKING:
    from rich.console import Console


def sweep_lines(c: Console, sweep: Sweep) -> None:
    """One sweep's report."""
    f = sweep.figures
    ended = (
        f"{f.get('queued', 0)} queued, {f.get('already', 0)} queued or done before"
        if sweep.queued
        else f"{f.get('assessed', 0)} assessed, {f.get('known', 0)} known under the same fingerprint"
    )
    c.print(
        f"{sweep.cohort}: {ended}, {f['unchanged']} unchanged, {f.get('failed', 0)} failed"
        + (f", {sweep.state.value.upper()} before the end" * (sweep.state is not SweepState.DONE))
        + (". `ascertain worker` works on them." if sweep.queued else ""),
        soft_wrap=True,
    )


def sweep_reports(c: Console, sweeps: Sequence[Sweep]) -> None:
    """Several, with when and what they were expected to take."""
    for s in sweeps:
        took = ""
        if s.ended_at is not None:
            took = f", took {(s.ended_at - s.started_at).total_seconds():.0f} s"
        due = f"{s.figures.get('due', 0)} due of {s.figures.get('looked', 0)}"
        expected = f", about {s.expected['seconds']:.0f} s of one worker expected" if "seconds" in s.expected else ""
        c.print(f"{s.started_at:%Y-%m-%d %H:%M} UTC  {s.id}  {s.trigger}: {due}{expected}{took}", soft_wrap=True)
        sweep_lines(c, s)
    if not sweeps:
        c.print("no sweep yet")
