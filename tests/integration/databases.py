"""PostgreSQL for tests: ASCERTAIN_TEST_DATABASE_URL, or a server found on 127.0.0.1:5432."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, create_engine, delete, exc, text
from sqlalchemy.engine import make_url

from ascertain.store.schema import HEAD, Base

_GUESSES = ("postgresql://postgres@127.0.0.1:5432/test", "postgresql://postgres@127.0.0.1:5432/postgres")


def postgres_url() -> str:
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
