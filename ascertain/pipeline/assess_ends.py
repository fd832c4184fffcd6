"""Runs that end without a result: by name, with what had been found until then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ascertain.domain.answers import KeptAnswer
from ascertain.domain.findings import CrewFindings, Step
from ascertain.domain.ports import Clock, UnitOfWorkFactory
from ascertain.domain.runs import Run, RunState
from ascertain.domain.spending import figures as figures_of
from ascertain.domain.spending import usage_of
from ascertain.errors import RunError
from ascertain.pipeline.results import partial_documents
from ascertain.pipeline.run_audit import seal_failed, seal_steps

KILLED = "the process that worked on it was killed"


def fail(
    units: UnitOfWorkFactory,
    clock: Clock,
    run: Run,
    state: RunState,
    why: str,
    partial: CrewFindings | None = None,
    *,
    steps: Sequence[Step] = (),
    answers: Sequence[KeptAnswer] | None = (),
) -> None:
    """Store how a run ended, unless another process has finished it. ``partial`` is kept with it, and what was used
    until then: by its steps, else by ``steps``. ``answers`` wait for the next try, in place of those that were kept
    while it was under way; ``None``: those stay."""
    with units() as uow:
        known = uow.runs.find(run.learner_id, run.fingerprint)
        if known is not None and known.state is RunState.DONE:  # another worker has done what this one could not
            return
        figures: dict[str, Any] = {"error": why}
        if spent := usage_of(partial.steps if partial is not None else steps):
            figures["usage"] = figures_of(spent)
        if partial is not None:
            figures |= {"claims": len(partial.claims), "picks": len(partial.picks), "agents": len(partial.steps)}
            uow.runs.put_documents(run.id, partial_documents(partial))
            seal_steps(uow, run, partial)
        if answers:
            uow.answers.keep(run.id, run.learner_id, answers)
        elif answers is not None:
            uow.answers.forget(run.learner_id)
        uow.runs.put(replace(run, state=state, finished_at=clock.now(), outcome=figures))
        seal_failed(uow, run, state)
        uow.commit()


def steps_of(error: RunError) -> list[Step]:
    """What agents had been asked before it ended."""
    return [s for s in error.steps if isinstance(s, Step)]


def answers_of(error: RunError) -> list[KeptAnswer]:
    """What need not be asked again."""
    return [a for a in error.answers if isinstance(a, KeptAnswer)]


def abandon(units: UnitOfWorkFactory, clock: Clock, learner_id: str, since: datetime) -> int:
    """End the learner's runs that were begun at or after ``since`` and have not ended, because whoever worked on them
    was killed; their number. A run that is taken up again begins anew."""
    with units(write=False) as uow:
        left = [r for r in uow.runs.begun(learner_id) if r.started_at >= since]
    for run in left:
        fail(units, clock, run, RunState.FAILED, KILLED, answers=None)
    return len(left)
