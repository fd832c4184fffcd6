"""Brings the schema up to date. Alembic runs from the package itself: there is no alembic.ini to find.

To add a revision: change :mod:`ascertain.store.schema`, write ``migrations/versions/NNNN_what.py``, move ``HEAD``. A
test compares the schema with what the migrations make.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from ascertain.errors import ConfigError, ConflictError
from ascertain.store.schema import HEAD

if TYPE_CHECKING:
    from alembic.config import Config

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
    with _alone(engine) as (config, connection):
        from alembic import command

        command.upgrade(config, "head")  # looks at the revision again, now that the lock is held
        connection.commit()


def downgrade(engine: Engine, to: str, *, drop: bool = False) -> list[str]:
    """Take back revisions until the database is at ``to``, in one transaction; those taken back, newest first.

    Args:
        drop: whether rows of tables that the older version does not have may go. Restrictions and corrections that
            people have asked for are among them.

    Raises:
        ConfigError: there is no such revision, or the database is not after it.
        ConflictError: rows would go and ``drop`` is not given, or a revision cannot be taken back any more. Nothing was
            changed.
    """
    from alembic import command
    from alembic.script import ScriptDirectory

    known = [s.revision for s in ScriptDirectory(str(_SCRIPTS)).walk_revisions()]
    with _alone(engine) as (config, connection):
        present = current_revision(connection)
        if to not in known or present not in known or known.index(to) < known.index(present):
            raise ConfigError(
                f"the database is at revision {present}, and {to!r} is not before it",
                remedy=f"give one of {', '.join(known[known.index(present) + 1 :] if present in known else known)}",
            )
        before = _rows(connection)
        command.downgrade(config, to)
        left = inspect(connection).get_table_names()
        lost = {name: rows for name, rows in before.items() if rows and name not in left}
        if lost and not drop:
            named = ", ".join(f"{name} ({rows})" for name, rows in sorted(lost.items()))
            raise ConflictError(
                f"tables with rows would go: {named}",
                remedy="make a backup, and say --drop if an older version may forget all of that",
            )
        connection.commit()
    return known[known.index(present) : known.index(to)]


def _rows(connection: Connection) -> dict[str, int]:
    found = {}
    for name in inspect(connection).get_table_names():
        quoted = connection.dialect.identifier_preparer.quote(name)
        found[name] = connection.execute(text(f"SELECT COUNT(*) FROM {quoted}")).scalar() or 0
    return found


@contextmanager
def _alone(engine: Engine) -> Iterator[tuple[Config, Connection]]:
    """Alembic's configuration over a transaction that no other process migrates beside."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    with _one_at_a_time, engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:c, hashtext(current_schema()))"), {"c": _LOCK_CLASS})
        else:
            connection.exec_driver_sql("SELECT 1")  # begins the transaction, and with it takes the write lock
        config.attributes["connection"] = connection
        yield config, connection
