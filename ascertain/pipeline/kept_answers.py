"""Answers of a run that is under way: kept as they come, so that a process that is killed has paid for nothing in vain.

What is taken up again is forgotten until a new answer comes: a run that dies of an answer, each time anew, is asked
afresh the time after.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from ascertain.domain.answers import Keep, KeptAnswer
from ascertain.domain.ports import UnitOfWorkFactory
from ascertain.domain.runs import Run
from ascertain.errors import AscertainError

log = logging.getLogger(__name__)


def taken_up(units: UnitOfWorkFactory, run: Run) -> Mapping[str, KeptAnswer]:
    """What earlier tries of the run were answered, by question."""
    with units(write=False) as uow:
        kept = {a.question: a for a in uow.answers.of(run.id)}
    if kept:
        with units() as uow:
            uow.answers.forget(run.learner_id)
            uow.commit()
    return kept


def keeping(units: UnitOfWorkFactory, run: Run) -> Keep:
    """Keeps what the run is answered. Where it cannot be kept the run goes on, and the log says so: what is kept serves
    a next try alone. Nothing is kept of somebody who has taken something back since, who is gone, or restricted."""
    with units(write=False) as uow:
        known = uow.people.get(run.learner_id)
    consents = known.consents if known is not None else None

    def keep(answers: Sequence[KeptAnswer]) -> None:
        try:
            with units() as uow:
                now = uow.people.get(run.learner_id)
                if now is None or now.consents != consents or uow.restrictions.on(run.learner_id) is not None:
                    return
                uow.answers.keep(run.id, run.learner_id, answers)
                uow.commit()
        except AscertainError as e:
            log.warning("run %s: an answer could not be kept for another try: %s", run.id, e.message)

    return keep
