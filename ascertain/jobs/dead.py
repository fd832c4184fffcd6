"""Jobs for which no try is left (dead letters): why, and another try when somebody has put right what was wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ascertain.domain.permission import Action, Principal
from ascertain.errors import NotFoundError
from ascertain.jobs.lanes import read_limits
from ascertain.jobs.queue import JobFailure, JobQueue
from ascertain.pipeline.permit import demand
from ascertain.runtime import App

_OURS = ("Work-horse terminated unexpectedly", "The worker died")
_RAISED = re.compile(r"([A-Za-z_][\w.]*)(?:: (.*))?", re.S)


def reason_of(error: str) -> str:
    """What may be shown of an error: this product's own words; of a foreign exception the kind alone, whose text may
    hold something personal."""
    if error.startswith(_OURS):
        return error.rstrip("; ")
    found = _RAISED.fullmatch(error.strip())
    if found is None:
        return "unknown"
    kind = found[1].rpartition(".")[2]
    ours = found[1].startswith("ascertain.")
    return f"{kind}: {found[2]}" if ours and found[2] else kind


def dead(app: App, jobs: JobQueue, who: Principal) -> list[dict[str, Any]]:
    """Each job that failed for good, the latest first, with its reason.

    Raises:
        ForbiddenError: they do not run the system.
    """
    with app.units(write=False) as uow:
        demand(uow, who, Action.SYSTEM_RUN)
    return [_shown(f) for f in jobs.failures()]


def standing(app: App, jobs: JobQueue, who: Principal) -> dict[str, Any]:
    """What waits, by priority; what runs, by kind; the limits; workers; and how many are dead.

    Raises:
        ForbiddenError: they do not run the system.
    """
    with app.units(write=False) as uow:
        demand(uow, who, Action.SYSTEM_RUN)
    return {
        "waiting": jobs.waiting(),
        "running": {lane or "other": n for lane, n in sorted(jobs.handle.queue.running().items())},
        "limits": dict(read_limits(app.settings.limits)),
        "workers": jobs.workers(),
        "dead": jobs.failed(),
    }


def requeue(app: App, jobs: JobQueue, who: Principal, ids: Sequence[str] = ()) -> list[str]:
    """Give dead jobs all their tries again, on record; without ``ids`` every one. The ids that were queued.

    Raises:
        ForbiddenError: they do not run the system.
        NotFoundError, ConflictError: no such job, or it has not failed.
    """
    with app.units() as uow:
        demand(uow, who, Action.SYSTEM_RUN)
        chosen = list(ids) or [f.id for f in jobs.failures()]
        if not chosen:
            raise NotFoundError("no job has failed for good")
        queued = [jobs.requeue(i).id for i in chosen]
        uow.audit.append("queue.requeued", actor=who.kind, header={"jobs": len(queued)}, payload={"by": who.name})
        uow.commit()
    return queued


def _shown(f: JobFailure) -> dict[str, Any]:
    at: datetime | None = f.failed_at
    task = f.function.rpartition(".")[2]
    return {"id": f.id, "task": task, "about": list(f.arguments), "reason": reason_of(f.error), "failed_at": at}
