"""The chain shows every change, drop, insertion and reordering, at every position, and a cut tail by checkpoint."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.audit import (
    GENESIS,
    AuditRecord,
    ChainFault,
    Checkpoint,
    payload_digest,
    seal,
    verify,
    verify_one,
)

START = datetime(2026, 1, 1, 9, 30, tzinfo=UTC)
lengths = st.integers(1, 8)


def _chain(n: int, *, salt: str = "") -> list[AuditRecord]:
    records: list[AuditRecord] = []
    prev = GENESIS
    for i in range(1, n + 1):
        records.append(
            seal(
                i,
                START + timedelta(seconds=i),
                "run.concluded",
                f"actor{salt}",
                f"P-{i % 3}",
                {"n": i, "score": 0.1 * i},
                payload_digest(_payload(i)),
                prev,
            )
        )
        prev = records[-1].hash
    return records


def _payload(i: int) -> bytes | None:
    return None if i % 4 == 0 else f"ciphertext {i}".encode()


@given(st.integers(0, 8))
def test_a_whole_chain_has_no_fault(n: int) -> None:
    chain = _chain(n)
    checkpoints = [Checkpoint(r.seq, r.hash) for r in chain]
    assert verify(chain, checkpoints, {r.seq: _payload(r.seq) for r in chain}) == ()


CHANGES: dict[str, object] = {
    "seq": 99,
    "at": START,
    "action": "nothing.happened",
    "actor": "nobody",
    "subject": "P-9",
    "header": {"n": -1},
    "payload_digest": payload_digest(b"other"),
    "prev_hash": "f" * 64,
    "hash": "e" * 64,
}


@given(lengths, st.data(), st.sampled_from(sorted(CHANGES)))
def test_a_change_of_any_field_at_any_position(n: int, data: st.DataObject, field: str) -> None:
    chain = _chain(n)
    at = data.draw(st.integers(0, n - 1))
    chain[at] = replace(chain[at], **{field: CHANGES[field]})  # type: ignore[arg-type]
    assert verify(chain)


@given(lengths, st.data())
def test_a_change_that_is_sealed_again_breaks_the_link_behind_it(n: int, data: st.DataObject) -> None:
    chain = _chain(n)
    at = data.draw(st.integers(0, n - 1))
    r = chain[at]
    chain[at] = seal(r.seq, r.at, r.action, "forger", r.subject, r.header, r.payload_digest, r.prev_hash)
    if at < n - 1:
        assert ChainFault(at + 2, "does not follow the record before it") in verify(chain)
    else:  # the last record has nothing behind it: that is what checkpoints are for
        assert verify(chain) == ()
        assert verify(chain, [Checkpoint(n, r.hash)]) == (ChainFault(n, "differs from the checkpoint"),)


@given(st.integers(2, 8), st.data())
def test_a_dropped_record_before_the_last(n: int, data: st.DataObject) -> None:
    chain = _chain(n)
    at = data.draw(st.integers(0, n - 2))
    del chain[at]
    assert ChainFault(at + 2, f"record {at + 1} is missing or out of order") in verify(chain)


@given(st.integers(2, 8), st.data())
def test_a_dropped_record_with_the_numbers_closed_up(n: int, data: st.DataObject) -> None:
    chain = _chain(n)
    at = data.draw(st.integers(0, n - 2))
    del chain[at]
    chain = [replace(r, seq=i) for i, r in enumerate(chain, 1)]
    assert verify(chain)


@given(lengths, st.data())
def test_an_inserted_record(n: int, data: st.DataObject) -> None:
    chain = _chain(n)
    at = data.draw(st.integers(0, n - 1))
    prev = chain[at - 1].hash if at else GENESIS
    forged = seal(at + 1, START, "review.decided", "forger", "", {}, payload_digest(None), prev)
    assert verify([*chain[:at], forged, *chain[at:]])
    assert verify([*chain[: at + 1], chain[at], *chain[at + 1 :]])


@given(st.integers(2, 8), st.data())
def test_a_reordering(n: int, data: st.DataObject) -> None:
    chain = _chain(n)
    order = data.draw(st.permutations(range(n)).filter(lambda p: list(p) != list(range(n))))
    assert verify([chain[i] for i in order])


@given(st.integers(1, 8), st.data())
def test_a_cut_tail_shows_by_a_checkpoint_and_only_by_one(n: int, data: st.DataObject) -> None:
    chain = _chain(n)
    keep = data.draw(st.integers(0, n - 1))
    named = data.draw(st.integers(keep + 1, n))
    assert verify(chain[:keep]) == ()
    (fault,) = verify(chain[:keep], [Checkpoint(named, chain[named - 1].hash)])
    assert fault == ChainFault(named, "a checkpoint names this record, but the chain ends before it")


@given(lengths, st.data())
def test_a_chain_rewritten_from_the_start_shows_at_every_checkpoint(n: int, data: st.DataObject) -> None:
    at = data.draw(st.integers(1, n))
    rewritten = _chain(n, salt="2")
    assert verify(rewritten) == ()
    faults = verify(rewritten, [Checkpoint(at, _chain(n)[at - 1].hash)])
    assert faults == (ChainFault(at, "differs from the checkpoint"),)


@given(lengths, st.data(), st.sampled_from(["changed", "emptied", "removed"]))
def test_a_payload_that_is_not_the_sealed_one(n: int, data: st.DataObject, how: str) -> None:
    chain = _chain(n)
    at = data.draw(st.integers(1, n).filter(lambda i: _payload(i) is not None))
    payloads = {r.seq: _payload(r.seq) for r in chain}
    if how == "removed":
        del payloads[at]
    else:
        payloads[at] = b"other" if how == "changed" else None
    assert verify(chain, payloads=payloads) == (ChainFault(at, "payload does not match its digest"),)


def test_records_without_a_payload_need_not_be_listed() -> None:
    chain = _chain(4)
    assert verify(chain, payloads={i: _payload(i) for i in (1, 2, 3)}) == ()


def test_the_hash_is_that_of_the_moment_in_any_time_zone() -> None:
    east = START.astimezone(timezone(timedelta(hours=9)))
    args: tuple[str, str, str, dict[str, object], str, str] = ("a", "b", "c", {}, payload_digest(None), GENESIS)
    assert seal(1, east, *args).hash == seal(1, START, *args).hash
    assert seal(1, START + timedelta(microseconds=1), *args).hash != seal(1, START, *args).hash


def test_a_golden_hash_keeps_old_chains_verifiable() -> None:
    record = seal(1, START, "run.concluded", "system", "P-1", {"runs": 2, "share": 0.5}, payload_digest(b"x"), GENESIS)
    assert record.hash == "ff1f3b63b52a3d83101ab3b90360554cd39c26ac7775f745127b76998c6922a8"


def test_boundaries_between_fields_cannot_be_moved() -> None:
    one = seal(1, START, "ab", "c", "", {}, payload_digest(None), GENESIS)
    two = seal(1, START, "a", "bc", "", {}, payload_digest(None), GENESIS)
    assert one.hash != two.hash


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_header_that_has_no_json_form_cannot_be_sealed(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        seal(1, START, "a", "b", "", {"x": value}, payload_digest(None), GENESIS)


@given(lengths, st.data(), st.sampled_from(sorted(CHANGES)))
def test_one_record_tells_by_itself_that_it_was_changed(n: int, data: st.DataObject, field: str) -> None:
    chain = _chain(n)
    at = data.draw(st.integers(0, n - 1))
    earlier = chain[at - 1] if at else None
    assert verify_one(chain[at], earlier) == ()
    assert verify_one(replace(chain[at], **{field: CHANGES[field]}), earlier)  # type: ignore[arg-type]


def test_one_record_whose_predecessor_was_cut_away_is_fine() -> None:
    assert verify_one(_chain(3)[2], None) == ()
    assert verify_one(_chain(3)[1], _chain(2, salt="other")[0]) == (
        ChainFault(2, "does not follow the record before it"),
    )
