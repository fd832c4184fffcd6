"""What the suite stands on: the company's systems, two hosts with a home each, one database and one queue."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import yaml
from sqlalchemy import create_engine, text

from ascertain.domain.people import Learner
from ascertain.domain.permission import Role
from ascertain.jobs.queue import JobQueue
from ascertain.jobs.server import QueueHandle, open_queue
from ascertain.paths import CONFIG_DIR
from ascertain.pipeline.sign_in import open_session
from ascertain.pipeline.sweep import Due
from ascertain.runtime import App, open_app
from ascertain.sandbox.company import build_company
from ascertain.sandbox.docebo_gate import DoceboOptions
from ascertain.sandbox.server import Sandbox
from ascertain.service.auth import COOKIE
from ascertain.settings import load_settings
from benchmarks.chaos.callers import Ledger, Lms, Reviewer
from benchmarks.chaos.processes import ROOT, Daemon, Workers, python, skewed
from benchmarks.ground import clean_environment

JOB_TIMEOUT = 30
"""Seconds for an assessment, which takes about one: a scheduler ends lost runs after a little more."""
DISK_MB = 192
REVIEWER = "chaos"


@dataclass
class World:
    """The application in this process, and what it shares with those that are killed."""

    app: App
    handle: QueueHandle
    jobs: JobQueue
    company: Ledger
    options: DoceboOptions
    folder: Path
    own_disk: bool
    """Whether the first host's home is a file system of its own, which can be filled."""
    port: int
    cohort: str
    """Who is assessed: a department, or ``all``."""

    def due(self) -> tuple[Due, ...]:
        """Whose case has changed since their last run."""
        return self.app.plan_sweep(self.cohort).due

    def people(self) -> list[Learner]:
        """The cohort."""
        with self.app.units(write=False) as uow:
            return list(uow.people.cohort(self.cohort))

    def environment(self, host: str) -> dict[str, str]:
        """Of a process of host ``a`` or ``b``."""
        settings = self.app.settings
        found = os.environ | {
            "ASCERTAIN_HOME": str(self.folder / host),
            "ASCERTAIN_DATABASE_URL": settings.database_url or f"sqlite:///{settings.home_dir / 'ascertain.sqlite'}",
            "ASCERTAIN_CONNECTORS_FILE": str(settings.connectors_file),
            "ASCERTAIN_SCHEDULES_FILE": str(settings.schedules_file),
            "ASCERTAIN_JOB_TIMEOUT": str(JOB_TIMEOUT),
            "ASCERTAIN_NOTICE_REQUIRED": "false",
            "ASCERTAIN_LOG_LEVEL": "WARNING",
            "PYTHONPATH": str(ROOT),
        }
        return found if host == "a" else found | {"ASCERTAIN_QUEUE_URL": self.handle.url}

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"


class Cast:
    """All processes, and who calls them. The second host's clock may be another."""

    def __init__(self, world: World, by_chance: random.Random) -> None:
        self.world = world
        self.hours = 0.0
        """By which the second host's clock is ahead."""
        command = python("ascertain", "worker", "--processes", "2")
        self.hosts = {h: Workers(command, world.environment(h), world.log(f"workers-{h}")) for h in "ab"}
        scheduler = python("benchmarks.chaos.scheduler")
        self.schedulers = {h: Daemon(scheduler, world.environment(h), world.log(f"scheduler-{h}")) for h in "ab"}
        serve = python("ascertain", "serve", "--port", str(world.port))
        self.service = Daemon(serve, world.environment("a"), world.log("service"))
        base = f"http://127.0.0.1:{world.port}"
        self.reviewer = Reviewer(base, _cookie(world.app), random.Random(by_chance.random()))
        emails = {p.email.casefold() for p in world.people()}
        self.lms = Lms(base, world.company, world.options, emails, random.Random(by_chance.random()))
        for caller in (self.reviewer, self.lms):
            caller.start()

    def __enter__(self) -> Cast:
        return self

    def __exit__(self, *_: object) -> None:
        for daemon in self.daemons:
            daemon.kill()

    @property
    def daemons(self) -> list[Daemon]:
        return [*self.hosts.values(), *self.schedulers.values(), self.service]

    def keep_going(self) -> None:
        for daemon in self.daemons:
            daemon.keep_going()

    def set_clock(self, hours: float) -> None:
        """Set the second host's clock; whatever runs there is killed and begins anew with it."""
        self.hours = hours
        environment = skewed(self.world.environment("b"), hours)
        self.hosts["b"].restart(environment)
        self.schedulers["b"].restart(environment)

    def calm(self) -> None:
        """Nothing is killed any more. Callers have their last answers, workers finish what they are at."""
        self.keep_going()
        for caller in (self.reviewer, self.lms):
            caller.stop()
        for daemon in (*self.hosts.values(), self.service):
            daemon.end()


@contextmanager
def world(*, scale: int = 1, cohort: str = "all", database_url: str = "") -> Iterator[World]:
    """The company pulled, its content tagged; nothing runs yet."""
    with ExitStack() as around:
        around.enter_context(clean_environment())
        folder = Path(around.enter_context(tempfile.TemporaryDirectory(prefix="ascertain-chaos-")))
        company, options = Ledger(build_company(scale=scale)), DoceboOptions(hourly_budget=None)
        servers = around.enter_context(Sandbox(company=company, options={"docebo": options}))
        os.environ.update(servers.environment())
        own_disk = around.enter_context(_disk(folder / "a"))
        settings = {"database_url": database_url} if database_url else {}
        app = open_app(
            load_settings(
                _env_file=None,
                home=folder / "a",
                notice_required=False,
                job_timeout=JOB_TIMEOUT,
                connectors_file=_connectors(folder),
                schedules_file=_schedules(folder, cohort),
                **settings,
            )
        )
        around.callback(app.close)
        report = app.sync()
        if not report.ok:
            raise RuntimeError("the sandbox could not be pulled: " + "; ".join(e.error for e in report.entities))
        app.tag()
        app.warm()
        (folder / "b").mkdir(mode=0o700)
        for name in ("keys", "audit", "taxonomies"):  # the second host has the same keys
            shutil.copytree(folder / "a" / name, folder / "b" / name)
        handle = around.enter_context(closing(open_queue(app.settings)))
        jobs = JobQueue(handle, app.settings)
        yield World(app, handle, jobs, company, options, folder, own_disk, _free_port(), cohort)


def _connectors(folder: Path) -> Path:
    """The shipped connections, where Docebo is told skills and tells what happens."""
    read = yaml.safe_load((CONFIG_DIR / "connectors.yaml").read_text(encoding="utf-8"))
    docebo = next(c for c in read["connections"] if c["name"] == "docebo")
    docebo["secrets"] |= {
        "webhook_user": "ASCERTAIN_DOCEBO_WEBHOOK_USER",
        "webhook_password": "ASCERTAIN_DOCEBO_WEBHOOK_PASSWORD",
    }
    docebo["options"]["skills_field"] = 5
    file = folder / "connectors.yaml"
    file.write_text(yaml.safe_dump(read), encoding="utf-8")
    return file


def _schedules(folder: Path, cohort: str) -> Path:
    file = folder / "schedules.yaml"
    entry = {"cron": "* * * * *", "cohort": cohort, "priority": "low"}
    file.write_text(yaml.safe_dump({"schedules": {"often": entry}}), encoding="utf-8")
    return file


@contextmanager
def _disk(folder: Path) -> Iterator[bool]:
    """``folder`` as a file system of its own where this user may mount one, else a folder."""
    folder.mkdir(mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=0700", "ascertain-chaos", str(folder)]
    mounted = os.geteuid() == 0 and subprocess.run(mount, capture_output=True).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _cookie(app: App) -> tuple[str, str]:
    """The session of a trained reviewer who sees everybody."""
    with app.units() as uow:
        uow.grants.train(f"oidc:{REVIEWER}", datetime.now(UTC).date())
        secret = open_session(uow, REVIEWER, "", {Role.L_AND_D: ("all",)}, clock=app.clock)
        uow.commit()
    return COOKIE, secret


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def own_database(server: str) -> Iterator[str]:
    """A database of its own on a PostgreSQL server, dropped afterwards."""
    name = f"chaos_{os.getpid()}"
    engine = create_engine(driven(server), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield engine.url.set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()


def driven(url: str) -> str:
    """With the driver that is installed."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1)
