"""The audit chain: append-only records, each sealed with the hash of the one before.

A record's hash covers its number, its header and the *ciphertext* digest of its personal payload, so the chain
still verifies after a person's key has been destroyed. A checkpoint (number, hash) kept outside the database is
what makes a cut-off tail visible: a chain alone cannot show that its end is missing (RFC 6962 §1).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ascertain.domain.canonical import canonical_json

GENESIS = "0" * 64
"""The hash that the first record points back to."""


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


def verify(
    records: Iterable[AuditRecord],
    checkpoints: Sequence[Checkpoint] = (),
    payloads: Mapping[int, bytes | None] | None = None,
) -> tuple[ChainFault, ...]:
    """Walk the chain from its first record; no faults means it is whole.

    Finds a changed, dropped, inserted or reordered record by itself, and with ``checkpoints`` a truncated or
    wholly rewritten chain. With ``payloads`` (ciphertext by ``seq``; a record without one may be absent)
    each is checked against its digest too.
    """
    faults: list[ChainFault] = []
    at_seq: dict[int, str] = {}
    prev, expected = GENESIS, 1
    for r in records:
        if r.seq != expected:
            faults.append(ChainFault(r.seq, f"record {expected} is missing or out of order"))
            expected = r.seq
        if r.prev_hash != prev:
            faults.append(ChainFault(r.seq, "does not follow the record before it"))
        again = seal(r.seq, r.at, r.action, r.actor, r.subject, r.header, r.payload_digest, r.prev_hash)
        if again.hash != r.hash:
            faults.append(ChainFault(r.seq, "content does not match its hash"))
        if payloads is not None and payload_digest(payloads.get(r.seq)) != r.payload_digest:
            faults.append(ChainFault(r.seq, "payload does not match its digest"))
        at_seq[r.seq] = r.hash
        prev, expected = r.hash, expected + 1
    for c in checkpoints:
        if c.seq not in at_seq:
            faults.append(ChainFault(c.seq, "a checkpoint names this record, but the chain ends before it"))
        elif at_seq[c.seq] != c.hash:
            faults.append(ChainFault(c.seq, "differs from the checkpoint"))
    return tuple(faults)
