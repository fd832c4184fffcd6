"""Plans the paths of several people anew, each in a transaction of their own, and says what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ascertain.domain.people import Learner
from ascertain.domain.ports import UnitOfWorkFactory
from ascertain.errors import ConflictError, InputError, NotFoundError
from ascertain.pipeline.path_plan import PathPlanner, Replanned
from ascertain.pipeline.stop import is_stopped

Json = dict[str, Any]


def shown(learner_id: str, found: Replanned) -> Json:
    """What planning anew came to."""
    return {
        "learner": learner_id,
        "proposed": found.proposed.id if found.proposed else None,
        "changes": list(found.proposed.changes if found.proposed else found.moved),
        "items": [s.title for s in found.plan.steps],
        "closure": found.plan.closure,
        "bound": found.plan.bound,
        "cost": found.plan.cost,
        "binding": found.plan.binding,
        "reliefs": [r.words for r in found.plan.reliefs],
    }


def replan_each(planner: PathPlanner, units: UnitOfWorkFactory, people: Iterable[Learner]) -> list[Json]:
    """Plan each anew. Somebody for whom nothing may be planned has a ``problem`` instead, and the others go on; when
    everything is stopped meanwhile, the rest waits for the next time."""
    rows: list[Json] = []
    for learner in people:
        if is_stopped(units):
            break
        try:
            with units() as uow:
                found = planner.replan(uow, learner)
                uow.commit()
        except (ConflictError, InputError, NotFoundError) as e:
            rows.append({"learner": learner.id, "problem": e.message})
        else:
            rows.append(shown(learner.id, found))
    return rows
