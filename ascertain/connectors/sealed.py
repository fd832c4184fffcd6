"""A temporary file that nobody can read afterwards: what goes to the disk is enciphered, the key stays in memory.

A downloaded report may hold columns that nobody asked for (national ids). They must not come to rest anywhere, not
even in a folder for temporary files; and the report may be too large to hold.
"""

from __future__ import annotations

import io
import os
from tempfile import SpooledTemporaryFile

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK = 16
"""Bytes of a block of AES; the counter in the nonce counts these."""


class SealedFile(io.RawIOBase):
    """Bytes written once and read from anywhere. AES-256 in counter mode under a key of its own, which is never kept:
    secrecy only, the reader is the process that wrote it."""

    def __init__(self, in_memory: int) -> None:
        """Up to ``in_memory`` bytes nothing goes to the disk at all."""
        self._file = SpooledTemporaryFile(max_size=in_memory)  # noqa: SIM115 - closed with this file
        self._key = algorithms.AES(os.urandom(32))
        self._at = 0
        self._size = 0

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        plain = bytes(memoryview(data))  # type: ignore[arg-type]
        self._file.seek(self._at)
        self._file.write(self._turned(plain, self._at))
        self._at += len(plain)
        self._size = max(self._size, self._at)
        return len(plain)

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        self._file.seek(self._at)
        found = self._file.read(len(view))
        view[: len(found)] = self._turned(found, self._at)
        self._at += len(found)
        return len(found)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def close(self) -> None:
        self._file.close()
        super().close()

    def _turned(self, data: bytes, at: int) -> bytes:
        """Enciphered or deciphered, which is the same: ``data`` stands at byte ``at``."""
        block, skip = divmod(at, _BLOCK)
        turn = Cipher(self._key, modes.CTR(block.to_bytes(_BLOCK, "big"))).encryptor()
        return turn.update(bytes(skip) + data)[skip:]
