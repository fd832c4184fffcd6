"""The scheduled job that makes the lists for openings anew. It reads no group label."""

from __future__ import annotations

from typing import Any


def refresh_matches(trigger: str) -> dict[str, Any]:
    """Make the list of every open opening; nothing where people are not compared with openings. Safe to run twice.

    Raises:
        Stopped: everything is stopped.
    """
    from ascertain.pipeline.matches import refresh
    from ascertain.pipeline.stop import must_go_on
    from ascertain.runtime import get_app

    app = get_app()
    with app.units(write=False) as uow:
        must_go_on(uow)
    if not app.talent.mobility:
        return {"trigger": trigger, "off": True, "made": 0, "unchanged": 0, "dropped": 0}
    with app.units() as uow:
        done = refresh(uow, app.talent, app.policy.belief, app.clock)
        uow.commit()
    return {
        "trigger": trigger,
        "off": False,
        "made": done.made,
        "unchanged": done.unchanged,
        "dropped": done.dropped,
    }
