"""The story: a cohort is assessed, decided on and written back while faults are taken; then it is made up for, and
counted."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from ascertain.domain.outbox import RunKind, WritebackRun
from ascertain.domain.runs import RunState
from ascertain.errors import DatabaseAway
from ascertain.jobs.outgoing import enqueue_push
from benchmarks.chaos.account import MOST_RUNS, account
from benchmarks.chaos.faults import Fault, possible
from benchmarks.chaos.processes import python
from benchmarks.chaos.scheduler import PATIENCE
from benchmarks.chaos.world import JOB_TIMEOUT, Cast, World, world
from benchmarks.sweep import change

LONGEST_WAIT = 0.6
"""Seconds between two faults, at most: about what a job takes."""
LONGEST_LOOK = 3.0
"""Seconds for which something to hit is looked for."""
ROUND = 24
"""Learners whose case changes when all are assessed before enough was killed."""
POINTS_PER_PUSH = 5
"""Faults between two write-back runs, at most."""
READY_SECONDS = 120.0
TURNS = 8
"""How often what is left is worked off before it is counted as left."""


def chaos(
    points: int, seed: int, *, scale: int = 1, cohort: str = "all", database_url: str = "", logs: Path | None = None
) -> dict[str, Any]:
    """Take ``points`` faults while cohorts are assessed; what was done and everything that is wrong afterwards.

    Each fault that can be taken here is taken once before any is taken twice. ``logs``: folder for what the processes
    said.
    """
    by_chance = random.Random(seed)
    with world(scale=scale, cohort=cohort, database_url=database_url) as here:
        faults, impossible = possible(here)
        taken: Counter[str] = Counter()
        here.app.sweep(cohort, trigger="before")
        begun = time.monotonic()
        with Cast(here, by_chance) as cast:
            rounds = _suffer(here, cast, by_chance, points, list(_order(faults, by_chance, points)), taken)
            meanwhile = len(here.company.writes)
            cast.calm()
            requeued = _make_up(here, cast)
            counted = account(here, cast)
        if logs is not None:
            logs.mkdir(parents=True, exist_ok=True)
            for log in here.folder.glob("*.log"):
                shutil.copy(log, logs)
        return {
            "points": taken.total(),
            "faults": dict(sorted(taken.items(), key=lambda f: -f[1])),
            "not tried": impossible,
            "seed": seed,
            "database": "PostgreSQL" if database_url.startswith("postgresql") else "SQLite",
            "learners": len(here.people()),
            "rounds": rounds,
            "requeued": requeued,
            "writes under fault": meanwhile,
            "seconds": round(time.monotonic() - begun),
        } | counted


def _order(faults: list[Fault], by_chance: random.Random, points: int) -> Iterator[Fault]:
    """Each once, then by weight; more than are needed, because not each finds something to hit."""
    yield from by_chance.sample(faults, len(faults))
    yield from by_chance.choices(faults, [f.weight for f in faults], k=50 * points)


def _suffer(
    here: World, cast: Cast, by_chance: random.Random, points: int, order: list[Fault], taken: Counter[str]
) -> int:
    """Take the faults; how many times cases were made to change."""
    with here.app.units(write=False) as uow:
        active = sorted(uow.evidence.counts().keys() & {p.id for p in here.people()})
    rounds, pushed = 0, 0
    _ready(cast)
    while taken.total() < points and order:
        time.sleep(by_chance.uniform(0.0, LONGEST_WAIT))
        cast.keep_going()
        here.handle.ensure()
        try:
            if not any(here.jobs.waiting().values()) and not here.handle.queue.running():
                change(here.app, by_chance.sample(active, min(ROUND, len(active))), rounds)
                rounds += 1
                _deliver(here, twice=True)
            if taken.total() >= pushed + POINTS_PER_PUSH:
                pushed = taken.total()
                _push(here)
        except (RedisError, DatabaseAway, SQLAlchemyError) as e:  # this process is hit like any other: the next turn
            print(f"     the suite itself: {type(e).__name__}", file=sys.stderr, flush=True)
        fault = order.pop(0)
        if _hit(fault, cast, by_chance):
            taken[fault.name] += 1
            print(f"{taken.total():4} {fault.name}", file=sys.stderr, flush=True)
        elif not taken[fault.name]:
            order.insert(1, fault)  # each kind comes once
    return rounds


def _hit(fault: Fault, cast: Cast, by_chance: random.Random) -> bool:
    """Take it as soon as there is something to hit; what died before is started again meanwhile."""
    deadline = time.monotonic() + LONGEST_LOOK
    while time.monotonic() < deadline:
        try:
            if fault.take(cast, by_chance):
                return True
        except RedisError as e:
            print(f"     the suite itself: {type(e).__name__}", file=sys.stderr, flush=True)
        cast.keep_going()
        cast.world.handle.ensure()
        time.sleep(0.02)
    return False


def _ready(cast: Cast) -> None:
    """Wait until workers run and the service has answered: what is not there yet cannot be hit.

    Raises:
        RuntimeError: it does not come up.
    """
    deadline = time.monotonic() + READY_SECONDS
    while not (cast.lms.told and all(h.workers() for h in cast.hosts.values())):
        if time.monotonic() > deadline:
            raise RuntimeError(f"workers or service did not come up; see the logs in {cast.world.folder}")
        time.sleep(0.1)


def _deliver(here: World, *, twice: bool = False) -> None:
    """Queue everybody who is due, as a sweep does."""
    for learner in here.due():
        now = here.app.fingerprint(learner.id)
        for _ in range(1 + twice):
            here.jobs.enqueue_assessment(learner.id, now, trigger="chaos", again=True)


def _push(here: World) -> bool:
    """Begin a write-back run of whatever differs, and queue it twice; not while another is under way."""
    if _unfinished(here):
        return False
    with here.app.write_back(["docebo"]) as home:
        run = home.begin(home.preview(here.people()), "chaos")
    if run is None:
        return False
    for _ in range(2):
        enqueue_push(here.jobs, run.id)
    return True


def _unfinished(here: World) -> list[WritebackRun]:
    with here.app.units(write=False) as uow:
        return [r for r in uow.outbox.runs(limit=MOST_RUNS) if r.kind is RunKind.PUSH and r.finished_at is None]


def _make_up(here: World, cast: Cast) -> int:
    """What an operator does afterwards: requeue what failed for good, sweep, push, work it off, and wait until the
    scheduler has ended the runs that nobody works on. How many jobs were requeued."""
    requeued = 0
    for _ in range(TURNS):
        for scheduler in cast.schedulers.values():
            scheduler.keep_going()
        here.handle.ensure()
        for failure in here.jobs.failures():
            here.jobs.requeue(failure.id)
            requeued += 1
        _deliver(here)
        _push(here)
        for run in _unfinished(here):
            enqueue_push(here.jobs, run.id)
        burst = python("ascertain", "worker", "--processes", "2", "--burst")
        subprocess.run(burst, env=here.environment("a"), check=True, timeout=900, stderr=subprocess.DEVNULL)
        if not _left(here):
            break
    deadline = time.monotonic() + JOB_TIMEOUT + PATIENCE + 30
    while _begun(here) and time.monotonic() < deadline:
        time.sleep(0.5)
    return requeued


def _left(here: World) -> bool:
    with here.app.units(write=False) as uow:
        events = uow.inbox.unfinished()
    return bool(here.due() or here.jobs.failed() or events or _unfinished(here))


def _begun(here: World) -> int:
    with here.app.units(write=False) as uow:
        return uow.runs.states().get(RunState.STARTED.value, 0)
