"""One process at a time works with a connection; whoever is killed does not keep it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ascertain.domain.connector import QuotaPolicy
from ascertain.domain.records import Entity
from ascertain.errors import RetryableConnectorError
from ascertain.pipeline.connection_lease import ConnectionLeases, alone
from ascertain.pipeline.ingest import sync
from ascertain.store import Store
from tests.unit.pipeline.ingest_world import FixedClock, ListConnector, evidence_of, hris, lms, new_store, user, worker

fork = multiprocessing.get_context("fork")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = new_store(tmp_path)
    yield found
    found.close()


def test_the_second_sync_is_told_that_the_connection_is_busy(store: Store) -> None:
    source, people = lms(), hris()
    source.put(user(1, "u1@x.example"))
    people.put(worker("E1"))
    other = ConnectionLeases(store.budget())
    assert other.take("lms")
    report = sync([people, source], store.units, clock=FixedClock(), budget=store.budget())
    assert not report.ok
    busy = {(e.connector, e.busy) for e in report.entities}
    assert busy == {("hris", False), ("lms", True)}
    assert all("busy" in e.error and e.remedy for e in report.entities if e.busy)
    assert source.pulls == []
    assert set(evidence_of(store)) == {"E1"}
    other.give_back()
    again = sync([people, source], store.units, clock=FixedClock(), budget=store.budget())
    assert again.ok
    assert source.pulls


def test_a_sync_gives_its_leases_back_even_when_it_fails(store: Store) -> None:
    source = lms()
    source.put(user(1, "u1@x.example"))
    source.fail_after[Entity.USER] = 0
    assert not sync([source], store.units, clock=FixedClock(), budget=store.budget()).ok
    assert store.budget().holder("connection:lms") is None


def test_two_syncs_at_once_pull_once(store: Store, tmp_path: Path) -> None:
    gate = fork.Event()

    class Slow(ListConnector):
        def pull(self, entity, cursor):  # type: ignore[no-untyped-def]
            gate.set()
            time.sleep(0.5)
            yield from super().pull(entity, cursor)

    def child() -> None:
        own = new_store_at(tmp_path)
        report = sync([Slow("lms", (Entity.USER,))], own.units, clock=FixedClock(), budget=own.budget())
        os._exit(0 if report.ok else 1)

    def new_store_at(folder: Path) -> Store:
        from ascertain.store import open_store

        return open_store(f"sqlite:///{folder}/store.sqlite", pseudonym=lambda i: f"p-{i}", checkpoint_file=None)

    process = fork.Process(target=child)
    process.start()
    assert gate.wait(10)
    report = sync([ListConnector("lms", (Entity.USER,))], store.units, clock=FixedClock(), budget=store.budget())
    assert [e.busy for e in report.entities] == [True]
    process.join(10)
    assert process.exitcode == 0
    assert sync([ListConnector("lms", (Entity.USER,))], store.units, clock=FixedClock(), budget=store.budget()).ok


def test_who_was_killed_does_not_keep_the_connection(store: Store, tmp_path: Path) -> None:
    def child() -> None:
        from ascertain.store import open_store

        own = open_store(f"sqlite:///{tmp_path}/store.sqlite", pseudonym=str, checkpoint_file=None)
        assert ConnectionLeases(own.budget()).take("lms")
        os.kill(os.getpid(), signal.SIGKILL)

    process = fork.Process(target=child)
    process.start()
    process.join(10)
    assert process.exitcode == -signal.SIGKILL
    assert store.budget().holder("connection:lms") is not None
    assert ConnectionLeases(store.budget()).take("lms")


def test_somebody_on_another_machine_is_believed_until_the_lease_runs_out(store: Store) -> None:
    budget = store.budget()
    assert budget.lease("connection:lms", f"elsewhere/pid:[1] {os.getpid()} 1 ab", 0.3)
    assert not ConnectionLeases(budget).take("lms")
    time.sleep(0.35)
    assert ConnectionLeases(budget).take("lms")


def test_a_lease_that_was_lost_stops_the_sync_before_anything_is_stored(store: Store) -> None:
    budget = store.budget()
    leases = ConnectionLeases(budget, seconds=0.1)
    leases.keep("lms")
    time.sleep(0.15)
    thief = ConnectionLeases(budget)
    assert thief.take("lms")
    with pytest.raises(RetryableConnectorError, match="busy"):
        leases.keep("lms")
    leases.give_back()
    assert not ConnectionLeases(budget).take("lms"), "what somebody else holds is not given back"


class Exclusive(ListConnector):
    def quota(self) -> QuotaPolicy:
        return QuotaPolicy("token", exclusive=True)


def test_an_exclusive_connection_is_used_alone(store: Store) -> None:
    budget = store.budget()
    with alone(Exclusive("lms", ()), budget):
        with pytest.raises(RetryableConnectorError, match="busy"), alone(Exclusive("lms", ()), budget):
            pass
        with alone(ListConnector("lms", ()), budget):
            pass  # no token of its own to lose
    assert budget.holder("connection:lms") is None
