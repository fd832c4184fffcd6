"""What should be written back where: compares accepted skills with what the connected systems hold. Writes nothing."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import TracebackType
from typing import Any, Self, cast

from ascertain.domain.connector import Budget, Connector
from ascertain.domain.outbox import OutboxItem, OutboxState, RunKind, WritebackRun, row_id
from ascertain.domain.people import Learner
from ascertain.domain.ports import Clock, UnitOfWork, UnitOfWorkFactory
from ascertain.domain.records import Entity, SourceRef
from ascertain.domain.runs import StoredAssertion
from ascertain.domain.writeback import ASSIGNING, Intended, NamesPeople, SkillClaim, WritesSkills
from ascertain.domain.writeback_plan import (
    Action,
    Change,
    Place,
    Spread,
    WritebackRules,
    allot,
    claim_of,
    diff,
    wanted_targets,
    withheld,
)
from ascertain.errors import ConfigError
from ascertain.pipeline.write_back_read import Desk, Names, Reader, user_of
from ascertain.pipeline.write_back_switch import named

Progress = Callable[[int, int], None]
_ACCOUNTS = (Entity.USER, Entity.WORKER)
"""What an account is called: of a person's links the first kind that there is, is written to."""


@dataclass(frozen=True, slots=True)
class PlaceDiff:
    """One account of one person, and what has to change there."""

    learner_id: str
    name: str
    connection: str
    account: str
    changes: tuple[Change, ...]

    def pending(self) -> tuple[Change, ...]:
        """The changes that a push would write."""
        return tuple(c for c in self.changes if c.action in (Action.WRITE, Action.REMOVE))


@dataclass(frozen=True, slots=True)
class Preview:
    """What a push would do. ``held_back`` has, by learner, the assertions that may not leave and why; ``unreached``
    are people with skills but without an account in any connection that writes; ``problems`` say what could not be
    compared."""

    diffs: tuple[PlaceDiff, ...] = ()
    held_back: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    unreached: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def changes(self) -> int:
        """Number of values that a push would write."""
        return sum(len(d.pending()) for d in self.diffs)


@dataclass(frozen=True, slots=True)
class _Person:
    learner: Learner
    claims: tuple[SkillClaim, ...]
    held: Mapping[str, str]
    last: tuple[OutboxItem, ...]


def open_desks(connectors: Sequence[Connector]) -> dict[str, Desk]:
    """Those of the connections that write, by name."""
    found = {}
    for connector in connectors:
        if isinstance(connector, WritesSkills) and (targets := tuple(connector.targets())):
            writer = cast(WritesSkills, connector)
            found[connector.name] = Desk(connector.name, writer, targets, connector.quota().exclusive)
    return found


class WriteBack:
    """The use case. ``uri_of`` gives a skill's address in its taxonomy; ``budget`` keeps the leases."""

    def __init__(
        self,
        units: UnitOfWorkFactory,
        connectors: Sequence[Connector],
        clock: Clock,
        *,
        uri_of: Callable[[str], str] = lambda _: "",
        rules: WritebackRules | None = None,
        budget: Budget | None = None,
    ) -> None:
        self.units = units
        self._connectors = tuple(connectors)
        self.desks = open_desks(connectors)
        self.clock = clock
        self.uri_of = uri_of
        self.rules = rules or WritebackRules()
        self.budget = budget
        self._names = Names()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connector in self._connectors:
            connector.close()

    def must_write(self) -> None:
        """
        Raises:
            ConfigError: when no connection is set up to write.
        """
        if not self.desks:
            raise ConfigError(
                "no connection is set up to write skills",
                remedy="name a target in a connection's options (docs/write-back.md)",
            )

    def preview(self, learners: Sequence[Learner], progress: Progress | None = None) -> Preview:
        """Compare. One read a person and account; a person that cannot be read is a problem and the rest goes on."""
        self.must_write()
        with self.units(write=False) as uow:
            accounts = self.accounts(uow)
        diffs: list[PlaceDiff] = []
        held: dict[str, Mapping[str, str]] = {}
        unreached: list[str] = []
        with Reader(self.budget) as reader:
            for number, learner in enumerate(learners, start=1):
                with self.units(write=False) as uow:
                    person = self._person(uow, learner)
                if person.held:
                    held[learner.id] = person.held
                if person.learner.restricted:
                    continue  # not even emptied: what stands outside is left as it is
                silent = self._silent(reader, learner) if person.claims else set()
                places = self.places(learner, accounts, self._asked(person.claims) - silent)
                if person.claims and not places and not silent:
                    unreached.append(learner.id)
                wanted = allot(places, person.claims, self.rules.spread)
                last: dict[tuple[str, str], list[OutboxItem]] = defaultdict(list)
                for row in person.last:
                    last[row.connection, row.account].append(row)
                for place in sorted({*wanted, *last}):
                    if place[0] in self.desks and place[0] not in silent:
                        diffs += self._compare(reader, learner, place, wanted.get(place, []), last[place])
                if progress:
                    progress(number, len(learners))
        return Preview(tuple(d for d in diffs if d.changes), held, tuple(unreached), reader.problems())

    def begin(self, preview: Preview, actor: str, options: Mapping[str, Any] | None = None) -> WritebackRun | None:
        """Store a push with its rows, before anything is written; ``None`` when there is nothing to write.

        Raises:
            InputError: when nobody is named as the actor.
        """
        now, run_id = self.clock.now(), new_run_id()
        rows = [
            OutboxItem(
                row_id(run_id, d.connection, d.account, c.target),
                run_id,
                d.learner_id,
                d.connection,
                d.account,
                c.target,
                c.value,
                c.present,
                c.assertion_ids,
                now,
            )
            for d in preview.diffs
            for c in d.pending()
        ]
        if not rows:
            return None
        run = WritebackRun(run_id, RunKind.PUSH, named(actor), now, options=dict(options or {}))
        self.store(run, rows)
        return run

    def store(self, run: WritebackRun, rows: Sequence[OutboxItem]) -> None:
        """Keep a run and its rows, with a record in the audit chain."""
        with self.units() as uow:
            uow.outbox.add(run, rows)
            header: dict[str, Any] = {
                "run": run.id,
                "kind": run.kind.value,
                "undoes": run.undoes,
                "rows": len(rows),
                "connections": sorted({r.connection for r in rows}),
            }
            if run.totals:
                header["totals"] = dict(run.totals)
            action = "writeback.compared" if run.kind is RunKind.RECONCILE else "writeback.planned"
            uow.audit.append(action, actor="operator", header=header, payload={"actor": run.actor})
            uow.commit()

    def is_learning(self, row: OutboxItem) -> bool:
        """Whether a row assigned learning: of those, comparisons of skills know nothing."""
        desk = self.desks.get(row.connection)
        target = desk.target(row.target) if desk else None
        return target is not None and target.kind in ASSIGNING

    # -- what a person's skills come to -----------------------------------------------------------------------------

    def accounts(self, uow: UnitOfWork) -> dict[str, dict[str, list[SourceRef]]]:
        """Accounts by connection and learner id. Where a person has LMS accounts those count, else the worker."""
        found: dict[str, dict[str, list[SourceRef]]] = {}
        for name in self.desks:
            mine: dict[str, list[SourceRef]] = defaultdict(list)
            for text, learner_id in sorted(uow.people.links(name).items()):
                if (ref := user_of(text)).entity in _ACCOUNTS:
                    mine[learner_id].append(ref)
            found[name] = {i: _best(refs) for i, refs in mine.items()}
        return found

    def places(
        self, learner: Learner, accounts: Mapping[str, Mapping[str, Sequence[SourceRef]]], among: Collection[str]
    ) -> list[Place]:
        """Where somebody can be written about, ``among`` these connections.

        Raises:
            ConnectorError: when a system does not say who somebody is there.
        """
        found = []
        for desk in self.desks.values():
            if desk.name not in among:
                continue
            refs: Sequence[SourceRef] = accounts.get(desk.name, {}).get(learner.id, ())
            if isinstance(desk.writer, NamesPeople):
                own = self._names.find(desk, learner.email)
                refs = [own] if own else []
            found += [Place(desk.name, str(ref), desk.targets, _intend(desk.writer, ref)) for ref in refs]
        return found

    def intended(
        self,
        learner: Learner,
        accounts: Mapping[str, Mapping[str, Sequence[SourceRef]]],
        claims: Sequence[SkillClaim],
        place: tuple[str, str],
    ) -> dict[str, str | None]:
        """What one place (connection, account) should hold, by target; only the systems that this depends on are asked.

        Raises:
            ConnectorError: when one of them does not answer.
        """
        among = {place[0]} if self.rules.spread is Spread.EVERY else set(self.desks)
        places = self.places(learner, accounts, among) if claims else []
        return {i.target: i.value for i in allot(places, claims, self.rules.spread).get(place, [])}

    def claims(
        self, uow: UnitOfWork, learner: Learner, *, supposing: tuple[StoredAssertion, date] | None = None
    ) -> tuple[tuple[SkillClaim, ...], dict[str, str]]:
        """What may leave about a person now, and what may not, with the reason, by assertion id.

        Args:
            supposing: one assertion as it would be if it were accepted, and on which day.
        """
        decided = {i.assertion_id: i.decided_at for i in uow.reviews.decided(learner.id)}
        claims, held = [], {}
        for stored in uow.assertions.of(learner.id):
            row = supposing[0] if supposing and supposing[0].id == stored.id else stored
            if why := withheld(row, learner, self.rules):
                held[row.id] = why
                continue
            on = supposing[1] if supposing and row is not stored else (decided.get(row.id) or row.created_at).date()
            claims.append(claim_of(row, on, self.uri_of(row.skill_id)))
        return tuple(claims), held

    def _asked(self, claims: Sequence[SkillClaim]) -> set[str]:
        """Connections that matter to a person: who has nothing to show is looked up nowhere."""
        return {d.name for d in self.desks.values() if claims or not isinstance(d.writer, NamesPeople)}

    def _silent(self, reader: Reader, learner: Learner) -> set[str]:
        """Connections that do not say who somebody is there. Where a skill goes to the best place only, that leaves
        all open."""
        names = [d for d in self.desks.values() if isinstance(d.writer, NamesPeople)]
        found = {d.name for d in names if not reader.knows(d, learner, self._names)}
        return set(self.desks) if found and self.rules.spread is Spread.BEST else found

    def _person(self, uow: UnitOfWork, learner: Learner) -> _Person:
        # As the store has it now: who was listed a while ago may have left since.
        present = uow.people.get(learner.id)
        claims, held = self.claims(uow, present) if present else ((), {})
        last = tuple(r for r in uow.outbox.effective(learner_id=learner.id) if not self.is_learning(r))
        return _Person(present or learner, claims, held, last)

    def _compare(
        self,
        reader: Reader,
        learner: Learner,
        place: tuple[str, str],
        intended: Sequence[Intended],
        last: Sequence[OutboxItem],
    ) -> list[PlaceDiff]:
        """One, or none where the targets cannot be read."""
        desk, account = self.desks[place[0]], place[1]
        ours = ours_of(last)
        now = self.clock.now()
        late = (OutboxState.UNSEEN, OutboxState.QUEUED)
        awaited = {
            r.target: r.value
            for r in last
            if r.state in late and r.written_at is not None and r.written_at + desk.writer.lag > now
        }
        targets = wanted_targets(intended, ours)
        present = reader.read(desk, learner.id, account, targets)
        if present is None:
            return []
        return [PlaceDiff(learner.id, learner.name, desk.name, account, diff(intended, present, ours, awaited))]


def ours_of(last: Sequence[OutboxItem]) -> dict[str, str | None]:
    """What we wrote to each target of one account. A value that an undo brought back rests on no assertion, so it is
    somebody else's."""
    return {r.target: r.value for r in last if r.assertions}


def new_run_id() -> str:
    """An id for a run."""
    return f"w{secrets.token_hex(8)}"


def _best(refs: Sequence[SourceRef]) -> list[SourceRef]:
    first = min(_ACCOUNTS.index(r.entity) for r in refs)
    return [r for r in refs if _ACCOUNTS.index(r.entity) == first]


def _intend(writer: WritesSkills, ref: SourceRef) -> Callable[[Sequence[SkillClaim]], Sequence[Intended]]:
    return lambda claims: writer.intend(ref, claims)
