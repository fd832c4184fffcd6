"""The audit chain in the database: sealed, guarded, encrypted, checkpointed."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from ascertain.domain.audit import GENESIS, AuditFilter, ChainFault, Checkpoint, payload_digest, verify
from ascertain.errors import ConfigError, IntegrityError, NotFoundError
from ascertain.store import Store, open_store
from tests.integration.store.samples import START, pseudonym, run

CHAIN = 8


def fill(store: Store, count: int = CHAIN) -> None:
    """One record a commit, with and without a person."""
    for i in range(1, count + 1):
        with store.units() as uow:
            learner = f"l-{i % 3}" if i % 3 else None
            uow.audit.append("step", actor="worker", header={"i": i, "p": i / 3}, learner_id=learner, payload={"n": i})
            uow.commit()


def faults(store: Store, *, checkpoints: bool = True) -> tuple[ChainFault, ...]:
    with store.units(write=False) as uow:
        return verify(uow.audit.records(), store.checkpoints() if checkpoints else (), uow.audit.ciphertexts())


def test_records_are_sealed_with_the_transaction_they_belong_to(store: Store) -> None:
    with store.units() as uow:
        uow.runs.put(run())
        first = uow.audit.append("run.started", actor="cli", header={"run": "r-1", "share": 1 / 3}, learner_id="l-1")
        second = uow.audit.append("run.done", actor="cli", header={"kinds": {"b", "a"}, "on": START})
        uow.commit()
    with store.units() as uow:
        uow.audit.append("lost", actor="cli", header={})
    with store.units(write=False) as uow:
        assert list(uow.audit.records()) == [first, second]
        assert list(uow.audit.records(after=1)) == [second]
        assert uow.audit.head() == Checkpoint(2, second.hash)
    assert (first.seq, first.prev_hash, first.subject) == (1, GENESIS, pseudonym("l-1"))
    assert (second.prev_hash, second.subject, second.header["kinds"]) == (first.hash, "", ["a", "b"])
    assert store.checkpoints() == [Checkpoint(2, second.hash)]
    assert faults(store) == ()


def test_several_commits_in_one_block_go_on_with_the_chain(store: Store) -> None:
    with store.units() as uow:
        for i in range(3):
            uow.audit.append("step", actor="a", header={"i": i})
            uow.commit()
        uow.commit()
    assert [c.seq for c in store.checkpoints()] == [1, 2, 3]
    assert faults(store) == ()


def test_an_empty_chain_has_no_head_and_no_faults(store: Store) -> None:
    with store.units(write=False) as uow:
        assert uow.audit.head() is None
        assert len(uow.audit.ciphertexts()) == 0
    assert store.checkpoints() == []
    assert faults(store) == ()


def test_a_long_chain_is_read_page_by_page(store: Store) -> None:
    with store.units() as uow:
        for i in range(1100):
            uow.audit.append("step", actor="a", header={"i": i}, payload=[i] if i % 2 else None)
        uow.commit()
    with store.units(write=False) as uow:
        kept = uow.audit.ciphertexts()
        assert [r.seq for r in uow.audit.records()] == list(kept) == list(range(1, 1101))
        assert kept[1] is None
        assert payload_digest(kept[1100]) == next(uow.audit.records(after=1099)).payload_digest
        assert 1101 not in kept
    assert faults(store) == ()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_records SET actor = 'x' WHERE seq = 1",
        "DELETE FROM audit_records WHERE seq = 2",
        "INSERT OR REPLACE INTO audit_records SELECT * FROM audit_records WHERE seq = 1",
        "TRUNCATE audit_records",
    ],
)
def test_the_database_itself_refuses_to_change_the_chain(store: Store, statement: str) -> None:
    fill(store, 2)
    engine = store._own().write
    only = {"INSERT OR": "sqlite", "TRUNCATE ": "postgresql"}.get(statement[:9])
    if only not in (None, engine.dialect.name):
        pytest.skip(f"{only}'s own statement")
    with engine.connect() as connection, pytest.raises(IntegrityError, match="append-only"):
        connection.execute(text(statement))
    assert faults(store) == ()


def test_payloads_are_ciphertext_that_opens_with_the_persons_key(store: Store) -> None:
    secret = {"quote": "Grüße an Ana", "n": [1, None]}
    with store.units() as uow:
        uow.audit.append("a", actor="x", header={}, learner_id="l-1", payload=secret)
        uow.audit.append("b", actor="x", header={}, learner_id="l-2", payload=secret)
        uow.audit.append("c", actor="x", header={}, payload=secret)
        uow.audit.append("d", actor="x", header={}, learner_id="l-1")
        uow.commit()
    with store.units(write=False) as uow:
        assert [uow.audit.open_payload(i) for i in (1, 2, 3, 4)] == [secret, secret, secret, None]
        kept = [uow.audit.ciphertexts()[i] or b"" for i in (1, 2, 3)]
        assert len({bytes(k) for k in kept}) == 3
        assert not any(b"quote" in k or b"Ana" in k for k in kept)
        with pytest.raises(NotFoundError):
            uow.audit.open_payload(5)


def test_erasing_a_key_erases_that_person_alone_and_the_chain_still_verifies(store: Store) -> None:
    fill(store)
    assert store.erase_key("l-1")
    assert not store.erase_key("l-1")
    with store.units() as uow:
        assert uow.audit.open_payload(1) is None
        assert uow.audit.open_payload(2) == {"n": 2}
        assert uow.audit.open_payload(3) == {"n": 3}
        again = uow.audit.append("step", actor="a", header={}, learner_id="l-1", payload={"new": True})
        uow.commit()
        assert uow.audit.open_payload(again.seq) == {"new": True}
        assert uow.audit.open_payload(1) is None
    assert faults(store) == ()


def test_an_erased_key_is_gone_from_the_sqlite_files(
    migrated_file: Path, tmp_path: Path, opened: Callable[[str], Store]
) -> None:
    shutil.copy(migrated_file, tmp_path / "store.sqlite")
    store = opened(f"sqlite:///{tmp_path / 'store.sqlite'}")
    fill(store, 1)
    with sqlite3.connect(tmp_path / "store.sqlite") as raw:
        wrapped = raw.execute("SELECT wrapped FROM person_keys").fetchone()[0]
    raw.close()

    def on_disk() -> bool:
        return any(wrapped in f.read_bytes() for f in tmp_path.glob("store.sqlite*"))

    assert on_disk()
    store.erase_key("l-1")
    assert not on_disk()


def test_all_local_files_are_private(migrated_file: Path, tmp_path: Path, opened: Callable[[str], Store]) -> None:
    shutil.copy(migrated_file, tmp_path / "store.sqlite")
    (tmp_path / "store.sqlite").chmod(0o644)
    store = opened(f"sqlite:///{tmp_path / 'store.sqlite'}")
    fill(store, 1)
    modes = {f.name: f.stat().st_mode & 0o777 for f in tmp_path.iterdir()}
    assert {"store.sqlite", "store.sqlite-wal", "audit.key", "checkpoints.jsonl"} <= set(modes)
    assert set(modes.values()) == {0o600}, modes


def test_another_master_key_is_refused_and_none_is_made_up(store: Store, tmp_path: Path) -> None:
    fill(store, 2)
    key = tmp_path / "audit.key"
    kept = key.read_text()
    url = store._url.render_as_string(hide_password=False)

    def reopened() -> Store:
        return open_store(url, pseudonym=pseudonym, checkpoint_file=tmp_path / "checkpoints.jsonl")

    key.unlink()
    lost = reopened()
    with lost.units() as uow:
        with pytest.raises(ConfigError, match=r"audit\.key"):
            uow.audit.append("x", actor="a", header={}, learner_id="l-9", payload={})
        with pytest.raises(ConfigError, match=r"audit\.key"):
            uow.audit.open_payload(1)
    assert not key.exists()
    lost.close()
    key.write_text("ab" * 32)
    other = reopened()
    with other.units() as uow:
        with pytest.raises(ConfigError, match="not the one"):
            uow.audit.append("x", actor="a", header={}, learner_id="l-9", payload={})
        with pytest.raises(ConfigError, match="not the one"):
            uow.audit.open_payload(1)
    other.close()
    key.write_text(kept)
    restored = reopened()
    with restored.units(write=False) as uow:
        assert uow.audit.open_payload(1) == {"n": 1}
    restored.close()


def unguard(store: Store) -> None:
    """Take the triggers away, as somebody with rights on the database could."""
    drops = {
        "sqlite": [f"DROP TRIGGER audit_records_no_{w}" for w in ("update", "delete", "replace")],
        "postgresql": ["ALTER TABLE audit_records DISABLE TRIGGER USER"],
    }
    engine = store._own().write
    with engine.begin() as connection:
        for drop in drops[engine.dialect.name]:
            connection.execute(text(drop))


@pytest.mark.parametrize(
    ("statement", "seq"),
    [
        ("UPDATE audit_records SET actor = 'somebody' WHERE seq = 3", 3),
        ("UPDATE audit_records SET header = '{}' WHERE seq = 4", 4),
        ("UPDATE audit_records SET header = 'no json' WHERE seq = 4", 4),
        ("UPDATE audit_records SET payload = payload_digest::bytea WHERE seq = 5", 5),
        ("DELETE FROM audit_records WHERE seq = 6", 7),
        ("DELETE FROM audit_records WHERE seq > 6", 7),
        ("DELETE FROM audit_records", 1),
    ],
)
def test_tampering_past_the_triggers_is_found(store: Store, statement: str, seq: int) -> None:
    fill(store)
    unguard(store)
    engine = store._own().write
    if engine.dialect.name == "sqlite":
        statement = statement.replace("payload_digest::bytea", "CAST(payload_digest AS BLOB)")
    with engine.begin() as connection:
        connection.execute(text(statement))
    assert faults(store)[0].seq == seq


def test_a_moved_payload_does_not_open(store: Store) -> None:
    with store.units() as uow:
        for _ in range(2):
            uow.audit.append("x", actor="a", header={}, learner_id="l-1", payload={"score": 1})
        uow.commit()
    unguard(store)
    with store._own().write.begin() as connection:
        moved = "UPDATE audit_records SET payload = (SELECT payload FROM audit_records WHERE seq = 1) WHERE seq = 2"
        connection.execute(text(moved))
    with store.units(write=False) as uow, pytest.raises(IntegrityError, match="record 2"):
        uow.audit.open_payload(2)


# ── any change at all, on SQLite ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> tuple[Path, list[Checkpoint]]:
    """A database with a chain and no triggers, and its checkpoints."""
    folder = tmp_path_factory.mktemp("chain")
    shutil.copy(migrated_file, folder / "store.sqlite")
    store = open_store(
        f"sqlite:///{folder / 'store.sqlite'}", pseudonym=pseudonym, checkpoint_file=folder / "checkpoints.jsonl"
    )
    fill(store)
    unguard(store)
    checkpoints = store.checkpoints()
    store.close()
    return folder / "store.sqlite", checkpoints


def tampered_faults(source: Path, statements: list[tuple[str, tuple[object, ...]]], points: list[Checkpoint]) -> bool:
    """Whether verify finds fault with a copy of ``source`` after ``statements``."""
    copy = source.with_name("tampered.sqlite")
    shutil.copy(source, copy)
    raw = sqlite3.connect(copy)
    with raw:
        for statement, values in statements:
            raw.execute(statement, values)
    raw.close()
    store = open_store(f"sqlite:///{copy}", pseudonym=pseudonym, checkpoint_file=None)
    try:
        with store.units(write=False) as uow:
            return bool(verify(uow.audit.records(), points, uow.audit.ciphertexts()))
    except IntegrityError:
        return True
    finally:
        store.close()


def test_an_untouched_copy_verifies(chain: tuple[Path, list[Checkpoint]]) -> None:
    assert not tampered_faults(chain[0], [], chain[1])


SEQ = st.integers(1, CHAIN)
COLUMNS = ["at", "action", "actor", "subject", "header", "payload_digest", "prev_hash", "hash"]


@settings(max_examples=40, deadline=None)
@given(seq=SEQ, column=st.sampled_from(COLUMNS), junk=st.text("abc019{}: ", min_size=1, max_size=12))
def test_a_changed_field_is_found(chain: tuple[Path, list[Checkpoint]], seq: int, column: str, junk: str) -> None:
    change = (f"UPDATE audit_records SET {column} = {column} || ? WHERE seq = ?", (junk, seq))
    assert tampered_faults(chain[0], [change], [])


@settings(max_examples=25, deadline=None)
@given(seq=SEQ, place=st.integers(0, 40), flip=st.integers(1, 255))
def test_a_changed_payload_byte_is_found(chain: tuple[Path, list[Checkpoint]], seq: int, place: int, flip: int) -> None:
    raw = sqlite3.connect(chain[0])
    payload = bytearray(raw.execute("SELECT payload FROM audit_records WHERE seq = ?", (seq,)).fetchone()[0])
    raw.close()
    payload[place % len(payload)] ^= flip
    change = ("UPDATE audit_records SET payload = ? WHERE seq = ?", (bytes(payload), seq))
    assert tampered_faults(chain[0], [change], [])


@settings(max_examples=25, deadline=None)
@given(seqs=st.sets(SEQ, min_size=1, max_size=CHAIN))
def test_dropped_records_are_found_with_checkpoints_even_at_the_end(
    chain: tuple[Path, list[Checkpoint]], seqs: set[int]
) -> None:
    assert tampered_faults(chain[0], [("DELETE FROM audit_records WHERE seq = ?", (s,)) for s in seqs], chain[1])


@settings(max_examples=25, deadline=None)
@given(pair=st.sets(SEQ, min_size=2, max_size=2))
def test_exchanged_records_are_found(chain: tuple[Path, list[Checkpoint]], pair: set[int]) -> None:
    a, b = sorted(pair)
    move = "UPDATE audit_records SET seq = ? WHERE seq = ?"
    assert tampered_faults(chain[0], [(move, (99, a)), (move, (a, b)), (move, (b, 99))], [])


def test_a_cut_tail_shows_only_with_a_checkpoint(chain: tuple[Path, list[Checkpoint]]) -> None:
    cut: list[tuple[str, tuple[object, ...]]] = [("DELETE FROM audit_records WHERE seq > 5", ())]
    assert not tampered_faults(chain[0], cut, [])
    assert tampered_faults(chain[0], cut, chain[1])


def test_a_chain_written_anew_shows_only_with_a_checkpoint(
    chain: tuple[Path, list[Checkpoint]], migrated_file: Path, tmp_path: Path, opened: Callable[[str], Store]
) -> None:
    shutil.copy(migrated_file, tmp_path / "store.sqlite")
    forged = opened(f"sqlite:///{tmp_path / 'store.sqlite'}")
    fill(forged)
    assert faults(forged) == ()
    with forged.units(write=False) as uow:
        assert len(verify(uow.audit.records(), chain[1])) == CHAIN


def test_checkpoints_are_lines_of_json(store: Store, tmp_path: Path) -> None:
    fill(store, 2)
    lines = (tmp_path / "checkpoints.jsonl").read_text().splitlines()
    assert [Checkpoint(**json.loads(line)) for line in lines] == store.checkpoints()


def test_records_are_searched_from_the_newest_page_by_page(store: Store) -> None:
    fill(store, 7)
    with store.units() as uow:
        uow.audit.append("review.decided", actor="person", header={}, learner_id="l-1")
        uow.audit.append("review_desk", actor="person", header={})  # the dot is not a joker
        uow.commit()
    with store.units(write=False) as uow:
        look = uow.audit.search
        every = [r.seq for r in look(AuditFilter(), before=None, limit=4)]
        assert every == [9, 8, 7, 6]
        assert [r.seq for r in look(AuditFilter(), before=6, limit=4)] == [5, 4, 3, 2]
        assert [r.seq for r in look(AuditFilter(action="review."), before=None, limit=9)] == [8]
        assert [r.seq for r in look(AuditFilter(action="step", actor="worker"), before=3, limit=9)] == [2, 1]
        of_one = look(AuditFilter(subject=pseudonym("l-1")), before=None, limit=9)
        assert [r.seq for r in of_one] == [8, 7, 4, 1]
        day = of_one[0].at.date()
        assert len(look(AuditFilter(since=day, until=day), before=None, limit=99)) == 9
        assert look(AuditFilter(since=day + timedelta(days=1)), before=None, limit=9) == []
        assert look(AuditFilter(until=day - timedelta(days=1)), before=None, limit=9) == []
