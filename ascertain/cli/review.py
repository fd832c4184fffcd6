"""review list, next, show, decide, undo, reassign, bulk."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ascertain.cli.actor import Actor, Reader, asking
from ascertain.cli.output import AsJson, emit, opened, tell_left_out
from ascertain.domain.permission import Action
from ascertain.domain.runs import DecisionKind

if TYPE_CHECKING:
    from ascertain.domain.permission import Principal
    from ascertain.runtime import App

app = typer.Typer(help="What waits for a human, and what a human decides.", no_args_is_help=True)

Item = Annotated[str, typer.Argument(metavar="ITEM", help="Id out of `review list`, or its beginning.")]
OwnLevel = Annotated[
    int | None,
    typer.Option("--my-level", min=0, max=5, help="The level that you find the evidence shows; 0 for none."),
]


@app.command("list")
def list_items(
    mine: Annotated[bool, typer.Option("--mine", help="Only what waits for me.")] = False,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only what is past its date.")] = False,
    assignee: Annotated[str | None, typer.Option(help="Only what waits for this person (id), or l-and-d.")] = None,
    learner: Annotated[str | None, typer.Option(help="Only one learner (id or e-mail address).")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many rows.")] = 30,
    actor: Reader = None,
    as_json: AsJson = False,
) -> None:
    """What waits for a human, most urgent first. Shows neither the level nor the confidence that are suggested."""
    from ascertain.cli.render import review_table
    from ascertain.pipeline.access import note_access
    from ascertain.pipeline.permit import permitted_learner, permitted_rows
    from ascertain.pipeline.review_queue import names_of, rows, waiting

    shown = opened()
    who = asking(shown, actor)
    with shown.units(write=False) as uow:
        person = permitted_learner(uow, who, Action.REVIEW_LIST, learner).id if learner else None
        names = names_of(uow, who, shown.policy.review) if mine else {assignee} if assignee else None
        items = waiting(uow, assignees=names, learner_id=person)
        listed = rows(uow, shown.bundle.taxonomy, items, shown.clock.today())
        found, left_out = permitted_rows(uow, who, Action.REVIEW_LIST, listed, lambda r: (r["learner"], r["skill"]))
    found = [r for r in found if r["overdue"] or not overdue]
    note_access(shown.units, who.name, "reviews", [r["learner"] for r in found[:limit]])
    late = sum(r["overdue"] for r in found)
    data = {"waiting": len(found), "overdue": late, "left_out": left_out, "items": found[:limit]}
    emit(data, as_json, lambda c: review_table(c, found[:limit], len(found)))
    tell_left_out(left_out)


@app.command("next")
def next_item(actor: Actor = None, as_json: AsJson = False) -> None:
    """The most urgent item that waits for me, as `review show` prints it."""
    from ascertain.errors import NotFoundError
    from ascertain.pipeline.review_queue import next_of

    shown = opened()
    who = asking(shown, actor)
    with shown.units(write=False) as uow:
        item = next_of(uow, who, shown.policy.review)
    if item is None:
        raise NotFoundError("nothing waits for you", remedy="`ascertain review list` shows what waits for others")
    _show(shown, who, item.id, None, as_json=as_json)


@app.command("show")
def show(item: Item, my_level: OwnLevel = None, actor: Actor = None, as_json: AsJson = False) -> None:
    """The evidence of an item; with --my-level what you find it shows, then what is suggested and would be written.

    The suggested level and its confidence are shown only after you have said what you think, once and for all.
    """
    shown = opened()
    _show(shown, asking(shown, actor), item, my_level, as_json=as_json)


@app.command("decide")
def decide(
    item: Item,
    decision: Annotated[DecisionKind, typer.Argument(help="What you decide.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, in a few words; kept with the decision.")],
    level: Annotated[int | None, typer.Option("--level", min=1, max=5, help="The right level, to adjust.")] = None,
    needs: Annotated[str, typer.Option("--needs", help="What evidence is needed, where more is.")] = "",
    my_level: OwnLevel = None,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Decide about one assertion whose evidence you have seen. A decision stands until new evidence comes."""
    from ascertain.cli.review_views import decided_lines
    from ascertain.domain.skills import Level

    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        desk = shown.review_desk(uow, who)
        if my_level is not None:
            desk.judge(item, my_level)
        done = desk.decide(item, decision, reason=reason, level=Level(level) if level else None, needs=needs)
        uow.commit()
    emit(done, as_json, lambda c: decided_lines(c, done))


@app.command("undo")
def undo(item: Item, actor: Actor = None, as_json: AsJson = False) -> None:
    """Take your own decision back, within ten minutes and while nothing outside has heard of it."""
    from ascertain.pipeline.permit import permitted_item
    from ascertain.pipeline.review_undo import undo as take_back

    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        found = permitted_item(uow, who, Action.REVIEW_DECIDE, item)
        again = take_back(uow, found.id, who=who, clock=shown.clock)
        uow.commit()
    emit({"id": again.id, "assignee": again.assignee}, as_json, lambda c: c.print(f"{again.id}: waits again"))


@app.command("reassign")
def reassign(
    item: Item,
    to: Annotated[str, typer.Option("--to", help="A learner's id or address, a reviewer's name, or l-and-d.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, in a few words.")],
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Give an item to somebody else who may decide about it."""
    from ascertain.errors import NotFoundError
    from ascertain.pipeline.permit import principal_of
    from ascertain.pipeline.review_desk import find
    from ascertain.pipeline.review_queue import reassign as give

    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        found = find(uow, who, Action.REVIEW_DECIDE, item)
        if found is None:
            raise NotFoundError(f"there is no review item {item!r}", remedy="`ascertain review list` shows them")
        moved = give(
            uow,
            found,
            to,
            reason=reason,
            by=who,
            rules=shown.policy.review,
            principal=lambda name: principal_of(uow, name, today=shown.clock.today()),
        )
        uow.commit()
    emit({"id": moved.id, "assignee": moved.assignee}, as_json, lambda c: c.print(f"{moved.id}: {moved.assignee}"))


@app.command("bulk")
def bulk(
    skill: Annotated[str, typer.Option("--skill", help="Id of the skill.")],
    source: Annotated[str, typer.Option("--source", help="SYSTEM:KIND, such as docebo:completion.")],
    my_level: OwnLevel = None,
    reason: Annotated[str, typer.Option("--reason", help="Why, in a few words; kept with each decision.")] = "",
    token: Annotated[str | None, typer.Option("--list", help="The list that you were shown, by its token.")] = None,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Decide many at once: one skill, whose evidence comes from one source alone, and nothing delicate.

    Without --list it shows the list with a token and decides nothing. With --list TOKEN, --my-level and --reason it
    decides exactly that list: accepted where your level is the suggested one, adjusted to it where it is not.
    """
    from ascertain.cli.review_views import batch_table
    from ascertain.errors import InputError
    from ascertain.pipeline.access import note_access
    from ascertain.pipeline.review_bulk import batch, decide_batch
    from ascertain.pipeline.review_sources import Source

    shown = opened()
    who = asking(shown, actor)
    wanted = Source.of(source)
    if token is None:
        with shown.units(write=False) as uow:
            found = batch(uow, who, shown.policy.review, skill, wanted)
        note_access(shown.units, who.name, "reviews", [line.learner_id for line in found.lines])
        emit(found, as_json, lambda c: batch_table(c, found))
        return
    if my_level is None:
        raise InputError("say what the evidence shows", field="my-level", remedy="--my-level 1 to 5, 0 for none")
    with shown.units() as uow:
        again = batch(uow, who, shown.policy.review, skill, wanted)
        done = decide_batch(
            uow, who, shown.policy.review, shown.clock, again, token=token, own_level=my_level, reason=reason
        )
        uow.commit()
    kinds = [i.decision.value for i in done if i.decision]
    words = ", ".join(f"{kinds.count(k)} {k}" for k in sorted(set(kinds)))
    emit({"decided": done}, as_json, lambda c: c.print(f"{len(done)} decided: {words}"))


def _show(shown: App, who: Principal, item: str, my_level: int | None, *, as_json: bool) -> None:
    from ascertain.cli.review_views import question_view, suggestion_view
    from ascertain.pipeline.access import note_access
    from ascertain.pipeline.review_writes import if_accepted

    with shown.units() as uow:
        question = shown.review_desk(uow, who).show(item)
        uow.commit()
    note_access(shown.units, who.name, "review", [question.learner_id])
    if my_level is None or not as_json:
        emit(question, as_json, lambda c: question_view(c, question))
    if my_level is None and not as_json and sys.stdin.isatty():
        said = typer.prompt("What level does this show (1-5, 0 for none; empty to leave it)", default="", err=True)
        my_level = int(said) if said.strip().isdigit() else None
    if my_level is None:
        return
    with shown.units() as uow:
        suggestion = shown.review_desk(uow, who).judge(question.item_id, my_level)
        uow.commit()
    writes, problem = if_accepted(shown.write_back, shown.units, who, suggestion, shown.clock.today())
    data = {"question": question, "suggestion": suggestion, "would_write": writes, "would_write_problem": problem}
    emit(data, as_json, lambda c: suggestion_view(c, suggestion, writes, problem))
