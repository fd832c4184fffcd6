"""Ingest of a whole company against inserting the rows that it leaves behind, without any thought."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ascertain.domain.connector import (
    Capabilities,
    Connector,
    Cursor,
    Failure,
    Health,
    Page,
    QuotaPolicy,
    TenantProfile,
    Verdict,
)
from ascertain.domain.records import Entity, Record, SourceRef
from ascertain.pipeline.ingest import sync
from ascertain.runtime import App
from benchmarks.ground import empty_app, sandbox
from benchmarks.table import Result, compared


@dataclass(frozen=True)
class Recorded:
    """A connection that plays back what it once pulled: ingest without the network."""

    name: str
    system: str
    abilities: Capabilities
    pages: dict[Entity, tuple[Page, ...]]

    @classmethod
    def of(cls, live: Connector) -> Recorded:
        """Pull everything now and keep it."""
        abilities = live.capabilities()
        pages = {entity: tuple(live.pull(entity, None)) for entity in abilities.entities}
        return cls(live.name, live.system, abilities, pages)

    def capabilities(self) -> Capabilities:
        return self.abilities

    def check(self) -> Health:
        return Health(True, "a recording")

    def probe(self) -> TenantProfile:
        return TenantProfile({})

    def pull(self, entity: Entity, cursor: Cursor | None) -> Iterator[Page]:
        yield from self.pages[entity]

    def fetch(self, ref: SourceRef) -> Record | None:
        return None

    def quota(self) -> QuotaPolicy:
        return QuotaPolicy(self.name)

    def classify(self, failure: Failure) -> Verdict:
        return Verdict.PERMANENT

    def close(self) -> None:
        """Nothing is open."""


def ingest(*, quick: bool) -> list[Result]:
    """Seconds for the same records, both into SQLite files on this disk."""
    recorded = _record(1 if quick else 5)
    records = sum(len(p.records) + len(p.rejected) for c in recorded for pages in c.pages.values() for p in pages)
    ours: list[float] = []
    base: list[float] = []
    again: list[float] = []
    rows = 0
    for _ in range(3 if quick else 7):
        with empty_app() as app:
            there = tables_of(database_of(app))
            ours.append(_seconds(app, recorded))
            left = {name: table for name, table in tables_of(database_of(app)).items() if table != there[name]}
            again.append(_seconds(app, recorded))
        rows = sum(len(table) for table in left.values())
        with empty_app() as app:
            base.append(insert_raw(database_of(app), left))
    result = compared("ingest", "ingest of a company, against raw inserts of its rows", ours, base, unit="s")
    result.detail.update(
        {
            "records": records,
            "rows": rows,
            "records a second": records / result.ours,
            "rows a second, raw": rows / result.base,
            "records a second when nothing is new": records / sorted(again)[len(again) // 2],
        }
    )
    return [result]


def _record(scale: int) -> list[Recorded]:
    with empty_app() as app, sandbox(scale) as servers:
        os.environ.update(servers.environment())
        live = app.connectors()
        try:
            return [Recorded.of(c) for c in live]
        finally:
            for c in live:
                c.close()


def _seconds(app: App, recorded: Sequence[Connector]) -> float:
    before = time.perf_counter()
    report = sync(recorded, app.units, clock=app.clock, full=True)
    spent = time.perf_counter() - before
    if not report.ok:
        raise RuntimeError("; ".join(e.error for e in report.entities if e.error))
    return spent


def database_of(app: App) -> Path:
    """The SQLite file of an application's store."""
    return Path(app.settings.effective_database_url.removeprefix("sqlite:///"))


def tables_of(file: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with closing(sqlite3.connect(file)) as db:
        names = [r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        return {n: db.execute(f'SELECT * FROM "{n}"').fetchall() for n in names}


def insert_raw(file: Path, tables: dict[str, list[tuple[Any, ...]]]) -> float:
    """Seconds to insert those rows, one transaction a table."""
    with closing(sqlite3.connect(file)) as db:
        before = time.perf_counter()
        for name, rows in tables.items():
            with db:
                places = ", ".join("?" * len(rows[0]))
                db.executemany(f'INSERT OR REPLACE INTO "{name}" VALUES ({places})', rows)
        return time.perf_counter() - before
