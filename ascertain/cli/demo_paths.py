"""The demonstration's approved path, as a learning plan in the sandbox's Docebo."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ascertain.runtime import App


def sync_paths(app: App) -> str:
    """Write what was approved, once, over HTTP. In words what that was; empty when there was nothing to write."""
    from ascertain.cli.demo_people import MARK
    from ascertain.paths import CONFIG_DIR
    from ascertain.pipeline.learning_plans import PATHS, begin_plans, plans_preview
    from ascertain.pipeline.write_back_push import push

    with app.units(write=False) as uow:
        known = [r.id for r in uow.outbox.runs() if r.options.get("kind") == PATHS.name]
        people = uow.people.all()
    if known:
        return _said(known[0])
    with app.write_back(["docebo"], CONFIG_DIR / "connectors-sandbox.yaml") as desk:
        run = begin_plans(desk, plans_preview(desk, people), MARK)
        if run is None:
            return ""
        push(desk, run.id)
    return _said(run.id)


def _said(run: str) -> str:
    return f"the approved path is a learning plan in Docebo (`path sync`); `writeback undo {run}` takes it back"
