"""A crawl of 20,000 enrolments, killed over and over: ends with exactly those, and no watermark ahead of its data."""

from __future__ import annotations

import itertools
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from ascertain.domain.records import Entity
from ascertain.sandbox.company import build_company
from ascertain.sandbox.docebo import DoceboOptions
from ascertain.sandbox.live import LiveCompany
from ascertain.sandbox.records import Enrolment
from ascertain.sandbox.server import Sandbox
from tests.e2e.harness import ROOT
from tests.integration.crawl_child import PAGE, connect, database

TOTAL = 20_000
KILLS = 4
PREFIX = "lms:enrolment:"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    company = build_company(date(2026, 5, 1))
    begun = datetime(2024, 1, 1)
    pairs = itertools.product(range(4), company.courses, [p for p in company.people if p.docebo_id])
    made = [
        Enrolment(
            course_id=course.id,
            user_id=person.docebo_id,
            status="completed",
            score=80,
            enrolled=begun + timedelta(days=90 * attempt),
            completed=begun + timedelta(days=90 * attempt + 30),
            expires=None,
            updated=begun + timedelta(days=90 * attempt + 30, minutes=number),
            total_seconds=3600,
            attempt=attempt + 1,
        )
        for number, (attempt, course, person) in enumerate(itertools.islice(pairs, TOTAL))
    ]
    assert len(made) == TOTAL
    live = LiveCompany(replace(company, enrolments=tuple(made)))
    options = {"docebo": DoceboOptions(hourly_budget=None)}
    with Sandbox(systems=("docebo",), company=live, options=options) as found:
        yield found


class Crawl:
    """One child process that syncs."""

    def __init__(self, url: str, path: Path) -> None:
        command = [sys.executable, "-m", "tests.integration.crawl_child", url, str(path)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}
        )

    def kill_after(self, pages: int, delay: float) -> int:
        """SIGKILL some time after so many pages of enrolments were stored; the pages told until then."""
        assert self.process.stdout is not None
        told = 0
        for line in self.process.stdout:
            entity, _, _ = line.partition(" ")
            told += entity == Entity.ENROLMENT.value
            if told >= pages:
                break
        time.sleep(delay)
        self.process.kill()
        self.process.communicate()
        assert self.process.returncode == -9, "it was in the middle of things"
        return told

    def finish(self) -> None:
        _, err = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, err


def test_a_crawl_that_is_killed_ends_with_exactly_what_there_is(sandbox: Sandbox, tmp_path: Path) -> None:
    chance = random.Random(20_000)
    url = sandbox.start()["docebo"]
    path = tmp_path / "store.sqlite"
    store = database(str(path))
    store.migrate()

    def stored() -> set[str]:
        with store.units(write=False) as uow:
            learners = [p.id for p in uow.people.all()]
            every = [e.source_ref for i in learners for e in uow.evidence.of(i)]
        return {r.removeprefix(PREFIX) for r in every if r.startswith(PREFIX)}

    order = [f"{e.course_id}-{e.user_id}-{e.enrolled:%Y%m%d%H%M%S}" for e in sandbox.company.current.enrolments]
    sofar = 0
    connector = connect(url)
    for kill in range(KILLS):
        Crawl(url, path).kill_after(chance.randint(4, 12), chance.uniform(0, 0.08))
        with store.units(write=False) as uow:
            cursor = uow.sync.cursor("lms", "enrolment")
            (count,) = [sum(uow.evidence.counts().values())]
        assert cursor is not None
        position = cursor["position"]
        # The watermark names the next page: all before it are on disk, and nothing of it is.
        assert count == (position["page"] - 1) * PAGE
        assert sofar < count < TOTAL
        sofar = count
        if kill == KILLS - 1:
            assert stored() == set(order[:count])
    Crawl(url, path).finish()
    found = stored()
    assert len(found) == TOTAL
    assert found == set(order)
    with store.units(write=False) as uow:
        assert uow.sync.quarantined() == []
        cursor = uow.sync.cursor("lms", "enrolment")
    assert cursor is not None
    assert "position" not in cursor
    assert [p.records for p in connector.pull(Entity.ENROLMENT, cursor)] == [()], "nothing is left"
    connector.close()
    store.close()
