"""Keys of the audit payloads: one a person, wrapped by the master key that a key manager keeps outside the database.

Cipher: AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce. A payload is stored as
``version (1) | key id (16) | nonce (12) | ciphertext and tag``; its associated data binds it to its person and record,
so that it cannot be moved. Deleting a person's key makes their payloads unreadable for good (crypto-shredding).
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select

from ascertain.domain.key_manager import KeyManager, KeyManagers
from ascertain.errors import ConfigError, IntegrityError
from ascertain.store.schema import PersonKeyRow, table
from ascertain.store.statements import Tx, insert_missing

_KEYS = table(PersonKeyRow)
_VERSION = b"\x01"
_ID, _NONCE = 16, 12


@dataclass(frozen=True, slots=True)
class _PersonKey:
    id: bytes
    cipher: AESGCM


class KeyRing:
    """The persons' keys within one unit of work: unwrapped once when first needed, forgotten when it ends."""

    def __init__(self, tx: Tx, managers: KeyManagers | None) -> None:
        self._tx = tx
        self._managers = managers
        self._open: dict[str, _PersonKey] = {}

    def seal(self, subject: str, context: bytes, payload: bytes) -> bytes:
        """Encrypt under the subject's key, which is made if there is none.

        Raises:
            KeyServiceUnavailable: the manager does not answer.
            ConfigError: this database was written with another master key.
        """
        key = self._find(subject) or self._make(subject)
        nonce = os.urandom(_NONCE)
        return _VERSION + key.id + nonce + key.cipher.encrypt(nonce, payload, context)

    def open(self, subject: str, context: bytes, sealed: bytes, what: str) -> bytes | None:
        """Decrypt; ``None`` when the key was erased.

        Args:
            what: how a message names it.

        Raises:
            IntegrityError: when the ciphertext was changed or moved.
            KeyServiceUnavailable, ConfigError: as ``seal``.
        """
        key_id, nonce, body = sealed[1 : 1 + _ID], sealed[1 + _ID : 1 + _ID + _NONCE], sealed[1 + _ID + _NONCE :]
        if sealed[:1] != _VERSION:
            raise IntegrityError(f"{what}: the payload has an unknown form")
        key = self._find(subject)
        if key is None or key.id != key_id:
            return None
        try:
            return key.cipher.decrypt(nonce, body, context)
        except InvalidTag:
            raise IntegrityError(f"{what}: the payload was changed") from None

    def forget(self) -> None:
        """Drop opened keys (at the end of a transaction)."""
        self._open.clear()

    def _find(self, subject: str) -> _PersonKey | None:
        if subject in self._open:
            return self._open[subject]
        row = self._tx.connection.execute(select(_KEYS).where(_KEYS.c.subject == subject)).first()
        if row is None:
            return None
        manager = required(self._managers).of(row.master_id)
        secret = unwrapped(manager, row.subject, row.key_id, row.wrapped)
        self._open[subject] = _PersonKey(row.key_id, AESGCM(secret))
        return self._open[subject]

    def _make(self, subject: str) -> _PersonKey:
        manager = usable_manager(self._tx, self._managers, make=True)
        key_id, secret = os.urandom(_ID), AESGCM.generate_key(256)
        row = {
            "subject": subject,
            "key_id": key_id,
            "wrapped": manager.wrap(secret, wrapping_context(subject, key_id)),
            "master_id": manager.id,
            "created_at": self._tx.now(),
        }
        insert_missing(self._tx, _KEYS, [row])
        # Whoever seals onto the chain holds its lock and is alone here; of others at once, the first one's key counts.
        stored = self._tx.connection.execute(select(_KEYS.c.key_id).where(_KEYS.c.subject == subject)).scalar()
        if stored == key_id:
            self._open[subject] = _PersonKey(key_id, AESGCM(secret))
        found = self._find(subject)
        if found is None:
            raise IntegrityError("a data key that was just stored is not there")
        return found


def unwrapped(manager: KeyManager, subject: str, key_id: bytes, wrapped: bytes) -> bytes:
    """A stored data key in clear.

    Raises:
        IntegrityError: it was changed or is another's.
    """
    try:
        return manager.unwrap(wrapped, wrapping_context(subject, key_id))
    except IntegrityError as e:
        if type(e) is not IntegrityError:  # the master key is gone: that is another matter
            raise
        raise IntegrityError(f"the data key of {subject or 'the organisation'} was changed") from None


def usable_manager(tx: Tx, managers: KeyManagers | None, *, make: bool = False) -> KeyManager:
    """The manager in use, once it is known that this database was written with it or a former one; with ``make`` its
    key is created for a database that has never used one.

    Raises:
        ConfigError: when there is none, or it is another one.
    """
    given = required(managers)
    other = tx.connection.execute(select(_KEYS.c.master_id).limit(1)).scalar()
    if other is not None:
        given.of(other)
    elif make:
        given.present.make()
    return given.present


def required(managers: KeyManagers | None) -> KeyManagers:
    """
    Raises:
        ConfigError: there are none.
    """
    if managers is None:
        raise ConfigError(
            "audit payloads need a place for their master key",
            remedy="open the store with a checkpoint file or a key file",
        )
    return managers


def payload_context(subject: str, seq: int) -> bytes:
    """What an audit payload is bound to."""
    return f"audit payload|{subject}|{seq}".encode()


def wrapping_context(subject: str, key_id: bytes) -> bytes:
    """What a wrapped data key is bound to."""
    return f"data key|{subject}|{key_id.hex()}".encode()
