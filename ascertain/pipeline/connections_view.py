"""How each connection does: when it was last read, how far, what came in and went out, what is wrong and what helps."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from ascertain.domain.outbox import EFFECTIVE, OutboxState
from ascertain.domain.ports import UnitOfWork
from ascertain.domain.sync_attempts import SyncAttempt, Watermark

Json = dict[str, Any]


class Condition(StrEnum):
    """How a connection stands, in one word; the worst that holds."""

    UNUSABLE = "not usable"
    PAUSED = "paused"
    FAILING = "failing"
    BUSY = "being read"
    NEVER = "never read"
    WORKS = "works"


def connections(uow: UnitOfWork, described: Sequence[Mapping[str, Any]], now: datetime) -> list[Json]:
    """One row a connection.

    Args:
        described: as ``service.connections.described`` has them: name, system, where, problem, remedy, entities,
            receives, writes, limit, busy.
    """
    attempts: dict[str, list[SyncAttempt]] = defaultdict(list)
    for a in uow.sync.attempts():
        attempts[a.connector].append(a)
    marks = {(m.connector, m.entity): m for m in uow.sync.cursors()}
    held = Counter(q.connector for q in uow.sync.quarantined())
    events = uow.inbox.unfinished()
    out = uow.outbox.counts()
    rows = []
    for d in described:
        name = str(d["name"])
        waiting = [e for e in events if e.connection == name]
        tried = {a.entity: a for a in attempts[name]}
        known = dict.fromkeys([*tried, *(e for n, e in marks if n == name)], "") | dict(d["entities"])
        parts = [_part(e, how, tried.get(e), marks.get((name, e)), now) for e, how in sorted(known.items())]
        sent = out.get(name, {})
        rows.append(
            dict(d)
            | {
                "condition": _condition(d, parts, now).value,
                "parts": parts,
                "synced_at": max((p["ok_at"] for p in parts if p["ok_at"]), default=None),
                "pulled": sum(p["pulled"] for p in parts),
                "quarantined": held[name],
                "events": {"waiting": len(waiting), "given_up": sum(e.given_up for e in waiting)},
                "written": sum(sent.get(s, 0) for s in EFFECTIVE),
                "refused": sum(sent.get(s, 0) for s in (OutboxState.REJECTED, OutboxState.FAILED)),
                "errors": _errors(d, parts, [e.error for e in waiting if e.error]),
            }
        )
    return rows


def _part(entity: str, how: str, tried: SyncAttempt | None, mark: Watermark | None, now: datetime) -> Json:
    ok_at = (tried.ok_at if tried else None) or (mark.at if mark and not tried else None)
    return {
        "entity": entity,
        "incremental": how,
        "ok_at": ok_at,
        "tried_at": tried.tried_at if tried else None,
        "failures": tried.failures if tried else 0,
        "error": tried.error if tried else "",
        "remedy": tried.remedy if tried else "",
        "retry_at": tried.retry_at if tried and tried.retry_at and tried.retry_at > now else None,
        "watermark": watermark_in(mark.value) if mark else "",
        "seconds": tried.seconds if tried else None,
        "last": dict(tried.figures) if tried else {},
        "pulled": tried.totals.get("pulled", 0) if tried else 0,
    }


def watermark_in(value: Mapping[str, Any]) -> str:
    """The latest time that a cursor names, as its system wrote it; empty where it names none. Nothing else of a cursor
    is shown: it may hold ids of people."""
    times = [v for v in value.values() if isinstance(v, str) and _is_time(v)]
    return max(times, default="")


def _is_time(text: str) -> bool:
    if len(text) < len("2026-01-01"):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _condition(d: Mapping[str, Any], parts: Sequence[Json], now: datetime) -> Condition:
    limit = d["limit"] or {}
    if d["problem"]:
        return Condition.UNUSABLE
    if limit.get("paused_until") or any(p["retry_at"] for p in parts):
        return Condition.PAUSED
    if any(p["failures"] for p in parts):
        return Condition.FAILING
    if d["busy"]:
        return Condition.BUSY
    return Condition.WORKS if any(p["ok_at"] for p in parts) else Condition.NEVER


def _errors(d: Mapping[str, Any], parts: Sequence[Json], events: Sequence[str]) -> list[Json]:
    """What is wrong, each once, with what helps."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    if d["problem"]:
        found[str(d["problem"]), str(d["remedy"])] = []
    for p in parts:
        if p["error"]:
            found[p["error"], p["remedy"]].append(p["entity"])
    for text in events:
        found[text, "it is tried again by itself; `ascertain webhooks list` shows the events"].append("event")
    return [{"error": e, "remedy": r, "of": sorted(set(of))} for (e, r), of in found.items()]
