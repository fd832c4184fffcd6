"""The configured connections as they are now: what each offers, how its calls are counted, who works with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from httpx import URL

from ascertain.connectors.connection import read_entries, resolve
from ascertain.connectors.registry import open_connector
from ascertain.domain.connector import Budget, Connector
from ascertain.domain.webhooks import Receives
from ascertain.domain.writeback import WritesSkills
from ascertain.errors import AscertainError
from ascertain.jobs.schedule import ScheduleEntry, read_schedules
from ascertain.runtime import App
from ascertain.variables import variables

Json = dict[str, Any]


def described(app: App) -> list[Json]:
    """Each connection of the connections file. Calls nobody; a missing secret is its ``problem``."""
    budget = app.store.budget()
    values = variables()
    found = []
    for entry in read_entries(app.settings.connectors_file):
        row: Json = {"name": entry.name, "system": entry.system, "where": "", "problem": "", "remedy": ""}
        row |= {"entities": {}, "receives": "", "writes": [], "limit": None, "busy": False}
        try:
            connection = resolve(entry, values)
            row["where"] = URL(connection.url).host or "a folder"
            connector = open_connector(connection)
        except AscertainError as e:
            found.append(row | {"problem": e.message, "remedy": e.remedy or ""})
            continue
        try:
            found.append(row | _offers(connector) | _calls(connector, budget, app.clock.now()))
        finally:
            connector.close()
    return found


def next_slots(app: App) -> list[Json]:
    """What the schedule does, and when next (UTC), the earliest first."""
    now = app.clock.now()
    entries: dict[str, ScheduleEntry] = dict(read_schedules(app.settings.schedules_file))
    rows = [
        {"name": n, "task": e.task, "cohort": e.cohort or "", "cron": e.cron, "timezone": e.timezone}
        | {"next": e.next_slot(now)}
        for n, e in entries.items()
    ]
    return sorted(rows, key=lambda r: (r["next"], r["name"]))


def _offers(connector: Connector) -> Json:
    return {
        "entities": {e.value: how.value for e, how in sorted(connector.capabilities().incremental.items())},
        "receives": connector.proof.value if isinstance(connector, Receives) else "",
        "writes": [t.caption for t in connector.targets()] if isinstance(connector, WritesSkills) else [],
    }


def _calls(connector: Connector, budget: Budget, now: datetime) -> Json:
    """Its call budget as it stands, and whether somebody works with it."""
    quota = connector.quota()
    key = str(getattr(connector, "budget_key", ""))
    spent = budget.spent(key) if key else None
    fresh = spent is not None and now - spent.window_began < quota.window
    until = spent.blocked_until if spent else None
    limit = {
        "scope": quota.scope,
        "calls": quota.calls,
        "window_seconds": quota.window.total_seconds(),
        "used": spent.used if spent and fresh else 0,
        "until": spent.window_began + quota.window if spent and fresh else None,
        "paused_until": until if until and until > now else None,
    }
    return {"limit": limit, "busy": budget.holder(f"connection:{connector.name}") is not None}
