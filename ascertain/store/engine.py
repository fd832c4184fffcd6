"""Connections: what SQLite and PostgreSQL need set up so that both keep the same promises."""

from __future__ import annotations

import os
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, exc
from sqlalchemy.engine import URL, make_url

from ascertain.errors import ConfigError
from ascertain.store.failures import translate
from ascertain.store.types import dump_json

BUSY_SECONDS = 30.0
"""How long a connection waits for a lock that another one holds."""


@dataclass(frozen=True, slots=True)
class Engines:
    """One engine for reading (a snapshot, refuses to write) and one for writing."""

    read: Engine
    write: Engine

    def dispose(self) -> None:
        self.read.dispose()
        self.write.dispose()


def database_url(text: str) -> URL:
    """Check a URL and name its driver.

    Raises:
        ConfigError: for a URL that is malformed, of another database, or of a SQLite database in memory.
    """
    try:
        url = make_url(text)
    except exc.ArgumentError:
        raise ConfigError("the database URL is malformed", remedy="correct ASCERTAIN_DATABASE_URL") from None
    backend = url.get_backend_name()
    if backend == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise ConfigError(f"no support for a {backend} database", remedy="use a sqlite or postgresql URL")
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise ConfigError("a SQLite database needs a file, since several processes share it")
    return url


def sqlite_file(url: URL) -> Path | None:
    """The file of a SQLite URL; ``None`` for a server."""
    return Path(url.database).absolute() if url.get_backend_name() == "sqlite" and url.database else None


def make_engines(url: URL) -> Engines:
    """Engines for this process. No connection is made yet.

    Raises:
        ConfigError: when the driver is missing or a SQLite file cannot be made.
    """
    file = sqlite_file(url)
    if file is None:
        write = _create(url, pool_pre_ping=True, pool_size=5, max_overflow=15)
        event.listen(write, "connect", _set_up_postgresql)
        snapshot = write.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        return Engines(snapshot, write)
    _make_private(file)
    write, read = _create(url), _create(url)
    # Without IMMEDIATE two transactions that read first and write later cannot both finish.
    _set_up_sqlite(write, begin="BEGIN IMMEDIATE", query_only=False)
    _set_up_sqlite(read, begin="BEGIN", query_only=True)
    return Engines(read, write)


def _create(url: URL, **options: Any) -> Engine:
    try:
        engine = create_engine(url, json_serializer=dump_json, **options)
    except ModuleNotFoundError:
        raise ConfigError(
            "the PostgreSQL driver is not installed", remedy="pip install 'ascertain[postgres]'"
        ) from None
    event.listen(engine, "handle_error", translate, retval=True)
    return engine


def _make_private(file: Path) -> None:
    """Create the file for its owner alone; SQLite gives its -wal and -shm files the same mode."""
    try:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
        if file.stat().st_mode & 0o077:
            file.chmod(0o600)
    except OSError as e:
        raise ConfigError(
            f"cannot use the database file {file.name}: {e.strerror}",
            remedy="check ASCERTAIN_DATABASE_URL or ASCERTAIN_HOME: the folder must exist and be writable",
        ) from None


def _set_up_postgresql(dbapi: Any, _record: object) -> None:
    with dbapi.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = {int(BUSY_SECONDS * 1000)}")
    dbapi.commit()


def _set_up_sqlite(engine: Engine, *, begin: str, query_only: bool) -> None:
    def connect(dbapi: Any, _record: object) -> None:
        dbapi.isolation_level = None  # the begin event below starts transactions, not the driver
        cursor = dbapi.cursor()
        cursor.execute(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")
        _use_wal(cursor)
        # FULL, not NORMAL: a checkpoint outside must never name a record that a power cut takes back.
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA recursive_triggers=ON")  # REPLACE then fires the delete trigger
        # What is deleted is overwritten: evidence and keys are personal.
        cursor.execute("PRAGMA query_only=ON" if query_only else "PRAGMA secure_delete=ON")
        cursor.close()

    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", connect)
    event.listen(engine, "begin", start)


def _use_wal(cursor: Any) -> None:
    """Switch to WAL once; the switch itself does not heed busy_timeout, so several first starts wait here."""
    deadline = time.monotonic() + BUSY_SECONDS
    while cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            cursor.execute("PRAGMA journal_mode=WAL").fetchone()
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
