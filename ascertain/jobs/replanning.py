"""The scheduled job that plans approved paths anew where something is failed or overdue."""

from __future__ import annotations

from typing import Any


def replan_paths(trigger: str) -> dict[str, Any]:
    """Plan anew each approved path that has something failed or overdue, with as little change as pays. What is added
    or moved waits for a yes; what is overdue gets new dates. Safe to run twice: without news it changes nothing.

    Raises:
        Stopped: everything is stopped.
    """
    from ascertain.pipeline.path_plan import behind
    from ascertain.pipeline.path_replan import replan_each
    from ascertain.pipeline.stop import must_go_on
    from ascertain.runtime import get_app

    app = get_app()
    with app.units(write=False) as uow:
        must_go_on(uow)
        people = behind(uow, app.clock.today())
    rows = replan_each(app.planner(), app.units, people)
    done = [r for r in rows if "problem" not in r]
    return {
        "trigger": trigger,
        "behind": len(people),
        "proposed": sum(r["proposed"] is not None for r in done),
        "moved": sum(r["proposed"] is None and bool(r["changes"]) for r in done),
        "not_planned": len(rows) - len(done),
    }
