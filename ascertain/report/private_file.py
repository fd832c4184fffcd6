"""Writes what is personal: readable by its owner alone, there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ascertain.errors import ConfigError


def write_private(out: Path, text: str, *, option: str) -> int:
    """Write a file, whatever stood there before; returns its size in bytes.

    Raises:
        ConfigError: the file cannot be written there; ``option`` is named as the remedy.
    """
    data = text.encode("utf-8")
    try:
        descriptor, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")  # mode 0600
        part = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            part.replace(out)
        finally:
            part.unlink(missing_ok=True)
    except OSError as e:
        raise ConfigError(
            f"cannot write the report to {out}: {e.strerror}", remedy=f"choose another {option}"
        ) from None
    return len(data)
