"""Transactions, several processes, forks, migrations."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, text

from ascertain.domain.audit import verify
from ascertain.domain.runs import DecisionKind
from ascertain.domain.sweeps import Sweep
from ascertain.errors import AscertainError, ConfigError, ConflictError, DatabaseAway, IntegrityError
from ascertain.paths import APP_ROOT
from ascertain.store import Store, migrate, open_store
from ascertain.store.migrate import current_revision
from ascertain.store.schema import HEAD, AuditRow, Base, table
from ascertain.store.schema_retention import CutRow
from tests.integration.store.samples import LEARNERS, assertion, evidence, pseudonym, review, run

VERSIONS = APP_ROOT / "ascertain" / "store" / "migrations" / "versions"

_AUDIT = table(AuditRow)
fork = multiprocessing.get_context("fork")


def in_children(count: int, work: Callable[[int], None]) -> None:
    """Run ``work(i)`` in ``count`` forked processes at once; all must end well."""
    children = [fork.Process(target=work, args=(i,)) for i in range(count)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0] * count


def test_what_is_not_committed_never_was(store: Store) -> None:
    with store.units() as uow:
        uow.evidence.upsert([evidence()])
        uow.audit.append("x", actor="a", header={}, learner_id="l-1", payload={})
    with pytest.raises(ConflictError), store.units() as uow:  # noqa: PT012  (an error half way is what is tested)
        uow.evidence.upsert([evidence()])
        uow.audit.append("x", actor="a", header={})
        uow.evidence.upsert([evidence("e-2", "l-99")])
    with store.units() as uow:
        uow.evidence.upsert([evidence("e-kept")])
        uow.commit()
        uow.evidence.upsert([evidence("e-lost")])
    with store.units(write=False) as uow:
        assert [e.id for e in uow.evidence.of("l-1")] == ["e-kept"]
        assert uow.audit.head() is None
    assert store.checkpoints() == []


def test_a_reading_unit_cannot_write_and_sees_one_snapshot(store: Store) -> None:
    with store.units(write=False) as reader:
        assert reader.evidence.of("l-1") == []
        with store.units() as writer:
            writer.evidence.upsert([evidence()])
            writer.commit()
        assert reader.evidence.of("l-1") == []
        with pytest.raises(AscertainError, match="cannot be written"):
            reader.evidence.upsert([evidence("e-2")])
    with store.units(write=False) as reader:
        assert len(reader.evidence.of("l-1")) == 1


def test_misuse_of_a_unit_is_named(store: Store) -> None:
    unit = store.units()
    with pytest.raises(AscertainError, match="not open"):
        unit.commit()
    with unit, pytest.raises(AscertainError, match="open already"), unit:
        pass


def test_processes_that_write_at_once_lose_nothing_and_never_fork_the_chain(store: Store) -> None:
    processes, rounds = 3, 12

    def work(me: int) -> None:
        for i in range(rounds):
            with store.units() as uow:
                for step in range(2):
                    header = {"me": me, "i": i, "step": step}
                    uow.audit.append("step", actor=f"p{me}", header=header, learner_id="l-1", payload=header)
                # After the records: a row that both want would keep the writers apart without the chain's own lock.
                uow.evidence.upsert([evidence(f"e-{me}-{i}"), evidence("e-shared", title=f"{me} {i}")])
                uow.commit()

    in_children(processes, work)
    with store.units(write=False) as uow:
        records = list(uow.audit.records())
        assert verify(records, store.checkpoints(), uow.audit.ciphertexts()) == ()
        assert len(records) == processes * rounds * 2
        for me in range(processes):
            mine = [(r.header["i"], r.header["step"]) for r in records if r.actor == f"p{me}"]
            assert mine == [(i, step) for i in range(rounds) for step in range(2)]
        assert [uow.audit.open_payload(r.seq) for r in records] == [r.header for r in records]
        assert len(uow.evidence.of("l-1")) == processes * rounds + 1
    assert sorted(c.seq for c in store.checkpoints()) == [2 * n for n in range(1, processes * rounds + 1)]


def test_two_runs_of_the_same_case_at_once_leave_one(store: Store) -> None:
    def work(me: int) -> None:
        try:
            with store.units() as uow:
                if uow.runs.find("l-1", "f-1") is None:
                    time.sleep(0.05)
                    uow.runs.put(run(f"r-{me}"))
                    uow.commit()
        except ConflictError:
            pass  # the other one was first, as it must be told

    in_children(3, work)
    with store.units(write=False) as uow:
        assert uow.runs.states() == {"done": 1}


def test_of_two_people_who_decide_at_once_one_is_told(store: Store) -> None:
    with store.units() as uow:
        uow.runs.put(run())
        uow.assertions.add([assertion("a-1")])
        uow.reviews.add([review("v-1", "a-1")])
        uow.commit()
    told: list[str] = []
    together = threading.Barrier(2)

    def decide(who: str) -> None:
        together.wait()
        with store.units() as uow:
            item = uow.reviews.get("v-1")
            assert item is not None
            if item.decision is not None:
                told.append(item.decided_by)
                return
            time.sleep(0.05)
            done = replace(item, decision=DecisionKind.ACCEPT, decided_by=who, decided_at=datetime.now(UTC))
            uow.reviews.put(done)
            uow.commit()

    threads = [threading.Thread(target=decide, args=(who,)) for who in ("x", "y")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with store.units(write=False) as uow:
        item = uow.reviews.get("v-1")
    assert item is not None
    assert told == [item.decided_by]


def test_a_forked_child_gets_connections_of_its_own(store: Store) -> None:
    with store.units(write=False) as uow:  # the parent holds an open snapshot across the fork
        assert len(uow.people.all()) == 3

        def work(me: int) -> None:
            with store.units() as inner:
                inner.people.upsert([replace(LEARNERS[0], id=f"l-1{me}")])
                inner.commit()
            store.close()

        in_children(2, work)
        assert len(uow.people.all()) == 3
    with store.units() as uow:
        assert len(uow.people.all()) == 5
        uow.commit()


def test_a_killed_writer_leaves_nothing_and_frees_the_lock(store: Store) -> None:
    def work(_: int) -> None:
        with store.units() as uow:
            uow.evidence.upsert([evidence()])
            uow.audit.append("x", actor="a", header={})
            os._exit(0)

    in_children(1, work)
    with store.units() as uow:
        assert uow.evidence.of("l-1") == []
        assert uow.audit.append("x", actor="a", header={}).seq == 1
        uow.commit()


def test_many_threads_share_a_store(store: Store) -> None:
    failed: list[BaseException] = []

    def work(me: int) -> None:
        try:
            for i in range(5):
                with store.units() as uow:
                    uow.evidence.upsert([evidence(f"e-{me}-{i}")])
                    uow.commit()
        except BaseException as e:
            failed.append(e)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failed == []
    with store.units(write=False) as uow:
        assert uow.evidence.counts() == {"l-1": 20}


# ── migrations ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_migration_from_nothing_and_again(empty_url: str, opened: Callable[[str], Store]) -> None:
    store = opened(empty_url)
    pending = store.pending_migrations()
    there = {f.name[:4] for f in Path(migrate.__file__).parent.glob("migrations/versions/0*.py")}
    assert (pending[0], pending[-1]) == ("0001", HEAD)
    assert set(pending) == there
    store.migrate()
    assert store.pending_migrations() == []
    store.migrate()
    with store._own().read.connect() as connection:
        assert current_revision(connection) == HEAD


def test_processes_that_start_at_once_migrate_once(empty_url: str, opened: Callable[[str], Store]) -> None:
    def work(me: int) -> None:
        store = open_store(empty_url, pseudonym=pseudonym, checkpoint_file=None)
        store.migrate()
        with store.units() as uow:
            uow.people.upsert([replace(LEARNERS[0], id=f"l-{me}")])
            uow.commit()

    in_children(4, work)
    store = opened(empty_url)
    assert store.pending_migrations() == []
    with store.units(write=False) as uow:
        assert len(uow.people.all()) == 4


def test_the_migrations_make_the_schema_that_the_code_declares(bare_store: Store) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with bare_store._own().write.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_every_migration_goes_back_and_forth_with_the_rows_that_both_versions_know(
    empty_url: str, opened: Callable[[str], Store]
) -> None:
    store = opened(empty_url)
    revisions = store.pending_migrations()
    store.migrate()
    with store.units() as uow:
        uow.people.upsert(LEARNERS)
        uow.evidence.upsert([evidence()])
        uow.audit.append("x", actor="a", header={}, learner_id="l-1", payload={"a": 1})
        uow.commit()
    engine = store._own().write
    for at, revision in reversed(list(enumerate(revisions[:-1]))):
        assert migrate.downgrade(engine, revision, drop=True) == [revisions[at + 1]]
    migrate.migrate(engine)
    for revision in reversed(revisions[:-1]):  # and each of them up again by itself
        migrate.downgrade(engine, revision, drop=True)
        migrate.migrate(engine)
        with store.units() as uow:
            assert [p.id for p in uow.people.stream()] == sorted(p.id for p in LEARNERS)
            assert uow.evidence.of("l-1") == [evidence()]
            assert verify(list(uow.audit.records()), store.checkpoints(), uow.audit.ciphertexts()) == ()
    test_the_migrations_make_the_schema_that_the_code_declares(store)
    with pytest.raises(IntegrityError), store.units() as uow:
        uow.connection.execute(text("DELETE FROM audit_records"))


def test_a_downgrade_that_loses_rows_asks_first(store: Store) -> None:
    with store.units() as uow:
        at = datetime(2026, 5, 4, tzinfo=UTC)
        uow.sweeps.put(Sweep("s-1", "all", "cli", at, at))
        uow.commit()
    engine = store._own().write
    with pytest.raises(ConflictError, match=r"sweeps \(1\)"):
        migrate.downgrade(engine, "0035")
    with pytest.raises(ConfigError, match="'0999' is not before it"):
        migrate.downgrade(engine, "0999")
    with store.units(write=False) as uow:
        assert [s.id for s in uow.sweeps.recent(9)] == ["s-1"]
        assert [p.id for p in uow.people.stream()] == sorted(p.id for p in LEARNERS)


def test_a_chain_that_was_cut_is_not_taken_back(empty_url: str, opened: Callable[[str], Store]) -> None:
    store = opened(empty_url)
    store.migrate()
    with store.units() as uow:
        long_ago = datetime(2020, 1, 1, tzinfo=UTC)
        columns = {"seq": 1, "at": long_ago, "hash": "h", "action": "x", "actor": "a", "subject": "s"}
        others = {c.name: "{}" for c in _AUDIT.columns if c.name not in columns and not c.nullable}
        uow.connection.execute(insert(_AUDIT).values({**others, **columns}))
        cut = {"through": 1, "hash": "h", "until": long_ago, "at": datetime.now(UTC), "records": 1}
        uow.connection.execute(insert(table(CutRow)).values(cut))
        uow.connection.commit()
    with pytest.raises(ConflictError, match="was cut"):
        migrate.downgrade(store._own().write, "0009", drop=True)
    with store._own().read.connect() as connection:
        assert current_revision(connection) == HEAD


def test_a_database_of_a_newer_version_is_refused(bare_store: Store) -> None:
    with bare_store._own().write.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigError, match="9999"):
        bare_store.migrate()
    with pytest.raises(ConfigError, match="9999"):
        bare_store.pending_migrations()


def test_a_database_that_was_not_migrated_says_so(empty_url: str, opened: Callable[[str], Store]) -> None:
    with opened(empty_url).units() as uow, pytest.raises(ConfigError, match="lacks a table"):
        uow.people.all()


def test_a_server_that_does_not_answer_is_named(opened: Callable[[str], Store]) -> None:
    store = opened("postgresql://someone:s3cret@127.0.0.1:1/none")
    with pytest.raises(DatabaseAway, match="cannot be reached") as caught, store.units() as uow:
        uow.people.all()
    assert "s3cret" not in str(caught.value)


def test_sqlite_runs_with_what_the_promises_need(migrated_file: Path, opened: Callable[[str], Store]) -> None:
    engines = opened(f"sqlite:///{migrated_file}")._own()

    def pragma(engine_name: str, name: str) -> object:
        with getattr(engines, engine_name).connect() as connection:
            return connection.exec_driver_sql(f"PRAGMA {name}").scalar()

    for engine in ("read", "write"):
        values = [pragma(engine, n) for n in ("journal_mode", "busy_timeout", "foreign_keys", "synchronous")]
        assert values == ["wal", 30_000, 1, 2]


def test_a_writer_waits_for_another_ones_lock(store: Store, tmp_path: Path) -> None:
    if store._own().write.dialect.name != "sqlite":
        pytest.skip("SQLite's own lock")
    other = sqlite3.connect(tmp_path / "store.sqlite", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.3, lambda: other.execute("COMMIT"))
    release.start()
    started = time.monotonic()
    with store.units() as uow:
        uow.evidence.upsert([evidence()])
        uow.commit()
    assert time.monotonic() - started >= 0.2
    release.join()
    other.close()


def test_a_deadlock_is_told_to_one_of_the_two(store: Store) -> None:
    if store._own().write.dialect.name != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    with store.units() as uow:
        for i in (1, 2):
            uow.runs.put(run(f"r-{i}", fingerprint=f"f-{i}"))
        uow.commit()
    together = threading.Barrier(2)
    told: list[str] = []

    def work(first: str, second: str) -> None:
        try:
            with store.units() as uow:
                uow.runs.set_stamp(first, "x")
                together.wait(10)
                uow.runs.set_stamp(second, "x")
                uow.commit()
        except ConflictError as e:
            told.append(str(e))

    threads = [threading.Thread(target=work, args=pair) for pair in (("r-1", "r-2"), ("r-2", "r-1"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(told) == 1
    assert "try again" in told[0]


def test_a_checkpoint_that_cannot_be_written_is_told_after_the_commit(store: Store, tmp_path: Path) -> None:
    (tmp_path / "checkpoints.jsonl").mkdir()
    with store.units() as uow:
        uow.audit.append("x", actor="a", header={})
        with pytest.raises(IntegrityError, match="record 1 is stored"):
            uow.commit()
    with store.units(write=False) as uow:
        assert uow.audit.head() is not None
