"""serve; webhooks list, retry, forget, subscribe."""

from __future__ import annotations

from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ascertain.cli.actor import Actor, asking
from ascertain.cli.output import AsJson, emit, opened
from ascertain.errors import ConfigError, InputError, NotFoundError
from ascertain.logs import set_up

if TYPE_CHECKING:
    from rich.console import Console

    from ascertain.domain.connector import Connector
    from ascertain.domain.inbox import InboxEvent
    from ascertain.runtime import App

webhooks = typer.Typer(help="What came in by webhook and is not worked off yet.", no_args_is_help=True)


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8642,
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate chain (PEM), with --tls-key.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Private key (PEM), with --tls-cert.")] = None,
    trusted_proxy: Annotated[
        str, typer.Option(help="Address of the proxy that ends TLS in front; only its word on callers counts.")
    ] = "",
    metrics_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port for Prometheus, without keys: open it to it alone. 0 = none.")
    ] = 0,
    metrics_host: Annotated[str, typer.Option(help="Address on which that port listens.")] = "127.0.0.1",
) -> None:
    """Serve the pages and the API and take webhooks until stopped. Without TLS only on this machine or behind a proxy.

    What comes in is recorded before it is acknowledged and worked off by `ascertain worker`.
    """
    import uvicorn

    from ascertain.connectors.traces_out import traced
    from ascertain.service.app import create_app
    from ascertain.service.server import configure

    app = opened()
    set_up(app.settings.log_level, app.settings.log_format)  # of .env too
    api = create_app(app, _connections(app), warm=True)
    config = configure(
        api,
        host=host,
        port=port,
        tls_cert=tls_cert,
        tls_key=tls_key,
        trusted_proxy=trusted_proxy,
    )
    server = uvicorn.Server(config)
    _say(f"{'https' if tls_cert else 'http'}://{host}:{port}", len(api.state.service.hooks))
    with ExitStack() as around:
        if metrics_port:
            around.callback(api.state.service.metrics.serve(metrics_host, metrics_port))
        around.enter_context(traced(app.settings.traces_url, "service"))
        server.run()
    if not server.started:
        raise typer.Exit(1)


def _connections(app: App) -> list[Connector] | None:
    """Which connections are served; ``None`` for all that are configured.

    The demonstration's systems lived within `ascertain demo` alone: without them it is served all the same.
    """
    from ascertain.cli.demo_people import MARK

    if not (app.settings.home_dir / MARK).exists():
        return None
    try:
        return app.connectors()
    except ConfigError:
        return []


def _say(address: str, connections: int) -> None:
    """What is served where, on standard error: the log may be switched off, and standard output is nobody's."""
    from ascertain.cli.output import console

    c = console(stderr=True)
    c.print(f"serving at {address} until stopped (Ctrl-C)", soft_wrap=True)
    c.print(f"  pages  {address}/   sign in: ascertain access link ADDRESS --at {address}", soft_wrap=True)
    c.print(f"  API    {address}/v1   keys: ascertain key create NAME --scope infer", soft_wrap=True)
    c.print(f"  {connections} connections receive webhooks at {address}/v1/webhooks/NAME", soft_wrap=True)


@webhooks.command("list")
def list_events(
    limit: Annotated[int, typer.Option(min=1, help="At most this many, the oldest first.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Events that are not worked off: waiting, failing, given up."""
    with opened().units(write=False) as uow:
        found = uow.inbox.unfinished()[:limit]

    def render(c: Console) -> None:
        from rich.table import Table

        table = Table("id", "connection", "event", "names", "came", "tries", "why not yet", box=None)
        for e in found:
            names = ", ".join([*map(str, e.refs), *(f"all of {p.value}" for p in e.pull)])
            table.add_row(e.id, e.connection, e.type, names, _age(e), str(e.tries), _why(e))
        c.print(table if found else "nothing waits")

    emit([{**_event(e), "given_up": e.given_up} for e in found], as_json, render)


@webhooks.command("retry")
def retry(
    event: Annotated[str | None, typer.Argument(help="Id of an event; all of them without.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make events due now, given-up ones too, with all their tries."""
    with opened().units() as uow:
        found = [e.id for e in uow.inbox.unfinished() if event in (None, e.id)]
        if event is not None and not found:
            raise NotFoundError(f"no unfinished event {event!r}", remedy="`ascertain webhooks list` shows them")
        made = uow.inbox.retry(found)
        uow.commit()
    emit({"due": made}, as_json, lambda c: c.print(f"{made} due; `ascertain serve` or `schedule` queues them"))


@webhooks.command("forget")
def forget(
    connection: Annotated[str, typer.Argument(help="Name of a connection.")],
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Forget what a connection's handshakes left, so that the system can subscribe anew."""
    app = opened()
    who = asking(app, actor)
    with app.units() as uow:
        gone = uow.kept.forget(connection)
        if not gone:
            raise NotFoundError(f"nothing is kept of a connection {connection!r}")
        header = {"connection": connection, "secrets": gone}
        uow.audit.append("webhooks.forgotten", actor=who.name, header=header)
        uow.commit()
    emit({"forgotten": gone}, as_json, lambda c: c.print(f"{gone} forgotten; subscribe anew in {connection}"))


@webhooks.command("subscribe")
def subscribe(
    connection: Annotated[str, typer.Argument(help="Name of a connection.")],
    url: Annotated[str, typer.Argument(help="Its address here, as the system reaches it: https://…/v1/webhooks/NAME.")],
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Ask the system to call: make what is missing, prolong what runs out soon. Run it daily where promises end.

    The address has to answer already, because the system tries it at once.
    """
    from ascertain.domain.webhooks import Subscribes

    app = opened()
    who = asking(app, actor)
    (found,) = app.connectors([connection])
    with closing(found):
        if not isinstance(found, Subscribes):
            raise InputError(
                f"{connection}: {found.system} is not subscribed to through its API",
                remedy=f"set the webhook up by hand; docs/connectors/{found.system}.md says where",
            )
        done = found.subscribe(url, now=app.clock.now())
    with app.units() as uow:
        states = {state: sum(s.state == state for s in done) for state in sorted({s.state for s in done})}
        uow.audit.append("webhooks.subscribed", actor=who.name, header={"connection": connection, **states})
        uow.commit()

    def render(c: Console) -> None:
        for s in done:
            until = f" until {s.expires_at:%Y-%m-%d %H:%M} UTC" if s.expires_at else ""
            c.print(f"{s.state:8} {s.what}{until}", soft_wrap=True)

    rows = [{"id": s.id, "what": s.what, "state": s.state, "expires_at": s.expires_at} for s in done]
    emit(rows, as_json, render)


def _event(e: InboxEvent) -> dict[str, object]:
    return {
        "id": e.id,
        "connection": e.connection,
        "type": e.type,
        "refs": [str(r) for r in e.refs],
        "pull": [p.value for p in e.pull],
        "deleted": e.deleted,
        "received_at": e.received_at,
        "due_at": e.due_at,
        "tries": e.tries,
        "error": e.error,
    }


def _age(e: InboxEvent) -> str:
    minutes = (datetime.now(UTC) - e.received_at).total_seconds() / 60
    return f"{minutes:.0f} min ago" if minutes < 120 else f"{minutes / 60:.0f} h ago"


def _why(e: InboxEvent) -> str:
    if e.given_up:
        return f"given up: {e.error}"
    return f"{e.error} (again {e.due_at:%Y-%m-%d %H:%M} UTC)" if e.error else "waits for a worker"
