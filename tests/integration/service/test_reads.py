"""Readings that come together are all recorded, each for itself."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ascertain.domain.people import Learner
from ascertain.errors import AscertainError, ForbiddenError, IntegrityError
from ascertain.pipeline.restrict import restrict
from ascertain.runtime import App, open_app
from ascertain.service.reads import ReadLog
from ascertain.store.checkpoints import CheckpointFile
from tests.integration.job_harness import settings_in


@pytest.fixture
def app(tmp_path: Path) -> App:
    made = open_app(settings_in(tmp_path))
    with made.units() as uow:
        uow.people.upsert([Learner(f"E{i}", f"N{i} Name", f"n{i}@example.org", "Data") for i in range(20)])
        uow.commit()
    return made


def together(calls: list[Callable[[], None]], log: ReadLog) -> None:
    """All of them wait for the turn before the first one is written."""
    threads = [threading.Thread(target=c) for c in calls]
    with log._turn:
        for t in threads:
            t.start()
        while len(log._waiting) < len(calls):
            pass
    for t in threads:
        t.join(timeout=30)
    assert not any(t.is_alive() for t in threads)


def reads(app: App) -> int:
    with app.units(write=False) as uow:
        return sum(r.action == "people.read" for r in uow.audit.records())


def test_those_who_come_together_share_a_transaction_and_each_is_recorded(app: App) -> None:
    opened: list[bool] = []

    def units(*, write: bool = True):  # type: ignore[no-untyped-def]
        opened.append(write)
        return app.units(write=write)

    log = ReadLog(units)
    together([lambda i=i: log.note(f"reader{i}", "profile", [f"E{i}"]) for i in range(20)], log)  # type: ignore[misc]
    assert opened == [True]
    assert reads(app) == 20
    with app.units(write=False) as uow:
        assert [a.actor for a in uow.accesses.of("E7")] == ["reader7"]


def test_one_who_is_refused_holds_up_nobody_and_is_on_record_once(app: App) -> None:
    with app.units() as uow:
        restrict(uow, Learner("E3", "N3 Name", "n3@example.org"), reason="Art. 18", actor="hr", clock=app.clock)
        uow.commit()
    log = ReadLog(app.units)
    refused: list[str] = []

    def read(who: str) -> None:
        try:
            log.note("reader", "profile", [who])
        except ForbiddenError:
            refused.append(who)

    together([lambda i=i: read(f"E{i}") for i in range(6)], log)  # type: ignore[misc]
    assert refused == ["E3"]
    assert reads(app) == 5
    with app.units(write=False) as uow:
        assert sum(r.action == "permission.refused" for r in uow.audit.records()) == 1


def test_what_could_not_be_recorded_is_told(app: App) -> None:
    log = ReadLog(app.units)
    with pytest.raises(AscertainError):
        log.note(" ", "profile", ["E1"])
    with pytest.raises(AscertainError):
        log.note("reader", "profile", ["nobody there"])
    log.note("reader", "profile", [])
    assert reads(app) == 0


def test_a_reading_that_is_begun_is_durable_when_its_wait_returns(app: App) -> None:
    log = ReadLog(app.units)
    with log._turn:  # the writer cannot go on
        begun = log.begin("reader", "profile", ["E1"])
        assert not begun.done.wait(0.2)
        assert reads(app) == 0
    begun.wait()
    assert reads(app) == 1
    log.close()


def test_the_checkpoint_follows_and_nobody_reads_while_it_cannot_be_written(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = ReadLog(app.units)
    file = app.store._context.checkpoints
    assert file is not None
    log.note("reader", "profile", ["E1"])
    log.close()
    with app.units(write=False) as uow:
        head = uow.audit.head()
    assert file.read()[-1] == head, "written once the writer has come to rest"

    def full(_file: object, _checkpoint: object) -> None:
        raise IntegrityError("the disk is full")

    log = ReadLog(app.units)
    with monkeypatch.context() as broken:
        broken.setattr(CheckpointFile, "append", full)
        log.note("reader", "profile", ["E2"])  # durable in the database
        for _ in range(2):
            with pytest.raises(IntegrityError, match="full"):
                log.note("reader", "profile", ["E3"])
    assert reads(app) == 2
    log.note("reader", "profile", ["E4"])
    log.close()
    assert reads(app) == 3
    with app.units(write=False) as uow:
        assert file.read()[-1] == uow.audit.head()
