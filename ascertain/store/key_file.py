"""The default keeper of the master key: a key ring in a file outside the database."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ascertain.errors import ConfigError, IntegrityError

_NONCE = 12
_PROBE = b"probe"


class FileKeyManager:
    """Keys of 32 bytes as lines of hex in a file of mode 0600, made on first use: the first line wraps, those below it
    (there only while a rotation is under way) unwrap what it has not wrapped yet.

    Cipher: AES-256-GCM (NIST SP 800-38D); a wrapped key is ``nonce (12) | ciphertext and tag``, its context is the
    associated data. ``name`` is what messages call the file.
    """

    def __init__(self, path: Path, name: str = "audit key") -> None:
        self.path = path
        self.name = name
        self._read: tuple[tuple[int, int, int], list[bytes]] | None = None

    @property
    def secret(self) -> bytes:
        """The key that wraps now.

        Raises:
            ConfigError: when the file cannot be read or holds something else.
        """
        return self._keys()[0]

    @property
    def id(self) -> str:
        return _id_of(self.secret)

    def knows(self, wrapped_by: str) -> bool:
        return ":" not in wrapped_by and wrapped_by in map(_id_of, self._keys())  # others' ids have a colon

    def wrap(self, key: bytes, context: bytes) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + AESGCM(self.secret).encrypt(nonce, key, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        for secret in self._keys():
            try:
                return AESGCM(secret).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], context)
            except InvalidTag:
                continue
        raise IntegrityError(f"what the {self.name} wrapped was changed or moved")

    def make(self) -> None:
        """Create the file unless it is there; of several processes at once, all end up with the same key."""
        if self.path.exists():
            return
        try:
            temporary = self._written([os.urandom(32)])
            try:
                os.link(temporary, self.path)  # unlike rename, this never replaces
            except FileExistsError:
                return
            finally:
                temporary.unlink()
        except OSError as e:
            raise self._unwritable(e) from None

    def rotate(self) -> None:
        """Put a new key before the others, in one step."""
        self._replace([os.urandom(32), *self._keys()])

    def retire(self) -> None:
        """Keep the first key alone, in one step."""
        keys = self._keys()
        if len(keys) > 1:
            self._replace(keys[:1])

    def check(self) -> str:
        if self.unwrap(self.wrap(_PROBE, _PROBE), _PROBE) != _PROBE:
            raise IntegrityError(f"the {self.name} does not give back what it wrapped")
        return f"file {self.path.name}, key {self.id}"

    def _keys(self) -> list[bytes]:
        """As the file has them now: another process may have rotated it."""
        try:
            stat = self.path.stat()
            seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if self._read is None or self._read[0] != seen:
                lines = self.path.read_text(encoding="ascii").split()
                self._read = seen, [bytes.fromhex(line) for line in lines]
        except (OSError, ValueError) as e:
            raise ConfigError(
                f"cannot read the {self.name} {self.path.name}: {e}",
                remedy="restore the file from a backup; without it what was sealed stays closed",
            ) from None
        keys = self._read[1]
        if not keys or any(len(k) != 32 for k in keys):
            raise ConfigError(f"the {self.name} {self.path.name} must hold 32 bytes (64 hexadecimal digits) a line")
        return keys

    def _replace(self, keys: list[bytes]) -> None:
        try:
            temporary = self._written(keys)
            temporary.replace(self.path)
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as e:
            raise self._unwritable(e) from None

    def _written(self, keys: list[bytes]) -> Path:
        temporary = self.path.with_name(f"{self.path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(fd, "".join(f"{k.hex()}\n" for k in keys).encode("ascii"))
            os.fsync(fd)
        finally:
            os.close(fd)
        return temporary

    def _unwritable(self, e: OSError) -> ConfigError:
        return ConfigError(
            f"cannot create the {self.name} {self.path.name}: {e.strerror}", remedy="make its folder writable"
        )


def _id_of(secret: bytes) -> str:
    return hashlib.sha256(b"ascertain master key" + secret).hexdigest()[:16]
