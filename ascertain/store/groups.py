"""Group labels: a database and a key of their own, so that neither it nor the main database alone says anything.

A person stands here under an HMAC of their id, a label as ``version (1) | nonce (12) | ciphertext and tag``
(AES-256-GCM) that is bound to its person and attribute and padded, so that its length does not tell the value. Both
keys come out of one secret (HKDF-SHA256): the one in the key file (form 1 of the database), or one that is stored here
wrapped by a key manager (form 2). Attributes, and how many labels there are, are in clear.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection, Table, delete, func, insert, inspect, select, text

from ascertain.domain.fairness_access import FairnessAuditor, GroupLabel, LabelImport
from ascertain.domain.key_manager import KeyManager
from ascertain.errors import ConfigError, InputError, IntegrityError
from ascertain.store.engine import Engines, database_url, make_engines, sqlite_file
from ascertain.store.key_file import FileKeyManager
from ascertain.store.schema import LearnerRow
from ascertain.store.schema_groups import GroupBase, GroupImportRow, GroupLabelRow, GroupSettingRow
from ascertain.store.statements import Tx, chunks, upsert
from ascertain.store.store import utc_now

_LABELS, _IMPORTS, _SETTINGS = cast(
    list[Table], [r.__table__ for r in (GroupLabelRow, GroupImportRow, GroupSettingRow)]
)
_IN_FILE, _WRAPPED = "1", "2"
_CONTEXT = b"group labels"
_VERSION, _NONCE, _BLOCK = b"\x01", 12, 64
_LOCK_CLASS = 0x41534347
"""PostgreSQL advisory lock of its tables ("ASCG")."""


class GroupStore:
    """``ascertain.domain.fairness_access.GroupLabels``. Opens its database with the first call, for one process."""

    def __init__(
        self,
        url: str,
        file: FileKeyManager,
        clock: Callable[[], datetime] = utc_now,
        manager: KeyManager | None = None,
    ) -> None:
        try:
            self._url = database_url(url)
            database = sqlite_file(self._url)
            if database is not None and not database.parent.is_dir():
                raise ConfigError(f"there is no folder {database.parent}")
        except ConfigError as e:
            raise ConfigError(f"the group labels: {e.message}", remedy="correct ASCERTAIN_GROUPS_URL") from None
        self._file = file
        self._manager = manager
        self._secret = b""
        self._clock = clock

    def put(self, auditor: FairnessAuditor, delivery: LabelImport, labels: Iterable[GroupLabel]) -> int:
        """Store labels with where they came from; how many were new, changed or taken away.

        Raises:
            InputError: for a label that is too long to keep.
        """
        changed = 0
        with self._writing() as tx:
            for chunk in chunks(labels):
                wanted = {(self._person(x.learner_id), x.attribute): x.value for x in chunk}
                stored = self._stored(tx.connection, [person for person, _ in wanted])
                gone = [k for k, value in wanted.items() if not value and k in stored]
                fresh = {k: v for k, v in wanted.items() if v and stored.get(k) != v}
                for person, attribute in gone:
                    found = (_LABELS.c.person == person, _LABELS.c.attribute == attribute)
                    tx.connection.execute(delete(_LABELS).where(*found))
                upsert(
                    tx,
                    _LABELS,
                    [
                        {"person": p, "attribute": a, "sealed": self._seal(p, a, v), "import_id": delivery.id}
                        for (p, a), v in sorted(fresh.items())
                    ],
                )
                changed += len(gone) + len(fresh)
            kept = {
                "id": delivery.id,
                "imported_at": delivery.at,
                "actor": auditor.name,
                "source": delivery.source,
                "purpose": delivery.purpose,
                "attributes": list(delivery.attributes),
                "labels": delivery.labels,
            }
            tx.connection.execute(insert(_IMPORTS).values(kept))
        return changed

    def read(self, auditor: FairnessAuditor, learner_ids: Sequence[str]) -> dict[str, Mapping[str, str]]:
        """Value by attribute of those who have labels.

        Raises:
            IntegrityError: when a label was changed or moved.
        """
        found: dict[str, dict[str, str]] = {}
        with self._reading() as connection:
            for chunk in chunks(learner_ids):
                owners = {self._person(i): i for i in chunk}
                for (person, attribute), value in self._stored(connection, list(owners)).items():
                    found.setdefault(owners[person], {})[attribute] = value
        return dict(found)

    def imports(self, auditor: FairnessAuditor) -> list[LabelImport]:
        """Deliveries, oldest first."""
        with self._reading() as connection:
            rows = connection.execute(select(_IMPORTS).order_by(_IMPORTS.c.imported_at, _IMPORTS.c.id)).all()
        return [
            LabelImport(r.id, r.imported_at, r.actor, r.source, r.purpose, tuple(r.attributes), r.labels) for r in rows
        ]

    def counts(self, auditor: FairnessAuditor) -> dict[str, int]:
        """How many people have a label, by attribute."""
        query = select(_LABELS.c.attribute, func.count()).group_by(_LABELS.c.attribute).order_by(_LABELS.c.attribute)
        with self._reading() as connection:
            return {r[0]: r[1] for r in connection.execute(query)}

    def forget(self, learner_id: str) -> int:
        """Erase a person's labels; how many there were."""
        with self._writing() as tx:
            person = self._person(learner_id)
            return tx.connection.execute(delete(_LABELS).where(_LABELS.c.person == person)).rowcount

    def close(self) -> None:
        """Give back the connections."""
        if "_engines" in vars(self):
            self._engines.dispose()

    @cached_property
    def _engines(self) -> Engines:
        """The engines, once the tables are there and the key is known to be the right one."""
        engines = make_engines(self._url)
        with engines.write.begin() as connection:
            if connection.dialect.name == "postgresql":
                lock = text("SELECT pg_advisory_xact_lock(:c, hashtext(current_schema()))")
                connection.execute(lock, {"c": _LOCK_CLASS})
            if inspect(connection).has_table(LearnerRow.__tablename__):
                raise ConfigError(
                    "the group labels must not be in the main database",
                    remedy="give ASCERTAIN_GROUPS_URL a file, a database or a schema of its own",
                )
            GroupBase.metadata.create_all(connection)
            self._check(connection)
        return engines

    def _check(self, connection: Connection) -> None:
        kept = {r.name: r.value for r in connection.execute(select(_SETTINGS))}
        if not kept and self._manager is None:
            self._file.make()
            kept = {"form": _IN_FILE, "key": self._file.id}
            connection.execute(insert(_SETTINGS), [{"name": n, "value": v} for n, v in kept.items()])
        elif not kept:
            kept = self._wrap(connection, os.urandom(32))
        self._secret = self._unwrap(kept)

    def rewrap(self) -> bool:
        """Wrap the secret anew with the key manager in use, or bring it out of the key file to it; whether there is a
        manager and a database."""
        if self._manager is None:
            return False
        with self._writing() as tx:
            self._wrap(tx.connection, self._secret)
        return True

    def _wrap(self, connection: Connection, secret: bytes) -> dict[str, str]:
        manager = self._manager
        if manager is None:
            raise ConfigError("there is no key manager to wrap with", remedy="set ASCERTAIN_KMS_URL")
        manager.make()
        kept = {"form": _WRAPPED, "key": manager.id, "wrapped": manager.wrap(secret, _CONTEXT).hex()}
        connection.execute(delete(_SETTINGS))
        connection.execute(insert(_SETTINGS), [{"name": n, "value": v} for n, v in kept.items()])
        return kept

    def _unwrap(self, kept: Mapping[str, str]) -> bytes:
        form, key = kept.get("form"), kept.get("key", "")
        if form == _IN_FILE:
            if key != self._file.id:
                raise ConfigError(
                    f"{self._file.path.name} is not the key that the group labels were written with",
                    remedy="restore that key from a backup",
                )
            return self._file.secret
        if form != _WRAPPED:
            raise ConfigError(
                f"the group labels have form {form}, which this version does not know",
                remedy="run the newer version of ascertain that wrote them",
            )
        if self._manager is None or not self._manager.knows(key):
            raise ConfigError(
                f"the group labels are wrapped by {key}, which is not configured",
                remedy="bring back the settings ASCERTAIN_KMS_… that they were written with",
            )
        return self._manager.unwrap(bytes.fromhex(kept["wrapped"]), _CONTEXT)

    @contextmanager
    def _writing(self) -> Iterator[Tx]:
        with self._engines.write.begin() as connection:
            yield Tx(connection, self._clock, True)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._engines.read.connect() as connection:
            yield connection

    @cached_property
    def _secrets(self) -> tuple[bytes, AESGCM]:
        """The key of the persons' hashes and the cipher of the values."""
        _ = self._engines  # finds the secret
        made = HKDF(SHA256(), 64, None, b"ascertain group labels").derive(self._secret)
        return made[:32], AESGCM(made[32:])

    def _person(self, learner_id: str) -> str:
        _ = self._engines  # makes the key with a new database
        return hmac.new(self._secrets[0], learner_id.encode(), hashlib.sha256).hexdigest()

    def _stored(self, connection: Connection, persons: Sequence[str]) -> dict[tuple[str, str], str]:
        query = select(_LABELS).where(_LABELS.c.person.in_(sorted(set(persons))))
        rows = connection.execute(query).all()
        return {(r.person, r.attribute): self._open(r.person, r.attribute, r.sealed) for r in rows}

    def _seal(self, person: str, attribute: str, value: str) -> bytes:
        clear = value.encode()
        if not clear or len(clear) > _BLOCK:
            raise InputError(
                f"must have 1 to {_BLOCK} bytes", field=attribute, remedy="use a shorter name of the group"
            )
        nonce = os.urandom(_NONCE)
        padded = clear.ljust(_BLOCK, b"\0")
        return _VERSION + nonce + self._secrets[1].encrypt(nonce, padded, _bound(person, attribute))

    def _open(self, person: str, attribute: str, sealed: bytes) -> str:
        nonce, body = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        try:
            if sealed[:1] != _VERSION:
                raise InvalidTag
            return self._secrets[1].decrypt(nonce, body, _bound(person, attribute)).rstrip(b"\0").decode()
        except InvalidTag:
            raise IntegrityError(
                f"a label of {attribute!r} was changed or moved", remedy="import the labels again"
            ) from None


def open_groups(
    url: str, key_file: Path, clock: Callable[[], datetime] = utc_now, manager: KeyManager | None = None
) -> GroupStore:
    """The group labels at ``url``; their key is made with a new database: in ``key_file``, or wrapped by ``manager``.

    Raises:
        ConfigError: for a URL that cannot be used.
    """
    return GroupStore(url, FileKeyManager(key_file, "key of the group labels"), clock, manager)


def _bound(person: str, attribute: str) -> bytes:
    return f"group label|{person}|{attribute}".encode()
