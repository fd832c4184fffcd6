"""Checks an exported audit chain: one file, standard library only, so that an auditor needs nothing of the product.

    python audit_verifier.py export.jsonl --checkpoints checkpoints.jsonl

``export.jsonl`` is what ``ascertain audit export`` writes: a record a line, in canonical JSON (sorted keys, no spaces,
ASCII). A record's hash is the SHA-256 of ``[seq, at, action, actor, subject, header, payload_digest, prev_hash]``
written so. ``checkpoints.jsonl`` holds lines ``{"seq", "hash"}`` kept outside the database: without any, a cut-off end
and a chain that was rewritten as a whole cannot be seen. Exit codes: 0 whole, 8 broken, 2 the files cannot be read.

A chain may begin later than with record 1 when one of its records (``audit.cut``) seals that what came before was
deleted when its time was over, at least 183 days after it was written.

Payloads in clear (``audit export --open``) are no part of the chain, which covers their ciphertext: they are counted
and not checked.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

GENESIS = "0" * 64
CUT = "audit.cut"
MIN_AUDIT_DAYS = 183
FIELDS = ("action", "actor", "at", "hash", "header", "payload_digest", "prev_hash", "seq", "subject")


class Fault(NamedTuple):
    """``seq`` is the record at fault, as the file numbers it, or the number expected at a line that is no record."""

    line: int
    seq: int
    problem: str


class Result(NamedTuple):
    """Numbers of the first and last record (0 when there is none), what is wrong, and what was not checked."""

    first: int
    last: int
    faults: list[Fault]
    checkpoints: int
    opened: int
    anchored: bool


def canonical(value: Any) -> str:
    """The written form that is hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def verify(
    lines: Iterable[bytes],
    checkpoints: Iterable[tuple[int, str]] = (),
    *,
    first: int = 1,
    last: int | None = None,
) -> Result:
    """Walk the lines of an export.

    Args:
        lines: with their ends, as a file opened for bytes gives them.
        checkpoints: (seq, hash) kept outside the database.
        first: number of the first record of a part of the chain.
        last: number of its last record; checkpoints beyond it are not looked for.
    """
    held = list(checkpoints)
    faults: list[Fault] = []
    hashes: dict[int, str] = {}
    before = {h for s, h in held if s == first - 1}
    anchored = first == 1 or bool(before)
    prev = GENESIS if first == 1 else ""
    expected, opened, end, number = first, 0, first - 1, 0
    begins: dict[str, Any] | None = None
    cuts: list[dict[str, Any]] = []
    for number, line in enumerate(lines, start=1):
        record, problem = _record(line)
        if record is None:
            faults.append(Fault(number, expected, problem))
            expected, prev = expected + 1, ""
            continue
        seq = record["seq"]
        if number == 1 and first == 1 and seq > 1:  # what came before was cut off, which a later record must seal
            begins, prev, expected = record, "", seq
        if record["action"] == CUT:
            cuts.append(record)
        if seq != expected:
            faults.append(Fault(number, seq, f"record {expected} is missing or out of order"))
        if number == 1 and before and record["prev_hash"] not in before:
            faults.append(Fault(number, seq, "does not follow the checkpoint before it"))
        if prev and record["prev_hash"] != prev:
            faults.append(Fault(number, seq, "does not follow the record before it"))
        if _hash(record) != record["hash"]:
            faults.append(Fault(number, seq, "content does not match its hash"))
        opened += "payload" in record
        hashes[seq] = record["hash"]
        prev, expected, end = record["hash"], seq + 1, seq
    if last is not None and end != last:
        faults.append(Fault(number, last, f"the export should end with record {last}, but ends with {end}"))
    start = first
    if begins is not None:
        if any(_seals(r, begins) for r in cuts):
            start = begins["seq"] - 1
            hashes[start] = begins["prev_hash"]
        else:
            faults.insert(0, Fault(1, begins["seq"], "record 1 is missing or out of order"))
    checked = [(s, h) for s, h in held if s >= start and (last is None or s <= last)]
    for s, h in checked:
        if s not in hashes:
            faults.append(Fault(0, s, "a checkpoint names this record, but the export does not hold it"))
        elif hashes[s] != h:
            faults.append(Fault(0, s, "differs from the checkpoint"))
    if begins is not None:
        first = begins["seq"]
    return Result(first if hashes else 0, end if hashes else 0, faults, len(checked), opened, anchored)


def _seals(record: dict[str, Any], begins: dict[str, Any]) -> bool:
    """Whether a record seals the cut before ``begins``: that place and hash, and nothing younger than allowed."""
    header = record["header"]
    if not isinstance(header, dict) or header.get("through") != begins["seq"] - 1:
        return False
    try:
        age = datetime.fromisoformat(str(record["at"])) - datetime.fromisoformat(str(header["until"]))
    except (KeyError, ValueError, TypeError):
        return False
    return header.get("hash") == begins["prev_hash"] and age >= timedelta(days=MIN_AUDIT_DAYS)


def read_checkpoints(lines: Iterable[bytes]) -> Iterator[tuple[int, str]]:
    """
    Raises:
        ValueError: naming the line that is not a checkpoint.
    """
    for number, line in enumerate(lines, start=1):
        if not line.endswith(b"\n"):  # a crash left it; it was never acknowledged
            return
        try:
            entry = json.loads(line)
            yield int(entry["seq"]), str(entry["hash"])
        except (ValueError, KeyError, TypeError):
            raise ValueError(f"line {number} is not a checkpoint") from None


def _record(line: bytes) -> tuple[dict[str, Any] | None, str]:
    """The record, or what is wrong with the line. Only the one written form is taken: nothing hides in another."""
    if not line.endswith(b"\n"):
        return None, "the line is cut off"
    try:
        text = line[:-1].decode("ascii")
        found = json.loads(text)
        same = canonical(found) == text
    except (ValueError, RecursionError):
        return None, "is not JSON"
    if not same:
        return None, "is not written in canonical form"
    if not isinstance(found, dict) or tuple(sorted(set(found) - {"payload"})) != FIELDS:
        return None, f"must have the fields {', '.join(FIELDS)}"
    if type(found["seq"]) is not int:
        return None, "its number is none"
    return found, ""


def _hash(r: dict[str, Any]) -> str:
    body = [r["seq"], r["at"], r["action"], r["actor"], r["subject"], r["header"], r["payload_digest"], r["prev_hash"]]
    return hashlib.sha256(canonical(body).encode("ascii")).hexdigest()


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Check an exported audit chain.")
    parser.add_argument("export", help="what `ascertain audit export` wrote")
    parser.add_argument("--checkpoints", action="append", default=[], help="file of checkpoints; may be repeated")
    parser.add_argument("--first", type=int, default=1, help="number of the first record, of a part of the chain")
    parser.add_argument("--last", type=int, help="number of the last record, of a part of the chain")
    given = parser.parse_args(arguments)
    held: list[tuple[int, str]] = []
    try:
        for path in given.checkpoints:
            with open(path, "rb") as file:
                held += read_checkpoints(file)
        with open(given.export, "rb") as file:
            result = verify(file, held, first=given.first, last=given.last)
    except (OSError, ValueError) as e:
        print(f"cannot be read: {e}", file=sys.stderr)
        return 2
    for fault in result.faults:
        print(
            f"record {fault.seq} (line {fault.line}): {fault.problem}"
            if fault.line
            else f"record {fault.seq}: {fault.problem}"
        )
    if not result.checkpoints:
        print("no checkpoint was compared: a cut-off end would not be seen")
    if not result.anchored:
        print(f"no checkpoint of record {given.first - 1}: what came before this part is not vouched for")
    if result.opened:
        print(f"{result.opened} payloads in clear, which the chain does not cover")
    state = f"BROKEN, {len(result.faults)} faults" if result.faults else "whole"
    print(f"records {result.first} to {result.last}, {result.checkpoints} checkpoints: {state}")
    return 8 if result.faults else 0


if __name__ == "__main__":
    sys.exit(main())
