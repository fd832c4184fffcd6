"""notify: send what is due; status, enable, disable, opt-out, opt-in."""

from __future__ import annotations

from typing import Annotated

import typer

from ascertain.cli.actor import Actor, asking, require
from ascertain.cli.output import AsJson, emit, opened
from ascertain.domain.permission import Action
from ascertain.errors import ConnectorError

app = typer.Typer(help="Tell the outside whose accepted skills changed: signed webhooks, digests to managers.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="An endpoint of the outgoing file.")]
Who = Annotated[str, typer.Argument(metavar="PERSON", help="Id or e-mail address.")]


@app.callback(invoke_without_command=True)
def run(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Collect what changed and send what is due. Does nothing where nothing is configured."""
    if ctx.invoked_subcommand is not None:
        return
    require(Action.NOTIFY_SEND, None)
    shown = opened()
    shown.escalate()
    report = shown.notifier().run()
    line = (
        "another process is at it"
        if report.busy
        else f"{report.new} new, {report.sent} sent, {report.later} to be tried again, "
        f"{report.superseded} overtaken, {report.given_up} given up"
    )
    emit(report, as_json, lambda c: c.print(line))
    for name in report.disabled:
        typer.echo(f"endpoint {name} is disabled: `ascertain notify enable {name}` once it works again", err=True)
    if report.disabled or report.given_up:
        raise typer.Exit(ConnectorError.exit_code)


@app.command("status")
def status(as_json: AsJson = False) -> None:
    """How many messages there are in which state, and which endpoints are disabled."""
    from ascertain.pipeline.notify import ENDPOINT

    with opened().units(write=False) as uow:
        counts = [{"to": k[0], "state": k[1], "messages": n} for k, n in uow.notifications.counts().items()]
        off = {s.name.removeprefix(ENDPOINT): s.reason for s in uow.switches.named(ENDPOINT) if not s.on}
    lines = [f"{r['to']}: {r['messages']} {str(r['state']).replace('_', ' ')}" for r in counts]
    lines += [f"{name} is disabled: {reason}" for name, reason in off.items()]
    text = "\n".join(lines) or "no messages"
    emit({"messages": counts, "disabled": off}, as_json, lambda c: c.print(text))


@app.command("enable")
def enable(name: Name, actor: Actor = None) -> None:
    """Send to an endpoint again."""
    shown = opened()
    shown.notifier().enable(name, asking(shown, actor).name)
    typer.echo(f"{name} is enabled")


@app.command("disable")
def disable(
    name: Name, reason: Annotated[str, typer.Option("--reason", help="Why, in a few words.")], actor: Actor = None
) -> None:
    """Stop sending to an endpoint; what waits for it is kept."""
    shown = opened()
    shown.notifier().disable(name, asking(shown, actor).name, reason)
    typer.echo(f"{name} is disabled")


@app.command("opt-out")
def opt_out(person: Who, actor: Actor = None) -> None:
    """Send somebody no mails."""
    _mails(person, actor, on=False)


@app.command("opt-in")
def opt_in(person: Who, actor: Actor = None) -> None:
    """Send somebody mails again."""
    _mails(person, actor, on=True)


def _mails(person: str, actor: str | None, *, on: bool) -> None:
    from ascertain.domain.outbox import Switch
    from ascertain.pipeline.notify_mail import OPT_OUT
    from ascertain.pipeline.permit import permitted_learner

    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        learner = permitted_learner(uow, who, Action.MAILS_SET, person)
        uow.switches.put(Switch(f"{OPT_OUT}{learner.id}", on, who.name, "", shown.clock.now()))
        uow.audit.append(
            "notification.mails",
            actor="operator",
            header={"on": on},
            learner_id=learner.id,
            payload={"actor": who.name},
        )
        uow.commit()
    typer.echo(f"{learner.id}: {'mails again' if on else 'no mails'}")
