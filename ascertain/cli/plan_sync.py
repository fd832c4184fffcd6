"""What `path sync` and `onboard sync` share: compare, write through the outbox, tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ascertain.cli.actor import asking
from ascertain.cli.output import emit, opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ascertain.domain.permission import Action
    from ascertain.pipeline.learning_plans import Plans

OneLearner = Annotated[str | None, typer.Option("--learner", help="Id or e-mail address of one learner.")]
Cohort = Annotated[str, typer.Option("--cohort", help="A department, a job profile id, or `all`.")]
To = Annotated[list[str] | None, typer.Option("--to", help="Only this connection; may be repeated.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be written, and write nothing.")]


def sync_plans(
    plans: Plans,
    action: Action,
    learner: str | None,
    cohort: str,
    to: Sequence[str] | None,
    actor: str | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Sync what stands of those about whom the caller may do ``action``, or show what a sync would do.

    Raises:
        ConfigError: no connection takes such plans.
        ConflictError: write-back is paused, or everything is stopped.
    """
    from ascertain.pipeline.learning_plans import begin_plans, plans_preview
    from ascertain.pipeline.permit import permitted_learner, those_permitted
    from ascertain.pipeline.stop import must_go_on
    from ascertain.pipeline.sweep import cohort_or_raise
    from ascertain.pipeline.write_back_push import push
    from ascertain.pipeline.write_back_switch import must_not_be_paused

    app_ = opened()
    who = asking(app_, actor)
    with app_.units(write=False) as uow:
        if learner is not None:
            people = [permitted_learner(uow, who, action, learner)]
        else:
            people = those_permitted(uow, who, action, cohort_or_raise(uow, cohort))
        if not dry_run:
            must_go_on(uow)
            must_not_be_paused(uow)
    with app_.write_back(tuple(to or ())) as desk:
        found = plans_preview(desk, people, plans)
        rows = [
            {
                "learner": d.learner_id,
                "connection": d.connection,
                "account": d.account,
                "action": c.action.value,
                "present": c.present,
                "courses": c.value,
            }
            for d in found.preview.diffs
            for c in d.changes
        ]
        data: dict[str, Any] = {
            "plans": rows,
            "left_out": found.left_out,
            "unreached": found.unreached,
            "problems": found.preview.problems,
        }
        run = None if dry_run else begin_plans(desk, found, who.name, plans)
        if run is not None:
            report = push(desk, run.id)
            data |= {
                "run": run.id,
                "totals": dict(report.totals),
                "problems": [*found.preview.problems, *report.problems],
            }
    emit(data, as_json, lambda c: _print_plans(c, data, dry_run=dry_run))


def _print_plans(c: Console, data: dict[str, Any], *, dry_run: bool) -> None:
    for row in data["plans"]:
        c.print(f"{row['learner']} → {row['account']}: {row['action']}", soft_wrap=True)
        if row["present"] != row["courses"]:
            c.print(f"  − {row['present'] or '(no plan)'}", soft_wrap=True)
            c.print(f"  + {row['courses'] or '(no plan)'}", soft_wrap=True)
    for learner, titles in data["left_out"].items():
        c.print(f"{learner}: not courses of the LMS, so not in the plan: {', '.join(titles)}", soft_wrap=True)
    for learner in data["unreached"]:
        c.print(f"{learner}: something approved, and no account that takes a plan")
    for problem in data["problems"]:
        c.print(problem, soft_wrap=True)
    if "run" in data:
        totals = ", ".join(f"{n} {state}" for state, n in data["totals"].items())
        c.print(f"run {data['run']}: {totals}; `ascertain writeback undo {data['run']}` takes it back", soft_wrap=True)
    elif not dry_run:
        c.print("nothing to write")
