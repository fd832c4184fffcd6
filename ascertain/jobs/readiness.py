"""The scheduled job that keeps how ready people are for key roles. It reads no group label."""

from __future__ import annotations

from typing import Any


def keep_readiness(trigger: str) -> dict[str, Any]:
    """Keep the month's readiness of everybody on a list; nothing where succession is not planned. Safe to run twice.

    Raises:
        Stopped: everything is stopped.
    """
    from ascertain.pipeline.readiness import keep_month
    from ascertain.pipeline.stop import must_go_on
    from ascertain.runtime import get_app

    app = get_app()
    with app.units(write=False) as uow:
        must_go_on(uow)
    if not app.talent.succession:
        return {"trigger": trigger, "off": True, "looked": 0, "kept": 0}
    with app.units() as uow:
        done = keep_month(uow, app.readiness, app.clock)
        uow.commit()
    return {"trigger": trigger, "off": False, "looked": done.looked, "kept": done.kept}
