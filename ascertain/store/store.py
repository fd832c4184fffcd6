"""The store: opens units of work on one database, from any process."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select, text

from ascertain.domain.audit import Checkpoint
from ascertain.domain.key_manager import KeyManager, KeyManagers
from ascertain.domain.rights import Tombstone
from ascertain.errors import ConfigError
from ascertain.store import migrate
from ascertain.store.budgets import SqlBudget
from ascertain.store.checkpoints import CheckpointFile
from ascertain.store.dossier import held_on
from ascertain.store.engine import Engines, database_url, make_engines, sqlite_file
from ascertain.store.erasure import erase_rows
from ascertain.store.key_file import FileKeyManager
from ascertain.store.keys import usable_manager
from ascertain.store.purse import SqlPurse
from ascertain.store.rollout import NO_ROLLOUT, Boundaries
from ascertain.store.rotation import KeyCount, Rotation, count_keys, rotate, under_way
from ascertain.store.schema import LinkRow, PersonKeyRow, table
from ascertain.store.unit import SqlUnitOfWork, UnitContext

_log = logging.getLogger(__name__)

MASTER_KEY_FILE = "audit.key"


def utc_now() -> datetime:
    return datetime.now(UTC)


class Store:
    """One database. May be shared by threads and inherited by forked children, which get connections of their own."""

    def __init__(
        self,
        url: str,
        *,
        pseudonym: Callable[[str], str],
        checkpoint_file: Path | None,
        clock: Callable[[], datetime] = utc_now,
        manager: KeyManager | None = None,
        boundaries: Boundaries | None = None,
    ) -> None:
        self._url = database_url(url)
        self._pseudonym = pseudonym
        file = sqlite_file(self._url)
        beside = checkpoint_file or file
        if beside is not None and not beside.parent.is_dir():
            raise ConfigError(
                f"there is no folder {beside.parent}",
                remedy="create it, or correct ASCERTAIN_HOME or ASCERTAIN_DATABASE_URL",
            )
        self._context = UnitContext(
            pseudonym=pseudonym,
            now=lambda: clock().astimezone(UTC),
            keys=_managers(manager, beside.with_name(MASTER_KEY_FILE) if beside else None),
            checkpoints=CheckpointFile(checkpoint_file) if checkpoint_file else None,
            boundaries=boundaries or NO_ROLLOUT,
        )
        # A connection must not cross a fork, and closing it in the child would end it for the parent: the child
        # leaves the entry of its parent's process id alone.
        self._engines: dict[int, Engines] = {}

    def units(self, *, write: bool = True) -> SqlUnitOfWork:
        """A unit of work (``ascertain.domain.ports.UnitOfWorkFactory``).

        Writing takes SQLite's write lock with its first statement; reading sees one snapshot, takes no lock and
        cannot write.
        """
        return SqlUnitOfWork(self._own(), self._context, write=write)

    def budget(self) -> SqlBudget:
        """The call budgets and leases of this installation, by the database server's clock where it has one."""
        shared = sqlite_file(self._url) is None and self._url.get_backend_name() == "postgresql"
        return SqlBudget(self._own, None if shared else self._context.now)

    def purse(self) -> SqlPurse:
        """What language models may still cost today."""
        return SqlPurse(self._own, self._context.now)

    def migrate(self) -> None:
        """Bring the schema up to date; safe to repeat, and by several processes at once.

        Raises:
            ConfigError: when the database is newer than this code, or cannot be reached.
        """
        migrate.migrate(self._own().write)

    def pending_migrations(self) -> list[str]:
        """Revisions that ``migrate`` would apply, oldest first."""
        return migrate.pending(self._own().read)

    def server_time(self) -> datetime | None:
        """What the database's server takes the time to be; ``None`` for a file, which has no clock of its own."""
        engine = self._own().read
        if engine.dialect.name == "sqlite":
            return None
        with engine.connect() as connection:
            found: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        return found.astimezone(UTC)

    def checkpoints(self) -> list[Checkpoint]:
        """The checkpoints kept outside the database; none without a checkpoint file.

        Raises:
            IntegrityError: naming the line that is not a checkpoint.
        """
        return self._context.checkpoints.read() if self._context.checkpoints else []

    def held_on(self, learner_id: str) -> dict[str, list[dict[str, Any]]]:
        """Every row about a person, by table (the audit chain apart)."""
        links = table(LinkRow)
        with self._own().read.connect() as connection:
            refs = connection.execute(select(links.c.source_ref).where(links.c.learner_id == learner_id)).scalars()
            return held_on(connection, learner_id, list(refs))

    def erase(
        self, learner_id: str, stone: Tombstone | None, payload: Mapping[str, str], former: Collection[str] = ()
    ) -> dict[str, int]:
        """Take a person out of every table with their key, under ``former`` names too, leave the tombstone if one is
        given, and seal that it was done.

        Returns counts by table. As for ``erase_key``, PostgreSQL and backups keep the bytes for a while.
        """
        with self.units() as uow:
            counts = erase_rows(uow.connection, learner_id, self._pseudonym(learner_id), former)
            if stone is not None:
                uow.tombstones.add(stone)
            header = {"tombstone": stone.id if stone else None, "counts": counts}
            uow.audit.append("person.erased", actor="operator", header=header, payload=dict(payload))
            uow.commit()
        self.overwrite_deleted()
        return counts

    def overwrite_deleted(self) -> None:
        """After deleting: on SQLite, also out of the write-ahead log. PostgreSQL's own vacuum does its part."""
        if self._own().write.dialect.name == "sqlite":
            self._empty_wal()

    def data_keys(self) -> list[KeyCount]:
        """How many data keys which master key wraps."""
        with self.units(write=False) as uow:
            return count_keys(uow, self._context.keys)

    def rotation_under_way(self) -> bool:
        """Whether a rotation of the master key was begun and not ended."""
        with self.units(write=False) as uow:
            return under_way(uow)

    def check_master_key(self) -> str:
        """Prove that whoever keeps the master key wraps and unwraps; what it is.

        Raises:
            KeyServiceUnavailable, KeyGone, ConfigError, IntegrityError: it does not.
        """
        with self.units(write=False) as uow:
            manager = usable_manager(uow.tx, self._context.keys)
            if isinstance(manager, FileKeyManager) and not manager.path.exists() and not count_keys(uow, None):
                return "none is needed yet"
            return manager.check()

    def rotate_master_key(
        self, actor: str, *, new_version: bool = True, progress: Callable[[int, int], None] | None = None
    ) -> Rotation:
        """Wrap every data key anew, or go on with that where it was stopped (see ``ascertain.store.rotation``).

        Raises:
            KeyServiceUnavailable, KeyGone, ConfigError: a key cannot be unwrapped or wrapped; what was done stands.
        """
        done = rotate(self.units, self._context.keys, actor=actor, new_version=new_version, progress=progress)
        self.overwrite_deleted()
        return done

    def erase_key(self, learner_id: str) -> bool:
        """Destroy the person's data key: their audit payloads are unreadable from now on, the chain still verifies.

        Returns whether there was a key. On SQLite the bytes are overwritten; on PostgreSQL they leave the disk with
        the next vacuum, and backups keep them until they expire.
        """
        keys = table(PersonKeyRow)
        engine = self._own().write
        with engine.begin() as connection:
            done = connection.execute(delete(keys).where(keys.c.subject == self._pseudonym(learner_id))).rowcount > 0
        if done and engine.dialect.name == "sqlite":
            self._empty_wal()
        return done

    def close(self) -> None:
        """Give back this process's connections; the store opens new ones if it is used again."""
        engines = self._engines.pop(os.getpid(), None)
        if engines is not None:
            engines.dispose()

    def _own(self) -> Engines:
        pid = os.getpid()
        engines = self._engines.get(pid)
        # Two threads may both make some; setdefault keeps one, the other never connected.
        return engines if engines is not None else self._engines.setdefault(pid, make_engines(self._url))

    def _empty_wal(self) -> None:
        """Older pages in the write-ahead log still hold the key until they are checkpointed away."""
        raw = self._own().write.raw_connection()
        try:
            busy = raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        finally:
            raw.close()
        if busy:
            _log.warning("the erased key stays in SQLite's write-ahead log until current readers are done")


def _managers(given: KeyManager | None, file: Path | None) -> KeyManagers | None:
    """The key file is the default; beside another manager it only unwraps what it wrapped before, if it is there."""
    in_file = FileKeyManager(file) if file else None
    if given is None:
        return KeyManagers(in_file) if in_file else None
    return KeyManagers(given, (in_file,) if in_file and in_file.path.exists() else ())


def open_store(
    url: str,
    *,
    pseudonym: Callable[[str], str],
    checkpoint_file: Path | None,
    clock: Callable[[], datetime] = utc_now,
    manager: KeyManager | None = None,
    boundaries: Boundaries | None = None,
) -> Store:
    """Open a SQLite or PostgreSQL database. Connects on first use; call ``migrate`` once at start.

    Args:
        pseudonym: names a learner in the audit chain without naming them; must not change over the years.
        checkpoint_file: outside the database, made on first use; the master key of the audit payloads
            (``audit.key``) lies beside it. Without it no checkpoints are kept, and the key lies beside the SQLite file.
        manager: keeps the master key in place of that file.
        boundaries: how far a rollout reaches; without them everything is in reach.

    Raises:
        ConfigError: for a URL that cannot be used, or a folder that is not there.
    """
    return Store(
        url,
        pseudonym=pseudonym,
        checkpoint_file=checkpoint_file,
        clock=clock,
        manager=manager,
        boundaries=boundaries,
    )
