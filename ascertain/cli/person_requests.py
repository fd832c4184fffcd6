"""person request, requests, answer, withdraw-request."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ascertain.cli.actor import Actor, Reader, asking
from ascertain.cli.output import AsJson, emit, opened, tell_left_out
from ascertain.cli.person import PersonId, tell_erased
from ascertain.cli.person_care import _again, app
from ascertain.domain.permission import Action
from ascertain.domain.rights_requests import RequestKind

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["app"]
"""The commands of ``person`` with these among them."""

RequestId = Annotated[str, typer.Argument(metavar="REQUEST", help="Id out of `person requests`, or its beginning.")]


class Answer(StrEnum):
    """What is said to a request."""

    DO = "do"
    DECLINE = "decline"
    LONGER = "longer"


@app.command("request")
def request(
    person: PersonId,
    kind: Annotated[RequestKind, typer.Option("--kind", help="What is asked.")],
    field: Annotated[
        str, typer.Option("--field", help="Of a correction: name, department, job_title, language or other.")
    ] = "",
    value: Annotated[str, typer.Option("--value", help="Of a correction: what is right.")] = "",
    words: Annotated[str, typer.Option("--words", help="In the person's own words.")] = "",
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Ask for a correction, a restriction or erasure, for oneself or as somebody said it. It is due in a month."""
    from ascertain.pipeline.permit import permitted_learner
    from ascertain.pipeline.rights_requests import ask, shown

    app_ = opened()
    who = asking(app_, actor)
    with app_.units() as uow:
        learner = permitted_learner(uow, who, Action.REQUEST_MAKE, person)
        made = ask(uow, learner, kind, field=field, value=value, words=words, actor=who.name, clock=app_.clock)
        uow.commit()
    data = shown(made, app_.clock.today())
    emit(data, as_json, lambda c: c.print(f"{made.id}: {made.kind.value} asked; an answer is due by {made.due_on}"))


@app.command("requests")
def requests(
    everything: Annotated[bool, typer.Option("--all", help="Answered ones too.")] = False,
    learner: Annotated[str | None, typer.Option(help="Only one person (id or e-mail address).")] = None,
    actor: Reader = None,
    as_json: AsJson = False,
) -> None:
    """What people ask for about their data: overdue ones first, then the first due first."""
    from ascertain.pipeline.access import REQUESTS, note_access
    from ascertain.pipeline.permit import demand_somewhere, permitted_learner, permitted_rows
    from ascertain.pipeline.rights_requests import in_order, shown

    app_ = opened()
    who, today = asking(app_, actor), app_.clock.today()
    with app_.units(write=False) as uow:
        person = permitted_learner(uow, who, Action.REQUEST_READ, learner).id if learner else None
        if person is None:
            demand_somewhere(uow, who, Action.REQUEST_READ)
        found = uow.rights_requests.all() if everything else uow.rights_requests.open()
        asked = [r for r in found if person in (None, r.learner_id)]
        seen, left_out = permitted_rows(uow, who, Action.REQUEST_READ, asked, lambda r: (r.learner_id, None))
        rows = [shown(r, today) for r in in_order(seen, today)]
    note_access(app_.units, who.name, REQUESTS, {r["learner"] for r in rows})
    late = sum(r["overdue"] for r in rows)

    def render(c: Console) -> None:
        from rich.table import Table

        table = Table("request", "who", "what", "state", "due", "words", box=None)
        for r in rows:
            what = f"{r['kind']} {r['field']} {r['value']}".strip()
            due = f"{r['due']} overdue" if r["overdue"] else r["due"]
            table.add_row(r["id"], r["learner"], what, r["state"], due, r["words"])
        c.print(table if rows else "nobody has asked for anything")
        if late:
            c.print(f"{late} overdue", style="red")

    emit({"requests": rows, "overdue": late, "left_out": left_out}, as_json, render)
    tell_left_out(left_out)


@app.command("answer")
def answer(
    request: RequestId,
    said: Annotated[Answer, typer.Argument(help="do it, decline it, or take up to three months: longer.")],
    reason: Annotated[str, typer.Option("--reason", help="What the person is told.")] = "",
    confirm: Annotated[
        str, typer.Option("--confirm", metavar="ID", help="To do an erasure: the person's id, typed once more.")
    ] = "",
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Answer a request. `do` corrects, restricts or erases at once; whoever says it must be allowed that too."""
    from ascertain.jobs.erasing import erase_everywhere
    from ascertain.pipeline import rights_requests as use_case

    app_ = opened()
    who, clock = asking(app_, actor), app_.clock
    with app_.units() as uow:
        found = use_case.permitted_request(uow, who, Action.REQUEST_ANSWER, request)
        erases = said is Answer.DO and found.kind is RequestKind.ERASURE
        if erases:
            learner = use_case.must_confirm(uow, found, typed=confirm, principal=who)
            done = found
        elif said is Answer.DO:
            done = use_case.do(uow, found, answer=reason, principal=who, clock=clock)
        elif said is Answer.DECLINE:
            done = use_case.decline(uow, found, reason=reason, actor=who.name, clock=clock)
        else:
            done = use_case.take_longer(uow, found, reason=reason, actor=who.name, clock=clock)
        uow.commit()
    if erases:
        why = reason or f"asked in {found.id}"
        tell_erased(erase_everywhere(app_, learner, actor=who.name, reason=why, request=found), as_json)
        return
    again = ""
    if said is Answer.DO and found.kind is RequestKind.RECTIFICATION and found.open:
        again = _again(app_, found.learner_id)
    data = use_case.shown(done, clock.today())

    def render(c: Console) -> None:
        c.print(f"{done.id}: {done.state.value}" + (f", due by {done.due_on}" if done.open else ""))
        if again:
            c.print(f"assessed again: {again}")

    emit(data, as_json, render)


@app.command("withdraw-request")
def withdraw_request(request: RequestId, actor: Actor = None, as_json: AsJson = False) -> None:
    """No longer ask: for oneself, or as the person said it."""
    from ascertain.pipeline import rights_requests as use_case

    app_ = opened()
    who = asking(app_, actor)
    with app_.units() as uow:
        found = use_case.permitted_request(uow, who, Action.REQUEST_MAKE, request)
        done = use_case.withdraw(uow, found, actor=who.name, clock=app_.clock)
        uow.commit()
    data = use_case.shown(done, app_.clock.today())
    emit(data, as_json, lambda c: c.print(f"{done.id}: {done.state.value}"))
