"""Brings the schema up to date. Alembic runs from the package itself: there is no alembic.ini to find.

To add a revision: change :mod:`ascertain.store.schema`, write ``migrations/versions/NNNN_what.py``, move ``HEAD``. A
test compares the schema with what the migrations make.
"""

from __future__ import annotations

import threading
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from ascertain.errors import ConfigError
from ascertain.store.schema import HEAD

_SCRIPTS = Path(__file__).resolve().parent / "migrations"
_LOCK_CLASS = 0x4153434D
"""PostgreSQL advisory lock of migrations ("ASCM")."""
_one_at_a_time = threading.Lock()  # Alembic's environment is global to the process


def current_revision(connection: Connection) -> str | None:
    """The revision of a database; ``None`` when it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def pending(engine: Engine) -> list[str]:
    """Revisions that the database lacks, oldest first.

    Raises:
        ConfigError: when the database is newer than this code.
    """
    with engine.connect() as connection:
        revision = current_revision(connection)
    if revision == HEAD:  # the usual case, without importing Alembic
        return []
    from alembic.script import ScriptDirectory

    known = [s.revision for s in ScriptDirectory(str(_SCRIPTS)).walk_revisions()][::-1]
    if revision is None:
        return known
    if revision not in known:
        raise ConfigError(
            f"the database has revision {revision}, which this version does not know",
            remedy="run the newer version of ascertain that migrated it, or restore a backup",
        )
    return known[known.index(revision) + 1 :]


def migrate(engine: Engine) -> None:
    """Apply all pending migrations in one transaction. Of several processes at once one does it, the others wait."""
    if not pending(engine):
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    with _one_at_a_time, engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:c, hashtext(current_schema()))"), {"c": _LOCK_CLASS})
        else:
            connection.exec_driver_sql("SELECT 1")  # begins the transaction, and with it takes the write lock
        config.attributes["connection"] = connection
        command.upgrade(config, "head")  # looks at the revision again, now that the lock is held
        connection.commit()
