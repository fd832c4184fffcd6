"""What an auditor looks at beside the trail: whether numbers can be rebuilt, and who read about whom. No person and no
reader is named here; both are pseudonyms, which stay the same over time."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ascertain.domain.ports import Taxonomy, UnitOfWork
from ascertain.domain.rights import ReadingFilter
from ascertain.domain.runs import StoredAssertion
from ascertain.errors import IntegrityError, NotFoundError
from ascertain.pipeline.replay import Replayer

Json = dict[str, Any]
Pseudonym = Callable[[str], str]

MOST = 200
"""Assertions that one page rebuilds: some milliseconds each."""
READERS = 10


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """Assertions that were built again, and what came of it.

    Attributes:
        rows: one each: ``id``, ``run``, ``subject`` (pseudonym), ``identical``, ``causes`` (without figures).
        of: out of how many these are.
        causes: how often each cause was named, the most common first.
    """

    rows: tuple[Json, ...]
    of: int
    causes: tuple[tuple[str, int], ...]

    @property
    def differ(self) -> int:
        """How many are not as they were."""
        return sum(not r["identical"] for r in self.rows)


def rebuild_run(uow: UnitOfWork, run_id: str, taxonomy: Taxonomy, pseudonym: Pseudonym) -> Rebuilt:
    """All assertions of one run, superseded ones too.

    Raises:
        NotFoundError: no such run.
    """
    run = uow.runs.get(run_id)
    if run is None:
        raise NotFoundError(f"there is no run {run_id!r}", remedy="records of runs name theirs in the header")
    rows = [a for a in uow.assertions.of(run.learner_id, current_only=False) if a.run_id == run.id]
    return _rebuilt(uow, rows[:MOST], len(rows), taxonomy, pseudonym)


def rebuild_one(uow: UnitOfWork, assertion_id: str, taxonomy: Taxonomy, pseudonym: Pseudonym) -> Rebuilt:
    """One assertion, by id or unambiguous beginning.

    Raises:
        NotFoundError: no such assertion.
    """
    row = uow.assertions.get(assertion_id)
    if row is None:
        raise NotFoundError(f"there is no assertion {assertion_id!r}", remedy="audit records name theirs in the header")
    return _rebuilt(uow, [row], 1, taxonomy, pseudonym)


def rebuild_sample(uow: UnitOfWork, size: int, seed: int, taxonomy: Taxonomy, pseudonym: Pseudonym) -> Rebuilt:
    """So many of the present assertions, drawn without replacement: the same ``seed`` draws the same ones again."""
    rows = sorted(uow.assertions.all(), key=lambda a: a.id)
    drawn = random.Random(seed).sample(rows, min(size, MOST, len(rows)))
    drawn.sort(key=lambda a: (a.run_id, a.id))  # what is read of a run is read once
    return _rebuilt(uow, drawn, len(rows), taxonomy, pseudonym)


def _rebuilt(
    uow: UnitOfWork, rows: Sequence[StoredAssertion], of: int, taxonomy: Taxonomy, pseudonym: Pseudonym
) -> Rebuilt:
    replayer = Replayer(uow, taxonomy)
    found: list[Json] = []
    for row in rows:
        try:
            again = replayer.replay(row.id)
            identical, causes = again.identical, again.causes
        except IntegrityError as e:
            identical, causes = False, (e.message,)
        found.append(
            {
                "id": row.id,
                "run": row.run_id,
                "subject": pseudonym(row.learner_id),
                "state": row.state.value,
                "identical": identical,
                "causes": causes,
            }
        )
    counted = Counter(_kind(c) for r in found for c in r["causes"])
    return Rebuilt(tuple(found), of, tuple(counted.most_common()))


def _kind(cause: str) -> str:
    """A cause without the id of the piece of evidence, for counting."""
    words = cause.split(" ")
    return " ".join(["a piece of evidence", *words[2:]]) if words[0] == "evidence" else cause


def reader_name(actor: str, pseudonym: Pseudonym) -> str:
    """A reader without their name; a key and the product itself are nobody and keep theirs."""
    return actor if actor.startswith("key:") else "R-" + pseudonym(f"reader: {actor.casefold()}")[2:]


def readings(
    uow: UnitOfWork, wanted: ReadingFilter, pseudonym: Pseudonym, *, before: int | None, limit: int
) -> list[Json]:
    """Readings of people, the newest first. ``reader`` and ``learner_id`` of ``wanted`` are pseudonyms; of one that is
    nobody's there is nothing."""
    plain = _opened(uow, wanted, pseudonym)
    if plain is None:
        return []
    return [
        {
            "record": a.record,
            "at": a.at,
            "what": a.what,
            "people": a.people,
            "reader": reader_name(a.actor, pseudonym),
            "subject": pseudonym(a.learner_id) if a.people == 1 else "",
        }
        for a in uow.accesses.search(plain, before=before, limit=limit)
    ]


def readers(uow: UnitOfWork, wanted: ReadingFilter, pseudonym: Pseudonym) -> list[Json]:
    """Who saw the most people, under the same filters."""
    plain = _opened(uow, wanted, pseudonym)
    found = uow.accesses.readers(plain, limit=READERS) if plain else []
    return [
        {"reader": reader_name(r.actor, pseudonym), "readings": r.readings, "people": r.people, "last_at": r.last_at}
        for r in found
    ]


def _opened(uow: UnitOfWork, wanted: ReadingFilter, pseudonym: Pseudonym) -> ReadingFilter | None:
    """With the names that the pseudonyms stand for; ``None`` where one stands for nobody."""
    reader, learner = wanted.reader, wanted.learner_id
    if reader and not reader.startswith("key:"):
        everybody = uow.accesses.readers(ReadingFilter(), limit=100_000)
        reader = next((r.actor for r in everybody if reader_name(r.actor, pseudonym) == reader.upper()), "")
        if not reader:
            return None
    if learner:
        people = uow.people.all(active_only=False)
        learner = next((p.id for p in people if pseudonym(p.id) == learner.upper()), "")
        if not learner:
            return None
    return replace(wanted, reader=reader, learner_id=learner)
