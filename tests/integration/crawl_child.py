"""A process of its own that syncs one connection into a database, to be killed: URL, DATABASE. Tells each page."""

from __future__ import annotations

import sys

from ascertain.connectors.connection import ConnectionEntry, resolve
from ascertain.connectors.registry import open_connector
from ascertain.domain.connector import Connector
from ascertain.pipeline.ingest import sync
from ascertain.store import Store, open_store
from tests.unit.pipeline.ingest_world import FixedClock

PAGE = 200


def connect(url: str) -> Connector:
    """The sandbox's LMS."""
    entry = ConnectionEntry(
        name="lms",
        system="docebo",
        url=url,
        secrets={"client_id": "CLIENT_ID", "client_secret": "CLIENT_SECRET"},
        options={"page_size": PAGE},
    )
    return open_connector(resolve(entry, {"CLIENT_ID": "ascertain-sandbox", "CLIENT_SECRET": "sandbox-secret"}))


def database(path: str) -> Store:
    """The store in that file."""
    return open_store(f"sqlite:///{path}", pseudonym=lambda i: f"p-{i}", checkpoint_file=None)


if __name__ == "__main__":
    store = database(sys.argv[2])
    report = sync(
        [connect(sys.argv[1])],
        store.units,
        clock=FixedClock(),
        budget=store.budget(),
        progress=lambda row: print(row.entity.value, row.pages, flush=True),
    )
    store.close()
    sys.exit(0 if report.ok else f"{[e.error for e in report.entities if e.error]}")
