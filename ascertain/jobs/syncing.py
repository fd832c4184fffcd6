"""Jobs that pull: all connections by the schedule, and records in quarantine that somebody asked to be tried again."""

from __future__ import annotations

from typing import Any

MOST = 500
"""Records that one job tries; the next sync tries the others."""


def sync_all(trigger: str) -> dict[str, Any]:
    """Pull from every connection and map new content. A connection that fails is on record with its remedy, and the
    others go on. New hires get a plan of their first 90 days, where the policy says so; ``drafts`` were queued.

    Raises:
        Stopped: everything is stopped.
        ConfigError: naming the missing secret.
    """
    from ascertain.jobs.onboarding import enqueue_waiting
    from ascertain.pipeline.stop import must_go_on
    from ascertain.runtime import get_app

    app = get_app()
    with app.units(write=False) as uow:
        must_go_on(uow)
    report = app.sync()
    app.tag()
    drafts = enqueue_waiting(app)
    failed = sorted({e.connector for e in report.entities if e.error})
    return {
        "trigger": trigger,
        "pulled": report.total("pulled"),
        "new": report.total("new"),
        "failed": failed,
        "drafts": drafts,
    }


def retry_quarantined(connection: str, record: str) -> dict[str, int]:
    """Try one record in quarantine again, or, without ``record``, all of a connection. Whatever can be used is taken
    in; the others stay with what is wrong now.

    Raises:
        Stopped: everything is stopped.
        ConfigError: the connection is not configured any more, or lacks a secret.
        RetryableConnectorError: another process works with the connection.
    """
    from ascertain.pipeline.requarantine import retry
    from ascertain.pipeline.stop import must_go_on
    from ascertain.runtime import get_app

    app = get_app()
    with app.units(write=False) as uow:
        must_go_on(uow)
        held = [q for q in uow.sync.quarantined() if q.connector == connection and record in ("", q.id)][:MOST]
    (opened,) = app.connectors([connection])
    taken = 0
    try:
        reader = app.message_reader([opened])
        for one in held:
            with app.units(write=False) as uow:
                if all(q.id != one.id for q in uow.sync.quarantined()):  # went along with one before it
                    taken += 1
                    continue
            done = retry(opened, one, app.units, clock=app.clock, budget=app.store.budget(), messages=reader)
            taken += done.taken
    finally:
        opened.close()
    return {"tried": len(held), "taken": taken}
