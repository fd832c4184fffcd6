"""notice record, list, missing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from ascertain.cli.actor import Actor, Reader, asking
from ascertain.cli.days import day_of
from ascertain.cli.output import AsJson, emit, opened
from ascertain.domain.permission import Action

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(
    help="Who was told that their skills are inferred, and when. Nobody is assessed without.",
    no_args_is_help=True,
)


@app.command("record")
def record(
    on: Annotated[str, typer.Option("--on", help="The day people were told (2026-03-01).")],
    text_version: Annotated[str, typer.Option("--text-version", help="Version of the text they were given.")],
    cohort: Annotated[str, typer.Option("--cohort", help="A department, a job profile id, or `all`.")] = "",
    person: Annotated[str, typer.Option("--person", help="One person: id or e-mail address.")] = "",
    channel: Annotated[str, typer.Option("--channel", help="How: mail, intranet, meeting …")] = "",
    representatives: Annotated[
        str | None, typer.Option("--representatives-on", help="The day their representatives were told.")
    ] = None,
    joiners: Annotated[
        bool,
        typer.Option("--joiners", help="It also holds for those who join the cohort later: they are told on joining."),
    ] = False,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Record a notice that was given to a cohort as it is now, or to one person. The same again adds who is new."""
    from ascertain.pipeline.notice import record_notice
    from ascertain.pipeline.permit import all_permitted, permitted_learner

    shown = opened()
    who = asking(shown, actor)
    with shown.units(write=False) as uow:
        if person:
            person = permitted_learner(uow, who, Action.NOTICE_RECORD, person).id
        # Who will join is not known: that takes somebody who may record it for everybody there is.
        all_permitted(uow, who, Action.NOTICE_RECORD, uow.people.all() if joiners else uow.people.cohort(cohort))
    day = day_of(on, "on") or shown.clock.today()
    done = record_notice(
        shown.units,
        shown.clock,
        cohort=cohort,
        person=person,
        on=day,
        text_version=text_version,
        channel=channel,
        representatives_on=day_of(representatives, "representatives_on"),
        joiners=joiners,
        actor=who.name,
    )

    def render(c: Console) -> None:
        later = ", and whoever joins later" if joiners else ""
        c.print(f"notice {done.notice.id} of {day}: {done.people} people{later} ({done.added} newly recorded)")

    emit(done, as_json, render)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """The notices on record, oldest first."""
    with opened().units(write=False) as uow:
        found = uow.notices.all()

    def render(c: Console) -> None:
        for n in found:
            told = f", representatives {n.representatives_on}" if n.representatives_on else ""
            later = " and joiners" if n.joiners else ""
            c.print(
                f"{n.given_on}  {n.id}  {n.cohort or 'one person'}{later}: {n.people} people, text {n.text_version}"
                f"{f' by {n.channel}' if n.channel else ''}{told}",
                soft_wrap=True,
            )
        if not found:
            c.print("no notice is on record: nobody can be assessed")

    emit({"notices": [replace(n, recorded_by="") for n in found]}, as_json, render)


@app.command("missing")
def missing(
    cohort: Annotated[str, typer.Option("--cohort", help="A department, a job profile id, or `all`.")] = "all",
    actor: Reader = None,
    as_json: AsJson = False,
) -> None:
    """Who cannot be assessed for want of a notice: none on record, dated in the future, or too fresh by the policy."""
    from ascertain.domain.runs import RunState
    from ascertain.pipeline.access import note_access
    from ascertain.pipeline.notice import Gate
    from ascertain.pipeline.permit import permitted_of
    from ascertain.pipeline.sweep import cohort_or_raise

    shown = opened()
    who = asking(shown, actor)
    with shown.units(write=False) as uow:
        people, left_out = permitted_of(uow, who, Action.NOTICE_RECORD, cohort_or_raise(uow, cohort))
        gate = Gate(required=True, rules=shown.policy.notice)
        found = gate.obstacles(uow, people, shown.clock.today())
    rows = [
        {"id": p.id, "name": p.name, "why": found[p.id].message}
        for p in people
        if p.id in found and found[p.id].state == RunState.BLOCKED_NO_NOTICE.value
    ]
    note_access(shown.units, who.name, "notice", [r["id"] for r in rows])

    def render(c: Console) -> None:
        for r in rows:
            c.print(f"{r['id']:12} {r['name']:28} {r['why']}", soft_wrap=True)
        c.print(f"{len(rows)} of {len(people)} lack a notice")
        if left_out:
            c.print(f"{left_out} more are not yours to see", style="dim")

    emit({"missing": rows, "of": len(people), "left_out": left_out}, as_json, render)
