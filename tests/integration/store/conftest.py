"""A store on each database. PostgreSQL: ASCERTAIN_TEST_DATABASE_URL, or a server found on 127.0.0.1:5432."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, delete, exc, text
from sqlalchemy.engine import make_url

from ascertain.store import Store, open_store
from ascertain.store.schema import HEAD, Base
from tests.integration.store.samples import LEARNERS, Ticking, pseudonym

_GUESSES = ("postgresql://postgres@127.0.0.1:5432/test", "postgresql://postgres@127.0.0.1:5432/postgres")


@pytest.fixture(scope="session")
def postgres() -> str:
    """URL of a PostgreSQL server where schemas may be made; skips the test when there is none."""
    given = os.environ.get("ASCERTAIN_TEST_DATABASE_URL", "")
    problem = ""
    for url in [given] if given else _GUESSES:
        engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), connect_args={"connect_timeout": 2})
        try:
            with engine.connect():
                return url
        except exc.OperationalError as e:
            problem = str(e.orig).splitlines()[0]
        finally:
            engine.dispose()
    if given:
        pytest.fail(f"ASCERTAIN_TEST_DATABASE_URL cannot be used: {problem}")
    pytest.skip(f"no PostgreSQL on 127.0.0.1:5432 and ASCERTAIN_TEST_DATABASE_URL is not set ({problem})")


@contextmanager
def own_schema(postgres: str) -> Iterator[str]:
    """URL of a new, empty schema."""
    name = f"t_{uuid.uuid4().hex[:12]}"
    url = make_url(postgres).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {name}"))
        yield url.update_query_dict({"options": f"-csearch_path={name}"}).render_as_string(hide_password=False)
        connection.execute(text(f"DROP SCHEMA {name} CASCADE"))
    engine.dispose()


@pytest.fixture
def schema_url(postgres: str) -> Iterator[str]:
    """URL of an empty schema of the test's own."""
    with own_schema(postgres) as url:
        yield url


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


def clean(engine: Engine) -> None:
    """Empty every table, whatever its triggers say, and put back what a test may have changed."""
    with engine.begin() as connection:
        for guarded in ("audit_records", "audit_cuts"):
            connection.execute(text(f"ALTER TABLE {guarded} DISABLE TRIGGER USER"))
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(delete(table))
        for guarded in ("audit_records", "audit_cuts"):
            connection.execute(text(f"ALTER TABLE {guarded} ENABLE TRIGGER USER"))
        connection.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": HEAD})


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
