"""content list, tags, tag, bulk, measure; transcripts stand in a module of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ascertain.cli import content_library, content_transcripts
from ascertain.cli.actor import Actor, Reader, asking
from ascertain.cli.output import AsJson, emit, opened
from ascertain.domain.content_tags import TagState, Vote
from ascertain.domain.skills import Level

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(help="What the content teaches: tags to confirm, and search by skill.", no_args_is_help=True)

app.add_typer(content_transcripts.app, name="transcript")
app.command("tag-all")(content_library.tag_all)
app.command("coverage")(content_library.coverage)

Reason = Annotated[str, typer.Option("--reason", help="Why, in a few words; kept with it.")]
Skill = Annotated[str, typer.Option("--skill", help="Id of a skill.")]
System = Annotated[str, typer.Option("--system", help="Connection that the content comes from.")]


@app.callback()
def content() -> None:
    """What the content teaches."""


@app.command("list")
def by_skill(
    skill: Skill = "",
    words: Annotated[str, typer.Option("--words", help="Part of a title or description.")] = "",
    level: Annotated[int, typer.Option("--level", min=1, max=5, help="To this level or above.")] = 1,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 25,
    as_json: AsJson = False,
) -> None:
    """Content by skill, the surest first; or by words."""
    from ascertain.pipeline.content_search import search

    shown = opened()
    with shown.units(write=False) as uow:
        rows = search(uow, shown.tagger, shown.bundle.taxonomy, skill=skill, words=words, level=level)

    def render(c: Console) -> None:
        from rich.table import Table

        if not rows:
            c.print("nothing fits")
            return
        table = Table("content", "title", "level", "hours", "teaches", box=None, pad_edge=False)
        for r in rows[:limit]:
            taught = ", ".join(f"{t['label']} {t['probability']:.2f}" for t in r["tags"])
            table.add_row(r["id"], r["title"], str(r["level"]), f"{r['hours']:g}", taught)
        c.print(table)
        if len(rows) > limit:
            c.print(f"{len(rows) - limit} more: --limit {len(rows)}")

    emit(rows[:limit], as_json, render)


@app.command("tags")
def tags(
    state: Annotated[TagState | None, typer.Option("--state", help="Only those; else what waits comes first.")] = None,
    skill: Skill = "",
    system: System = "",
    content: Annotated[str, typer.Option("--content", help="Of this content alone.")] = "",
    notice: Annotated[bool, typer.Option("--notice", help="Only what is on notice.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 25,
    actor: Reader = None,
    as_json: AsJson = False,
) -> None:
    """Content tags, what is worth a look first: use times uncertainty."""
    from ascertain.pipeline.tag_rows import summary

    shown = opened()
    with shown.units(write=False) as uow:
        desk = shown.tag_desk(uow)
        rows = desk.rows(state=state, skill=skill, system=system, content=content, notice=notice)
        counts, every = summary(rows), len(rows)
        rows = desk.placed(rows[:limit])

    def render(c: Console) -> None:
        from rich.table import Table

        c.print(", ".join(f"{n} {name}" for name, n in counts.items()))
        table = Table("content", "title", "skill", "level", "probability", "state", "people", "predicts", "")
        table.box, table.pad_edge = None, False
        for r in rows:
            votes = f" ({r.yes}:{r.no})" if r.yes or r.no else ""
            said = f"learners {r.learners.yes}:{r.learners.no}" if r.learners else ""
            table.add_row(
                r.content.item.content_id,
                r.content.item.title,
                f"{r.label} [{r.skill_id}]" if r.label != r.skill_id else r.label,
                str(int(r.level)),
                f"{r.probability:.2f}",
                f"{r.state.value}{votes}",
                str(r.people),
                r.prediction.says.value,
                "; ".join(
                    w for w in (r.place and f"said {r.place}", said, r.held, r.notice and f"on notice: {r.notice}") if w
                ),
            )
        c.print(table)
        if every > limit:
            c.print(f"{every - limit} more: --limit {every}")

    emit({"counts": counts, "tags": [r.shown() for r in rows]}, as_json, render)


@app.command("tag")
def tag(
    content: Annotated[str, typer.Argument(metavar="CONTENT", help="Id of a content.")],
    skill: Annotated[str, typer.Argument(metavar="SKILL", help="Id of a skill.")],
    vote: Annotated[Vote, typer.Argument(metavar="VOTE", help="accept, adjust (with --level) or reject.")],
    reason: Reason,
    level: Annotated[int | None, typer.Option("--level", min=1, max=5, help="To which level it teaches.")] = None,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Say whether a content teaches a skill. A yes to a skill that was not suggested adds it."""
    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        row = shown.tag_desk(uow).vote(who, content, skill, vote, reason=reason, level=Level(level) if level else None)
        uow.commit()
    emit(row.shown(), as_json, lambda c: c.print(_said(row), soft_wrap=True))


@app.command("bulk")
def bulk(
    vote: Annotated[Vote, typer.Argument(metavar="VOTE", help="accept or reject.")],
    skill: Annotated[str, typer.Option("--skill", help="Id of a skill.")],
    system: Annotated[str, typer.Option("--system", help="Connection that the content comes from.")],
    reason: Reason,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """The same word on every undecided tag of a skill in one system."""
    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        n = shown.tag_desk(uow).vote_on_all(who, skill, system, vote, reason=reason)
        uow.commit()
    emit({"tags": n, "vote": vote.value}, as_json, lambda c: c.print(f"{n} tags: {vote.value}"))


@app.command("say")
def say(
    learner: Annotated[str, typer.Argument(metavar="LEARNER", help="Id or e-mail address.")],
    content: Annotated[str, typer.Argument(metavar="CONTENT", help="Id of a content.")],
    skill: Annotated[str, typer.Argument(metavar="SKILL", help="Id of a skill that it is tagged with.")],
    said: Annotated[str, typer.Argument(metavar="SAID", help="yes, no; nothing takes it back.")],
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """A learner's word: whether content teaches a skill. It decides nothing; what most who finished it doubt is put on
    notice."""
    from ascertain.domain.permission import Action
    from ascertain.pipeline import tag_words
    from ascertain.pipeline.permit import permitted_learner

    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        person = permitted_learner(uow, who, Action.CONTENT_SAY, learner)
        made = tag_words.say(uow, shown.tagger, person, content, skill, said, actor=who, clock=shown.clock)
        uow.commit()
    words = f"{person.id} says that it {'teaches' if made.teaches else 'does not teach'} it" if made else "taken back"
    data = {"content": content, "skill": skill, "teaches": made.teaches if made else None}
    emit(data, as_json, lambda c: c.print(words))


@app.command("measure")
def measure(actor: Actor = None, as_json: AsJson = False) -> None:
    """Count whether people who finished a content do better in other assessments of its skills than others do; put on
    notice what there is a reason for, and retire what has been for too long."""
    shown = opened()
    with shown.units() as uow:
        changed = shown.tag_desk(uow).measure()
        watched = shown.tag_desk(uow).watch()
        uow.commit()
    with shown.units(write=False) as uow:
        rows = shown.tag_desk(uow).rows()
    says: dict[str, int] = {}
    for r in rows:
        says[r.prediction.says.value] = says.get(r.prediction.says.value, 0) + 1
    words = ", ".join(f"{n} {name}" for name, n in sorted(says.items())) or "no tags"
    noticed = len(watched.put) - len(watched.retired)
    data = {"changed": changed, "says": says, "noticed": noticed, "retired": len(watched.retired)}

    def render(c: Console) -> None:
        c.print(f"finishing predicts the assessment: {words}; {changed} counts changed")
        c.print(f"{noticed} put on notice, {len(watched.retired)} retired, {len(watched.gone)} no longer on notice")

    emit(data, as_json, render)


def _said(row: Any) -> str:
    return (
        f"{row.content.item.title}: {row.label} is {row.state.value} at level {int(row.level)} "
        f"with probability {row.probability:.2f} ({row.yes} yes, {row.no} no)"
    )
