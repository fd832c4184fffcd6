"""Pulls of many records: ours, the bare paging of the same lists, raw inserts of the rows that are left behind."""

from __future__ import annotations

import csv
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx

from ascertain.connectors.connection import Connection
from ascertain.connectors.files import FilesConnector
from ascertain.connectors.registry import open_connectors
from ascertain.domain.connector import Connector
from ascertain.pipeline.ingest import sync
from ascertain.runtime import App
from benchmarks.ground import empty_app
from benchmarks.ingest import database_of, insert_raw, tables_of
from benchmarks.process import peak_memory

PAGE = 200


def pull(environment: dict[str, str], system: str) -> dict[str, float]:
    """A first sync of one system: see ``_synced``."""

    def connect(app: App) -> list[Connector]:
        os.environ.update(environment)
        return open_connectors(app.settings.connectors_file, names=[system], timeout=120)

    return _synced(connect)


def pull_files(folder: Path) -> dict[str, float]:
    """A first sync of what :func:`benchmarks.exchange_world.export` wrote."""
    return _synced(lambda app: [FilesConnector(Connection("archive", "files", "", ZoneInfo("UTC"), path=str(folder)))])


def _synced(connect: Callable[[App], Sequence[Connector]]) -> dict[str, float]:
    """A first sync into an empty store: seconds, seconds of CPU, records, and the most memory up to its end (MiB).

    ``raw``: seconds to insert the rows that it left into another store without any thought.
    """
    with empty_app() as app:
        there = tables_of(database_of(app))
        connectors = connect(app)
        begun, used = time.perf_counter(), time.process_time()
        try:
            report = sync(connectors, app.units, clock=app.clock)
        finally:
            for connector in connectors:
                connector.close()
        spent, cpu, peak = time.perf_counter() - begun, time.process_time() - used, peak_memory()
        if not report.ok or report.total("quarantined"):
            quarantined = f"{report.total('quarantined')} in quarantine"
            raise RuntimeError(
                "; ".join([quarantined, *(f"{e.entity}: {e.error}" for e in report.entities if e.error)])
            )
        found = {"seconds": spent, "cpu": cpu, "peak": peak, "pulled": report.total("pulled")}
        left = {name: table for name, table in tables_of(database_of(app)).items() if table != there[name]}
    with empty_app() as app:
        found["raw"] = insert_raw(database_of(app), left)
    return found


def page_docebo(environment: dict[str, str]) -> float:
    """Seconds to page through the lists that a sync of Docebo reads, with nothing done but reading the JSON."""
    begun = time.perf_counter()
    with httpx.Client(base_url=environment["ASCERTAIN_DOCEBO_URL"], timeout=120) as client:
        form = {
            "grant_type": "client_credentials",
            "client_id": environment["ASCERTAIN_DOCEBO_CLIENT_ID"],
            "client_secret": environment["ASCERTAIN_DOCEBO_CLIENT_SECRET"],
        }
        token = client.post("/oauth2/token", data=form).raise_for_status().json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        for path in ("/manage/v1/user", "/learn/v1/courses", "/learn/v1/enrollments"):
            query: dict[str, str | int] = {"page_size": PAGE, "get_cursor": 1, "page": 1}
            more = True
            while more:
                data = json.loads(client.get(path, params=query).raise_for_status().content)["data"]
                more = data["has_more_data"]
                query = {"page_size": PAGE, "cursor": data["cursor"], "page": data["current_page"] + 1}
    return time.perf_counter() - begun


def read_reports(environment: dict[str, str]) -> float:
    """Seconds to read the reports that a sync of Workday reads, whole, as JSON."""
    begun = time.perf_counter()
    who = (environment["ASCERTAIN_WORKDAY_USER"], environment["ASCERTAIN_WORKDAY_PASSWORD"])
    with httpx.Client(base_url=environment["ASCERTAIN_WORKDAY_URL"], timeout=120, auth=who) as client:
        for report in ("Ascertain_Workers", "Ascertain_Reviews"):
            path = f"/ccx/service/customreport2/fjordlane/ISU_Ascertain/{report}"
            json.loads(client.get(path, params={"format": "json"}).raise_for_status().content)
    return time.perf_counter() - begun


def read_files(folder: Path) -> float:
    """Seconds to read the same files row by row, with nothing done but that."""
    begun = time.perf_counter()
    for file in sorted(folder.glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as lines:
            for _ in csv.DictReader(lines):
                pass
    return time.perf_counter() - begun
