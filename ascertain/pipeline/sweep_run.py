"""Works through a sweep's due, one learner after the other, and keeps where it is and what came of it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ascertain.domain.ports import Clock, UnitOfWorkFactory
from ascertain.domain.sweeps import Sweep, SweepState
from ascertain.errors import AscertainError, ConflictError, NotFoundError
from ascertain.pipeline.stop import Stopped
from ascertain.pipeline.sweep import SweepPlan

KEPT_EVERY = timedelta(seconds=5)
"""How often a sweep notes where it is: what is killed does so much again, and finds it done."""
ALIVE = timedelta(minutes=2)
"""A sweep that came forward so shortly ago is still worked on."""
MOST_FAILURES = 100
"""Failures that a report names; all are counted."""

Each = Callable[[str], str]
"""Works on one learner; the figure it counts in."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A learner whose assessment failed in a sweep, with the state the run ended in."""

    learner_id: str
    error: str


@dataclass(frozen=True, slots=True)
class Swept:
    """A sweep's report, and who failed in this process."""

    sweep: Sweep
    failures: tuple[Failure, ...] = ()


def new_sweep(clock: Clock, cohort: str, trigger: str, *, force: bool, queued: bool, ident: str = "") -> Sweep:
    """A sweep that begins now.

    Args:
        ident: of a job: when it is tried again it goes on where it was.
    """
    now = clock.now()
    return Sweep(ident or f"s{secrets.token_hex(8)}", cohort, trigger, now, now, force=force, queued=queued)


def unfinished(units: UnitOfWorkFactory, clock: Clock, cohort: str, *, queued: bool) -> Sweep:
    """The last sweep of a cohort, if it was killed or stopped before its end.

    Raises:
        NotFoundError: it has come to its end, or there was none.
        ConflictError: it seems to be worked on.
    """
    with units(write=False) as uow:
        last = next((s for s in uow.sweeps.recent(200) if s.cohort == cohort and s.queued == queued), None)
    if last is None or last.state is SweepState.DONE:
        raise NotFoundError(f"no sweep of {cohort!r} was left unfinished", remedy="start one without --resume")
    if last.state is SweepState.RUNNING and clock.now() - last.touched_at < ALIVE:
        raise ConflictError(
            f"the sweep {last.id} is still worked on", remedy=f"wait {ALIVE.seconds} s after it was killed"
        )
    return last


def run_sweep(
    units: UnitOfWorkFactory,
    clock: Clock,
    sweep: Sweep,
    plan: SweepPlan,
    each: Each,
    *,
    named: int = 0,
    expected: Mapping[str, float] | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> Swept:
    """Work through those due, in the order of their ids, and keep the report. A sweep that is in the store already goes
    on after the learner up to whom it was done. One failure does not stop the others."""
    with units() as uow:
        known = uow.sweeps.get(sweep.id)
        now = known or replace(sweep, figures=_counts(plan, named, queued=sweep.queued), expected=dict(expected or {}))
        now = replace(now, state=SweepState.RUNNING, touched_at=clock.now(), ended_at=None)
        uow.sweeps.put(now)
        uow.commit()
    figures, failures, due = dict(now.figures), list[Failure](), [d.id for d in plan.due if d.id > now.after]

    def keep(state: SweepState, after: str, at: datetime) -> Sweep:
        ended = at if state is not SweepState.RUNNING else None
        where = "" if state is SweepState.DONE else after
        kept = replace(now, state=state, after=where, touched_at=at, ended_at=ended, figures=figures)
        with units() as uow:
            uow.sweeps.put(kept)
            uow.commit()
        return kept

    after, last, end = now.after, now.touched_at, SweepState.DONE
    for i, learner_id in enumerate(due, start=1):
        try:
            counted = each(learner_id)
        except Stopped:
            end = SweepState.STOPPED
            break
        except AscertainError as e:
            counted = "failed"
            if len(failures) < MOST_FAILURES:
                failures.append(Failure(learner_id, e.message))
        figures[counted] = figures.get(counted, 0) + 1
        after = learner_id
        if progress:
            progress(i, len(due), learner_id)
        if (at := clock.now()) - last >= KEPT_EVERY:
            keep(SweepState.RUNNING, after, at)
            last = at
    return Swept(keep(end, after, clock.now()), tuple(failures))


def _counts(plan: SweepPlan, named: int, *, queued: bool) -> dict[str, int]:
    ends = ("queued", "already", "failed") if queued else ("assessed", "known", "failed")
    return {
        "looked": plan.looked,
        "due": len(plan.due),
        "unchanged": plan.unchanged,
        "no_notice": len(plan.no_notice),
        "no_consent": len(plan.no_consent),
        "named": named,
        **dict.fromkeys(ends, 0),  # a report states what did not happen too
    }
