"""The port of whatever keeps the master key: a file beside the database, or a key management service.

Envelope encryption: each person's payloads are sealed under a data key of their own; the data key is stored wrapped,
and only the manager can wrap and unwrap. It never has to give the master key away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ascertain.errors import ConfigError


@runtime_checkable
class KeyManager(Protocol):
    """Wraps data keys of 32 bytes.

    Every method but ``id`` and ``knows`` raises ``KeyServiceUnavailable`` when the keeper of the key does not answer,
    and ``KeyGone`` when the key is no more.
    """

    @property
    def id(self) -> str:
        """Names the master key without giving it away; stored beside each data key. Has a colon in it, which the key
        file's ids have not. May not change while data keys are wrapped with it, except by ``rotate``."""

    def knows(self, wrapped_by: str) -> bool:
        """Whether it can unwrap what was wrapped while its ``id`` was that."""

    def make(self) -> None:
        """Before anything is ever wrapped for a database: create the key if that is this manager's business."""

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """The key, enciphered and bound to its context."""

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """The key again.

        Raises:
            IntegrityError: it was changed, or wrapped in another context.
        """

    def rotate(self) -> None:
        """A new version of the master key: from now on it wraps, and the earlier ones still unwrap."""

    def retire(self) -> None:
        """Nothing is wrapped with earlier versions any more: forget those that this manager holds."""

    def check(self) -> str:
        """Prove that wrapping and unwrapping work; what it is, in a few words without secrets."""


@dataclass(frozen=True, slots=True)
class KeyManagers:
    """The manager in use, and those whose keys may still be about."""

    present: KeyManager
    former: Sequence[KeyManager] = ()

    def of(self, wrapped_by: str) -> KeyManager:
        """Who can unwrap that.

        Raises:
            ConfigError: nobody of these.
        """
        for manager in (self.present, *self.former):
            if manager.knows(wrapped_by):
                return manager
        raise ConfigError(
            f"data keys of this database are wrapped by {_named(wrapped_by)}; the master key given here is not the one",
            remedy="bring back audit.key of the first machine, or the settings ASCERTAIN_KMS_… that it was made with",
        )


def _named(ident: str) -> str:
    return ident if ":" in ident else f"the key file {ident}"
