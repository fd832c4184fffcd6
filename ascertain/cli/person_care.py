"""person rectify, corrections, restrict, unrestrict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ascertain.cli.actor import Actor, asking
from ascertain.cli.output import AsJson, emit, opened
from ascertain.cli.person import PersonId, app
from ascertain.domain.permission import Action
from ascertain.domain.rectification import Field

if TYPE_CHECKING:
    from rich.console import Console

    from ascertain.runtime import App

__all__ = ["app"]
"""The commands of ``person`` with these among them."""


@app.command("rectify")
def rectify(
    person: PersonId,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the correction.")],
    field: Annotated[
        str | None, typer.Option("--field", help="name, department, job_title or language; with --value.")
    ] = None,
    value: Annotated[str | None, typer.Option("--value", help="The right value.")] = None,
    evidence: Annotated[str | None, typer.Option("--evidence", help="Id of a wrong piece of evidence.")] = None,
    score: Annotated[float | None, typer.Option("--score", help="Its right score, 0 to 1.")] = None,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="It is not theirs, or never was: take it out.")] = False,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Correct what is held about a person. The next sync does not undo it; the person is assessed again.

    What stood there before is kept sealed under the person's key, so that the correction can be lifted.
    """
    from ascertain.errors import ConfigError
    from ascertain.pipeline.permit import permitted_learner
    from ascertain.pipeline.rectify import rectify_evidence, rectify_person

    about_person = field is not None and value is not None and evidence is None
    about_evidence = evidence is not None and field is None and value is None and (score is None) is withdraw
    if not (about_person or about_evidence):
        raise ConfigError(
            "say what is wrong", remedy="--field F --value V, or --evidence E with either --score S or --withdraw"
        )
    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        learner = permitted_learner(uow, who, Action.PERSON_RECTIFY, person)
        by, clock = who.name, shown.clock
        if evidence is not None:
            made = rectify_evidence(uow, learner, evidence, score=score, reason=reason, actor=by, clock=clock)
        else:
            made = rectify_person(uow, learner, _field(field), str(value), reason=reason, actor=by, clock=clock)
        uow.commit()
    state = _again(shown, learner.id)

    def render(c: Console) -> None:
        c.print(f"{made.id}: {made.field.value} corrected; assessed again: {state}")

    emit({"correction": made, "assessed": state}, as_json, render)


@app.command("corrections")
def corrections(
    person: PersonId,
    lifted: Annotated[str | None, typer.Option("--lift", metavar="CORRECTION", help="Take this one back.")] = None,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """What was corrected about a person, by whom and why. With --lift the source's own value comes back."""
    from ascertain.pipeline.access import note_access
    from ascertain.pipeline.permit import permitted_learner
    from ascertain.pipeline.rectify import lift

    shown = opened()
    who = asking(shown, actor)
    needed = Action.PERSON_EXPORT if lifted is None else Action.PERSON_RECTIFY
    with shown.units(write=False) as uow:
        learner = permitted_learner(uow, who, needed, person)
    if lifted is not None:
        with shown.units() as uow:
            done = lift(uow, learner, lifted, actor=who.name, clock=shown.clock)
            uow.commit()
        state = _again(shown, learner.id)
        emit(
            {"correction": done, "assessed": state},
            as_json,
            lambda c: c.print(f"{done.id}: lifted; assessed again: {state}"),
        )
        return
    note_access(shown.units, who.name, "corrections", [learner.id])
    with shown.units(write=False) as uow:
        found = uow.rectifications.of(learner.id)

    def render(c: Console) -> None:
        from rich.table import Table

        table = Table("correction", "what", "value", "by", "why", "state", box=None)
        for r in found:
            what = f"{r.field.value} {r.evidence_id}".strip()
            table.add_row(r.id, what, r.value, r.by, r.reason, "lifted" if r.lifted_at else "in force")
        c.print(table if found else f"nothing about {learner.id} was corrected")

    emit({"person": learner.id, "corrections": found}, as_json, render)


@app.command("restrict")
def restrict(
    person: PersonId,
    reason: Annotated[str, typer.Option("--reason", help="What was asked, in a few words.")],
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Keep what is held about a person, and do nothing with it: no run, nothing written or told outside, no list.

    What sources tell is stored and not used. Only the person, and you who handle the request, read about them.
    """
    from ascertain.pipeline.permit import permitted_learner
    from ascertain.pipeline.restrict import restrict as put_on

    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        learner = permitted_learner(uow, who, Action.PERSON_RESTRICT, person)
        made = put_on(uow, learner, reason=reason, actor=who.name, clock=shown.clock)
        uow.commit()
    emit(made, as_json, lambda c: c.print(f"{made.learner_id}: restricted since {made.since:%Y-%m-%d %H:%M} UTC"))


@app.command("unrestrict")
def unrestrict(
    person: PersonId,
    reason: Annotated[str, typer.Option("--reason", help="Why it ends. Tell the person before (Art. 18(3)).")],
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """End a restriction. What was stored meanwhile counts from the next run on."""
    from ascertain.pipeline.permit import permitted_learner
    from ascertain.pipeline.restrict import unrestrict as take_off

    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        learner = permitted_learner(uow, who, Action.PERSON_RESTRICT, person)
        done = take_off(uow, learner, reason=reason, actor=who.name, clock=shown.clock)
        uow.commit()
    emit(done, as_json, lambda c: c.print(f"{done.learner_id}: no longer restricted"))


def _field(name: str | None) -> Field:
    from ascertain.domain.rectification import OF_EVIDENCE
    from ascertain.errors import InputError

    known = [f for f in Field if f not in OF_EVIDENCE]
    found = next((f for f in known if f.value == name), None)
    if found is None:
        raise InputError(
            f"{name!r} cannot be corrected here", field="field", remedy=f"one of {', '.join(known)}; else in the source"
        )
    return found


def _again(shown: App, learner_id: str) -> str:
    """Assess with what is right; the state in which that ended. The correction stands whatever comes of it."""
    from ascertain.errors import RunError

    try:
        return shown.assess(learner_id, trigger="rectified").run.state.value
    except RunError as e:
        return e.state
