"""Who looked at me: each reading of a person's skills is recorded before the reader sees them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ascertain.domain.people import Learner
from ascertain.domain.ports import UnitOfWork, UnitOfWorkFactory
from ascertain.domain.reach import OUTSIDE_WORDS
from ascertain.domain.restriction import Restriction
from ascertain.domain.rights import Entry
from ascertain.errors import AscertainError, ForbiddenError, InputError
from ascertain.pipeline.write_back_switch import named

REQUESTS = "requests"
"""Reading what somebody asks for about their data: it has to be answered while they are restricted, too, by whoever
may."""


def note_access(units: UnitOfWorkFactory, actor: str, what: str, learner_ids: Collection[str]) -> None:
    """Record that ``actor`` looks at these people: one audit record, and an entry for each of them.

    The reader's name is sealed in the payload: under the person's key when there is one person, else under the
    organisation's. Nothing is recorded where nobody is looked at.

    While processing of somebody is restricted, only they and whoever handles the request read about them; of whomever
    a rollout does not reach, only they.

    Raises:
        InputError: nobody is named.
        ForbiddenError: one of them is restricted for this reader.
    """
    if not learner_ids:
        return
    with units() as uow:
        for problem in note_in(uow, [Reading(actor, what, frozenset(learner_ids))]).values():
            raise problem
        uow.commit()


@dataclass(frozen=True, slots=True)
class Reading:
    """Somebody looks at people."""

    actor: str
    what: str
    learner_ids: frozenset[str]


def note_in(uow: UnitOfWork, readings: Sequence[Reading]) -> dict[int, AscertainError]:
    """Record several readings in a unit of work that the caller commits before anybody is shown. What was refused, by
    its place among them; nothing is recorded of it.

    Raises:
        AscertainError: the store refused; nothing is to be committed then.
    """
    refused: dict[int, AscertainError] = {}
    everybody = {i for one in readings for i in one.learner_ids}
    held = {r.learner_id: r for r in uow.restrictions.among(everybody)}
    outside = uow.rollouts.outside(everybody)
    entries: list[Entry] = []
    for place, one in enumerate(readings):
        try:
            by = named(one.actor)
            _must_be_theirs(uow, by, one.what, [held[i] for i in sorted(one.learner_ids) if i in held])
            _must_be_reached(uow, by, one.what, outside & one.learner_ids)
        except (ForbiddenError, InputError) as e:
            refused[place] = e
            continue
        ids = sorted(one.learner_ids)
        header = {"what": one.what, "people": len(ids)}
        alone = ids[0] if len(ids) == 1 else None
        kind = "api" if by.startswith("key:") else "operator"
        sealed = uow.audit.append("people.read", actor=kind, header=header, learner_id=alone, payload={"actor": by})
        entries.append(Entry(sealed.seq, by, one.what, tuple(ids)))
    uow.accesses.add(entries)
    return refused


def readable(uow: UnitOfWork, actor: str, learners: Sequence[Learner]) -> list[Learner]:
    """Those whose reading by ``actor`` would be recorded and not refused: lists leave the others out."""
    held = uow.restrictions.among({p.id for p in learners})
    outside = uow.rollouts.outside({p.id for p in learners})
    barred = {i for i in outside if not _is(uow, actor, i)}
    for restriction in held:
        try:
            _must_be_theirs(uow, named(actor), "list", [restriction])
        except ForbiddenError:
            barred.add(restriction.learner_id)
    return [p for p in learners if p.id not in barred]


def aliases(uow: UnitOfWork, who: str) -> frozenset[str]:
    """The names that mean the same person: as given, id and address, case-folded."""
    person = uow.people.find(who)
    known = {who, person.id, person.email} if person else {who}
    return frozenset(k.strip().casefold() for k in known if k.strip())


def _is(uow: UnitOfWork, by: str, learner_id: str) -> bool:
    return bool(aliases(uow, by) & aliases(uow, learner_id))


def _must_be_reached(uow: UnitOfWork, by: str, what: str, outside: Collection[str]) -> None:
    """Of whomever a rollout does not reach only they themselves read, and whoever answers what they ask."""
    for learner_id in sorted(outside) if what != REQUESTS else ():
        if not _is(uow, by, learner_id):
            raise ForbiddenError(
                f"one of these people is {OUTSIDE_WORDS}: nobody else reads about them",
                actor=by,
                kind="api" if by.startswith("key:") else "person",
                action=f"read.{what}",
                learner_id=learner_id,
                remedy="`ascertain rollout status` says whom which pilot reaches",
            )


def _must_be_theirs(uow: UnitOfWork, by: str, what: str, restrictions: Sequence[Restriction]) -> None:
    for restriction in restrictions if what != REQUESTS else ():
        if not aliases(uow, by) & (aliases(uow, restriction.learner_id) | aliases(uow, restriction.handler)):
            raise ForbiddenError(
                "processing of one of these people is restricted: they and whoever handles it alone read about them",
                actor=by,
                kind="api" if by.startswith("key:") else "person",
                action=f"read.{what}",
                learner_id=restriction.learner_id,
                remedy="ask whoever handles the restriction",
            )
