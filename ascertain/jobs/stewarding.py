"""Jobs of taxonomy stewardship: a look at what the evidence says, and moving people's results under a change."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from ascertain.jobs.outgoing import CARRY
from ascertain.jobs.queue import JobQueue, JobTicket
from ascertain.jobs.server import open_queue

if TYPE_CHECKING:
    from ascertain.runtime import App

TIMEOUT = 3600


def look_at_evidence(trigger: str) -> dict[str, Any]:
    """Put up the changes of the taxonomy that people's evidence speaks for. Safe to run twice: what was put up before
    is not weighed again.

    Raises:
        Stopped: everything is stopped.
        BrainError: a brain failed; it is tried again.
    """
    from ascertain.runtime import get_app

    found = get_app().propose()
    return {
        "trigger": trigger,
        "proposals": len(found.proposals),
        "known": found.known,
        "left": len(found.left),
        "refused": len(found.refused),
    }


def carry_out(proposal: str) -> dict[str, Any]:
    """Move people's results under a change that is being applied, some people a transaction. Safe to run twice, and to
    be killed: what is done is not done again.

    Raises:
        Stopped: everything is stopped; it goes on with the next try.
    """
    from ascertain.pipeline.stop import must_go_on
    from ascertain.runtime import get_app

    app = get_app()
    while True:
        with app.units() as uow:
            must_go_on(uow)
            batches = app.steward(uow).go_on(proposal)
            uow.commit()
        if batches.done == batches.total:
            break
    app.taxonomies.renew()
    app.tag()
    return {"proposal": proposal, "done": batches.done, "total": batches.total}


def enqueue_carry_out(app: App, proposal: str) -> JobTicket:
    """Queue it, once however often it is asked for."""
    with closing(open_queue(app.settings)) as handle:
        return JobQueue(handle, app.settings).submit(
            CARRY, (proposal,), job_id=f"taxonomy-{proposal}", priority="high", timeout=TIMEOUT, again=True
        )
