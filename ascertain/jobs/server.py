"""Opens the queue: the server that ``ASCERTAIN_QUEUE_URL`` names, or the embedded one of the home folder."""

from __future__ import annotations

import atexit
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit

from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import AuthenticationError, RedisError
from redis.retry import Retry
from rq.serializers import JSONSerializer

from ascertain.errors import AscertainError, ConfigError
from ascertain.jobs.embedded import Attachment, EmbeddedServer
from ascertain.jobs.leases import LeasedQueue
from ascertain.settings import Settings

Priority = Literal["high", "default", "low"]
PRIORITIES: tuple[Priority, ...] = get_args(Priority)
"""From what is taken first to what is taken last."""


@dataclass(slots=True, weakref_slot=True)
class QueueHandle:
    """An open connection and its three queues.

    Attributes:
        queue: the queue of default priority.
        queues: all of them by priority, in the order they are worked off.
        url: what the connection was made from; may hold a password, so do not print it.
    """

    connection: Redis
    queues: dict[Priority, LeasedQueue]
    url: str
    attachment: Attachment | None = None
    _pid: int = field(default_factory=os.getpid)

    @property
    def queue(self) -> LeasedQueue:
        return self.queues["default"]

    @property
    def embedded(self) -> bool:
        return self.attachment is not None

    def close(self, *, keep: bool = False) -> None:
        """Disconnect. The last process to close the embedded server stops it, unless ``keep``. Safe to repeat, and
        harmless in a forked child, which only disconnects itself."""
        self.connection.close()
        if self.attachment is not None and self._pid == os.getpid():
            self.attachment.release(keep=keep)
        atexit.unregister(self.close)

    def ensure(self) -> None:
        """Start the embedded server again should it have died."""
        if self.attachment is not None:
            self.attachment.ensure()

    def abandon(self) -> None:
        """In a forked child: let go of the connection and of the inherited hold on the server; the parent keeps its
        own. A child that needs the queue opens it for itself, and is then a user of the server in its own right."""
        self.connection.close()
        if self.attachment is not None:
            self.attachment.abandon()
        atexit.unregister(self.close)


def open_queue(settings: Settings) -> QueueHandle:
    """Open the queue, starting the embedded server if none is named and none runs.

    Raises:
        ConfigError: the server cannot be reached, or the home folder cannot be used.
    """
    if settings.queue_url:
        handle = _handle(settings.queue_url, settings.queue_name, None)
        _check(handle)
        return handle
    attachment = EmbeddedServer(queue_folder(settings)).attach()
    handle = _handle(attachment.url, settings.queue_name, attachment)
    atexit.register(handle.close)
    return handle


def queue_folder(settings: Settings) -> Path:
    """The folder of the queue's files: the server's data, and one lock file per worker."""
    return settings.home_dir / "queue"


def _handle(url: str, name: str, attachment: Attachment | None) -> QueueHandle:
    try:
        connection = Redis.from_url(
            url,
            socket_connect_timeout=5,
            socket_timeout=30,
            retry=Retry(ExponentialBackoff(cap=1.0, base=0.05), 3),
        )
    except ValueError as e:
        raise ConfigError(f"ASCERTAIN_QUEUE_URL: {e}", remedy="write it as redis://host:6379/0") from None
    queues = {
        p: LeasedQueue(
            name if p == "default" else f"{name}-{p}", connection=connection, serializer=JSONSerializer, base_name=name
        )
        for p in PRIORITIES
    }
    return QueueHandle(connection, queues, url, attachment)


def _check(handle: QueueHandle) -> None:
    try:
        handle.connection.ping()
    except AuthenticationError as e:
        raise ConfigError(
            f"ASCERTAIN_QUEUE_URL: {redacted(handle.url)} refuses the credentials: {e}",
            remedy="put the user and password into ASCERTAIN_QUEUE_URL",
        ) from None
    except RedisError as e:
        raise ConfigError(
            f"ASCERTAIN_QUEUE_URL: cannot use {redacted(handle.url)}: {e}",
            remedy="start that server, correct ASCERTAIN_QUEUE_URL, or leave it empty for the embedded server",
        ) from None
    except OSError as e:
        raise AscertainError(f"ASCERTAIN_QUEUE_URL: {redacted(handle.url)}: {e.strerror or e}") from None


def redacted(url: str) -> str:
    """The URL without user, password and query, fit for a message."""
    parts = urlsplit(url)
    host = f"{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"
    return f"{parts.scheme}://{host}{parts.path}"
