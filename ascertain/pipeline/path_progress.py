"""How far somebody is on their path: what is finished since it was made, and what should have been by now."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from ascertain.domain.assignments import AssignmentState
from ascertain.domain.people import Learner
from ascertain.domain.ports import UnitOfWork
from ascertain.pipeline.cases import FINISHED

Json = dict[str, Any]


def progress(uow: UnitOfWork, learner: Learner, path: Mapping[str, Any], today: date) -> Json:
    """The steps of a path (``pipeline.views.path``) with where each stands.

    The plan's weeks count from the day on which somebody approved it, and before that from the day of the run; only an
    approved step can be overdue, since before that nobody has asked for it.
    """
    run = uow.runs.latest(learner.id)
    steps = path["plan"]["steps"] if path["plan"] else []
    if run is None or not steps:
        return {"from": None, "approved": False, "done": 0, "steps": []}
    assignment = uow.assignments.current(learner.id)
    approved = assignment is not None and assignment.state is AssignmentState.APPROVED
    begins = run.as_of
    if approved and assignment is not None and isinstance(assignment.decided_at, datetime):
        begins = assignment.decided_at.date()
    finished: dict[str, date | None] = {}
    for e in uow.evidence.of(learner.id):
        if e.content_id and e.kind in FINISHED and e.passed is not False and learner.allows(e):
            finished[e.content_id] = max(filter(None, (finished.get(e.content_id), e.occurred_on)), default=None)
    rows = []
    for s in steps:
        due = begins + timedelta(days=math.ceil(7 * s["end_week"]))
        done = s["content_id"] in finished
        on = finished.get(s["content_id"])
        late = approved and not done and due < today
        state = "done" if done else "overdue" if late else "approved" if approved else "proposed"
        rows.append({**s, "state": state, "due": due.isoformat(), "done_on": on.isoformat() if on else None})
    done_steps = sum(r["state"] == "done" for r in rows)
    return {"from": begins.isoformat(), "approved": approved, "done": done_steps, "steps": rows}
