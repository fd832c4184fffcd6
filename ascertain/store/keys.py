"""Keys of the audit payloads: one a person, wrapped by a master key that lives in a file outside the database.

Cipher: AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce. A payload is stored as
``version (1) | key id (16) | nonce (12) | ciphertext and tag``; its associated data binds it to its person and record,
so that it cannot be moved. Deleting a person's key makes their payloads unreadable for good (crypto-shredding).
"""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select

from ascertain.errors import ConfigError, IntegrityError
from ascertain.store.schema import PersonKeyRow, table
from ascertain.store.statements import Tx, insert_missing

_KEYS = table(PersonKeyRow)
_VERSION = b"\x01"
_ID, _NONCE = 16, 12


class MasterKey:
    """The key that wraps the others: 32 bytes as hex in a file of mode 0600, made on first use.

    ``name`` is what messages call it.
    """

    def __init__(self, path: Path, name: str = "audit key") -> None:
        self.path = path
        self.name = name

    @cached_property
    def secret(self) -> bytes:
        """
        Raises:
            ConfigError: when the file cannot be read or holds something else.
        """
        try:
            raw = bytes.fromhex(self.path.read_text(encoding="ascii").strip())
        except (OSError, ValueError) as e:
            raise ConfigError(
                f"cannot read the {self.name} {self.path.name}: {e}",
                remedy="restore the file from a backup; without it what was sealed stays closed",
            ) from None
        if len(raw) != 32:
            raise ConfigError(f"the {self.name} {self.path.name} must hold 32 bytes (64 hexadecimal digits)")
        return raw

    @property
    def id(self) -> str:
        """Names the key without giving it away."""
        return hashlib.sha256(b"ascertain master key" + self.secret).hexdigest()[:16]

    def make(self) -> None:
        """Create the file unless it is there; of several processes at once, all end up with the same key."""
        if self.path.exists():
            return
        temporary = self.path.with_name(f"{self.path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        try:
            fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                os.write(fd, secrets.token_hex(32).encode("ascii") + b"\n")
                os.fsync(fd)
            finally:
                os.close(fd)
            try:
                os.link(temporary, self.path)  # unlike rename, this never replaces
            except FileExistsError:
                return
            finally:
                temporary.unlink()
        except OSError as e:
            raise ConfigError(
                f"cannot create the {self.name} {self.path.name}: {e.strerror}",
                remedy="make its folder writable",
            ) from None


@dataclass(frozen=True, slots=True)
class _PersonKey:
    id: bytes
    cipher: AESGCM


class KeyRing:
    """The persons' keys within one unit of work."""

    def __init__(self, tx: Tx, master: MasterKey | None) -> None:
        self._tx = tx
        self._master = master
        self._open: dict[str, _PersonKey] = {}

    def seal(self, subject: str, seq: int, payload: bytes) -> bytes:
        """Encrypt under the person's key, which is made if there is none."""
        key = self._find(subject) or self._make(subject)
        nonce = os.urandom(_NONCE)
        return _VERSION + key.id + nonce + key.cipher.encrypt(nonce, payload, _bound(subject, seq))

    def open(self, subject: str, seq: int, sealed: bytes) -> bytes | None:
        """Decrypt; ``None`` when the key was erased.

        Raises:
            IntegrityError: when the ciphertext was changed or moved.
        """
        key_id, nonce, body = sealed[1 : 1 + _ID], sealed[1 + _ID : 1 + _ID + _NONCE], sealed[1 + _ID + _NONCE :]
        if sealed[:1] != _VERSION:
            raise IntegrityError(f"audit record {seq}: the payload has an unknown form")
        key = self._find(subject)
        if key is None or key.id != key_id:
            return None
        try:
            return key.cipher.decrypt(nonce, body, _bound(subject, seq))
        except InvalidTag:
            raise IntegrityError(f"audit record {seq}: the payload was changed") from None

    def forget(self) -> None:
        """Drop opened keys (at the end of a transaction)."""
        self._open.clear()

    def _find(self, subject: str) -> _PersonKey | None:
        if subject in self._open:
            return self._open[subject]
        row = self._tx.connection.execute(select(_KEYS).where(_KEYS.c.subject == subject)).first()
        if row is None:
            return None
        master = _required(self._master)
        _check(master, row.master_id)
        try:
            secret = AESGCM(master.secret).decrypt(
                row.wrapped[:_NONCE], row.wrapped[_NONCE:], _wrapped(subject, row.key_id)
            )
        except InvalidTag:
            raise IntegrityError(f"the data key of {subject or 'the organisation'} was changed") from None
        self._open[subject] = _PersonKey(row.key_id, AESGCM(secret))
        return self._open[subject]

    def _make(self, subject: str) -> _PersonKey:
        master = usable_master(self._tx, self._master, make=True)
        key_id, secret, nonce = os.urandom(_ID), AESGCM.generate_key(256), os.urandom(_NONCE)
        row = {
            "subject": subject,
            "key_id": key_id,
            "wrapped": nonce + AESGCM(master.secret).encrypt(nonce, secret, _wrapped(subject, key_id)),
            "master_id": master.id,
            "created_at": self._tx.now(),
        }
        # The audit lock is held here, so nobody else can be making this person's key.
        insert_missing(self._tx, _KEYS, [row])
        self._open[subject] = _PersonKey(key_id, AESGCM(secret))
        return self._open[subject]


def usable_master(tx: Tx, master: MasterKey | None, *, make: bool = False) -> MasterKey:
    """The master key, checked against what this database was written with; with ``make`` it is created for a database
    that has never used one.

    Raises:
        ConfigError: when there is no place for it, or it is another one.
    """
    given = _required(master)
    other = tx.connection.execute(select(_KEYS.c.master_id).limit(1)).scalar()
    if other is not None:
        _check(given, other)
    elif make:
        given.make()
    return given


def _required(master: MasterKey | None) -> MasterKey:
    if master is None:
        raise ConfigError(
            "audit payloads need a place for their master key",
            remedy="open the store with a checkpoint file or a key file",
        )
    return master


def _check(master: MasterKey, expected: str) -> None:
    if master.id != expected:
        raise ConfigError(
            f"the audit key {master.path.name} is not the one this database was written with",
            remedy="copy the audit key of the first machine to this one",
        )


def _bound(subject: str, seq: int) -> bytes:
    return f"audit payload|{subject}|{seq}".encode()


def _wrapped(subject: str, key_id: bytes) -> bytes:
    return f"data key|{subject}|{key_id.hex()}".encode()
