"""What is packed (DOCX, XLSX), looked at before anything unpacks it."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from typing import BinaryIO

from ascertain.connectors.files_folder import FileProblem

MAX_PARTS = 10_000
MAX_BYTES = 2 << 30
MAX_PART = {"sharedStrings.xml": 256 << 20, "document.xml": 64 << 20}
"""Parts that are held in memory as a whole."""
MAX_RATIO = 200
_FREE = 16 << 20
"""So much may be packed at any ratio."""


def refuse_bombs(stream: BinaryIO, *, look_for: Sequence[bytes] = (), within: str = "") -> bool:
    """Whether a part below ``within`` has any of ``look_for``. Sizes are those that the package states; whoever reads
    it gets no more than that.

    Raises:
        FileProblem: when it is no package, is encrypted, or would unpack to too much.
    """
    size = stream.seek(0, 2)
    stream.seek(0)
    head = stream.read(8)
    stream.seek(0)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        raise FileProblem("is encrypted or in an old format (.doc, .xls): save it without a password, in the new one")
    try:
        with zipfile.ZipFile(stream) as package:
            parts = package.infolist()
            whole = sum(p.file_size for p in parts)
            if len(parts) > MAX_PARTS or whole > MAX_BYTES or (whole > _FREE and whole > MAX_RATIO * max(size, 1)):
                raise FileProblem(f"would unpack to {whole >> 20} MB out of {max(size >> 10, 1)} kB: left alone")
            for part in parts:
                if part.flag_bits & 1:
                    raise FileProblem("is encrypted")
                limit = MAX_PART.get(part.filename.rpartition("/")[2])
                if limit is not None and part.file_size > limit:
                    raise FileProblem(f"has a part of {part.file_size >> 20} MB ({part.filename}): left alone")
            return any(_has(package, p, look_for) for p in parts if look_for and p.filename.startswith(within))
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError, zlib.error) as e:
        if isinstance(e, FileProblem):
            raise
        raise FileProblem("is damaged: it is no ZIP package") from None
    finally:
        stream.seek(0)


def _has(package: zipfile.ZipFile, part: zipfile.ZipInfo, words: Sequence[bytes]) -> bool:
    tail = b""
    with package.open(part) as stream:
        while chunk := stream.read(1 << 18):
            window = tail + chunk
            if any(w in window for w in words):
                return True
            tail = window[-8:]
    return False
