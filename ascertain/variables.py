"""Where settings and secrets come from: the environment, over `.env`, over a folder with a file for each secret."""

from __future__ import annotations

import os
import re
from pathlib import Path

from dotenv import dotenv_values

from ascertain.errors import ConfigError

SECRETS_DIR = "ASCERTAIN_SECRETS_DIR"
_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
_MOST_BYTES = 64 * 1024


def variables(dotenv: Path = Path(".env")) -> dict[str, str]:
    """The process environment over what ``.env`` says, over the files of the folder ``ASCERTAIN_SECRETS_DIR``.

    A file there is named like the variable whose value it holds, as Docker, Kubernetes and systemd mount secrets. Other
    files are passed over. A line break at the end is no part of the value.

    Raises:
        ConfigError: the folder is missing, or a file of it cannot be read or is too large.
    """
    written = {k: v for k, v in dotenv_values(dotenv).items() if v is not None}
    folder = secrets_folder(dotenv)
    files = sorted(folder.iterdir()) if folder else []
    return {**{f.name: _value(f) for f in files if _NAME.fullmatch(f.name) and f.is_file()}, **written, **os.environ}


def secrets_folder(dotenv: Path = Path(".env")) -> Path | None:
    """The folder of secrets, where there is to be one.

    Raises:
        ConfigError: it is missing.
    """
    named = os.environ.get(SECRETS_DIR) or dotenv_values(dotenv).get(SECRETS_DIR)
    if named and not Path(named).is_dir():
        raise ConfigError(
            f"{SECRETS_DIR}: there is no folder {named}", remedy="mount it there, or leave the setting empty"
        )
    return Path(named) if named else None


def _value(file: Path) -> str:
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise ConfigError(f"{SECRETS_DIR}: {file.name} is larger than 64 KiB", remedy="it should hold one value")
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as e:
        said = e.strerror if isinstance(e, OSError) else "it is no UTF-8 text"
        raise ConfigError(
            f"{SECRETS_DIR}: cannot read {file.name}: {said}", remedy="let the user that Ascertain runs as read it"
        ) from None
