"""How far somebody is on their path: what is finished, failed or skipped, and what should have been done by now."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from ascertain.domain.assignments import AssignmentState
from ascertain.domain.people import Learner
from ascertain.domain.ports import UnitOfWork
from ascertain.pipeline.assignments import finished

Json = dict[str, Any]


def progress(uow: UnitOfWork, learner: Learner, path: Mapping[str, Any], today: date) -> Json:
    """The steps of a path (``pipeline.views.path``) with where each stands: done, skipped, failed, overdue, approved or
    proposed.

    The plan's weeks count from the day on which somebody approved it, or on which it was planned anew since, and before
    that from the day of the run; only an approved step can be overdue, since before that nobody has asked for it.
    """
    run = uow.runs.latest(learner.id)
    steps = path["plan"]["steps"] if path["plan"] else []
    if run is None or not steps:
        return {"from": None, "approved": False, "done": 0, "steps": []}
    assignment = uow.assignments.current(learner.id)
    approved = assignment is not None and assignment.state is AssignmentState.APPROVED
    begins = run.as_of
    if approved and assignment is not None and isinstance(assignment.decided_at, datetime):
        kept = assignment.plan.get("starts")
        begins = date.fromisoformat(kept) if kept else assignment.decided_at.date()
    done_on = finished(uow, learner)
    skipped = {s.content_id: s.reason for s in uow.paths.skips(learner.id)}
    failed = {e.content_id for e in uow.evidence.of(learner.id) if e.passed is False and learner.allows(e)}
    rows = []
    for s in steps:
        c = s["content_id"]
        due = begins + timedelta(days=math.ceil(7 * s["end_week"]))
        late = approved and due < today
        if c in done_on:
            state = "done"
        elif c in skipped and not s.get("mandatory"):
            state = "skipped"
        elif late:
            state = "overdue"
        elif c in failed:
            state = "failed"
        else:
            state = "approved" if approved else "proposed"
        on = done_on.get(c)
        rows.append(
            {
                **s,
                "state": state,
                "due": due.isoformat(),
                "done_on": on.isoformat() if on else None,
                "failed": c in failed and c not in done_on,
                "skip_reason": skipped.get(c, ""),
            }
        )
    return {
        "from": begins.isoformat(),
        "approved": approved,
        "done": sum(r["state"] == "done" for r in rows),
        "steps": rows,
    }
