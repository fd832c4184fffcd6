"""The embedded Valkey of a home folder: one server, shared by all processes of that folder.

Three lock files (``flock``, so that the kernel releases them however a process dies) keep order:

* ``start.lock``  held while somebody starts, attaches to or stops the server,
* ``users.lock``  held shared by each process that uses the server: the last one to leave stops it (if the last user
  is killed, the server stays until the next last user leaves),
* ``alive.lock``  held by the server process itself: it is alive exactly as long as nobody else can take it.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, ConnectionError, TimeoutError
from redis.retry import Retry

from ascertain.errors import AscertainError, ConfigError
from ascertain.jobs.valkey import binary, config_text

log = logging.getLogger(__name__)

SOCKET = "valkey.sock"
POINTER = "socket-folder"
"""Names the folder of the socket when the home folder cannot hold it."""
LOAD_SECONDS = 60.0
"""A server that reads a large append-only file may take this long to answer."""
STOP_SECONDS = 15.0


@dataclass(slots=True)
class Attachment:
    """A process's hold on the running server. ``url`` is what redis-py's ``from_url`` takes."""

    server: EmbeddedServer
    url: str
    started: bool
    _users: int

    def ensure(self) -> None:
        """Start the server again if it has died; its data, and the address, are the same."""
        if not self.server._alive():
            with self.server._locked("start.lock"):
                if not self.server._alive():
                    log.warning("the embedded queue server has died; starting it again")
                    self.server._start()

    def abandon(self) -> None:
        """Close a forked child's copy of the hold, which leaves the parent's as it is."""
        users, self._users = self._users, -1
        if users >= 0:
            os.close(users)

    def release(self, *, keep: bool = False) -> bool:
        """Let go; the last to let go stops the server unless ``keep``. True if it was stopped."""
        if self._users < 0:
            return False
        users, self._users = self._users, -1
        try:
            return self.server._leave(users, keep=keep)
        finally:
            os.close(users)


class EmbeddedServer:
    """Starts, finds and stops the server whose state is in ``folder`` (created, mode 0700).

    Append-only file with an fsync every second; no TCP port; the socket is usable by its owner alone.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def attach(self) -> Attachment:
        """Use the server, starting it when none runs.

        Raises:
            ConfigError: the folder cannot be used.
            AscertainError: the server cannot be started or does not answer.
        """
        self._make_folder()
        with self._locked("start.lock"):
            path = self._socket_path()
            started = False
            if self._alive() and not self._wait_until_up(path):
                log.warning("the embedded queue server has lost its socket; restarting it")
                self._terminate()
            if not self._alive():
                path = self._start()
                started = True
            users = self._open("users.lock")
            fcntl.flock(users, fcntl.LOCK_SH)
        return Attachment(self, f"unix://{path}", started, users)

    def _leave(self, users: int, *, keep: bool) -> bool:
        with self._locked("start.lock"):
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False  # others still use it
            if keep or not self._alive():
                return False
            self._terminate()
            return True

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder.chmod(0o700)
            os.close(self._open("start.lock"))
        except OSError as e:
            raise ConfigError(
                f"ASCERTAIN_HOME: the queue cannot use {self.folder}: {e.strerror}",
                remedy="point ASCERTAIN_HOME at a folder that this user may write, or ASCERTAIN_QUEUE_URL at a server",
            ) from None

    def _start(self) -> Path:
        path = self._place_socket()
        config = self.folder / "valkey.conf"
        try:
            config.write_text(config_text(self.folder, path), encoding="utf-8")
            config.chmod(0o600)
        except OSError as e:
            raise self._broken(f"cannot be configured in {self.folder}", str(e.strerror)) from None
        alive = self._open("alive.lock")
        try:
            fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The server turns itself into a daemon, so that Ctrl-C in a terminal reaches the workers and not their
            # queue; it inherits the lock and holds it for life.
            done = subprocess.run(
                [str(binary()), str(config)],
                cwd=self.folder,
                pass_fds=(alive,),
                umask=0o077,
                capture_output=True,
                text=True,
                timeout=LOAD_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as e:
            raise self._broken("cannot be run", str(e)) from None
        finally:
            os.close(alive)
        if done.returncode != 0:
            raise self._broken("did not start", done.stdout + done.stderr)
        if not self._wait_until_up(path, starting=True):
            raise self._broken("ended while starting", self._log_tail())
        return path

    def _wait_until_up(self, path: Path, *, starting: bool = False) -> bool:
        """True when the server answers; False when nothing listens (or, while it starts, when it has died)."""
        deadline = time.monotonic() + LOAD_SECONDS
        client = Redis(unix_socket_path=str(path), socket_timeout=5, retry=Retry(NoBackoff(), 0))
        try:
            while True:
                try:
                    return bool(client.ping())
                except (BusyLoadingError, TimeoutError):
                    pass  # it is there, and busy
                except ConnectionError:
                    if not starting:
                        return False
                if not self._alive():
                    return False
                if time.monotonic() > deadline:
                    raise self._broken(f"does not answer after {LOAD_SECONDS:.0f} s", self._log_tail())
                time.sleep(0.005)
        finally:
            client.close()

    def _terminate(self) -> None:
        # The pid is trusted only because the lock has just shown that the process which wrote it is alive.
        try:
            os.kill(int((self.folder / "valkey.pid").read_text().strip()), signal.SIGTERM)
        except ProcessLookupError:
            pass  # it ended by itself in between; the wait below sees that
        except (OSError, ValueError) as e:
            raise self._broken(f"cannot be stopped: {e}", self._log_tail()) from None
        deadline = time.monotonic() + STOP_SECONDS
        while self._alive():
            if time.monotonic() > deadline:
                raise self._broken(f"did not stop within {STOP_SECONDS:.0f} s", self._log_tail())
            time.sleep(0.005)
        self._clear_socket()

    def _alive(self) -> bool:
        alive = self._open("alive.lock")
        try:
            fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(alive)
        return False

    def _socket_path(self) -> Path:
        pointer = self.folder / POINTER
        if pointer.exists():
            folder = Path(pointer.read_text(encoding="utf-8").strip())
            if _is_private(folder):
                return folder / SOCKET
        return self.folder / SOCKET

    def _place_socket(self) -> Path:
        """Where the socket can be: in the folder, or, when the path is too long for the kernel or the file system
        knows no sockets, in a private folder under the system's temporary one."""
        path = self._socket_path()
        path.unlink(missing_ok=True)
        if _can_bind(path):
            return path
        folder = Path(tempfile.mkdtemp(prefix="ascertain-"))  # mkdtemp makes it 0700
        (self.folder / POINTER).write_text(str(folder), encoding="utf-8")
        if not _can_bind(folder / SOCKET):
            raise ConfigError(
                f"the queue cannot make a socket in {self.folder} nor in {folder}",
                remedy="use a shorter ASCERTAIN_HOME on a local disk, or set ASCERTAIN_QUEUE_URL",
            )
        return folder / SOCKET

    def _clear_socket(self) -> None:
        path = self._socket_path()
        path.unlink(missing_ok=True)
        if path.parent != self.folder:
            shutil.rmtree(path.parent, ignore_errors=True)
        (self.folder / POINTER).unlink(missing_ok=True)

    def _open(self, name: str) -> int:
        return os.open(self.folder / name, os.O_RDWR | os.O_CREAT, 0o600)

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        fd = self._open(name)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    def _log_tail(self) -> str:
        file = self.folder / "valkey.log"
        return file.read_text(encoding="utf-8", errors="replace")[-1500:] if file.exists() else ""

    def _broken(self, what: str, detail: str) -> AscertainError:
        return AscertainError(
            f"the embedded queue server {what}: {detail.strip() or 'it said nothing'}",
            remedy=f"see {self.folder / 'valkey.log'}, or set ASCERTAIN_QUEUE_URL to a Redis or Valkey server",
        )


def _can_bind(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.bind(str(path))
        except OSError:
            return False
    path.unlink()
    return True


def _is_private(folder: Path) -> bool:
    """A folder under the temporary one may have been swept away and made anew by somebody else."""
    try:
        info = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(info.st_mode) and info.st_uid == os.getuid() and not info.st_mode & 0o077
