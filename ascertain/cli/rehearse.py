"""rehearse."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ascertain.cli.actor import Actor, asking
from ascertain.cli.output import AsJson, emit, opened, shown_progress
from ascertain.domain.permission import Action

if TYPE_CHECKING:
    from ascertain.domain.people import Learner
    from ascertain.domain.permission import Principal
    from ascertain.domain.rehearsal import Rehearsal
    from ascertain.pipeline.fairness_rehearsal import GroupsOf
    from ascertain.runtime import App


def rehearse(
    brain: Annotated[str | None, typer.Option("--brain", help="Another brain or team of config/models.yaml.")] = None,
    policy: Annotated[Path | None, typer.Option("--policy", help="Another policy file.")] = None,
    prompts: Annotated[
        Path | None, typer.Option("--prompts", help="A folder with another agents.yaml and tasks.yaml.")
    ] = None,
    cohort: Annotated[str, typer.Option("--cohort", help="A department, a job profile id, or `all`.")] = "all",
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="So many people of it at most.")] = None,
    by: Annotated[str, typer.Option("--by", help="Also by group, such as sex,age_band: for fairness auditors.")] = "",
    least: Annotated[int, typer.Option("--min-group", min=2, help="Fewer people than this are too few.")] = 10,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Try another brain, policy or prompts in shadow: whose result would change, and by how much. Nothing is stored.

    The evidence is the same on both sides. Skills are named of people whom you may read about; others are counted.
    """
    from ascertain.cli.rehearse_views import rehearsal_json, rehearsal_view

    app = opened()
    who = asking(app, actor)
    learners = _permitted(app, who, cohort)[:limit]
    if by.strip():
        _must_be_auditor(app, actor)
    rehearser, notes = app.rehearser(brain=brain, policy_file=policy, prompts=prompts)
    if limit is not None:
        notes.append(f"the first {len(learners)} people of the cohort, by id")
    with shown_progress(hidden=as_json) as progress:
        found = rehearser.rehearse(
            who, learners, cohort=cohort, notes=notes, progress=lambda i, n: progress("rehearsing", i, n)
        )
    groups = _groups(app, actor, found, by, least) if by.strip() else None
    seen = _readable(app, who, learners, found)
    emit(rehearsal_json(found, seen, groups), as_json, lambda c: rehearsal_view(c, found, seen, groups))


def _permitted(app: App, who: Principal, cohort: str) -> list[Learner]:
    from ascertain.pipeline.permit import all_permitted
    from ascertain.pipeline.sweep import cohort_or_raise

    with app.units(write=False) as uow:
        learners = sorted(cohort_or_raise(uow, cohort), key=lambda p: p.id)
        all_permitted(uow, who, Action.ASSESS_RUN, learners)
    return learners


def _readable(app: App, who: Principal, learners: list[Learner], found: Rehearsal) -> dict[str, str]:
    """Names by id of those whose changes are shown; that they are is on record before."""
    from ascertain.pipeline.access import note_access, readable
    from ascertain.pipeline.permit import those_permitted

    changed = {c.learner_id for c in found.changed}
    with app.units(write=False) as uow:
        theirs = those_permitted(uow, who, Action.SKILLS_READ, [p for p in learners if p.id in changed])
        seen = readable(uow, who.name, list(theirs))
    note_access(app.units, who.name, "rehearsal", [p.id for p in seen])
    return {p.id: p.name for p in seen}


def _must_be_auditor(app: App, actor: str | None) -> None:
    """Before anything is paid for."""
    from ascertain.cli.fairness import labels_for

    with labels_for(app, actor):
        pass


def _groups(app: App, actor: str | None, found: Rehearsal, by: str, least: int) -> GroupsOf:
    from ascertain.cli.fairness import labels_for
    from ascertain.pipeline.fairness_rehearsal import rehearsal_by_group

    with labels_for(app, actor) as (store, auditor):
        return rehearsal_by_group(app.units, store, auditor, found.changes, by=by.split(","), least_people=least)
