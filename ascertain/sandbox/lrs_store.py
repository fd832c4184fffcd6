"""The statements of a learning record store: immutable, in the order in which they were stored, some of them voided."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from ascertain.sandbox.lrs_rules import VOIDED, Json, Refused, check, identifier, same_agent

_TICK = timedelta(microseconds=1)
_MORE = 512
_LRS_SETS = ("stored", "authority", "version", "timestamp")


def stamp(when: datetime) -> str:
    """As the store writes times."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Store:
    """Statements with the times at which they were stored.

    Args:
        clock: aware now.
        lag: how long a statement is stored before queries find it.
    """

    def __init__(self, clock: Callable[[], datetime], lag: timedelta = timedelta(0)) -> None:
        self._clock = clock
        self._lag = lag
        self._lock = threading.Lock()
        self._rows: list[tuple[datetime, Json]] = []
        self._by_id: dict[str, tuple[Json, Json]] = {}
        self._voided: set[str] = set()
        self._newest = self._told = datetime.min.replace(tzinfo=UTC)
        self._more: dict[str, tuple[list[Json], str]] = {}

    def add(self, sent: list[Any], *, authority: Json, at: datetime | None = None) -> list[str]:
        """Store all of them or none; ids in the order given.

        Args:
            at: when they were stored, for the history that the store begins with.

        Raises:
            Refused: 400 for what is no statement, 409 for an id that is there with other content.
        """
        checked = [check(s) for s in sent]
        with self._lock:
            ids: list[str] = []
            fresh: list[Json] = []
            for statement in checked:
                key = identifier(statement["id"], "id") if "id" in statement else str(uuid4())
                if key in ids:
                    raise Refused(400, "the same id is there twice")
                ids.append(key)
                there = self._by_id.get(key)
                if there is None:
                    fresh.append({**statement, "id": key})
                elif _content(there[0]) != _content({**statement, "id": key}):
                    raise Refused(409, f"statement {key} is there with other content")
            for statement in fresh:
                self._store(statement, authority, at)
            return ids

    def _store(self, statement: Json, authority: Json, at: datetime | None) -> None:
        # A time that a query was told to be complete through must stay complete: what comes later is later.
        stored = at if at is not None else max(self._clock(), self._newest + _TICK, self._told + _TICK)
        stored = max(stored, self._newest + _TICK)
        self._newest = stored
        full = {
            "timestamp": stamp(stored),
            "version": "1.0.0",
            **statement,
            "stored": stamp(stored),
            "authority": authority,
        }
        if statement["verb"]["id"] == VOIDED:
            target = self._by_id.get(str(statement["object"]["id"]).lower())
            if target is None or target[0]["verb"]["id"] != VOIDED:
                self._voided.add(str(statement["object"]["id"]).lower())
        self._by_id[statement["id"]] = (statement, full)
        self._rows.append((stored, full))

    def one(self, key: str, *, voided: bool) -> Json:
        """A statement by id; 404 where there is none, or where it is voided and that was not asked for."""
        with self._lock:
            found = self._by_id.get(identifier(key, "statementId"))
            if found is None or (found[1]["id"] in self._voided) != voided:
                raise Refused(404, "there is no such statement")
            return found[1]

    def query(self, wanted: Callable[[Json], bool], *, since: datetime | None, until: datetime | None) -> list[Json]:
        """What matches and is not voided, in the order in which it was stored; ``since`` itself is left out."""
        horizon = self._horizon()
        with self._lock:
            return [
                row
                for stored, row in self._rows
                if stored <= horizon
                and (since is None or stored > since)
                and (until is None or stored <= until)
                and row["id"] not in self._voided
                and wanted(row)
            ]

    def consistent_through(self) -> str:
        """Until when queries have everything."""
        return stamp(self._horizon())

    def _horizon(self) -> datetime:
        with self._lock:
            now = self._clock() - self._lag
            self._told = max(self._told, now) if self._lag else max(self._told, now, self._newest)
            return self._told

    def keep(self, rows: list[Json], form: str) -> str:
        """Remembers the rest of an answer; the token of the next page."""
        token = secrets.token_urlsafe(12)
        with self._lock:
            while len(self._more) >= _MORE:
                self._more.pop(next(iter(self._more)))
            self._more[token] = (rows, form)
        return token

    def rest(self, token: str) -> tuple[list[Json], str]:
        """What was remembered; 404 where the token has died."""
        with self._lock:
            if token not in self._more:
                raise Refused(404, "that page is no more")
            return self._more[token]


def _content(statement: Mapping[str, Any]) -> Json:
    """What makes a statement that statement; what the store sets itself does not count."""
    return {k: v for k, v in statement.items() if k not in _LRS_SETS}


def matches(query: Mapping[str, Any]) -> Callable[[Json], bool]:
    """Whether a statement fits ``agent``, ``verb``, ``activity`` and ``registration``."""
    agent, verb = query.get("agent"), query.get("verb")
    activity, registration = query.get("activity"), query.get("registration")
    related = query.get("related_activities") is True
    everybody = query.get("related_agents") is True

    def fits(row: Json) -> bool:
        context = row.get("context", {})
        if verb and row["verb"]["id"] != verb:
            return False
        if registration and context.get("registration") != registration:
            return False
        if activity and row["object"].get("id") != activity and not (related and activity in _activities(context)):
            return False
        if agent is None:
            return True
        others = [row["actor"], row["object"]]
        others += [row["authority"], context.get("instructor"), context.get("team")] if everybody else []
        return any(same_agent(agent, other) for other in others)

    return fits


def _activities(context: Mapping[str, Any]) -> set[str]:
    found: set[str] = set()
    for listed in (context.get("contextActivities") or {}).values():
        rows = listed if isinstance(listed, list) else [listed]
        found |= {str(row.get("id")) for row in rows if isinstance(row, Mapping)}
    return found
