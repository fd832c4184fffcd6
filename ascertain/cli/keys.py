"""key create, rotate, list, revoke."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from ascertain.cli.actor import Actor, asking
from ascertain.cli.output import AsJson, emit, opened
from ascertain.domain.access import DAYS, GRACE, Scope

if TYPE_CHECKING:
    from rich.console import Console

    from ascertain.domain.access import ApiKey

app = typer.Typer(help="Keys of the API: who may call the service, for what, and until when.", no_args_is_help=True)

Key = Annotated[str, typer.Argument(metavar="KEY", help="Its id or name.")]
Days = Annotated[int, typer.Option("--days", help="How many days it lives, 1 to 366.")]


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    scope: Annotated[list[Scope], typer.Option("--scope", help="What it may do; may be repeated.")],
    population: Annotated[
        list[str] | None,
        typer.Option("--population", help="Whom it reaches: a department or job profile; may be repeated. Else: all."),
    ] = None,
    days: Days = DAYS,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and show it, this once: only a digest is kept.

    Scopes: infer (send activities, read what they support), skills.read (skills, gaps, paths, teams, explanations),
    evidence.read (evidence, rebuilding numbers), people.search (who has a skill), review (what waits; no key decides),
    dispute (read and open), runs (start assessments), sync (pull, connections, catalogue), writeback, audit.read
    (headers, the chain), roles.write (accept job profiles).
    """
    from ascertain.pipeline.keys import create_key

    shown = opened()
    who = asking(shown, actor).name
    key, text = create_key(
        shown.units, shown.clock, name, scope, actor=who, days=days, populations=frozenset(population or ())
    )
    _hand_over(key, text, {}, as_json, now=shown.clock.now())


@app.command("rotate")
def rotate(
    key: Key,
    days: Days = DAYS,
    grace: Annotated[int, typer.Option("--grace", help="Hours for which the old one still opens, 0 to 336.")] = int(
        GRACE.total_seconds() // 3600
    ),
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Make a new key with the same name, scopes and populations; the old one opens until the grace period ends."""
    from ascertain.pipeline.keys import rotate_key

    shown = opened()
    who = asking(shown, actor).name
    made, text, old = rotate_key(shown.units, shown.clock, key, actor=who, days=days, grace=timedelta(hours=grace))
    _hand_over(made, text, {"replaces": old.id, "old_opens_until": old.expires_at}, as_json, now=shown.clock.now())


@app.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """All keys, those that have ended too: until when each opens, and when it was last used (to the hour)."""
    from ascertain.pipeline import keys as use_case

    shown = opened()
    found, now = use_case.list_keys(shown.units), shown.clock.now()

    def render(c: Console) -> None:
        from rich.table import Table

        table = Table("id", "name", "scopes", "reaches", "state", "last used (UTC)", box=None)
        for k in found:
            reaches = ", ".join(sorted(k.populations)) or "all"
            used = f"{k.last_used_at:%Y-%m-%d %H:%M}" if k.last_used_at else "never"
            table.add_row(k.id, k.name, ", ".join(sorted(k.scopes)), reaches, _state(k, now), used)
        c.print(table if found else "there are no keys yet: ascertain key create NAME --scope infer")

    emit([_shown(k, now) for k in found], as_json, render)


@app.command("revoke")
def revoke(key: Key, actor: Actor = None, as_json: AsJson = False) -> None:
    """End a key, or all of a name: they are refused from the next call on."""
    from ascertain.pipeline.keys import revoke_key

    shown = opened()
    done = revoke_key(shown.units, shown.clock, key, actor=asking(shown, actor).name)

    def render(c: Console) -> None:
        for k in done:
            c.print(f"{k.name} ({k.id}) is revoked")

    emit({"revoked": [k.id for k in done]}, as_json, render)


def _hand_over(key: ApiKey, text: str, more: dict[str, object], as_json: bool, *, now: datetime) -> None:
    def render(c: Console) -> None:
        c.print(
            f"{key.name} ({', '.join(sorted(key.scopes))}), id {key.id}, until {key.expires_at:%Y-%m-%d %H:%M} UTC. "
            "Keep this; it is not shown again:",
            soft_wrap=True,
        )
        print(text)
        if more:
            c.print(f"{more['replaces']} still opens until {more['old_opens_until']:%Y-%m-%d %H:%M} UTC")

    emit({**_shown(key, now), **more, "key": text}, as_json, render)


def _state(key: ApiKey, now: datetime) -> str:
    if key.revoked_at is not None:
        return f"revoked {key.revoked_at:%Y-%m-%d}"
    if key.expires_at is None:
        return "never expires"
    if not key.live(now):
        return f"expired {key.expires_at:%Y-%m-%d}"
    instead = f", then {key.replaced_by}" if key.replaced_by else ""
    return f"until {key.expires_at:%Y-%m-%d %H:%M}{instead}"


def _shown(key: ApiKey, now: datetime) -> dict[str, object]:
    """Without its digest."""
    return {
        "id": key.id,
        "name": key.name,
        "scopes": sorted(key.scopes),
        "populations": sorted(key.populations) or ["all"],
        "live": key.live(now),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "replaced_by": key.replaced_by,
        "revoked_at": key.revoked_at,
    }
