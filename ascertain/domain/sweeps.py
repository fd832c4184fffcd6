"""Sweeps: one look at a cohort for those whose case has changed, where it stands, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class SweepState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Sweep:
    """One sweep of a cohort.

    Attributes:
        trigger: what started it: ``cli``, ``schedule:NAME``.
        queued: whether assessments were handed to the queue; their ends are those of the runs then.
        touched_at: when it last came forward; a sweep that runs and has not for long was killed.
        after: the learner up to whom (by id) it is done; empty once it has ended.
        figures: counts of people: ``looked`` at, ``due``, ``unchanged``, ``no_notice``, ``no_consent``; of the due
            ``assessed``, ``known``, ``failed`` or, with a queue, ``queued`` and ``already``; ``named``: whose texts
            name somebody newly known.
        expected: seconds, calls, tokens and US dollars that the due were expected to take of workers, where there were
            runs to go by when it began.
    """

    id: str
    cohort: str
    trigger: str
    started_at: datetime
    touched_at: datetime
    force: bool = False
    queued: bool = False
    state: SweepState = SweepState.RUNNING
    ended_at: datetime | None = None
    after: str = ""
    figures: Mapping[str, int] = field(default_factory=dict)
    expected: Mapping[str, float] = field(default_factory=dict)


class Sweeps(Protocol):
    """Sweeps, and how far names were looked for."""

    def get(self, sweep_id: str) -> Sweep | None: ...
    def put(self, sweep: Sweep) -> None:
        """Insert, or replace the one with that id."""

    def recent(self, limit: int) -> list[Sweep]:
        """The newest first."""

    def names_known(self) -> int:
        """Up to which revision of people new names have been looked for in everybody's texts."""

    def set_names_known(self, through: int) -> None: ...
