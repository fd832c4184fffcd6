"""connector list, check, probe, quarantine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ascertain.cli.actor import Actor, asking
from ascertain.cli.output import AsJson, emit, opened
from ascertain.errors import AscertainError, ConfigError, ConnectorError

if TYPE_CHECKING:
    from rich.console import Console

    from ascertain.connectors.connection import ConnectionEntry
    from ascertain.domain.connector import Connector
    from ascertain.pipeline.requarantine import Waiting
    from ascertain.runtime import App

app = typer.Typer(help="The connected systems: what they offer, whether they work, what could not be used.")
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of a connection (see `connector list`).")]


@app.command("list")
def list_connections(as_json: AsJson = False) -> None:
    """The configured connections, what each can be asked for, and what waits in quarantine. Calls nobody."""
    from ascertain.connectors.connection import read_entries
    from ascertain.variables import variables

    shown = opened()
    with shown.units(write=False) as uow:
        held = [q.connector for q in uow.sync.quarantined()]
        synced = {
            e.name: sorted(x.value for x in _entities() if uow.sync.cursor(e.name, x.value) is not None)
            for e in read_entries(shown.settings.connectors_file)
        }
    rows = [
        _described(e, variables()) | {"synced": synced[e.name], "quarantined": held.count(e.name)}
        for e in read_entries(shown.settings.connectors_file)
    ]

    def render(c: Console) -> None:
        from rich.table import Table

        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in ("name", "system", "where", "offers", "events", "writes", "quarantined"):
            table.add_column(name, justify="right" if name == "quarantined" else "left", overflow="fold")
        for r in rows:
            offers = ", ".join(f"{k} (whole)" if v == "full" else k for k, v in r["entities"].items())
            table.add_row(
                r["name"],
                r["system"],
                r["host"],
                offers or "·",
                r["receives"] or "·",
                ", ".join(r["writes"]) or "·",
                str(r["quarantined"] or "·"),
            )
        c.print(table)
        for r in rows:
            if r["problem"]:
                c.print(f"{r['name']}: {r['problem']}", style="yellow", soft_wrap=True)
                c.print(f"  remedy: {r['remedy']}", soft_wrap=True)

    emit({"connections": rows}, as_json, render)


@app.command("check")
def check(name: Name, as_json: AsJson = False) -> None:
    """One cheap authorised read: does the connection work, whose rights has it, how far apart are the clocks."""
    from ascertain.pipeline.connection_lease import alone

    shown = opened()
    (found,) = shown.connectors([name])
    with alone(found, shown.store.budget()):
        health = found.check()
    quota = found.quota()
    skew = None if health.skew is None else round(health.skew.total_seconds(), 1)
    data = {
        "connection": name,
        "ok": health.ok,
        "detail": health.detail,
        "problem": health.problem,
        "remedy": health.remedy,
        "skew_seconds": skew,
        "quota": {
            "scope": quota.scope,
            "calls": quota.calls,
            "window_seconds": quota.window.total_seconds(),
            "exclusive": quota.exclusive,
        },
    }

    def render(c: Console) -> None:
        if health.ok:
            c.print(f"{name}: works, {health.detail}")
        else:
            c.print(f"{name}: {health.problem or health.detail}", style="red", soft_wrap=True)
            if health.remedy:
                c.print(f"  remedy: {health.remedy}", soft_wrap=True)
        if skew is not None and abs(skew) > 60:
            c.print(f"  its clock and ours are {abs(skew):.0f} s apart", style="yellow")
        if quota.calls is not None:
            c.print(f"  {quota.calls} calls in {quota.window.total_seconds() / 60:g} min for each {quota.scope}")
        if quota.exclusive:
            c.print("  a new sign-in ends the old one: one process at a time uses it")

    emit(data, as_json, render)
    if not health.ok:
        raise typer.Exit(ConnectorError.exit_code)


@app.command("probe")
def probe(name: Name, as_json: AsJson = False) -> None:
    """The tenant's own fields: what the field map names, and what it could name."""
    from ascertain.pipeline.connection_lease import alone

    shown = opened()
    (found,) = shown.connectors([name])
    with alone(found, shown.store.budget()):
        profile = found.probe()
    rows = [
        {"entity": e.value, "key": k, "caption": caption, "mapped": k not in profile.unmapped.get(e, ())}
        for e, fields in profile.fields.items()
        for k, caption in fields.items()
    ]

    def render(c: Console) -> None:
        from rich.table import Table

        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in ("of", "key", "caption", "mapped"):
            table.add_column(column, overflow="fold")
        for r in rows:
            table.add_row(str(r["entity"]), str(r["key"]), str(r["caption"]), "yes" if r["mapped"] else "·")
        c.print(table)
        if any(not r["mapped"] for r in rows):
            c.print(f"what is not mapped is not read; name it under `fields` of {name} in the connections file")

    emit({"connection": name, "fields": rows}, as_json, render)


@app.command("quarantine")
def quarantine(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Only of this connection.")] = None,
    retry: Annotated[str | None, typer.Option("--retry", metavar="ID", help="Try this record again now.")] = None,
    drop: Annotated[str | None, typer.Option("--drop", metavar="ID", help="Give this record up.")] = None,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Records that could not be used, with the field at fault, the reason and the remedy. Oldest first."""
    from ascertain.pipeline import requarantine

    if retry is not None and drop is not None:
        raise ConfigError("give either --retry or --drop", remedy="ascertain connector quarantine --retry ID")
    shown = opened()
    who = asking(shown, actor)
    if retry is not None:
        _retry(shown, retry, as_json)
    elif drop is not None:
        with shown.units() as uow:
            held = requarantine.drop(uow, drop, actor=who.name)
            uow.commit()
        emit({"dropped": held.id, "record": held.ref}, as_json, lambda c: c.print(f"{held.ref}: given up"))
    else:
        with shown.units(write=False) as uow:
            rows = requarantine.waiting(uow, shown.clock.now(), connection=name)
        emit({"waiting": len(rows), "records": rows}, as_json, lambda c: _waiting(c, rows))


def _retry(shown: App, text: str, as_json: bool) -> None:
    from ascertain.pipeline import requarantine

    with shown.units(write=False) as uow:
        held = requarantine.held_under(uow, text)
    (found,) = shown.connectors([held.connector])
    done = requarantine.retry(
        found,
        held,
        shown.units,
        clock=shown.clock,
        budget=shown.store.budget(),
        messages=shown.message_reader([found]),
    )

    def render(c: Console) -> None:
        c.print(f"{done.record}: {done.detail}", style="" if done.taken else "yellow", soft_wrap=True)
        if done.remedy:
            c.print(f"  remedy: {done.remedy}", soft_wrap=True)

    emit(done, as_json, render)
    if not done.taken:
        raise typer.Exit(3)


def _waiting(c: Console, rows: list[Waiting]) -> None:
    from rich.table import Table

    if not rows:
        c.print("nothing is in quarantine")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("id", "connection", "what", "record", "field", "reason", "age"):
        table.add_column(column, overflow="fold", justify="right" if column == "age" else "left")
    for r in rows:
        age = f"{r.days} d" if r.days else "today"
        table.add_row(r.id[:11], r.connection, r.entity, r.record, r.field, r.reason, age)
    c.print(table)
    for remedy in dict.fromkeys(r.remedy for r in rows):
        fitting = [r.id[:11] for r in rows if r.remedy == remedy]
        more = f" and {len(fitting) - 4} more" if len(fitting) > 4 else ""
        c.print(f"{', '.join(fitting[:4])}{more}: {remedy}", soft_wrap=True)


def _entities() -> list[Any]:
    from ascertain.domain.records import Entity

    return list(Entity)


def _described(entry: ConnectionEntry, values: dict[str, str]) -> dict[str, Any]:
    """What an entry offers; what is missing to use it is its problem, not the command's."""
    from httpx import URL

    from ascertain.connectors.connection import resolve
    from ascertain.connectors.registry import open_connector

    found: dict[str, Any] = {
        "name": entry.name,
        "system": entry.system,
        "host": "",
        "entities": {},
        "receives": "",
        "writes": [],
        "problem": "",
        "remedy": "",
    }
    try:
        connection = resolve(entry, values)
        found["host"] = URL(connection.url).host or connection.path
        connector = open_connector(connection)
    except AscertainError as e:
        return found | {"problem": e.message, "remedy": e.remedy or ""}
    try:
        return found | _abilities(connector)
    finally:
        connector.close()


def _abilities(connector: Connector) -> dict[str, Any]:
    from ascertain.domain.webhooks import Receives
    from ascertain.domain.writeback import WritesSkills

    return {
        "entities": {e.value: how.value for e, how in connector.capabilities().incremental.items()},
        "receives": connector.proof.value if isinstance(connector, Receives) else "",
        "writes": [t.caption for t in connector.targets()] if isinstance(connector, WritesSkills) else [],
    }
