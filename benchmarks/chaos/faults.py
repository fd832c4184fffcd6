"""The faults, and how often each is taken."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from benchmarks.chaos.processes import children, faketime, kill
from benchmarks.chaos.world import Cast, World, driven

if TYPE_CHECKING:
    from sqlalchemy import Connection

FULL_SECONDS = 1.5
"""How long a disk stays full, and a database away."""
SKEWS = (-2.0, 0.0, 2.0)
"""Hours."""


@dataclass(frozen=True, slots=True)
class Fault:
    """``take`` is true when something was hit; ``weight`` of all are how often each is taken."""

    name: str
    weight: int
    take: Callable[[Cast, random.Random], bool]


def _horse(cast: Cast, by_chance: random.Random) -> bool:
    """The process that runs a job."""
    horses = [h for host in cast.hosts.values() for h in host.horses()]
    return bool(horses) and bool(kill(by_chance.choice(horses)))


def _worker(cast: Cast, by_chance: random.Random) -> bool:
    """A worker, with its job."""
    workers = [w for host in cast.hosts.values() for w in host.workers()]
    if not workers:
        return False
    worker = by_chance.choice(workers)
    horses = children(worker)
    return max([kill(worker), *(kill(h) for h in horses)]) > 0


def _host(cast: Cast, by_chance: random.Random) -> bool:
    """Supervisor, workers and jobs of one host at the same moment."""
    host = by_chance.choice([h for h in cast.hosts.values() if h.horses()] or [None])
    if host is None:
        return False
    host.kill()
    return True


def _queue_server(cast: Cast, by_chance: random.Random) -> bool:
    pid = cast.world.app.settings.home_dir / "queue" / "valkey.pid"
    return pid.exists() and bool(kill(int(pid.read_text() or "0")))


def _scheduler(cast: Cast, by_chance: random.Random) -> bool:
    """The one that is elected."""
    holder = cast.world.handle.connection.get(f"{cast.world.app.settings.queue_name}:scheduler")
    name = holder.decode() if isinstance(holder, bytes) else ""
    for scheduler in cast.schedulers.values():
        if f"-{scheduler.pid}-" in name:
            scheduler.kill()
            return True
    return False


def _service(cast: Cast, by_chance: random.Random) -> bool:
    """While somebody waits for its answer."""
    deadline = time.monotonic() + 1.0
    while time.monotonic() < deadline:
        if cast.service.process.poll() is None and any(c.busy for c in (cast.reviewer, cast.lms)):
            if not cast.lms.told and not cast.reviewer.decided:
                return False  # it is starting
            cast.service.kill()
            return True
        time.sleep(0.002)
    return False


def _cut(cast: Cast, by_chance: random.Random) -> bool:
    """Every connection of the database but this one's."""
    return _on_server(cast.world, _terminate)


def _away(cast: Cast, by_chance: random.Random) -> bool:
    """No connection of the database, and no new one for a while."""

    def refuse(connection: Connection) -> int:
        name = make_url(cast.world.app.settings.database_url).database
        connection.execute(text(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'))
        try:
            cut = _terminate(connection)
            time.sleep(FULL_SECONDS)
        finally:
            connection.execute(text(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'))
        return cut

    return _on_server(cast.world, refuse)


def _disk_full(cast: Cast, by_chance: random.Random) -> bool:
    """Nothing can be written in the first host's home: queue, SQLite, checkpoints."""
    filler = cast.world.folder / "a" / "filler"
    try:
        with filler.open("wb") as file:
            free = os.statvfs(filler.parent)
            os.posix_fallocate(file.fileno(), 0, max(1, free.f_bavail * free.f_frsize - 4096))
            while file.write(b"\0" * 4096):  # what is left of it
                file.flush()
    except OSError:
        time.sleep(FULL_SECONDS)
    finally:
        filler.unlink(missing_ok=True)
    return True


def _clock(cast: Cast, by_chance: random.Random) -> bool:
    """The second host's workers and scheduler are killed, and begin anew with a clock of two hours before or after."""
    cast.set_clock(by_chance.choice([h for h in SKEWS if h != cast.hours]))
    return True


ALL = (
    Fault("kill -9 of the process that runs a job", 110, _horse),
    Fault("kill -9 of a worker, with its job", 20, _worker),
    Fault("kill -9 of all of a host's workers and jobs", 10, _host),
    Fault("kill -9 of the queue's server", 10, _queue_server),
    Fault("kill -9 of the elected scheduler", 6, _scheduler),
    Fault("kill -9 of the service in the middle of a request", 10, _service),
    Fault("every connection of the database cut", 16, _cut),
    Fault("the database away", 6, _away),
    Fault("a full disk", 6, _disk_full),
    Fault("another clock", 6, _clock),
)


def possible(world: World) -> tuple[list[Fault], Mapping[str, str]]:
    """The faults that can be taken here; the others with the reason."""
    missing: dict[str, str] = {}
    if not world.app.settings.database_url.startswith("postgresql"):
        missing |= dict.fromkeys(("every connection of the database cut", "the database away"), "SQLite has no server")
    if not world.own_disk:
        missing["a full disk"] = "this user may not mount a file system"
    if faketime() is None:
        missing["another clock"] = "libfaketime is not installed"
    return [f for f in ALL if f.name not in missing], missing


def _terminate(connection: Connection) -> int:
    query = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = :name AND pid <> :own"
    own = connection.execute(text("SELECT pg_backend_pid()")).scalar()
    name = connection.info["wanted"]
    return int(connection.execute(text(query), {"name": name, "own": own}).scalar() or 0)


def _on_server(world: World, act: Callable[[Connection], int]) -> bool:
    """Over a connection to the server's own database, so that this one can be refused to everybody."""
    url = make_url(driven(world.app.settings.database_url))
    engine = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.info["wanted"] = url.database
            return act(connection) > 0
    finally:
        engine.dispose()
