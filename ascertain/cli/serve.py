"""serve; key create, list, revoke; webhooks list, retry, forget, subscribe."""

from __future__ import annotations

import logging
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ascertain.cli.output import AsJson, emit, opened
from ascertain.cli.review import login_name
from ascertain.domain.access import Scope
from ascertain.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from rich.console import Console

    from ascertain.domain.access import ApiKey
    from ascertain.domain.inbox import InboxEvent

keys = typer.Typer(help="Keys of the API: who may call the service, and for what.", no_args_is_help=True)
webhooks = typer.Typer(help="What came in by webhook and is not worked off yet.", no_args_is_help=True)
Actor = Annotated[str | None, typer.Option("--as", help="Who does it (else the login name).")]


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8642,
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate chain (PEM), with --tls-key.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Private key (PEM), with --tls-cert.")] = None,
    trusted_proxy: Annotated[
        str, typer.Option(help="Address of the proxy that ends TLS in front; only its word on callers counts.")
    ] = "",
) -> None:
    """Take webhooks and answer the API until stopped. Without TLS only on this machine or behind a proxy.

    What comes in is recorded before it is acknowledged and worked off by `ascertain worker`.
    """
    import uvicorn

    from ascertain.service.app import create_app
    from ascertain.service.server import configure

    app = opened()
    logging.getLogger("ascertain").setLevel(app.settings.log_level)
    config = configure(
        create_app(app, warm=True),
        host=host,
        port=port,
        tls_cert=tls_cert,
        tls_key=tls_key,
        trusted_proxy=trusted_proxy,
    )
    server = uvicorn.Server(config)
    server.run()
    if not server.started:
        raise typer.Exit(1)


@keys.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    scope: Annotated[list[Scope], typer.Option("--scope", help="What it may do; may be repeated.")],
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and show it, this once: only a digest is kept."""
    from ascertain.pipeline.keys import create_key

    app = opened()
    key, text = create_key(app.units, app.clock, name, scope, actor=actor or login_name())
    data = {**_shown(key), "key": text}

    def render(c: Console) -> None:
        c.print(f"{key.name} ({', '.join(sorted(key.scopes))}), id {key.id}. Keep this; it is not shown again:")
        print(text)

    emit(data, as_json, render)


@keys.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """All keys, revoked ones too."""
    from ascertain.pipeline import keys as use_case

    found = use_case.list_keys(opened().units)

    def render(c: Console) -> None:
        from rich.table import Table

        table = Table("id", "name", "scopes", "created", "revoked", box=None)
        for k in found:
            revoked = f"{k.revoked_at:%Y-%m-%d %H:%M}" if k.revoked_at else "·"
            table.add_row(k.id, k.name, ", ".join(sorted(k.scopes)), f"{k.created_at:%Y-%m-%d %H:%M}", revoked)
        c.print(table if found else "there are no keys yet: ascertain key create NAME --scope infer")

    emit([_shown(k) for k in found], as_json, render)


@keys.command("revoke")
def revoke(
    key: Annotated[str, typer.Argument(help="Its id or name.")], actor: Actor = None, as_json: AsJson = False
) -> None:
    """End a key: it is refused from the next call on."""
    from ascertain.pipeline.keys import revoke_key

    app = opened()
    done = revoke_key(app.units, app.clock, key, actor=actor or login_name())
    emit({"revoked": done.id}, as_json, lambda c: c.print(f"{done.name} ({done.id}) is revoked"))


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
    with opened().units() as uow:
        gone = uow.kept.forget(connection)
        if not gone:
            raise NotFoundError(f"nothing is kept of a connection {connection!r}")
        header = {"connection": connection, "secrets": gone}
        uow.audit.append("webhooks.forgotten", actor=actor or login_name(), header=header)
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
        uow.audit.append(
            "webhooks.subscribed", actor=actor or login_name(), header={"connection": connection, **states}
        )
        uow.commit()

    def render(c: Console) -> None:
        for s in done:
            until = f" until {s.expires_at:%Y-%m-%d %H:%M} UTC" if s.expires_at else ""
            c.print(f"{s.state:8} {s.what}{until}", soft_wrap=True)

    rows = [{"id": s.id, "what": s.what, "state": s.state, "expires_at": s.expires_at} for s in done]
    emit(rows, as_json, render)


def _shown(key: ApiKey) -> dict[str, object]:
    """Without its digest."""
    return {
        "id": key.id,
        "name": key.name,
        "scopes": sorted(key.scopes),
        "created_at": key.created_at,
        "revoked_at": key.revoked_at,
    }


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
