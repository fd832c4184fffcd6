"""A store on each database."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ascertain.store import Store, open_store
from tests.integration.databases import clean, own_schema
from tests.integration.store.samples import LEARNERS, Ticking, pseudonym


@pytest.fixture
def schema_url(postgres: str) -> Iterator[str]:
    """URL of an empty schema of the test's own."""
    with own_schema(postgres) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database of the test's own."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.sqlite'}"
    url: str = request.getfixturevalue("schema_url")
    return url


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to copy: quicker than migrating one a test."""
    file = tmp_path_factory.mktemp("template") / "store.sqlite"
    store = open_store(f"sqlite:///{file}", pseudonym=pseudonym, checkpoint_file=None)
    store.migrate()
    store.close()
    assert not file.with_name("store.sqlite-wal").exists()
    return file


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[str], Store]]:
    """Opens stores that close with the test. All share one checkpoint file and a clock that ticks."""
    stores: list[Store] = []

    def open_one(url: str) -> Store:
        stores.append(
            open_store(url, pseudonym=pseudonym, checkpoint_file=tmp_path / "checkpoints.jsonl", clock=Ticking())
        )
        return stores[-1]

    yield open_one
    for store in stores:
        store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_store(request: pytest.FixtureRequest, opened: Callable[[str], Store], tmp_path: Path) -> Store:
    """A migrated store with nothing in it."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "store.sqlite")
        return opened(f"sqlite:///{tmp_path / 'store.sqlite'}")
    engine: Engine = request.getfixturevalue("migrated_schema")
    clean(engine)
    return opened(engine.url.render_as_string(hide_password=False))


@pytest.fixture
def store(bare_store: Store) -> Store:
    """A store that knows the sample learners."""
    with bare_store.units() as uow:
        uow.people.upsert(LEARNERS)
        uow.commit()
    return bare_store
