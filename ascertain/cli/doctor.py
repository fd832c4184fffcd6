"""What `ascertain doctor` looks at. Each check says what it found and, if it is wrong, the remedy."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from ascertain.cli.doctor_machine import addresses, clock, files, workers
from ascertain.errors import AscertainError, ConfigError, RetryableConnectorError

if TYPE_CHECKING:
    from ascertain.runtime import App
    from ascertain.settings import Settings


_SOON = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Check:
    """``state``: ok, warning or failed."""

    name: str
    state: str
    detail: str
    remedy: str = ""


def examine(settings: Settings, opened: Callable[[], App]) -> list[Check]:
    """Run all checks; one that fails does not stop the others."""
    checks = [_guarded("python", _python), _guarded("home", lambda: _home(settings))]
    if any(c.state == "failed" for c in checks):
        return checks
    try:
        app = opened()
    except AscertainError as e:
        return [*checks, Check("application", "failed", e.message, e.remedy or "")]
    checks += [
        _guarded("database", lambda: _database(app)),
        _guarded("taxonomy", lambda: _taxonomy(app)),
        _guarded("queue", lambda: _queue(app)),
        _guarded("workers", lambda: Check("workers", *workers(app))),
        _guarded("clock", lambda: Check("clock", *clock(app))),
        _guarded("files", lambda: Check("files", *files(settings))),
        _guarded("addresses", lambda: Check("addresses", *addresses(settings))),
        _guarded("audit", lambda: _audit(app)),
        _guarded("master key", lambda: _master_key(app)),
        _guarded("keys", lambda: _keys(app)),
        _guarded("brain", lambda: Check("brain", "ok", app.crew.brain_version)),
    ]
    return checks + _connections(app)


def _guarded(name: str, check: Callable[[], Check]) -> Check:
    try:
        return check()
    except AscertainError as e:
        return Check(name, "failed", e.message, e.remedy or "")


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    good = (3, 11) <= sys.version_info[:2] < (3, 14)
    return Check("python", "ok" if good else "failed", version, "" if good else "use Python 3.11, 3.12 or 3.13")


def _home(settings: Settings) -> Check:
    home = settings.home_dir
    free = shutil.disk_usage(home).free / 1e9
    if free < 0.5:
        return Check("home", "warning", f"{home}: only {free:.1f} GB free", "make room on that disk")
    return Check("home", "ok", f"{home} ({free:.0f} GB free)")


def _database(app: App) -> Check:
    pending = app.store.pending_migrations()
    if pending:
        return Check(
            "database", "failed", f"{len(pending)} migrations are missing", "run `ascertain sync` or any command once"
        )
    with app.units(write=False) as uow:
        people, evidence = len(uow.people.all()), sum(uow.evidence.counts().values())
    where = app.settings.effective_database_url.split("@")[-1]
    return Check("database", "ok", f"{where}: {people} learners, {evidence} pieces of evidence")


def _taxonomy(app: App) -> Check:
    return Check("taxonomy", "ok", f"{app.bundle.taxonomy.version}: {len(app.bundle.taxonomy.skills()):,} skills")


def _queue(app: App) -> Check:
    from ascertain.jobs.server import open_queue

    with closing(open_queue(app.settings)) as handle:
        info = handle.connection.info("server")
        policy = handle.connection.config_get("maxmemory-policy").get("maxmemory-policy", "")
    name = (
        info.get("valkey_version") and f"Valkey {info['valkey_version']}"
    ) or f"Redis {info.get('redis_version', '?')}"
    if policy and policy != "noeviction":
        return Check(
            "queue", "warning", f"{name}: evicts keys ({policy}), so jobs can vanish", "set maxmemory-policy noeviction"
        )
    return Check(
        "queue", "ok", f"{name} at {'its own URL' if app.settings.queue_url else 'a socket in the home folder'}"
    )


def _audit(app: App) -> Check:
    from ascertain.domain.audit import verify

    with app.units(write=False) as uow:
        faults = verify(uow.audit.records(), app.store.checkpoints())
        head = uow.audit.head()
    if faults:
        return Check(
            "audit", "failed", f"{len(faults)} faults, first at record {faults[0].seq}", "see `ascertain audit verify`"
        )
    return Check("audit", "ok", f"{head.seq if head else 0} records, whole")


def _master_key(app: App) -> Check:
    found = app.store.check_master_key()
    others = [c for c in app.store.data_keys() if not c.present]
    if app.store.rotation_under_way() or others:
        left = sum(c.keys for c in others)
        detail = f"{found}; {left} data keys are still wrapped otherwise than now"
        return Check("master key", "warning", detail, "`ascertain master-key rotate` goes on with that")
    return Check("master key", "ok", found)


def _keys(app: App) -> Check:
    """By id: names may tell whose they are."""
    with app.units(write=False) as uow:
        now = app.clock.now()
        live = [k for k in uow.api_keys.all() if k.live(now)]
    due = {
        "end within 14 days": [k for k in live if k.expires_at and k.expires_at - now <= _SOON and not k.replaced_by],
        "never end": [k for k in live if k.expires_at is None],
        "were never used in 14 days": [k for k in live if k.last_used_at is None and now - k.created_at >= _SOON],
    }
    wrong = [f"{', '.join(k.id for k in found)} {what}" for what, found in due.items() if found]
    if wrong:
        remedy = "`ascertain key rotate KEY` those in use, `ascertain key revoke KEY` the others"
        return Check("keys", "warning", "; ".join(wrong), remedy)
    return Check("keys", "ok", f"{len(live)} keys of the API open")


def _connections(app: App) -> list[Check]:
    from ascertain.pipeline.connection_lease import alone

    try:
        connectors = app.connectors()
    except ConfigError as e:
        return [Check("connections", "warning", e.message, e.remedy or "")]
    checks = []
    for c in connectors:
        try:
            with alone(c, app.store.budget()):
                health = c.check()
        except RetryableConnectorError as e:  # somebody works with it, so it works
            checks.append(Check(f"connection {c.name}", "ok", e.message))
            continue
        checks.append(
            Check(
                f"connection {c.name}", "ok" if health.ok else "failed", health.problem or health.detail, health.remedy
            )
        )
    return checks
