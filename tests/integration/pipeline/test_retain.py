"""Retention: each kind goes when its time is over, held people stay, records are kept, the chain still verifies."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import DatabaseError

from ascertain import audit_verifier
from ascertain.domain.audit import Checkpoint, seal, verify
from ascertain.domain.people import Learner
from ascertain.domain.ports import UnitOfWork
from ascertain.domain.retention import AUDIT, LEFT, Kind, RetentionRules
from ascertain.domain.runs import QuarantinedRecord
from ascertain.errors import AscertainError, ConflictError, InputError, NotFoundError
from ascertain.pipeline import audit_export
from ascertain.pipeline.access import note_access
from ascertain.pipeline.erase import erase_person
from ascertain.pipeline.replay import replay
from ascertain.pipeline.retain import Retainer, RetainReport, must_not_be_held, place_hold, release_hold
from ascertain.pipeline.stop import turn_everything
from ascertain.store import open_store
from tests.integration.pipeline.world import KEY, POLICY, START, World, open_world, piece

NEVER = RetentionRules(dict.fromkeys(Kind), 36500, None, left_tombstone=False)


def only(kind: Kind, days: int) -> RetentionRules:
    return replace(NEVER, days={**NEVER.days, kind: days})


@pytest.fixture
def world(template: Path, tmp_path: Path) -> World:
    """A world whose store writes with the clock that is shown."""
    made = open_world(template, tmp_path)
    made.store.close()
    made.store = open_store(
        f"sqlite:///{made.file}",
        pseudonym=KEY.pseudonym,
        checkpoint_file=tmp_path / "checkpoints.jsonl",
        clock=made.clock.now,
    )
    return made.fill()


def retainer(world: World, rules: RetentionRules, batch: int = 2000) -> Retainer:
    def forget(learner: Learner) -> Mapping[str, int]:
        keep = rules.left_tombstone
        return erase_person(world.store, KEY.pseudonym, learner, "retention", "left", world.clock, keep_away=keep).rows

    overwrite = world.store.overwrite_deleted
    return Retainer(world.store.units, world.clock, rules, POLICY.version, forget, overwrite, batch)


def after(world: World, days: float) -> None:
    world.clock.at = START + timedelta(days=days)


def faults(world: World) -> tuple[Any, ...]:
    with world.store.units(write=False) as uow:
        return verify(uow.audit.records(), world.store.checkpoints(), uow.audit.ciphertexts())


def went(report: RetainReport) -> dict[str, int]:
    found: dict[str, int] = {}
    for d in report.deletions:
        found[d.kind] = found.get(d.kind, 0) + d.rows
    return found


def test_a_plan_changes_nothing_and_says_what_a_run_will_do(world: World) -> None:
    after(world, 400)
    rules = only(Kind.EVIDENCE_TEXT, 365)
    before = world.counts()
    plan = retainer(world, rules).plan()
    assert {d.kind: d.rows for d in plan.due if d.rows} == {"evidence_text": 3}
    assert [d.kind for d in plan.due] == [*(k.value for k in Kind), LEFT, AUDIT]
    assert world.counts() == before
    assert went(retainer(world, rules).run()) == {"evidence_text": 3}
    assert retainer(world, rules).plan().rows == 0
    assert retainer(world, rules).run().deletions == []


def test_text_goes_and_stays_away_when_the_same_record_is_pulled_again(world: World) -> None:
    said = piece("e-ticket", text="Rewrote the SQL of the revenue report.")
    world.assess()
    assert world.due() == {"E2", "E3"}
    after(world, 400)
    retainer(world, only(Kind.EVIDENCE_TEXT, 365)).run()
    assert world.sql("SELECT text FROM evidence WHERE text != ''") == []
    assert "E1" in world.due()
    with world.store.units() as uow:
        assert uow.evidence.upsert([said]) == (0, 0, 1)
        uow.commit()
    assert world.sql("SELECT text FROM evidence WHERE text != ''") == []
    with world.store.units() as uow:
        assert uow.evidence.upsert([replace(said, text="Something new was written.")]) == (0, 1, 0)


def test_deleted_evidence_does_not_come_back_unless_it_happened_again(world: World) -> None:
    old = piece("e-ticket", text="Rewrote the SQL of the revenue report.")
    after(world, 400)
    gone = went(retainer(world, only(Kind.EVIDENCE, 365)).run())
    assert gone == {"evidence": 6}
    with world.store.units() as uow:
        assert uow.evidence.upsert([old]) == (0, 0, 1)
        assert uow.evidence.of("E1") == []
        assert uow.evidence.upsert([replace(old, occurred_on=world.clock.today())]) == (1, 0, 0)


def test_replay_names_the_deletion_as_the_cause_and_nothing_else(world: World) -> None:
    world.assess()
    ident = world.assertions()["sql"].id
    after(world, 400)
    report = retainer(world, only(Kind.EVIDENCE, 365)).run()
    (deletion,) = report.deletions
    with world.store.units(write=False) as uow:
        found = replay(uow, ident, world.taxonomy)
    assert not found.identical
    named = [d for d in found.differences if d.startswith("evidence ")]
    assert named
    assert all(f"was deleted by retention on 2027-05-12 (deletion {deletion.id}" in d for d in named)
    assert not any("no longer stored" in d for d in found.differences)


def test_replay_names_deleted_quotes(world: World) -> None:
    world.assess()
    ident, run = world.assertions()["sql"].id, world.assertions()["sql"].run_id
    after(world, 400)
    retainer(world, only(Kind.RUN_DOCUMENTS, 365)).run()
    assert world.counts()["run_documents"] == 0
    with world.store.units(write=False) as uow:
        found = replay(uow, ident, world.taxonomy)
    assert found.differences[0].startswith(f"the quotes of run {run}")
    assert not any(d.startswith("evidence ") for d in found.differences)


def test_evidence_that_somebody_deleted_is_not_put_down_to_retention(world: World) -> None:
    world.assess()
    ident = world.assertions()["sql"].id
    world.remove("e-ticket")
    with world.store.units(write=False) as uow:
        found = replay(uow, ident, world.taxonomy)
    assert "evidence e-ticket is no longer stored or no longer quoted" in found.differences


def test_a_run_that_is_stopped_goes_on_where_it_was(world: World) -> None:
    after(world, 400)
    rules, one = only(Kind.EVIDENCE, 365), 2
    opened: list[bool] = []

    def units(*, write: bool = True) -> UnitOfWork:
        opened.append(write)
        if opened.count(True) == 3:  # departures, a batch, and now the next one
            turn_everything(world.store.units, world.clock, "eve", "stop", on=False)
        return world.store.units(write=write)

    stopped = replace(retainer(world, rules, one), units=units).run()
    assert stopped.stopped
    assert 0 < sum(d.rows for d in stopped.deletions) < 6
    turn_everything(world.store.units, world.clock, "eve", "", on=True)
    rest = retainer(world, rules, one).run()
    assert sum(d.rows for d in [*stopped.deletions, *rest.deletions]) == 6
    assert faults(world) == ()


def test_a_deletion_record_names_nobody_and_is_in_the_chain(world: World) -> None:
    after(world, 400)
    (made,) = retainer(world, only(Kind.EVIDENCE, 365)).run().deletions
    with world.store.units(write=False) as uow:
        assert uow.retention.deletions() == [made]
        (sealed,) = [r for r in uow.audit.records() if r.action == "retention.deleted"]
    assert sealed.header["digest"] == made.digest
    assert (sealed.header["rows"], sealed.header["policy"]) == (6, POLICY.version)
    kept = str(world.sql("SELECT * FROM deletions")) + str(world.sql("SELECT * FROM deletion_marks"))
    assert not any(word in kept for word in ("E1", "e-ticket", "Ann", "lms:thing"))


def test_the_deleted_bytes_are_in_no_file(world: World) -> None:
    world.add(piece("e-secret", text="Zanzibarquartz was mentioned."))
    after(world, 400)
    retainer(world, only(Kind.EVIDENCE_TEXT, 365)).run()
    world.store.close()
    assert not [f for f in world.file.parent.iterdir() if b"Zanzibarquartz" in f.read_bytes()]


def test_superseded_numbers_go_but_not_one_on_which_a_standing_decision_was_made(world: World) -> None:
    world.assess()
    world.add(piece("e-more", text="Moved the service to Kubernetes."))
    world.assess()
    world.add(piece("e-again", text="Moved the next service to Kubernetes."))
    world.assess()
    superseded = world.sql("SELECT count(*) FROM assertions WHERE state = 'superseded'")[0][0]
    (kept,) = world.sql("SELECT id, skill_id FROM assertions WHERE state = 'superseded' ORDER BY id LIMIT 1")
    world.sql("DELETE FROM review_items WHERE assertion_id = :a", a=kept.id)
    world.sql(
        "INSERT INTO review_items (id, assertion_id, learner_id, skill_id, reasons, priority, assignee, due_on,"
        " created_at, decision, decided_by, decision_reason, decided_at) VALUES ('v1', :a, 'E1', :s, '[]', 1, 'E3',"
        " '2026-05-01', :t, 'accept', 'E3', 'seen', :t)",
        a=kept.id,
        s=kept.skill_id,
        t="2026-04-07 10:00:00.000000",
    )
    after(world, 800)
    report = retainer(world, only(Kind.SUPERSEDED, 730)).run()
    assert went(report) == {"superseded_assertions": superseded - 1}
    assert [r.id for r in world.sql("SELECT id FROM assertions WHERE state = 'superseded'")] == [kept.id]
    assert went(retainer(world, only(Kind.REVIEWS, 1)).run()).get("decided_reviews", 0) == len(
        world.sql("SELECT id FROM review_items WHERE decided_at IS NULL AND withdrawn_at IS NOT NULL")
    ) or world.sql("SELECT id FROM review_items WHERE id = 'v1'")


def test_accesses_and_quarantine_go_with_time(world: World) -> None:
    note_access(world.store.units, "eve", "profile", ["E1", "E2"])
    with world.store.units() as uow:
        uow.sync.quarantine(QuarantinedRecord("q1", "lms", "lms:x:1", "bad", "f", {"name": "Ann"}, world.clock.now()))
        uow.commit()
    rules = replace(NEVER, days={**NEVER.days, Kind.ACCESSES: 730, Kind.QUARANTINE: 90})
    after(world, 89)
    assert went(retainer(world, rules).run()) == {}
    after(world, 91)
    assert went(retainer(world, rules).run()) == {"quarantine": 1}
    after(world, 731)
    assert went(retainer(world, rules).run()) == {"access_log": 2}


# -- people who left --------------------------------------------------------------------------------------------------


def test_who_left_is_erased_after_the_time_and_may_come_back(world: World) -> None:
    world.assess("E2")
    with world.store.units(write=False) as uow:
        bob = uow.people.get("E2")
    assert bob is not None
    world.person(bob, active=False)
    rules = replace(NEVER, left_days=365)
    after(world, 300)
    assert retainer(world, rules).run().deletions == []
    world.person(bob, active=False, department="Elsewhere")  # a change of the row does not start the time anew
    after(world, 366)
    report = retainer(world, rules).run()
    assert [d.kind for d in report.deletions] == [LEFT]
    assert world.sql("SELECT count(*) FROM learners WHERE id = 'E2'")[0][0] == 0
    assert world.sql("SELECT count(*) FROM tombstones")[0][0] == 0
    assert world.sql("SELECT count(*) FROM departures")[0][0] == 0
    assert faults(world) == ()


def test_who_comes_back_in_time_starts_anew(world: World) -> None:
    with world.store.units(write=False) as uow:
        bob = uow.people.get("E2")
    assert bob is not None
    rules = replace(NEVER, left_days=365, left_tombstone=True)
    world.person(bob, active=False)
    retainer(world, rules).run()
    after(world, 200)
    world.person(bob, active=True)
    retainer(world, rules).run()
    after(world, 250)
    world.person(bob, active=False)
    after(world, 400)
    assert retainer(world, rules).run().deletions == []
    after(world, 620)
    assert went(retainer(world, rules).run())
    assert world.sql("SELECT count(*) FROM tombstones")[0][0] == 1


# -- legal holds ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("of", ["person", "cohort"])
def test_a_legal_hold_keeps_everything_until_it_is_released(world: World, of: str) -> None:
    world.assess()
    note_access(world.store.units, "eve", "profile", ["E1"])
    with world.store.units(write=False) as uow:
        ann = uow.people.get("E1")
    assert ann is not None
    given: dict[str, Any] = {"learner": ann, "cohort": None} if of == "person" else {"learner": None, "cohort": "DATA"}
    hold = place_hold(world.store.units, world.clock, "counsel", "case 12", **given)
    with world.store.units(write=False) as uow, pytest.raises(ConflictError, match="legal hold"):
        must_not_be_held(uow, ann)
    world.person(ann, active=False)
    rules = RetentionRules(dict.fromkeys(Kind, 30), 183, 30, left_tombstone=False)
    after(world, 400)
    report = retainer(world, rules).run()
    assert not [d for d in report.deletions if d.kind in (AUDIT, LEFT)]
    assert world.sql("SELECT count(*) FROM evidence WHERE learner_id = 'E1'")[0][0] == 5
    assert world.counts()["run_documents"] > 0
    release_hold(world.store.units, hold.id, "counsel")
    gone = went(retainer(world, rules).run())
    assert {LEFT, AUDIT} <= set(gone)
    assert faults(world) == ()
    with pytest.raises(NotFoundError):
        release_hold(world.store.units, hold.id, "counsel")


def test_a_hold_needs_one_target_and_a_reason(world: World) -> None:
    with pytest.raises(InputError, match="person or a cohort"):
        place_hold(world.store.units, world.clock, "counsel", "x", learner=None, cohort=None)
    with pytest.raises(InputError, match="needs a reason"):
        place_hold(world.store.units, world.clock, "counsel", " ", learner=None, cohort="all")


# -- the audit chain --------------------------------------------------------------------------------------------------

AUDIT_RULES = replace(NEVER, audit_days=183)


def test_a_record_182_days_old_stays_and_one_past_its_limit_goes(world: World) -> None:
    world.assess()
    early = world.counts()["audit_records"]
    after(world, 10)
    world.assess("E2")
    every = world.counts()["audit_records"]
    after(world, 182)
    assert retainer(world, AUDIT_RULES).run().deletions == []
    assert world.counts()["audit_records"] == every
    after(world, 184)
    report = retainer(world, AUDIT_RULES).run()
    assert went(report) == {AUDIT: early}
    with world.store.units(write=False) as uow:
        seqs = [r.seq for r in uow.audit.records()]
    assert seqs[0] == early + 1
    assert seqs == list(range(early + 1, every + 3))  # the cut and the deletion record are sealed behind
    assert faults(world) == ()
    world.assess()
    assert faults(world) == ()


def cut_world(world: World) -> World:
    world.assess()
    after(world, 10)
    world.assess("E2")
    after(world, 184)
    retainer(world, AUDIT_RULES).run()
    return world


def exported(world: World) -> list[str]:
    with world.store.units(write=False) as uow:
        return list(audit_export.lines(uow, audit_export.span(uow, None, None)))


def test_the_standalone_verifier_takes_a_cut_chain_and_refuses_a_shorter_one(world: World) -> None:
    lines = exported(cut_world(world))
    held = [(c.seq, c.hash) for c in world.store.checkpoints()]
    whole = audit_verifier.verify([x.encode() for x in lines], held)
    assert whole.faults == []
    assert whole.first == json.loads(lines[0])["seq"] > 1
    shorter = audit_verifier.verify([x.encode() for x in lines[1:]], held)
    assert "record 1 is missing or out of order" in [f.problem for f in shorter.faults]
    other = audit_verifier.verify([x.encode() for x in lines], [(whole.first - 1, "f" * 64)])
    assert [f.problem for f in other.faults] == ["differs from the checkpoint"]


def test_each_record_that_is_missing_after_a_cut_shows(world: World) -> None:
    cut_world(world)
    with world.store.units(write=False) as uow:
        chain = list(uow.audit.records())
    head = Checkpoint(chain[-1].seq, chain[-1].hash)
    assert verify(chain, [head]) == ()
    for i in range(len(chain)):
        assert verify([*chain[:i], *chain[i + 1 :]], [head]), f"record {chain[i].seq} was not missed"


def test_a_cut_that_names_younger_records_seals_nothing(world: World) -> None:
    cut_world(world)
    with world.store.units(write=False) as uow:
        chain = list(uow.audit.records())
    i = next(i for i, r in enumerate(chain) if r.action == "audit.cut")
    r = chain[i]
    young = {**r.header, "until": (r.at - timedelta(days=182)).isoformat()}
    forged = seal(r.seq, r.at, r.action, r.actor, r.subject, young, r.payload_digest, r.prev_hash)
    problems = [f.problem for f in verify([*chain[:i], forged])]
    assert problems == ["record 1 is missing or out of order"]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit_records WHERE seq = (SELECT max(seq) FROM audit_records)",
        "DELETE FROM audit_records",
        "UPDATE audit_records SET actor = 'eve'",
        "DELETE FROM audit_cuts",
        "UPDATE audit_cuts SET through = 99",
        "INSERT INTO audit_cuts SELECT seq, hash, at, at, 1 FROM audit_records ORDER BY seq DESC LIMIT 1",
        "INSERT INTO audit_cuts SELECT seq, 'f', at, '2099-01-01 00:00:00.000000', 1 FROM audit_records LIMIT 1",
        "INSERT INTO audit_records SELECT 1, at, action, actor, subject, header, payload, payload_digest, prev_hash,"
        " hash FROM audit_records LIMIT 1",
    ],
    ids=["newest", "all", "change", "uncut", "further", "young", "nonsense", "return"],
)
def test_the_database_refuses_what_retention_does_not_do(world: World, statement: str) -> None:
    cut_world(world)
    with pytest.raises((DatabaseError, sqlite3.DatabaseError, AscertainError)):
        world.sql(statement)
    assert faults(world) == ()


def test_undated_evidence_counts_from_when_it_came_in(world: World) -> None:
    world.add(piece("e-undated", text="No day.", occurred_on=None), piece("e-old", occurred_on=date(2020, 1, 1)))
    rules = only(Kind.EVIDENCE, 365)
    after(world, 30)
    assert went(retainer(world, rules).run()) == {"evidence": 1}
    after(world, 366)
    assert went(retainer(world, rules).run()) == {"evidence": 7}


def test_the_chain_is_cut_only_before_the_first_younger_record(world: World) -> None:
    """Clocks of several machines need not agree: an old record behind a younger one stays."""
    world.assess()
    first = world.counts()["audit_records"]
    after(world, 100)
    world.assess("E2")
    world.clock.at = datetime(2026, 4, 8, tzinfo=UTC)  # another machine, whose clock is behind
    world.add(piece("e-late", text="SQL."))
    world.assess()
    after(world, 190)
    assert went(retainer(world, AUDIT_RULES).run()) == {AUDIT: first}
    assert faults(world) == ()
