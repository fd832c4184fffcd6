"""Everything that the database holds on a person, found by the schema itself: a new table cannot be forgotten."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, LargeBinary, Table, select

from ascertain.store.schema import (
    AuditRow,
    Base,
    LearnerRow,
    PersonKeyRow,
    QuarantineRow,
    RunDocumentRow,
    RunRow,
    table,
)
from ascertain.store.schema_exchange import InboxRow

Json = dict[str, Any]
_DOCUMENTS, _RUNS, _LEARNERS = table(RunDocumentRow), table(RunRow), table(LearnerRow)
_APART = {table(AuditRow).name, table(PersonKeyRow).name}
"""The chain is read through its own repository; a key is no information about anybody."""


def held_on(connection: Connection, learner_id: str, refs: Iterable[str]) -> dict[str, list[Json]]:
    """Rows by table, as stored; tables with nothing are left out.

    Args:
        refs: ``system:entity:id`` by which other systems know the person: events and quarantined records that name one
            of them count as about the person.
    """
    found: dict[str, list[Json]] = {}
    for source in Base.metadata.sorted_tables:
        if source.name in _APART:
            continue
        if source is _LEARNERS:
            where = source.c.id == learner_id
        elif source is _DOCUMENTS:
            mine = select(_RUNS.c.id).where(_RUNS.c.learner_id == learner_id)
            where = source.c.run_id.in_(mine)
        elif "learner_id" in source.c:
            where = source.c.learner_id == learner_id
        else:
            continue
        rows = [_plain(source, r._mapping) for r in connection.execute(select(source).where(where))]
        if rows:
            found[source.name] = rows
    for name, rows in _named(connection, learner_id, set(refs)).items():
        found[name] = rows
    return found


def _named(connection: Connection, learner_id: str, refs: set[str]) -> dict[str, list[Json]]:
    """Events of webhooks and quarantined records that name one of a person's accounts, and whom the person leads."""
    inbox, quarantine = table(InboxRow), table(QuarantineRow)
    events = [r for r in connection.execute(select(inbox)) if any(":".join(ref) in refs for ref in r.refs)]
    own = {(ref.split(":", 1)[0], ref.split(":", 2)[2]) for ref in refs}
    words = {learner_id, *(i for _, i in own)}
    held = [r for r in connection.execute(select(quarantine)) if r.ref in refs or words & set(map(str, _leaves(r.raw)))]
    team = connection.execute(select(_LEARNERS.c.id).where(_LEARNERS.c.manager_id == learner_id)).all()
    found = {
        inbox.name: [_plain(inbox, r._mapping) for r in events],
        quarantine.name: [_plain(quarantine, r._mapping) for r in held],
        "leads": [{"learner_id": r.id} for r in team],
    }
    return {name: rows for name, rows in found.items() if rows}


def _leaves(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        for v in value.values():
            yield from _leaves(v)
    elif isinstance(value, list):
        for v in value:
            yield from _leaves(v)
    else:
        yield value


def _plain(source: Table, row: Any) -> Json:
    return {c.name: row[c.name] for c in source.c if not isinstance(c.type, LargeBinary)}
