"""Kills whatever works on a cohort, at random moments, and looks whether everything is there exactly once.

``python -m benchmarks.chaos [--points 200] [--seed N] [--server URL]``: the demonstration company, real workers in
processes of their own, a real queue. Each point takes one fault by chance; every case is queued twice. Prints the
figures as JSON; exit code 1 when something is missing, doubled or torn.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from ascertain.domain.audit import verify
from ascertain.domain.runs import RunState
from ascertain.jobs.queue import JobQueue
from ascertain.jobs.server import open_queue
from ascertain.runtime import App
from benchmarks.ground import company
from benchmarks.sweep import change

FAULTS = {"horse": 14, "worker": 2, "everything": 1, "queue server": 1, "database cut": 3}
"""How often each is taken, of all: the process that runs a job; a worker with it; supervisor, workers and all; the
queue's server; every connection of the database (PostgreSQL alone)."""
LONGEST_WAIT = 0.6
"""Seconds between two faults, at most: about what a job takes."""
ROUND = 24
"""Learners whose case changes when all are assessed before enough was killed."""


def chaos(points: int, seed: int, *, scale: int = 1, database_url: str = "") -> dict[str, Any]:
    """Take ``points`` faults while cohorts are assessed; what was done and everything that is wrong afterwards."""
    by_chance = random.Random(seed)
    settings = {"database_url": database_url} if database_url else {}
    with company(scale=scale, **settings) as app, closing(open_queue(app.settings)) as handle:
        jobs = JobQueue(handle, app.settings)
        with app.units(write=False) as uow:
            active = sorted(uow.evidence.counts())
        taken: Counter[str] = Counter()
        rounds, begun = 1, time.monotonic()
        _deliver(app, jobs, twice=True)
        with _Workers(app) as workers:
            while taken.total() < points:
                time.sleep(by_chance.uniform(0.0, LONGEST_WAIT))
                workers.keep_going()
                handle.ensure()
                if not any(jobs.waiting().values()) and not handle.queue.running():
                    change(app, by_chance.sample(active, min(ROUND, len(active))), rounds)
                    rounds += 1
                    _deliver(app, jobs, twice=True)
                    continue
                fault = by_chance.choices(list(FAULTS), list(FAULTS.values()))[0]
                taken[fault] += workers.suffer(fault, by_chance)
        requeued = _make_up(app, jobs)
        return {
            "points": taken.total(),
            "faults": dict(sorted(taken.items())),
            "seed": seed,
            "learners": len(app.plan_sweep("all", force=True).due),
            "rounds": rounds,
            "requeued": requeued,
            "database": "PostgreSQL" if database_url.startswith("postgresql") else "SQLite",
            "seconds": round(time.monotonic() - begun),
        } | _account(app)


def _deliver(app: App, jobs: JobQueue, *, twice: bool = False) -> None:
    """Queue everybody who is due, as a sweep does."""
    for learner in app.plan_sweep("all").due:
        now = app.fingerprint(learner.id)
        for _ in range(1 + twice):
            jobs.enqueue_assessment(learner.id, now, trigger="chaos", again=True)


def _make_up(app: App, jobs: JobQueue) -> int:
    """What an operator does afterwards: requeue what failed for good, sweep, work it off. How many were requeued."""
    requeued = 0
    for _ in range(5):
        jobs.handle.ensure()
        for failure in jobs.failures():
            jobs.requeue(failure.id)
            requeued += 1
        _deliver(app, jobs)
        subprocess.run([*_worker(app), "--burst"], env=_environment(app), check=True, timeout=900)
        if not app.plan_sweep("all").due and not jobs.failed():
            break
    return requeued


def _account(app: App) -> dict[str, Any]:
    """Runs, assertions and records of the audit chain, and what is wrong with them."""
    wrong: list[str] = []
    with app.units(write=False) as uow:
        faults = verify(uow.audit.records(), app.store.checkpoints())
        wrong += [f"audit chain: {f}" for f in faults]
        states = uow.runs.states()
        if states.get(RunState.STARTED.value):
            wrong.append(f"{states[RunState.STARTED.value]} runs look as if they were under way")
        wrong += [f"{p.id} is not assessed" for p in app.plan_sweep("all").due]
        concluded = Counter(r.header["run"] for r in uow.audit.records() if r.action == "run.concluded")
        wrong += [f"run {run} was concluded {n} times" for run, n in concluded.items() if n != 1]
        if len(concluded) != states.get(RunState.DONE.value, 0):
            wrong.append(f"{len(concluded)} runs were concluded, {states.get(RunState.DONE.value, 0)} are done")
        present = 0
        for learner in uow.people.all():
            rows = uow.assertions.of(learner.id)
            present += len(rows)
            latest = uow.runs.latest(learner.id)
            doubled = [s for s, n in Counter(a.skill_id for a in rows).items() if n > 1]
            wrong += [f"{learner.id}: {skill} is asserted twice" for skill in doubled]
            wrong += [f"{a.id} is of another run" for a in rows if latest is None or a.run_id != latest.id]
    return {"runs done": len(concluded), "assertions": present, "wrong": wrong}


def _worker(app: App) -> list[str]:
    return [sys.executable, "-m", "ascertain", "worker", "--processes", "2"]


def _environment(app: App) -> dict[str, str]:
    root = str(Path(__file__).resolve().parents[1])
    return os.environ | {
        "ASCERTAIN_HOME": str(app.settings.home_dir),
        "ASCERTAIN_DATABASE_URL": app.settings.database_url,
        "ASCERTAIN_NOTICE_REQUIRED": "false",
        "ASCERTAIN_LOG_LEVEL": "ERROR",
        "PYTHONPATH": root,
    }


class _Workers:
    """A supervisor with two workers, in a session of its own, started again when it has gone."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.process = self._start()

    def __enter__(self) -> _Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self._kill_all()

    def keep_going(self) -> None:
        if self.process.poll() is not None:
            self._kill_all()
            self.process = self._start()

    def suffer(self, fault: str, by_chance: random.Random) -> int:
        """1 when something was hit."""
        workers = _children(self.process.pid)
        horses = [h for w in workers for h in _children(w)]
        if fault == "horse" and horses:
            return _kill(by_chance.choice(horses))
        if fault == "worker" and workers:
            worker = by_chance.choice(workers)
            return max([_kill(worker), *(_kill(h) for h in horses if h in _children(worker))])
        if fault == "everything" and horses:
            self._kill_all()
            return 1
        if fault == "queue server" and horses:
            pid = self.app.settings.home_dir / "queue" / "valkey.pid"
            return _kill(int(pid.read_text() or "0")) if pid.exists() else 0
        if fault == "database cut" and horses and self.app.settings.database_url.startswith("postgresql"):
            return _cut(self.app.settings.database_url)
        return 0

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            _worker(self.app), env=_environment(self.app), start_new_session=True, stderr=subprocess.DEVNULL
        )

    def _kill_all(self) -> None:
        members = list(_session(self.process.pid))
        for number in (signal.SIGSTOP, signal.SIGKILL):  # stopped first: none can see another die and react
            for pid in members:
                _kill(pid, number)
        self.process.wait()


def _cut(url: str) -> int:
    """End every connection to the database but this one's."""
    engine = create_engine(_driven(url))
    query = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()"
    try:
        with engine.connect() as connection:
            return int(bool(connection.execute(text(f"{query} AND pid <> pg_backend_pid()")).scalar()))
    finally:
        engine.dispose()


def _driven(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def _kill(pid: int, number: int = signal.SIGKILL) -> int:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return 0
    return 1


def _stat(pid: int) -> list[str]:
    """State, parent, group and session of a process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ["Z", "-1", "-1", "-1"]


def _processes() -> Iterator[int]:
    return (int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit())


def _children(parent: int) -> list[int]:
    return [p for p in _processes() if (s := _stat(p))[1] == str(parent) and s[0] != "Z"]


def _session(leader: int) -> Iterator[int]:
    return (p for p in _processes() if (s := _stat(p))[3] == str(leader) and s[0] != "Z")


@contextmanager
def own_database(server: str) -> Iterator[str]:
    """A database of its own on a PostgreSQL server, dropped afterwards."""
    name = f"chaos_{os.getpid()}"
    engine = create_engine(_driven(server), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield engine.url.set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=__doc__)
    parser.add_argument("--points", type=int, default=200, help="faults to take")
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--scale", type=int, default=1, help="size of the company")
    parser.add_argument("--server", default="", help="PostgreSQL server (URL); empty: SQLite")
    chosen = parser.parse_args(arguments)
    if chosen.server:
        with own_database(chosen.server) as url:
            found = chaos(chosen.points, chosen.seed, scale=chosen.scale, database_url=url)
    else:
        found = chaos(chosen.points, chosen.seed, scale=chosen.scale)
    print(json.dumps(found, indent=1))
    return 1 if found["wrong"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
