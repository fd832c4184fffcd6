"""path show, propose, replan, skip, unskip, approve, reject. `path ID` is `path show ID`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from ascertain.cli.actor import Actor, Reader, asking
from ascertain.cli.assignment import AssignmentId, Why, decide_path
from ascertain.cli.output import AsJson, emit, opened
from ascertain.cli.plan_sync import Cohort, DryRun, OneLearner, To
from ascertain.domain.permission import Action
from ascertain.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from ascertain.domain.path_wishes import PathWishes
    from ascertain.pipeline.path_plan import Replanned


class ShownByDefault(TyperGroup):
    """``path FL1109`` is ``path show FL1109``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = ["show", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=ShownByDefault,
    help="Learning paths out of the catalogue: see, limit, plan anew, approve. `path ID` shows one.",
    no_args_is_help=True,
)

LearnerId = Annotated[str, typer.Argument(metavar="LEARNER", help="Id or e-mail address of a person.")]
Item = Annotated[str, typer.Argument(metavar="ITEM", help="Content id out of `path show --json`, or the item's title.")]
_MIX = re.compile(r"([a-z-]+)=(\d{1,3})-(\d{1,3})")


@app.command("show")
def show(learner_id: LearnerId, actor: Reader = None, as_json: AsJson = False) -> None:
    """A learner's path out of the real catalogue: what, when, why, how far they are, and what limits it."""
    from ascertain.cli.render import path_view
    from ascertain.pipeline import views
    from ascertain.pipeline.access import note_access
    from ascertain.pipeline.path_progress import progress
    from ascertain.pipeline.permit import permitted_learner

    app_ = opened()
    who = asking(app_, actor)
    with app_.units(write=False) as uow:
        learner = permitted_learner(uow, who, Action.PATH_READ, learner_id)
        data = views.path(uow, learner, app_.bundle.taxonomy, app_.mentors.seek)
        data["progress"] = progress(uow, learner, data, app_.clock.today())
    note_access(app_.units, who.name, "path", [data["learner"]["id"]])
    emit(data, as_json, lambda c: path_view(c, data))


@app.command("propose")
def propose(
    learner_id: LearnerId,
    reason: Why,
    hours: Annotated[float | None, typer.Option(help="Hours of learning a week.")] = None,
    by: Annotated[str | None, typer.Option(metavar="DATE", help="Last day, as 2027-03-01.")] = None,
    cost: Annotated[float | None, typer.Option(help="What all items that are not mandatory may cost.")] = None,
    language: Annotated[
        list[str] | None, typer.Option(help="A language that items may have; may be given often.")
    ] = None,
    mix: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND=LEAST-MOST", help="Percent of the hours: external=0-30, project=20-100."),
    ] = None,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Say what a path has to keep to (what is left out goes back to the policy), and propose what follows from it."""
    from ascertain.pipeline.permit import permitted_learner

    wishes = _wishes(hours, by, cost, language or (), mix or ())
    app_ = opened()
    who = asking(app_, actor)
    planner = app_.planner()
    with app_.units() as uow:
        learner = permitted_learner(uow, who, Action.PATH_PLAN, learner_id)
        found = planner.wish(uow, who, learner, wishes, reason)
        uow.commit()
    _tell(learner.id, found, as_json)


@app.command("replan")
def replan(
    learner_id: Annotated[str | None, typer.Argument(metavar="LEARNER", help="Id or e-mail address.")] = None,
    everybody: Annotated[
        bool, typer.Option("--all", help="Everybody whose approved path has something failed or overdue.")
    ] = False,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Plan anew from today, with as little change to what was approved as pays. What is added or moved waits for a yes;
    what is overdue gets new dates."""
    from ascertain.errors import ConfigError
    from ascertain.pipeline.path_plan import behind
    from ascertain.pipeline.path_replan import replan_each, shown
    from ascertain.pipeline.permit import permitted_learner, those_permitted

    if (learner_id is None) == (not everybody):
        raise ConfigError("give either a learner or --all", remedy="ascertain path replan ID")
    app_ = opened()
    who = asking(app_, actor)
    planner = app_.planner()
    with app_.units(write=False) as uow:
        if learner_id is not None:
            people = [permitted_learner(uow, who, Action.PATH_PLAN, learner_id)]
        else:
            people = those_permitted(uow, who, Action.PATH_PLAN, behind(uow, app_.clock.today()))
    if learner_id is not None:
        with app_.units() as uow:
            found = planner.replan(uow, people[0])
            uow.commit()
        rows = [shown(people[0].id, found)]
    else:
        rows = replan_each(planner, app_.units, people)
    emit({"replanned": rows}, as_json, lambda c: _print(c, rows))


@app.command("skip")
def skip(learner_id: LearnerId, item: Item, reason: Why, actor: Actor = None, as_json: AsJson = False) -> None:
    """Leave an item of a path out, for a reason. What is mandatory cannot be skipped."""
    _item(learner_id, item, reason, actor, as_json)


@app.command("unskip")
def unskip(learner_id: LearnerId, item: Item, actor: Actor = None, as_json: AsJson = False) -> None:
    """Let a skipped item be planned again."""
    _item(learner_id, item, None, actor, as_json)


@app.command("approve")
def approve(assignment: AssignmentId, reason: Why, actor: Actor = None, as_json: AsJson = False) -> None:
    """Approve a path: the manager, L&D, or who owns a skill that it works on. Not the learner."""
    decide_path(assignment, reason, actor, as_json, approve=True)


@app.command("reject")
def reject(assignment: AssignmentId, reason: Why, actor: Actor = None, as_json: AsJson = False) -> None:
    """Say no to a path. The same path is not proposed again; another one is."""
    decide_path(assignment, reason, actor, as_json, approve=False)


@app.command("sync")
def sync(
    learner: OneLearner = None,
    cohort: Cohort = "all",
    to: To = None,
    dry_run: DryRun = False,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Approved paths, as learning plans in the LMS. Safe to repeat; `writeback undo RUN` takes a run back."""
    from ascertain.cli.plan_sync import sync_plans
    from ascertain.pipeline.learning_plans import PATHS

    sync_plans(PATHS, Action.PATH_READ, learner, cohort, to, actor, dry_run=dry_run, as_json=as_json)


def _item(learner_id: str, item: str, reason: str | None, actor: str | None, as_json: bool) -> None:
    from ascertain.pipeline import views
    from ascertain.pipeline.permit import permitted_learner

    app_ = opened()
    who = asking(app_, actor)
    planner = app_.planner()
    with app_.units() as uow:
        learner = permitted_learner(uow, who, Action.PATH_PLAN, learner_id)
        plan = views.path(uow, learner, app_.bundle.taxonomy)["plan"] or {"steps": []}
        titles = [(s["content_id"], s["title"]) for s in plan["steps"]]
        titles += [(s.content_id, s.title) for s in uow.paths.skips(learner.id)]
        named = {c for c, title in titles if title.casefold() == item.casefold()}
        content = named.pop() if len(named) == 1 else item
        if reason is None:
            found = planner.take_back(uow, who, learner, content)
        else:
            found = planner.skip(uow, who, learner, content, reason)
        uow.commit()
    _tell(learner.id, found, as_json)


def _wishes(
    hours: float | None, by: str | None, cost: float | None, languages: Sequence[str], mix: Sequence[str]
) -> PathWishes:
    from datetime import date

    from ascertain.domain.path_wishes import Modality, PathWishes, Share

    shares = {}
    for text in mix:
        match = _MIX.fullmatch(text.strip().lower())
        kinds = [m.value for m in Modality]
        if match is None or match[1] not in kinds:
            raise InputError(
                f"{text!r} is no share", field="mix", remedy=f"as external=0-30; one of {', '.join(kinds)}"
            )
        shares[Modality(match[1])] = Share(int(match[2]) / 100, int(match[3]) / 100)
    try:
        last = date.fromisoformat(by) if by else None
    except ValueError:
        raise InputError(f"{by!r} is no day", field="by", remedy="a day as 2027-03-01") from None
    return PathWishes(hours, last, tuple(x.strip().lower() for x in languages), cost, shares)


def _tell(learner: str, found: Replanned, as_json: bool) -> None:
    from ascertain.pipeline.path_replan import shown

    row = shown(learner, found)
    emit(row, as_json, lambda c: _print(c, [row]))


def _print(c: Console, rows: list[dict[str, Any]]) -> None:
    if not rows:
        c.print("no approved path has anything failed or overdue")
    for r in rows:
        if "problem" in r:
            c.print(f"{r['learner']}: {r['problem']}", soft_wrap=True)
            continue
        what = f"proposed as {r['proposed']}" if r["proposed"] else "new dates" if r["changes"] else "as it was"
        c.print(f"{r['learner']}: {what}; {len(r['items'])} items close {r['closure']:.2f} of the weighted gap")
        for change in r["changes"]:
            c.print(f"  {change}", soft_wrap=True)
        c.print(f"  what limits it: {r['binding']}", soft_wrap=True)
        for words in r["reliefs"][:3]:
            c.print(f"    {words}", soft_wrap=True)
