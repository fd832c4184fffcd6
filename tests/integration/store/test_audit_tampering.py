"""Every way to tamper with the chain, in the database, in an export and in the checkpoints: each is found, and the
record is named."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ascertain import audit_verifier
from ascertain.domain.audit import GENESIS, verify
from ascertain.domain.canonical import canonical_json
from ascertain.errors import IntegrityError, NotFoundError
from ascertain.pipeline.audit_export import checkpoint, lines, span
from ascertain.store import Store
from tests.integration.store.samples import LEARNERS

CHAIN = 9
COLUMNS = ("at", "action", "actor", "subject", "header", "payload", "payload_digest", "prev_hash", "hash")
Database = Callable[[str], Store]


@pytest.fixture
def chain(migrated_file: Path, tmp_path: Path, opened: Database) -> Store:
    """A chain of some commits, with and without people and payloads, in a SQLite file that a test may rewrite."""
    shutil.copy(migrated_file, tmp_path / "store.sqlite")
    store = opened(f"sqlite:///{tmp_path / 'store.sqlite'}")
    with store.units() as uow:
        uow.people.upsert(LEARNERS)
        for i in range(1, CHAIN + 1):
            learner = f"l-{i % 3}" if i % 3 else None
            uow.audit.append("step", actor="worker", header={"i": i, "p": i / 3}, learner_id=learner, payload={"n": i})
            if i % 2:
                uow.commit()
    return store


def exported(store: Store, *, opened: bool = False) -> list[bytes]:
    with store.units(write=False) as uow:
        return [line.encode("ascii") for line in lines(uow, span(uow, None, None), opened=opened)]


def held(store: Store) -> list[tuple[int, str]]:
    return [(c.seq, c.hash) for c in store.checkpoints()]


def named_in_database(store: Store) -> set[int]:
    """The records that `audit verify` names."""
    try:
        with store.units(write=False) as uow:
            return {f.seq for f in verify(uow.audit.records(), store.checkpoints(), uow.audit.ciphertexts())}
    except IntegrityError as e:
        return {int(word) for word in e.message.split() if word.isdecimal()}


def tampered_rows() -> Iterator[tuple[str, int, list[str]]]:
    """(what, the record that must be named, statements)."""
    for seq in range(1, CHAIN + 1):
        for column in COLUMNS:
            value = f"substr({column}, 1, length({column}) - 1) || 'x'"
            if column == "payload":
                value = "CAST(substr(hex(payload), 1, 4) AS BLOB)"
            yield f"{column} changed", seq, [f"UPDATE audit_records SET {column} = {value} WHERE seq = {seq}"]
        gone = [f"DELETE FROM audit_records WHERE seq = {seq}"]
        yield "dropped", seq if seq == CHAIN else seq + 1, gone
        closed = [*gone, f"UPDATE audit_records SET seq = seq - 1 WHERE seq > {seq}"]
        yield "dropped and closed up", seq, closed
        yield "truncated", CHAIN, [f"DELETE FROM audit_records WHERE seq >= {seq}"]
        for other in range(seq + 1, CHAIN + 1):
            swap = [f"UPDATE audit_records SET seq = {a} WHERE seq = {b}" for a, b in ((0, seq), (seq, other))]
            yield "swapped", seq, [*swap, f"UPDATE audit_records SET seq = {other} WHERE seq = 0"]
        twice = ", ".join(c if c != "seq" else str(CHAIN + seq) for c in ("seq", *COLUMNS))
        again = f"INSERT INTO audit_records (seq, {', '.join(COLUMNS)}) SELECT {twice} FROM audit_records"
        yield "repeated at the end", CHAIN + seq, [f"{again} WHERE seq = {seq}"]


def test_whatever_is_done_to_the_database_is_found_and_named(chain: Store, tmp_path: Path) -> None:
    assert named_in_database(chain) == set()
    chain.close()
    file = tmp_path / "store.sqlite"
    whole = file.read_bytes()
    cases, misses = 0, []
    for what, seq, statements in tampered_rows():
        file.write_bytes(whole)
        with sqlite3.connect(file) as raw:
            for (trigger,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                raw.execute(f"DROP TRIGGER {trigger}")
            for statement in statements:
                raw.execute(statement)
        raw.close()
        cases += 1
        found = named_in_database(chain)
        chain.close()
        if seq not in found:
            misses.append((what, seq, found))
    print(f"database: {cases} cases, {len(misses)} misses")
    assert cases > 150
    assert misses == []


def test_each_byte_of_an_export_counts(chain: Store) -> None:
    text = exported(chain)
    assert audit_verifier.verify(text, held(chain)).faults == []
    cases, misses = 0, []
    for number, line in enumerate(text, start=1):
        for at in range(len(line)):
            for bit in (0x01, 0x20):  # the second turns capitals into small letters
                changed = line[:at] + bytes([line[at] ^ bit]) + line[at + 1 :]
                file = b"".join([*text[: number - 1], changed, *text[number:]]).splitlines(keepends=True)
                result = audit_verifier.verify([x for x in _as_read(file)], held(chain))
                cases += 1
                if not any(f.line in (number, number + 1) or f.seq in (number, number + 1) for f in result.faults):
                    misses.append((number, at, bit))
    print(f"bytes of an export: {cases} cases, {len(misses)} misses")
    assert misses == []


def _as_read(parts: list[bytes]) -> Iterator[bytes]:
    """As a file opened for bytes gives lines: only ``\\n`` ends one."""
    yield from (x + b"\n" for x in b"".join(parts).split(b"\n")[:-1])
    tail = b"".join(parts).split(b"\n")[-1]
    if tail:
        yield tail


def resealed(text: list[bytes]) -> list[bytes]:
    """A chain that is whole in itself: numbers, links and hashes made anew."""
    prev, out = GENESIS, []
    for seq, line in enumerate(text, start=1):
        r = json.loads(line) | {"seq": seq, "prev_hash": prev}
        r["hash"] = prev = audit_verifier._hash(r)
        out.append(canonical_json(r).encode("ascii") + b"\n")
    return out


def tampered_exports(text: list[bytes]) -> Iterator[tuple[str, int, list[bytes]]]:
    for i in range(CHAIN):
        seq = i + 1
        yield "dropped", seq + 1 if seq < CHAIN else seq, text[:i] + text[i + 1 :]
        yield "repeated", seq, [*text[:i], text[i], *text[i:]]
        yield "truncated", CHAIN, text[:i]
        if seq < CHAIN:
            yield "head cut off", seq + 1, text[i + 1 :]
        yield "line cut off", seq, [*text[:i], text[i][:-9]]
        for j in range(i + 1, CHAIN):
            yield "swapped", seq, [*text[:i], text[j], *text[i + 1 : j], text[i], *text[j + 1 :]]
        yield "dropped and sealed anew", CHAIN, resealed(text[:i] + text[i + 1 :])
        forged = json.loads(text[i]) | {"actor": "nobody"}
        anew = resealed([*text[:i], canonical_json(forged).encode() + b"\n", *text[i + 1 :]])
        yield "changed and sealed anew", CHAIN, anew
        added = canonical_json(forged | {"note": 1}).encode() + b"\n"
        yield "a field more", seq, [*text[:i], added, *text[i + 1 :]]
        spaced = json.dumps(json.loads(text[i])).encode() + b"\n"
        yield "written otherwise", seq, [*text[:i], spaced, *text[i + 1 :]]


def test_whatever_is_done_to_an_export_is_found_and_named(chain: Store) -> None:
    text = exported(chain)
    cases, misses = 0, []
    for what, seq, changed in tampered_exports(text):
        cases += 1
        result = audit_verifier.verify(changed, held(chain))
        if seq not in {f.seq for f in result.faults} | {f.line for f in result.faults}:
            misses.append((what, seq, result.faults))
    print(f"exports: {cases} cases, {len(misses)} misses")
    assert misses == []


def test_without_checkpoints_a_cut_off_end_is_not_seen_and_that_is_said(chain: Store, tmp_path: Path) -> None:
    file = tmp_path / "export.jsonl"
    file.write_bytes(b"".join(exported(chain)[:-1]))
    alone = bare(file)
    assert (alone.returncode, "no checkpoint was compared" in alone.stdout) == (0, True)
    caught = bare(file, "--checkpoints", str(tmp_path / "checkpoints.jsonl"))
    assert (caught.returncode, f"record {CHAIN}:" in caught.stdout) == (8, True)


def bare(export: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The verifier in a process that has nothing of the product."""
    alone = export.with_name("audit_verifier.py")
    shutil.copy(audit_verifier.__file__, alone)
    return subprocess.run(
        [sys.executable, "-I", "-S", str(alone), str(export), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=export.parent,
        env={},
    )


def test_the_verifier_runs_with_python_alone(chain: Store, tmp_path: Path) -> None:
    file, kept = tmp_path / "export.jsonl", tmp_path / "checkpoints.jsonl"
    text = exported(chain)
    file.write_bytes(b"".join(text))
    whole = bare(file, "--checkpoints", str(kept))
    assert (whole.returncode, whole.stderr) == (0, "")
    assert f"records 1 to {CHAIN}, {len(held(chain))} checkpoints: whole" in whole.stdout
    file.write_bytes(b"".join([*text[:3], text[3].replace(b"worker", b"walker"), *text[4:]]))
    broken = bare(file, "--checkpoints", str(kept))
    assert broken.returncode == 8
    assert "record 4 (line 4): content does not match its hash" in broken.stdout
    assert bare(tmp_path / "none").returncode == 2
    kept.write_text("{}\n")
    assert "line 1 is not a checkpoint" in bare(file, "--checkpoints", str(kept)).stderr


def test_a_part_hangs_on_the_checkpoint_before_it(chain: Store) -> None:
    with chain.units(write=False) as uow:
        part = [line.encode() for line in lines(uow, span(uow, 4, 7))]
        days = span(uow, next(uow.audit.records()).at.date(), None)
    assert (days.first, days.last) == (1, CHAIN)
    result = audit_verifier.verify(part, held(chain), first=4, last=7)
    assert (result.faults, result.anchored, result.first, result.last) == ([], True, 4, 7)
    other = [(s, h[::-1]) if s == 3 else (s, h) for s, h in held(chain)]
    assert audit_verifier.verify(part, other, first=4, last=7).faults[0].seq == 4
    assert not audit_verifier.verify(part, [], first=4, last=7).anchored
    assert audit_verifier.verify(part[:-1], held(chain), first=4, last=7).faults[0].seq == 7
    with chain.units(write=False) as uow, pytest.raises(NotFoundError):
        span(uow, CHAIN + 1, None)


def test_payloads_are_given_out_only_when_opened(chain: Store) -> None:
    closed, clear = exported(chain), exported(chain, opened=True)
    assert all("payload" not in json.loads(x) for x in closed)
    assert [json.loads(x)["payload"]["n"] for x in clear] == list(range(1, CHAIN + 1))
    result = audit_verifier.verify(clear, held(chain))
    assert (result.faults, result.opened) == ([], CHAIN)


def test_no_checkpoint_is_given_for_a_chain_that_contradicts_its_own(chain: Store) -> None:
    with chain.units(write=False) as uow:
        kept = chain.checkpoints()
        assert checkpoint(uow, kept) == uow.audit.head() == kept[-1]
        with pytest.raises(IntegrityError, match=f"record {CHAIN + 1} is missing"):
            checkpoint(uow, [*kept, type(kept[0])(CHAIN + 1, kept[0].hash)])
        with pytest.raises(IntegrityError, match="record 3 differs"):
            checkpoint(uow, [type(kept[0])(3, GENESIS)])
