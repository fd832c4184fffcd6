"""One walk from evidence to a system that was written to; take away any one record of it, and that shows.

What must be in the chain is told from the tables: whatever they say has happened must have been recorded, with what it
rested on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from ascertain.domain.audit import AuditRecord, verify
from ascertain.domain.audit_actions import ACTIONS
from ascertain.domain.casefile import CaseFile
from ascertain.domain.findings import CrewFindings, Step
from ascertain.domain.outbox import OutboxState
from ascertain.domain.ports import CrewServices, UnitOfWork
from ascertain.domain.runs import DecisionKind, RunState
from ascertain.pipeline.access import note_access
from ascertain.pipeline.configuration import note_changes
from ascertain.pipeline.stop import turn_everything
from ascertain.pipeline.write_back_push import push
from ascertain.store.audit import SqlAuditLog
from tests.integration.pipeline.test_review_desk import Room
from tests.integration.pipeline.world import ScriptedCrew, World
from tests.integration.pipeline.writing import Board, everything, home

AGENTS = ("evidence_collector", "taxonomy_mapper", "gap_analyst", "learning_path_curator", "reviewer")
DIGITS = frozenset("0123456789abcdef")


@dataclass
class FiveAgents(ScriptedCrew):
    """The same script; five agents say that they took part."""

    def run(self, case: CaseFile, services: CrewServices) -> CrewFindings:
        """One step an agent, each with a prompt and an answer of its own."""
        prints = {a: f"{n:064x}" for n, a in enumerate(AGENTS, 1)}
        steps = [Step(a, "script-1", p, p[::-1], f'{{"of": "{a}"}}', ("tool",), 2, (9, 1)) for a, p in prints.items()]
        return replace(super().run(case, services), steps=tuple(steps))


def walk(world: World) -> None:
    """Assessed, looked at, judged and decided, read, written, stopped, gone on, under another configuration."""
    world.crew = FiveAgents()
    world.assess()
    item = "v" + world.assertions()["kubernetes"].id[1:]
    Room(world).through(item, 2, DecisionKind.ACCEPT)
    note_access(world.store.units, "eve", "profile", ["E1"])
    with world.store.units() as uow:
        uow.people.link("board:user:1", "E1")
        uow.commit()
    writing = home(world.store, Board())
    run = writing.begin(writing.preview(everything(world.store)), "ops")
    assert run is not None
    push(writing, run.id)
    for on in (False, True):
        turn_everything(world.store.units, world.clock, "zoe", "" if on else "an incident", on=on)
    for policy in ("p-1", "p-2"):
        with world.store.units() as uow:
            note_changes(uow, {"policy": policy})
            uow.commit()


WALK = (
    "run.started",
    *(["agent.answered"] * len(AGENTS)),
    "run.concluded",
    "assignment.proposed",
    "review.shown",
    "review.judged",
    "review.decided",
    "people.read",
    "writeback.planned",
    "writeback.written",
    "writeback.finished",
    "everything.switched",
    "everything.switched",
    "configuration.changed",
)


def missing(world: World) -> list[str]:
    """What the tables say has happened and the chain does not."""
    with world.store.units(write=False) as uow:
        chain = list(uow.audit.records())
        found = [*_broken(uow, chain), *_of_runs(uow, chain), *_of_reviews(uow, chain), *_of_writing(uow, chain)]
        looks = {r.seq for r in chain if r.action == "people.read" and uow.audit.open_payload(r.seq)["actor"]}
        found += [f"{a.actor} looked ({a.record})" for a in uow.accesses.of("E1") if a.record not in looks]
        switch = uow.switches.get("everything")
        turned = [r.header["on"] for r in chain if r.action == "everything.switched"]
        if switch is None or turned[-1:] != [switch.on] or turned[::2] != [False] * len(turned[::2]):
            found.append("the switch was turned")
        settings = uow.sync.cursor("(configuration)", "digests")
        last: dict[str, list[str]] = next(
            (r.header["changed"] for r in reversed(chain) if r.action == "configuration.changed"), {}
        )
        if {name: now for name, (_, now) in last.items()} != settings:
            found.append("the configuration is another one")
    return found


def _broken(uow: UnitOfWork, chain: list[AuditRecord]) -> Iterator[str]:
    yield from (f.problem for f in verify(chain, (), uow.audit.ciphertexts()))


def _of_runs(uow: UnitOfWork, chain: list[AuditRecord]) -> Iterator[str]:
    run = uow.runs.latest("E1")
    assert run is not None
    assert run.state is RunState.DONE
    mine = [r for r in chain if r.header.get("run") == run.id]
    held = sorted(e.id for e in uow.evidence.of("E1"))
    for needed, what in (
        (_one(mine, "run.started", lambda r: uow.audit.open_payload(r.seq) == {"evidence": held}), "evidence by id"),
        (
            _one(
                mine, "run.started", lambda r: r.header["fingerprint"] == run.fingerprint and _versions(r, run.versions)
            ),
            "the run began, under which policy, taxonomy, model and prompts",
        ),
        (
            _one(mine, "run.concluded", lambda r: _versions(r, run.versions) and r.header["results"]),
            "the run ended, with a digest of what came out",
        ),
    ):
        if not needed:
            yield f"{run.id}: {what}"
    for agent in AGENTS:
        if not _one([r for r in mine if r.actor == agent], "agent.answered", lambda r: _answer(uow, r)):
            yield f"{run.id}: {agent} answered: model, prompt, answer"
    for row in uow.assignments.of("E1"):
        if not any(r.action == "assignment.proposed" for r in mine):
            yield f"{row.id}: learning was proposed"


def _answer(uow: UnitOfWork, r: AuditRecord) -> bool:
    hashes = [r.header[name] for name in ("prompt", "output")]
    whole = all(len(h) == 64 and set(h) <= DIGITS for h in hashes)
    return whole and r.header["model"] == "script-1" and bool(uow.audit.open_payload(r.seq)["output"])


def _versions(r: AuditRecord, versions: Any) -> bool:
    said = r.header["versions"]
    return all(said[n] == getattr(versions, n) for n in ("policy", "taxonomy", "brain", "prompts"))


def _of_reviews(uow: UnitOfWork, chain: list[AuditRecord]) -> Iterator[str]:
    for item in uow.reviews.decided("E1"):
        mine = [r for r in chain if r.header.get("item") == item.id]
        for action in ("review.shown", "review.judged", "review.decided"):
            if not _one(mine, action, lambda r: uow.audit.open_payload(r.seq)["reviewer"] == item.decided_by):  # noqa: B023
                yield f"{item.id}: {action}"


def _of_writing(uow: UnitOfWork, chain: list[AuditRecord]) -> Iterator[str]:
    for run in uow.outbox.runs():
        mine = [r for r in chain if r.header.get("run") == run.id]
        for action in ("writeback.planned", "writeback.finished"):
            if not _one(mine, action):
                yield f"{run.id}: {action}"
        for row in uow.outbox.rows(run.id, [OutboxState.WRITTEN]):
            rests_on = list(row.assertions)
            if not _one(mine, "writeback.written", lambda r: r.header["assertions"] == rests_on):  # noqa: B023
                yield f"{row.id}: was written"


def _one(records: list[AuditRecord], action: str, fits: Callable[[AuditRecord], Any] = lambda _: True) -> bool:
    return sum(r.action == action and bool(fits(r)) for r in records) == 1


@dataclass
class Forgetful:
    """An audit log that leaves out one record of the walk, by its place in it."""

    leaves_out: int
    seen: int = -1
    told: list[str] = field(default_factory=list)

    def append(self, log: SqlAuditLog, action: str, **more: Any) -> AuditRecord:
        """Seal it, unless it is the one: then another one takes its place that says nothing."""
        self.seen += 1
        self.told.append(action)
        if self.seen != self.leaves_out:
            return _append(log, action, **more)
        return _append(log, "nothing", actor="system", header={})


_append = SqlAuditLog.append


def test_the_walk_is_complete(world: World) -> None:
    before = len(world.actions())
    walk(world)
    assert tuple(world.actions()[before:]) == WALK
    assert missing(world) == []
    named = {a for a in WALK if a not in ACTIONS}
    assert named == {"review.shown", "review.judged", "writeback.planned", "writeback.written"}, "put together"


@pytest.mark.parametrize("place", range(len(WALK)), ids=[f"{n:02}-{a}" for n, a in enumerate(WALK)])
def test_any_one_record_that_is_not_made_shows(world: World, monkeypatch: pytest.MonkeyPatch, place: int) -> None:
    forgetful = Forgetful(place)
    monkeypatch.setattr(SqlAuditLog, "append", lambda log, action, **more: forgetful.append(log, action, **more))
    walk(world)
    assert tuple(forgetful.told) == WALK
    assert missing(world) != []
