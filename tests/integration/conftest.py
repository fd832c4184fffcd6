"""The end-to-end fixtures, for the tests of the command line; a PostgreSQL server, where there is one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine

from ascertain.store import open_store
from tests.e2e.conftest import demo, fresh, own, synced
from tests.integration.databases import own_schema, postgres_url
from tests.integration.store.samples import pseudonym

__all__ = ["demo", "fresh", "own", "synced"]


@pytest.fixture(scope="session")
def postgres() -> str:
    """URL of a PostgreSQL server where schemas may be made; skips the test when there is none."""
    return postgres_url()


@pytest.fixture(scope="session")
def migrated_schema(postgres: str) -> Iterator[Engine]:
    """A migrated schema of this session's own; tests get it one after the other, cleaned."""
    with own_schema(postgres) as url:
        store = open_store(url, pseudonym=pseudonym, checkpoint_file=None)
        store.migrate()
        store.close()
        engine = create_engine(url)
        yield engine
        engine.dispose()
