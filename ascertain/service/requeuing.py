"""Has records in quarantine tried again, for a page or by the API."""

from __future__ import annotations

from ascertain.domain.permission import Action, Principal
from ascertain.errors import NotFoundError
from ascertain.jobs.outgoing import enqueue_retry
from ascertain.pipeline.permit import demand
from ascertain.pipeline.stop import is_stopped
from ascertain.service.context import Service
from ascertain.service.infer import STOPPED, STOPPED_SECONDS
from ascertain.service.problems import wait


def requeue(service: Service, who: Principal, connection: str, record: str = "") -> int:
    """Queue another try of one record, or of all of a connection; how many are tried. Who asked is on record.

    Raises:
        ForbiddenError: they may not sync.
        NotFoundError: nothing such is in quarantine.
        Problem: 503 while everything is stopped, or the queue is away.
    """
    app = service.app
    with app.units() as uow:
        demand(uow, who, Action.SYNC_RUN)
        held = [q for q in uow.sync.quarantined() if q.connector == connection and record in ("", q.id)]
        if not held:
            raise NotFoundError("nothing such is in quarantine")
        if is_stopped(app.units):
            raise wait(503, STOPPED, STOPPED_SECONDS)
        with service.watch.queue(app) as queue:
            enqueue_retry(queue, connection, record)
        header = {"connector": connection, "records": len(held), "one": held[0].id if record else None}
        uow.audit.append("quarantine.retried", actor=who.kind, header=header, payload={"by": who.name})
        uow.commit()
    return len(held)
