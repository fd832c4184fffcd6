"""A day's budget: counted once however many processes count, and whole again on the next day."""

from __future__ import annotations

import multiprocessing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ascertain.runtime import open_app
from ascertain.store.purse import SqlPurse
from tests.integration.job_harness import settings_in

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
WORKERS, TRIES, CAP = 4, 40, 60


def spend(database: str, found: Any) -> None:
    """One worker: asks again and again, and pays for what it may."""
    from ascertain.store import open_store

    store = open_store(database, pseudonym=str, checkpoint_file=None)
    purse = SqlPurse(store._own, lambda: NOON)
    mine = 0
    for _ in range(TRIES):
        if not purse.admit({"calls": CAP}):
            mine += 1
            purse.charge(10, 0.00001)
    found.put(mine)


def test_workers_together_never_go_over_and_lose_nothing(tmp_path: Path) -> None:
    app = open_app(settings_in(tmp_path))
    database, fork = app.settings.effective_database_url, multiprocessing.get_context("fork")
    found = fork.Queue()
    workers = [fork.Process(target=spend, args=(database, found)) for _ in range(WORKERS)]
    for each in workers:
        each.start()
    admitted = [found.get(timeout=60) for _ in workers]
    for each in workers:
        each.join(20)
    assert sum(admitted) == CAP
    assert sum(a > 0 for a in admitted) > 1, "several had a part in it"
    purse = SqlPurse(app.store._own, lambda: NOON)
    assert purse.admit({"tokens": CAP * 10}) == "tokens"
    assert purse.admit({"usd": CAP * 0.00001}) == "usd"
    assert purse.admit({"tokens": CAP * 10 + 1, "usd": 1}) == ""
    app.close()


def test_the_next_day_is_whole_again_and_yesterday_does_not_come_back(tmp_path: Path) -> None:
    app = open_app(settings_in(tmp_path))
    clock = [NOON]
    purse = SqlPurse(app.store._own, lambda: clock[0])
    caps = {"calls": 1.0}
    assert [purse.admit(caps), purse.admit(caps)] == ["", "calls"]
    clock[0] += timedelta(hours=11, minutes=59)
    assert purse.admit(caps) == "calls"
    clock[0] += timedelta(minutes=2)
    assert [purse.admit(caps), purse.admit(caps)] == ["", "calls"]
    app.close()
