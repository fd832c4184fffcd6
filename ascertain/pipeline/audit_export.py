"""Gives the audit chain out: records as lines that :mod:`ascertain.audit_verifier` checks, and checkpoints to keep."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import takewhile

from ascertain.domain.audit import AuditRecord, Checkpoint
from ascertain.domain.canonical import canonical_json, plain
from ascertain.domain.ports import UnitOfWork, UnitOfWorkFactory
from ascertain.errors import IntegrityError, NotFoundError
from ascertain.pipeline.write_back_switch import named


@dataclass(frozen=True, slots=True)
class Span:
    """Numbers of the first and last record of an export, both included."""

    first: int
    last: int


def span(uow: UnitOfWork, since: int | date | None, until: int | date | None) -> Span:
    """What to export: numbers of records, or days (UTC, both included).

    Raises:
        NotFoundError: there is no record in between.
    """
    head = uow.audit.head()
    begins = next(iter(uow.audit.records()), None)  # later than 1 where the chain was cut
    first, last = since if isinstance(since, int) else 1, until if isinstance(until, int) else None
    days = [d for d in (since, until) if isinstance(d, date)]
    if days:  # the chain is in order of its numbers; the clocks of several machines need not agree
        chosen = [
            r.seq
            for r in uow.audit.records()
            if (not isinstance(since, date) or r.at.date() >= since)
            and (not isinstance(until, date) or r.at.date() < until + timedelta(days=1))
        ]
        if not chosen:
            raise NotFoundError("there is no audit record on these days", remedy="give other days, or numbers")
        first = max(first, chosen[0]) if isinstance(since, date) else first
        last = chosen[-1] if isinstance(until, date) else last
    end = head.seq if head else 0
    last = end if last is None else min(last, end)
    if begins is not None and not isinstance(since, int):
        first = max(first, begins.seq)
    if not 1 <= first <= last or (begins is not None and first < begins.seq):
        raise NotFoundError(
            f"there is no audit record from {first} to {last}",
            remedy=f"the chain goes from {begins.seq if begins else 0} to {end}",
        )
    return Span(first, last)


def lines(uow: UnitOfWork, part: Span, *, opened: bool = False) -> Iterator[str]:
    """One line a record, in canonical JSON, with its end. ``opened`` adds the payload in clear, where there is one and
    its key was not erased."""
    for r in takewhile(lambda r: r.seq <= part.last, uow.audit.records(after=part.first - 1)):
        line = plain(r)
        if opened and (payload := uow.audit.open_payload(r.seq)) is not None:
            line["payload"] = payload
        yield canonical_json(line) + "\n"


def note_opening(units: UnitOfWorkFactory, actor: str, part: Span) -> AuditRecord:
    """Seal that somebody reads payloads in clear, before they do.

    Raises:
        InputError: nobody is named.
    """
    with units() as uow:
        header = {"first": part.first, "last": part.last}
        record = uow.audit.append("audit.opened", actor="operator", header=header, payload={"actor": named(actor)})
        uow.commit()
    return record


def checkpoint(uow: UnitOfWork, kept: list[Checkpoint]) -> Checkpoint:
    """The end of the chain, for keeping elsewhere. A chain that contradicts its own checkpoints is not vouched for.

    Raises:
        NotFoundError: nothing was recorded yet.
        IntegrityError: naming the record.
    """
    head = uow.audit.head()
    newest = max(kept, key=lambda c: c.seq, default=None)
    if newest is not None:
        held = next(iter(uow.audit.records(after=newest.seq - 1)), None)
        if held is None or held.hash != newest.hash:
            what = "is missing" if held is None else "differs from its checkpoint"
            raise IntegrityError(f"audit record {newest.seq} {what}", remedy="`ascertain audit verify` shows where")
    if head is None:
        raise NotFoundError("nothing was recorded yet", remedy="`ascertain sync` first")
    return head


def day_or_number(text: str) -> int | date:
    """
    Raises:
        ValueError: it is neither.
    """
    return int(text) if text.isdecimal() else datetime.strptime(text, "%Y-%m-%d").date()
