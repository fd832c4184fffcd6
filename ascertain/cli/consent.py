"""consent show, give, withdraw, list, organisation, import."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ascertain.cli.actor import Actor, Reader, asking
from ascertain.cli.days import day_of
from ascertain.cli.output import AsJson, emit, opened
from ascertain.domain.permission import Action
from ascertain.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ascertain.domain.consent import Origin, Topic
    from ascertain.pipeline.consent import Said
    from ascertain.runtime import App

app = typer.Typer(
    help="What may be used: for which purposes and out of which sources, as each person and the organisation say.\n\n"
    "Manager reviews, feedback of colleagues and messages need a yes of both; everything else is used "
    "unless one of them says no.",
    no_args_is_help=True,
)

PersonId = Annotated[str, typer.Argument(metavar="ID", help="Id or e-mail address of a person.")]
Purposes = Annotated[
    list[str] | None, typer.Option("--purpose", help="assessment, mentoring, mobility or analytics; may be repeated.")
]
Sources = Annotated[
    list[str] | None,
    typer.Option(
        "--source",
        help="learning, tests, credentials, own_words, work, documents, reviews, peer_feedback or messages; "
        "may be repeated.",
    ),
]
Why = Annotated[str, typer.Option("--reason", help="How it was said, in a few words; kept with it.")]
Text = Annotated[str, typer.Option("--text-version", help="Version of the text that was agreed to.")]
Day = Annotated[str | None, typer.Option("--on", help="The day it was said (2026-03-01; else today).")]
By = Annotated[str, typer.Option("--origin", help="Whose word it is: person, or operator (on their behalf).")]


@app.command("show")
def show(person: PersonId, actor: Reader = None, as_json: AsJson = False) -> None:
    """What may be used of a person, why what may not, and everything that was said about it."""
    from ascertain.domain.consent import WORDS, Purpose, Source
    from ascertain.pipeline.access import note_access
    from ascertain.pipeline.permit import permitted_learner

    shown = opened()
    who = asking(shown, actor)
    with shown.units(write=False) as uow:
        learner = permitted_learner(uow, who, Action.CONSENT_READ, person)
        history = uow.consents.of(learner.id)
    note_access(shown.units, who.name, "consent", [learner.id])
    topics: list[Topic] = [*Purpose, *Source]
    now = [{"topic": t, "allowed": learner.consents.allows(t), "why_not": learner.consents.why_not(t)} for t in topics]

    def render(c: Console) -> None:
        from rich.table import Table

        table = Table("", "", "allowed", "why not", box=None)
        for row, t in zip(now, topics, strict=True):
            table.add_row(t.value, WORDS[t], "yes" if row["allowed"] else "no", str(row["why_not"]))
        c.print(table)
        for s in history:
            word = "yes" if s.given else "no"
            by = f"{s.origin.value}, recorded by {s.actor}" + (f", text {s.text_version}" if s.text_version else "")
            c.print(f"{s.on}  {word:3} to {s.topic.value} ({by}){f': {s.reason}' if s.reason else ''}", soft_wrap=True)

    emit({"person": learner.id, "now": now, "history": history}, as_json, render)


@app.command("give")
def give(
    person: PersonId,
    reason: Why,
    text_version: Text,
    purpose: Purposes = None,
    source: Sources = None,
    origin: By = "person",
    on: Day = None,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Record a person's yes. A source that is allowed now comes in with the next sync."""
    _say(person, purpose, source, origin, on, actor, as_json, given=True, reason=reason, text_version=text_version)


@app.command("withdraw")
def withdraw(
    person: PersonId,
    reason: Why,
    purpose: Purposes = None,
    source: Sources = None,
    origin: By = "person",
    on: Day = None,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Record a person's no, and take away at once what rests on it.

    Evidence of the source is deleted, with every quote of it; assertions that rest on it stand no longer; the person is
    queued for a new assessment. No later field of the HR system lifts a person's own no.
    """
    _say(person, purpose, source, origin, on, actor, as_json, given=False, reason=reason)


@app.command("organisation")
def organisation(
    allow: Annotated[bool | None, typer.Option("--allow/--refuse", help="Yes or no, for everybody.")] = None,
    purpose: Purposes = None,
    source: Sources = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; the agreement or decision behind it.")] = "",
    text_version: Text = "",
    on: Day = None,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """What the organisation allows, for everybody; without --allow or --refuse, what it has said so far."""
    from ascertain.pipeline.consent import say_for_all

    shown = opened()
    if allow is None:
        with shown.units(write=False) as uow:
            history = uow.consents.organisation()

        def render(c: Console) -> None:
            for s in history:
                word = "yes" if s.given else "no"
                c.print(f"{s.on}  {word:3} to {s.topic.value} (recorded by {s.actor}): {s.reason}", soft_wrap=True)
            if not history:
                c.print("nothing has been said: reviews, feedback of colleagues and messages are not used")

        emit({"history": history}, as_json, render)
        return
    said = say_for_all(
        shown.units,
        shown.clock,
        _topics(purpose, source),
        given=allow,
        actor=asking(shown, actor).name,
        reason=reason,
        text_version=text_version,
        on=day_of(on, "on"),
    )
    _tell(shown, said, as_json)


@app.command("list")
def list_(
    source: Annotated[str | None, typer.Option("--source", help="A source.")] = None,
    purpose: Annotated[str | None, typer.Option("--purpose", help="A purpose.")] = None,
    cohort: Annotated[str, typer.Option("--cohort", help="A department, a job profile id, or `all`.")] = "all",
    actor: Reader = None,
    as_json: AsJson = False,
) -> None:
    """Who allows one source or purpose and who does not, with the reason."""
    from ascertain.pipeline.access import note_access
    from ascertain.pipeline.permit import permitted_of
    from ascertain.pipeline.sweep import cohort_or_raise

    if (source is None) == (purpose is None):
        raise InputError("give one source or one purpose", remedy="ascertain consent list --source reviews")
    (topic,) = _topics([purpose] if purpose else None, [source] if source else None)
    shown = opened()
    who = asking(shown, actor)
    with shown.units(write=False) as uow:
        people, left_out = permitted_of(uow, who, Action.CONSENT_READ, cohort_or_raise(uow, cohort))
    note_access(shown.units, who.name, "consent", [p.id for p in people])
    rows: list[dict[str, Any]] = [
        {"id": p.id, "name": p.name, "allowed": p.consents.allows(topic), "why_not": p.consents.why_not(topic)}
        for p in people
    ]

    def render(c: Console) -> None:
        for r in rows:
            word = "yes" if r["allowed"] else f"no: {r['why_not']}"
            c.print(f"{r['id']:12} {r['name']:28} {word}", soft_wrap=True)
        c.print(f"{topic.value}: {sum(r['allowed'] for r in rows)} of {len(rows)} allow it")

        if left_out:
            c.print(f"{left_out} more are not yours to see", style="dim")

    emit({"topic": topic, "people": rows, "left_out": left_out}, as_json, render)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV: person,topic,answer,on,text_version,reason.")],
    origin: By = "person",
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Record consents out of a CSV; lines that cannot be used are named, the others count (exit code 3 if there are
    any)."""
    from ascertain.pipeline.consent_file import import_consents
    from ascertain.pipeline.permit import permitted_of

    shown = opened()
    who = asking(shown, actor)
    with shown.units(write=False) as uow:
        permitted_of(uow, who, Action.CONSENT_RECORD, uow.people.all(active_only=False))  # somebody at least
    found = import_consents(shown.units, shown.clock, file, origin=_origin(origin), who=who)
    queued = _assess_anew(shown, found.touched if found.forgotten else [])

    def render(c: Console) -> None:
        c.print(f"{found.recorded} recorded, {found.known} known before, {len(found.problems)} not usable")
        for p in found.problems:
            c.print(f"  {p}", style="red", soft_wrap=True)
        if queued:
            c.print(f"{queued} queued for a new assessment")

    emit({"import": found, "queued": queued}, as_json, render)
    if found.problems:
        raise typer.Exit(InputError.exit_code)


def _say(
    person: str,
    purpose: Sequence[str] | None,
    source: Sequence[str] | None,
    origin: str,
    on: str | None,
    actor: str | None,
    as_json: bool,
    *,
    given: bool,
    reason: str,
    text_version: str = "",
) -> None:
    from ascertain.domain.consent import Origin
    from ascertain.pipeline.consent import say
    from ascertain.pipeline.permit import permitted_learner

    shown = opened()
    who, whose = asking(shown, actor), _origin(origin)
    with shown.units(write=False) as uow:
        found = uow.people.find(person)
        oneself = found is not None and found.id == who.learner_id
        action = Action.CONSENT_GIVE if oneself else Action.CONSENT_RECORD
        learner = permitted_learner(uow, who, action, person)
    said = say(
        shown.units,
        shown.clock,
        learner.id,
        _topics(purpose, source),
        given=given,
        origin=Origin.PERSON if oneself else whose,
        actor=who.name,
        reason=reason,
        text_version=text_version,
        on=day_of(on, "on"),
    )
    _tell(shown, said, as_json)


def _tell(shown: App, said: Said, as_json: bool) -> None:
    queued = _assess_anew(shown, said.touched if said.forgotten else ())

    def render(c: Console) -> None:
        if not said.recorded:
            c.print("known before: nothing changed")
            return
        c.print(f"recorded: {'yes' if said.given else 'no'} to {', '.join(t.value for t in said.recorded)}")
        if f := said.forgotten:
            c.print(
                f"taken away: {f.evidence} pieces of evidence, {f.assertions} assertions, {f.reviews} open reviews; "
                f"{queued} queued for a new assessment"
            )

    emit({"said": said, "queued": queued}, as_json, render)


def _assess_anew(shown: App, learners: Sequence[str]) -> int:
    from ascertain.jobs.anew import assess_anew

    return assess_anew(shown.settings, shown.clock, learners)


def _topics(purposes: Sequence[str] | None, sources: Sequence[str] | None) -> list[Topic]:
    from ascertain.pipeline.consent import topics

    found = [*topics(purposes or (), "purpose"), *topics(sources or (), "source")]
    if not found:
        raise InputError("nothing is asked about", remedy="give --purpose or --source")
    return found


def _origin(text: str) -> Origin:
    from ascertain.domain.consent import Origin

    if text not in (Origin.PERSON.value, Origin.OPERATOR.value):
        raise InputError(f"{text!r} is neither person nor operator", field="--origin")
    return Origin(text)
