"""The audit chain: append-only records, each sealed with the hash of the one before.

A record's hash covers its number, its header and the *ciphertext* digest of its personal payload, so the chain
still verifies after a person's key has been destroyed. A checkpoint (number, hash) kept outside the database is
what makes a cut-off tail visible: a chain alone cannot show that its end is missing (RFC 6962 §1).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from ascertain.domain.canonical import canonical_json
from ascertain.domain.retention import MIN_AUDIT_DAYS

GENESIS = "0" * 64
"""The hash that the first record points back to."""

CUT = "audit.cut"
"""Seals that the records up to ``through`` were deleted: ``hash`` of the last one, ``until`` its time."""


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One step. ``subject`` is a pseudonym or empty; ``header`` holds nothing personal; ``payload`` is ciphertext."""

    seq: int
    at: datetime
    action: str
    actor: str
    subject: str
    header: Mapping[str, Any]
    payload_digest: str
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which records somebody wants to see; what is empty asks for nothing.

    Attributes:
        action: the whole action (``review.decided``) or its beginning with a dot (``review.``).
        actor: whoever did it, as the record names them (``system``, ``person``, an agent …).
        subject: the pseudonym of a person.
        since, until: from the beginning of the first day to the end of the last, UTC.
    """

    action: str = ""
    actor: str = ""
    subject: str = ""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Proof kept elsewhere: the chain had a record ``seq`` with this ``hash``."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class ChainFault:
    """Where and how the chain is broken."""

    seq: int
    problem: str


def payload_digest(ciphertext: bytes | None) -> str:
    """SHA-256 hex of the stored payload; of nothing for a record without one."""
    return hashlib.sha256(ciphertext or b"").hexdigest()


def seal(
    seq: int,
    at: datetime,
    action: str,
    actor: str,
    subject: str,
    header: Mapping[str, Any],
    digest_of_payload: str,
    prev_hash: str,
) -> AuditRecord:
    """Make the record that follows ``prev_hash``."""
    body = canonical_json([seq, at, action, actor, subject, header, digest_of_payload, prev_hash])
    value = hashlib.sha256(body.encode("ascii")).hexdigest()
    return AuditRecord(seq, at, action, actor, subject, header, digest_of_payload, prev_hash, value)


def _seals(r: AuditRecord, begins: AuditRecord) -> bool:
    """Whether a record seals the cut before ``begins``: that very place and hash, and nothing younger than allowed."""
    h = r.header
    if h.get("through") != begins.seq - 1 or h.get("hash") != begins.prev_hash:
        return False
    try:
        age = r.at - datetime.fromisoformat(str(h.get("until")))
    except (ValueError, TypeError):
        return False
    return age >= timedelta(days=MIN_AUDIT_DAYS)


_CHANGED = "content does not match its hash"
_ELSEWHERE = "does not follow the record before it"


def _own_hash(r: AuditRecord) -> bool:
    again = seal(r.seq, r.at, r.action, r.actor, r.subject, r.header, r.payload_digest, r.prev_hash)
    return again.hash == r.hash


def verify_one(record: AuditRecord, earlier: AuditRecord | None) -> tuple[ChainFault, ...]:
    """The faults of one record: its own hash, and whether it points to the record before, where that is at hand."""
    faults = [] if _own_hash(record) else [ChainFault(record.seq, _CHANGED)]
    before = earlier.hash if earlier else GENESIS if record.seq == 1 else record.prev_hash
    if record.prev_hash != before:
        faults.append(ChainFault(record.seq, _ELSEWHERE))
    return tuple(faults)


def verify(
    records: Iterable[AuditRecord],
    checkpoints: Sequence[Checkpoint] = (),
    payloads: Mapping[int, bytes | None] | None = None,
) -> tuple[ChainFault, ...]:
    """Walk the chain from its first record; no faults means it is whole.

    Finds a changed, dropped, inserted or reordered record by itself, and with ``checkpoints`` a truncated or
    wholly rewritten chain. With ``payloads`` (ciphertext by ``seq``; a record without one may be absent)
    each is checked against its digest too. A chain may begin later than with record 1 when one of its records seals
    that what came before was deleted after its time (:data:`CUT`); checkpoints of what was deleted are passed over.
    """
    faults: list[ChainFault] = []
    at_seq: dict[int, str] = {}
    prev, expected = GENESIS, 1
    begins: AuditRecord | None = None
    cuts: list[AuditRecord] = []
    for r in records:
        if begins is None:
            begins = r
            if r.seq > 1:  # what came before was cut off, which a later record must seal
                prev, expected = r.prev_hash, r.seq
        if r.action == CUT:
            cuts.append(r)
        if r.seq != expected:
            faults.append(ChainFault(r.seq, f"record {expected} is missing or out of order"))
            expected = r.seq
        if r.prev_hash != prev:
            faults.append(ChainFault(r.seq, _ELSEWHERE))
        if not _own_hash(r):
            faults.append(ChainFault(r.seq, _CHANGED))
        if payloads is not None and payload_digest(payloads.get(r.seq)) != r.payload_digest:
            faults.append(ChainFault(r.seq, "payload does not match its digest"))
        at_seq[r.seq] = r.hash
        prev, expected = r.hash, expected + 1
    start = 0
    if begins is not None and begins.seq > 1:
        if any(_seals(r, begins) for r in cuts):
            start = begins.seq - 1
            at_seq[start] = begins.prev_hash
        else:
            faults.insert(0, ChainFault(begins.seq, "record 1 is missing or out of order"))
    for c in checkpoints:
        if c.seq < start:
            continue
        if c.seq not in at_seq:
            faults.append(ChainFault(c.seq, "a checkpoint names this record, but the chain ends before it"))
        elif at_seq[c.seq] != c.hash:
            faults.append(ChainFault(c.seq, "differs from the checkpoint"))
    return tuple(faults)
