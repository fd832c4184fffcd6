"""Retention put together: the database, the queue and the group labels. Also the scheduled job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ascertain.domain.canonical import plain
from ascertain.domain.people import Learner
from ascertain.jobs.erasing import erase_everywhere
from ascertain.pipeline.retain import ACTOR, Retainer

if TYPE_CHECKING:
    from ascertain.runtime import App

REASON = "left longer ago than the policy's retention allows"


def retainer(app: App) -> Retainer:
    """The use case on this installation."""

    def forget(learner: Learner) -> Mapping[str, int]:
        done = erase_everywhere(app, learner, actor=ACTOR, reason=REASON, keep_away=app.policy.retention.left_tombstone)
        return {"group_labels": 0, **done.rows, "jobs": done.jobs}

    return Retainer(app.units, app.clock, app.policy.retention, app.policy.version, forget, app.store.overwrite_deleted)


def retain(trigger: str) -> dict[str, Any]:
    """Delete what was held longer than the policy says. Safe to run twice.

    Raises:
        Stopped: everything is stopped.
    """
    from ascertain.pipeline.stop import must_go_on
    from ascertain.runtime import get_app

    app = get_app()
    with app.units(write=False) as uow:
        must_go_on(uow)
    report = retainer(app).run()
    rows: dict[str, int] = {}
    for d in report.deletions:
        rows[d.kind] = rows.get(d.kind, 0) + d.rows
    found: dict[str, Any] = plain({"trigger": trigger, "policy": report.policy, "rows": rows})
    return {**found, "stopped": report.stopped}
