"""What is there at the end, and everything that is missing, doubled or torn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from ascertain.domain.audit import verify
from ascertain.domain.outbox import EFFECTIVE, OPEN, OutboxItem, RunKind
from ascertain.domain.ports import UnitOfWork
from ascertain.domain.runs import RunState
from ascertain.pipeline.assess_ends import KILLED
from benchmarks.chaos.world import Cast, World

MOST_RUNS = 1000
LONG = timedelta(days=1)
"""Longer than a suite takes."""


def account(world: World, cast: Cast) -> dict[str, Any]:
    """Learners, runs, decisions, events, writes and records of the audit chain, and what is wrong with them."""
    app = world.app
    wrong = [*cast.reviewer.problems, *cast.lms.problems]
    with app.units(write=False) as uow:
        records = list(uow.audit.records())
        wrong += [f"audit chain: {f}" for f in verify(records, app.store.checkpoints())]
        states = uow.runs.states()
        wrong += list(_runs(uow, states, Counter(r.header["run"] for r in records if r.action == "run.concluded")))
        wrong += [f"{p.id} is not assessed" for p in world.due()]
        assertions = sum(len(uow.assertions.of(p.id)) for p in uow.people.all())
        said = Counter(r.header["item"] for r in records if r.action == "review.decided")
        wrong += list(_decisions(uow, cast.reviewer.decided, said))
        looked = Counter(r.header["item"] for r in records if r.action == "review.check_decided")
        wrong += [f"check {i} is {looked[i]} times on record" for i in cast.reviewer.checks if looked[i] != 1]
        wrong += list(_events(uow, cast))
        rows = list(_written(uow))
        written = Counter(r.header["row"] for r in records if r.action in {f"writeback.{s.value}" for s in EFFECTIVE})
        wrong += list(_writes(uow, world, rows, written))
        recent = uow.runs.recent(app.clock.now() - LONG, limit=100 * MOST_RUNS)
        ended = sum(r.outcome.get("error") == KILLED for r in recent)
    wrong += [f"job {f.id} failed for good: {f.error}" for f in world.jobs.failures()]
    return {
        "runs done": states.get(RunState.DONE.value, 0),
        "runs ended by name": ended,
        "assertions": assertions,
        "decisions": len(cast.reviewer.decided) + len(cast.reviewer.checks),
        "events": len(cast.lms.told),
        "writes": len(world.company.writes),
        "audit records": len(records),
        "requests without an answer": cast.reviewer.unanswered + cast.lms.unanswered,
        "wrong": wrong,
    }


def _runs(uow: UnitOfWork, states: dict[str, int], concluded: Counter[str]) -> Iterator[str]:
    if begun := states.get(RunState.STARTED.value):
        yield f"{begun} runs look as if they were under way"
    for run, n in concluded.items():
        if n != 1:
            yield f"run {run} was concluded {n} times"
    if len(concluded) != states.get(RunState.DONE.value, 0):
        yield f"{len(concluded)} runs were concluded, {states.get(RunState.DONE.value, 0)} are done"
    for learner in uow.people.all():
        rows, latest = uow.assertions.of(learner.id), uow.runs.latest(learner.id)
        for skill, n in Counter(a.skill_id for a in rows).items():
            if n > 1:
                yield f"{learner.id}: {skill} is asserted twice"
        for a in rows:
            if latest is None or a.run_id != latest.id:
                yield f"{a.id} is of another run than the latest"


def _decisions(uow: UnitOfWork, told: dict[str, str], said: Counter[str]) -> Iterator[str]:
    for item, decision in told.items():
        found = uow.reviews.get(item)
        if found is None or found.decision is None or found.decision.value != decision:
            yield f"decision {item}: the reviewer was told {decision}, stored is {found and found.decision}"
    for item, n in said.items():
        if n != 1:
            yield f"decision {item} is {n} times on record"
    if missing := set(told) - set(said):
        yield f"{len(missing)} decisions are not on record"


def _events(uow: UnitOfWork, cast: Cast) -> Iterator[str]:
    if left := len(uow.inbox.unfinished()):
        yield f"{left} events are not worked off"
    kept = Counter(e.source_ref for p in uow.people.all() for e in uow.evidence.of(p.id))
    for ref, n in kept.items():
        if n != 1:
            yield f"evidence {ref} is there {n} times"
    for e in cast.lms.told:
        found = [r for r in kept if r.startswith(f"docebo:enrolment:{e.course_id}-{e.user_id}-")]
        if len(found) != 1:
            yield f"the completion of {e.course_id} by {e.user_id} is there {len(found)} times"


def _written(uow: UnitOfWork) -> Iterator[OutboxItem]:
    for run in uow.outbox.runs(limit=MOST_RUNS):
        if run.kind is RunKind.PUSH:
            yield from uow.outbox.rows(run.id)


def _writes(uow: UnitOfWork, world: World, rows: list[OutboxItem], on_record: Counter[str]) -> Iterator[str]:
    """The outbox against the list that the LMS itself keeps."""
    open_rows = [r for r in rows if r.state in OPEN]
    if open_rows:
        yield f"{len(open_rows)} values wait to be written"
    told = Counter((r.account.rpartition(":")[2], r.value or "") for r in rows if r.state in EFFECTIVE)
    seen = Counter((str(user), value) for user, _, value in world.company.writes)
    for (user, value), n in (seen - told).items():
        yield f"Docebo was told {value!r} for {user} {n} times more than is stored"
    for (user, value), n in (told - seen).items():
        yield f"{value!r} for {user} is stored as written {n} times more than Docebo was told"
    for row, n in on_record.items():
        if n != 1:
            yield f"write {row} is {n} times on record"
    if missing := {r.id for r in rows if r.state in EFFECTIVE} - set(on_record):
        yield f"{len(missing)} writes are not on record"
