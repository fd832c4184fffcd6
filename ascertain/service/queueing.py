"""Shows the queue to whoever runs the system, and has jobs tried anew, for a page or by the API."""

from __future__ import annotations

from typing import Any

from ascertain.domain.permission import Action, Principal
from ascertain.domain.sweeps import Sweep
from ascertain.jobs import dead
from ascertain.pipeline.permit import demand
from ascertain.service.context import Service

SWEEPS = 100
"""Sweeps that are shown."""


def look(service: Service, who: Principal) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """How the queue stands, and the jobs that failed for good.

    Raises:
        ForbiddenError: they do not run the system.
        Problem: 503 while the queue is away.
    """
    _ask_first(service, who)
    with service.watch.queue(service.app) as queue:
        return dead.standing(service.app, queue, who), dead.dead(service.app, queue, who)


def reports(service: Service, who: Principal) -> list[Sweep]:
    """The last sweeps, the latest first.

    Raises:
        ForbiddenError: they do not run the system.
    """
    with service.app.units(write=False) as uow:
        demand(uow, who, Action.SYSTEM_RUN)
        return uow.sweeps.recent(SWEEPS)


def again(service: Service, who: Principal, job: str = "") -> int:
    """Try one job anew, or all that failed for good; how many.

    Raises:
        ForbiddenError: they do not run the system.
        NotFoundError, ConflictError: there is none, or it has not failed.
        Problem: 503 while the queue is away.
    """
    _ask_first(service, who)
    with service.watch.queue(service.app) as queue:
        return len(dead.requeue(service.app, queue, who, [job] if job else ()))


def _ask_first(service: Service, who: Principal) -> None:
    """Whether the queue is away is told to nobody who may not know how it stands."""
    with service.app.units(write=False) as uow:
        demand(uow, who, Action.SYSTEM_RUN)
