"""onboard plan, draft, list, show, edit, approve, withdraw, tick, comment, progress, export, sync."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ascertain.cli.actor import Actor, Reader, asking
from ascertain.cli.output import AsJson, emit, opened, tell_left_out
from ascertain.cli.plan_sync import Cohort, DryRun, OneLearner, To
from ascertain.domain.onboarding import MilestoneState, OnboardingPlan
from ascertain.domain.permission import Action, Principal
from ascertain.errors import AscertainError, InputError

if TYPE_CHECKING:
    from ascertain.domain.people import Learner
    from ascertain.domain.ports import UnitOfWork
    from ascertain.runtime import App

app = typer.Typer(
    help="Plans of somebody's first 90 days: drafted by the crew, changed and approved by the hiring manager.",
    no_args_is_help=True,
)

PlanId = Annotated[str, typer.Argument(metavar="PLAN", help="Id out of `onboard list`, or its beginning.")]
Why = Annotated[str, typer.Option("--reason", help="Why; it stays with the version, and the new hire reads it.")]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="A day, as 2026-11-30.")]


class Format(StrEnum):
    """What a plan is exported as."""

    ICS = "ics"
    JSON = "json"


@app.command("plan")
def plan(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="Id or e-mail address of the new hire.")],
    file: Annotated[Path | None, typer.Option("--input", help="What the manager gives (YAML or JSON).")] = None,
    starts: Day = None,
    queue: Annotated[bool, typer.Option("--queue", help="Let a worker draft it.")] = False,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Ask for a plan and draft it: what the role asks, what the team can show, what the manager gave."""
    from ascertain.cli.onboard_views import show_plan
    from ascertain.pipeline import onboarding
    from ascertain.pipeline.onboarding_input import OnboardingInput, given_of, read_input
    from ascertain.pipeline.permit import permitted_learner

    asked = read_input(file) if file else OnboardingInput()
    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        learner = permitted_learner(uow, who, Action.ONBOARDING_EDIT, person)
        role = shown.builder.role_of(uow, learner)
        given = given_of(uow, learner, role, shown.bundle.taxonomy, asked)
        first = starts.date() if starts else asked.starts_on
        made = onboarding.ask(uow, learner, given, starts_on=first, by=who.name, kind=who.kind, clock=shown.clock)
        uow.commit()
    if queue:
        _queue(shown, made)
    else:
        made = shown.draft_onboarding(made.id)
    data = _read(shown, who, made.id)
    emit(data, as_json, lambda c: show_plan(c, data))


@app.command("draft")
def draft(
    plan: Annotated[str, typer.Argument(metavar="[PLAN]", help="One plan; else all that wait.")] = "",
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Draft what was asked for and not drafted yet, new hires of the last sync among it."""
    from ascertain.pipeline.onboarding import permitted_plan
    from ascertain.pipeline.onboarding_start import waiting
    from ascertain.pipeline.permit import demand_somewhere, may_each

    shown = opened()
    who = asking(shown, actor)
    if plan:
        with shown.units(write=False) as uow:
            found, _ = permitted_plan(uow, who, Action.ONBOARDING_EDIT, plan)
        todo = [found]
    else:
        with shown.units(write=False) as uow:
            demand_somewhere(uow, who, Action.ONBOARDING_EDIT)
        shown.begin_onboarding()
        plans = waiting(shown.units)
        with shown.units(write=False) as uow:
            allowed = may_each(uow, who, Action.ONBOARDING_EDIT, [(p.learner_id, None) for p in plans])
        todo = [p for p, yes in zip(plans, allowed, strict=True) if yes]
    done, failed = [], []
    for one in todo:
        try:
            done.append(shown.draft_onboarding(one.id))
        except AscertainError as e:
            failed.append({"plan": one.id, "problem": e.message, "remedy": e.remedy})
    rows = [
        {"id": p.id, "learner": p.learner_id, "state": p.state.value, "milestones": len(p.milestones)} for p in done
    ]

    def render(c: Any) -> None:
        for r in rows:
            c.print(f"{r['id']}: {r['milestones']} milestones for {r['learner']}, {r['state']}", soft_wrap=True)
        for f in failed:
            c.print(f"{f['plan']}: {f['problem']}", style="red", soft_wrap=True)
        if not todo:
            c.print("nothing waits to be drafted")

    emit({"plans": rows, "failed": failed}, as_json, render)
    if failed:
        raise typer.Exit(1)


@app.command("list")
def list_plans(
    everything: Annotated[bool, typer.Option("--all", help="Withdrawn ones too.")] = False,
    actor: Reader = None,
    as_json: AsJson = False,
) -> None:
    """Plans, those that wait for their manager first."""
    from ascertain.cli.onboard_views import list_table
    from ascertain.pipeline.access import note_access, readable
    from ascertain.pipeline.onboarding_view import in_lists
    from ascertain.pipeline.permit import permitted_rows

    shown = opened()
    who = asking(shown, actor)
    with shown.units(write=False) as uow:
        rows = in_lists(uow, uow.onboardings.listed(), shown.clock.today())
        rows = [r for r in rows if everything or r["state"] != "withdrawn"]
        seen, left_out = permitted_rows(uow, who, Action.ONBOARDING_READ, rows, lambda r: (r["learner"], None))
        people = [p for p in uow.people.all() if p.id in {r["learner"] for r in seen}]
        may = {p.id for p in readable(uow, who.name, people)}
    seen = [r for r in seen if r["learner"] in may]
    note_access(shown.units, who.name, "onboarding", {r["learner"] for r in seen})
    emit({"plans": seen, "left_out": left_out}, as_json, lambda c: list_table(c, seen))
    tell_left_out(left_out)


@app.command("show")
def show(plan: PlanId, actor: Reader = None, as_json: AsJson = False) -> None:
    """A plan with its milestones, remarks, versions and comments."""
    from ascertain.cli.onboard_views import show_plan

    shown = opened()
    data = _read(shown, asking(shown, actor), plan)
    emit(data, as_json, lambda c: show_plan(c, data))


@app.command("progress")
def progress(plan: PlanId, actor: Reader = None, as_json: AsJson = False) -> None:
    """How far a plan is: milestones, hours and confirmed skills by phase."""
    from ascertain.cli.onboard_views import show_progress

    shown = opened()
    data = _read(shown, asking(shown, actor), plan)
    kept = {k: data[k] for k in ("id", "learner", "state", "done", "total", "overdue", "goals", "progress", "told")}
    emit(kept, as_json, lambda c: show_progress(c, data))


@app.command("edit")
def edit(
    plan: PlanId,
    reason: Why,
    file: Annotated[Path, typer.Option("--changes", help="A list of changes (YAML or JSON), docs/onboarding.md.")],
    version: Annotated[int | None, typer.Option("--version", help="The version that you have seen.")] = None,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Add, remove, move or edit milestones: the plan's next version."""
    from ascertain.pipeline import onboarding
    from ascertain.pipeline.onboarding_changes import changes_of, checked_changes

    asked = checked_changes(_parsed(file))
    with _writing(plan, Action.ONBOARDING_EDIT, actor) as (shown, uow, who, found, learner):
        changes = changes_of(uow, found, learner, shown.bundle.taxonomy, asked)
        done = onboarding.change(uow, found, changes, reason=reason, expected=version, principal=who, clock=shown.clock)
        words = uow.onboardings.versions(done.id)[-1].changes if done.version > found.version else ()
        uow.commit()
    data = {"id": done.id, "version": done.version, "changes": list(words)}
    emit(data, as_json, lambda c: c.print("\n".join([f"{done.id}: version {done.version}", *words]), soft_wrap=True))


@app.command("approve")
def approve(
    plan: PlanId,
    reason: Annotated[str, typer.Option("--reason", help="A word to the new hire.")] = "",
    version: Annotated[int | None, typer.Option("--version", help="The version that you have seen.")] = None,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Approve a draft: from now on the new hire sees it and ticks it off. Not by the new hire."""
    _decide(plan, actor, as_json, approve=True, reason=reason, expected=version)


@app.command("withdraw")
def withdraw(plan: PlanId, reason: Why, actor: Actor = None, as_json: AsJson = False) -> None:
    """Withdraw a plan; another one may be asked for."""
    _decide(plan, actor, as_json, approve=False, reason=reason, expected=None)


@app.command("tick")
def tick(
    plan: PlanId,
    milestone: Annotated[str, typer.Argument(help="Id of the milestone, out of `onboard show`.")],
    state: Annotated[
        MilestoneState, typer.Option("--state", help="done, skipped, or open again.")
    ] = MilestoneState.DONE,
    note: Annotated[str, typer.Option("--note", help="A word on it; why, where it is skipped.")] = "",
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Say that a milestone is done, skipped, or open again: the new hire or the manager."""
    from ascertain.pipeline import onboarding

    with _writing(plan, Action.ONBOARDING_FOLLOW, actor) as (shown, uow, who, found, _):
        done = onboarding.tick(uow, found, milestone, state, note=note, principal=who, clock=shown.clock)
        uow.commit()
    data = {"id": done.id, "milestone": milestone, "state": state.value}
    emit(data, as_json, lambda c: c.print(f"{done.id} {milestone}: {state.value}"))


@app.command("comment")
def comment(
    plan: PlanId,
    words: Annotated[str, typer.Option("--words", help="What to say.")],
    milestone: Annotated[str, typer.Option("--milestone", help="About one milestone.")] = "",
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Say something about a plan: the new hire or the manager."""
    from ascertain.pipeline import onboarding
    from ascertain.pipeline.onboarding_view import comment as view

    with _writing(plan, Action.ONBOARDING_FOLLOW, actor) as (shown, uow, who, found, _):
        made = onboarding.comment(uow, found, words, milestone=milestone, principal=who, clock=shown.clock)
        uow.commit()
    emit(view(made), as_json, lambda c: c.print(f"{found.id}: noted"))


@app.command("export")
def export(
    plan: PlanId,
    format: Annotated[Format, typer.Option("--format", help="ics for a calendar, json for programs.")] = Format.ICS,
    out: Annotated[Path | None, typer.Option("--out", help="File to write; else standard output.")] = None,
    actor: Reader = None,
) -> None:
    """Write a plan as a calendar (iCalendar) or as JSON."""
    import json

    from ascertain.domain.text import visible
    from ascertain.pipeline.onboarding_export import calendar
    from ascertain.report.private_file import write_private

    shown = opened()
    data = _read(shown, asking(shown, actor), plan)
    ics = format is Format.ICS
    text = calendar(data).decode() if ics else visible(json.dumps(data, indent=2, ensure_ascii=False))
    if out is None:
        typer.echo(visible(text))
    else:
        write_private(out, text, option="--out")
        typer.echo(f"{out}: {len(data['milestones'])} milestones", err=True)


@app.command("sync")
def sync(
    learner: OneLearner = None,
    cohort: Cohort = "all",
    to: To = None,
    dry_run: DryRun = False,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """The courses of approved plans, as a learning plan in the LMS. Safe to repeat; `writeback undo RUN` takes it back.

    People to meet, work and goals stay inside."""
    from ascertain.cli.plan_sync import sync_plans
    from ascertain.pipeline.learning_plans import ONBOARDING

    sync_plans(ONBOARDING, Action.ONBOARDING_READ, learner, cohort, to, actor, dry_run=dry_run, as_json=as_json)


@contextmanager
def _writing(
    plan: str, action: Action, actor: str | None
) -> Iterator[tuple[App, UnitOfWork, Principal, OnboardingPlan, Learner]]:
    """A unit of work with the plan in it, for whoever may do that."""
    from ascertain.pipeline.onboarding import permitted_plan

    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        found, learner = permitted_plan(uow, who, action, plan)
        yield shown, uow, who, found, learner


def _decide(plan: str, actor: str | None, as_json: bool, *, approve: bool, reason: str, expected: int | None) -> None:
    from ascertain.pipeline import onboarding

    with _writing(plan, Action.ONBOARDING_EDIT, actor) as (shown, uow, who, found, _):
        done = onboarding.decide(
            uow, found, approve=approve, reason=reason, expected=expected, principal=who, clock=shown.clock
        )
        uow.commit()
    data = {"id": done.id, "state": done.state.value, "version": done.version, "by": done.decided_by}
    emit(data, as_json, lambda c: c.print(f"{done.id}: {done.state.value} by {done.decided_by}"))


def _read(shown: App, who: Principal, plan: str) -> dict[str, Any]:
    """A plan as this reader may see it; that they looked is recorded before it is shown."""
    from ascertain.pipeline import onboarding_view as views
    from ascertain.pipeline.access import note_access
    from ascertain.pipeline.onboarding import permitted_plan

    with shown.units(write=False) as uow:
        found, learner = permitted_plan(uow, who, Action.ONBOARDING_READ, plan)
        own = who.learner_id == learner.id
        data = views.shown(uow, found, learner, shown.bundle.taxonomy, shown.clock.today(), own=own)
    data["told"] = [s.text for s in views.sentences(data)]
    note_access(shown.units, who.name, "onboarding", views.people_in(data))
    return data


def _queue(shown: App, made: OnboardingPlan) -> None:
    from ascertain.jobs.onboarding import enqueue_draft
    from ascertain.jobs.queue import JobQueue
    from ascertain.jobs.server import open_queue

    handle = open_queue(shown.settings)
    try:
        enqueue_draft(JobQueue(handle, shown.settings), made.id)
    finally:
        handle.close()


def _parsed(file: Path) -> Any:
    import yaml

    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as e:
        raise InputError(f"cannot be read: {e.strerror}", where=file.name, remedy="give a file that is there") from None
    except (UnicodeDecodeError, yaml.YAMLError) as e:
        mark = getattr(e, "problem_mark", None)
        where = f"{file.name}:{mark.line + 1}" if mark else file.name
        raise InputError("is neither YAML nor JSON", where=where, remedy="correct that line") from None
