"""Calibration over the real store: fitted on decisions, approved by a second person, applied, replayed and reverted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ascertain.calibrating import ScikitFitter
from ascertain.domain.assertion import AssertionState
from ascertain.domain.calibration import NONE, Calibration, Method
from ascertain.domain.calibration_figures import Judged
from ascertain.domain.calibration_fit import FitOutcome, Fitted
from ascertain.domain.calibration_log import CalibrationRecord
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.people import Learner
from ascertain.domain.routing import acceptance_threshold
from ascertain.domain.rules import CalibrationRules, calibrated
from ascertain.domain.runs import DecisionKind
from ascertain.domain.skills import Level
from ascertain.errors import ConflictError, InputError, IntegrityError, NotFoundError
from ascertain.pipeline.audit_sample import DRAWN, drawn
from ascertain.pipeline.calibration import apply, approve, fit, record_or_raise, rehearse, revert
from ascertain.pipeline.calibration_data import read_decisions
from ascertain.pipeline.calibration_view import calibration_report
from ascertain.pipeline.explain import explain
from ascertain.pipeline.replay import Replayer, calibration_of
from ascertain.pipeline.review import decide
from tests.integration.pipeline.world import START, World, exam, piece

HALF = Calibration(1, Method.PLATT, 812, slope=0.5)
"""Odds become their root: far less sure."""
CROWD = [
    Learner(f"P{i:02}", f"Person{i} Smith{i}", f"p{i}@example.org", "Data", "Analyst", "analyst", "E3")
    for i in range(40)
]


def _store(world: World, made: Calibration = HALF, *, fitted_by: str = "ada", approved: bool = False) -> None:
    with world.store.units() as uow:
        figures: dict[str, Any] = {"outcome": {}, "left_out": {}}
        uow.calibrations.add(CalibrationRecord(made, "d1", figures, START, fitted_by))
        if approved:
            uow.calibrations.approve(made.version, at=START, by="grace", reason="looks right")
        uow.commit()


def _use(world: World, made: Calibration | None) -> None:
    """What the composition root does with what is in use: under it from the next case on."""
    world.policy = calibrated(world.policy, made)
    world.calibration = made.version if made else NONE


def _apply(world: World, made: Calibration = HALF) -> None:
    with world.store.units() as uow:
        apply(uow, made.version, reason="fits", actor="grace", clock=world.clock)
        uow.commit()
    _use(world, made)


def _decide(world: World, skill: str, kind: DecisionKind, learner: str = "E1", level: Level | None = None) -> None:
    with world.store.units() as uow:
        item = "v" + world.assertions(learner)[skill].id[1:]
        decide(uow, item, kind, reason="saw it", reviewer="E3", clock=world.clock, level=level)
        uow.commit()


def test_results_without_a_calibration_have_the_bytes_they_always_had(world: World) -> None:
    world.assess()
    row = world.assertions()["sql"]
    assert row.raw is None
    assert row.versions.calibration == NONE
    assert "raw" not in json.loads(row.result)
    # as they were stored before there were calibrations
    world.sql("UPDATE assertions SET versions = json_remove(versions, '$.calibration')")
    world.sql("UPDATE runs SET versions = json_remove(versions, '$.calibration')")
    with world.store.units(write=False) as uow:
        assert uow.assertions.of("E1")[0].versions.calibration == NONE
        replayer = Replayer(uow, world.taxonomy)
        assert all(replayer.replay(a.id).identical for a in uow.assertions.of("E1"))


def test_posterior_and_confidence_are_stored_apart_and_the_confidence_routes(world: World) -> None:
    world.assess()
    before = world.assertions()["sql"]
    assert before.state is AssertionState.ACCEPTED
    _store(world, approved=True)
    _apply(world)
    assert world.due() == {"E1", "E2", "E3"}, "a calibration makes cases due as a policy does"
    world.assess()
    after = world.assertions()["sql"]
    assert (after.raw, after.level) == (before.confidence, before.level)
    assert after.confidence is not None
    assert after.raw is not None
    assert after.confidence == pytest.approx(HALF(after.raw), abs=1e-8)
    assert after.confidence < acceptance_threshold(world.policy.routing, sensitive=False) <= after.raw
    assert after.state is AssertionState.IN_REVIEW
    assert after.versions.calibration == HALF.version


def test_each_run_is_replayed_and_explained_with_the_calibration_it_was_made_with(world: World) -> None:
    _store(world, approved=True)
    world.assess()
    _apply(world)
    world.assess()
    with world.store.units(write=False) as uow:
        every = uow.assertions.of("E1", current_only=False)
        assert {a.versions.calibration for a in every} == {NONE, HALF.version}
        replayer = Replayer(uow, world.taxonomy)
        assert all(replayer.replay(a.id).identical for a in every)
        new, old = (
            next(a for a in every if a.skill_id == "sql" and (a.raw is None) is plain) for plain in (False, True)
        )
        assert explain(uow, new.id).calibration == HALF
        assert explain(uow, old.id).calibration is None
        assert explain(uow, new.id).next_proof != explain(uow, old.id).next_proof
    world.sql("UPDATE assertions SET raw = 0.5 WHERE id = :i", i=new.id)
    with world.store.units(write=False) as uow:
        found = Replayer(uow, world.taxonomy).replay(new.id)
        assert not found.identical
        assert any(d.startswith("raw: shown as 0.5") for d in found.differences)


def test_a_changed_archive_is_no_basis(world: World) -> None:
    _store(world, approved=True)
    _apply(world)
    world.assess()
    ident = world.assertions()["sql"].id
    world.sql("UPDATE calibrations SET document = replace(document, '0.5', '0.6')")
    with world.store.units(write=False) as uow, pytest.raises(IntegrityError, match="has been changed"):
        Replayer(uow, world.taxonomy).replay(ident)
    world.sql("DELETE FROM calibrations")
    with world.store.units(write=False) as uow, pytest.raises(IntegrityError, match="not in the archive"):
        calibration_of(uow, HALF.version)


def test_nothing_is_applied_without_an_approval_of_somebody_else(world: World) -> None:
    _store(world, fitted_by="Ada")
    clock, policy = world.clock, world.policy
    with world.store.units() as uow:
        with pytest.raises(ConflictError, match="nobody has approved"):
            apply(uow, "1", reason="x", actor="grace", clock=clock)
        for actor, reason, field in (("ada", "x", "--as"), ("grace", " ", "--reason"), (" ", "x", "--as")):
            with pytest.raises(InputError) as caught:
                approve(uow, "1", reason=reason, actor=actor, policy=policy, clock=clock)
            assert caught.value.field == field
        with pytest.raises(NotFoundError, match="calibration '7'"):
            approve(uow, "7", reason="x", actor="grace", policy=policy, clock=clock)
        assert uow.calibrations.in_use() == NONE
        first, _ = approve(uow, "1", reason="looks right", actor="grace", policy=policy, clock=clock)
        again, _ = approve(uow, "1", reason="once more", actor="Grace", policy=policy, clock=clock)
        assert first == again
        with pytest.raises(ConflictError, match="approved by grace before"):
            approve(uow, "1", reason="me too", actor="eve", policy=policy, clock=clock)
        alone = replace(policy, calibration=CalibrationRules(second_person=False))
        uow.calibrations.add(replace(first, calibration=replace(HALF, number=2), approved_at=None, approved_by=""))
        assert approve(uow, "2", reason="small firm", actor="Ada", policy=alone, clock=clock)[0].approved
        uow.commit()


def test_what_was_in_use_is_kept_and_each_step_is_on_the_chain(world: World) -> None:
    _store(world, approved=True)
    with world.store.units() as uow:
        assert revert(uow, reason="x", actor="grace", clock=world.clock).version == NONE
        assert uow.calibrations.uses() == []
        for _ in range(2):
            assert apply(uow, "1", reason="fits", actor="grace", clock=world.clock).version == HALF.version
        revert(uow, reason="too modest", actor="ada", clock=world.clock)
        uow.commit()
        assert [(u.version, u.actor, u.reason) for u in uow.calibrations.uses()] == [
            (HALF.version, "grace", "fits"),
            (NONE, "ada", "too modest"),
        ]
        records = [r for r in uow.audit.records() if r.action.startswith("calibration.")]
        assert [r.action for r in records] == ["calibration.applied"] * 2
        assert not [r for r in records if "grace" in repr(r.header) or "ada" in repr(r.header)]
        assert uow.audit.open_payload(records[1].seq) == {"actor": "ada", "reason": "too modest"}


def test_a_rehearsal_says_what_the_next_assessment_does(world: World) -> None:
    world.assess()
    world.assess("E2")
    _decide(world, "kubernetes", DecisionKind.ACCEPT)
    with world.store.units(write=False) as uow:
        same = rehearse(uow, None)
        found = rehearse(uow, HALF)
    assert same.changes == ()
    assert same.human == found.human == 1
    moved = {(c.before, c.after): c.assertions for c in found.changes}
    assert {c.role for c in found.changes} == {"Data Analyst"}
    assert moved["accepted", "in_review"] >= 1
    assert "Archer" not in repr(found)
    before = {a.id: a.state for e in ("E1", "E2") for a in world.assertions(e).values()}
    _store(world, approved=True)
    _apply(world)
    world.assess()
    world.assess("E2")
    states = [a.state.value for e in ("E1", "E2") for a in world.assertions(e).values() if not a.human_reviewed]
    assert {s: after for s, (_, after) in found.states.items() if after} == {s: states.count(s) for s in set(states)}
    assert len(before) == found.assertions


@pytest.mark.parametrize(
    ("kind", "level", "right"),
    [
        (DecisionKind.ACCEPT, None, True),
        (DecisionKind.REJECT, None, False),
        (DecisionKind.ADJUST, Level.EXPERT, True),
        (DecisionKind.ADJUST, Level.AWARENESS, False),
        (DecisionKind.MORE_EVIDENCE, None, None),
    ],
)
def test_what_a_decision_says_of_a_confidence(
    world: World, kind: DecisionKind, level: Level | None, right: bool | None
) -> None:
    world.assess()
    row = world.assertions()["kubernetes"]
    _decide(world, "kubernetes", kind, level=level)
    with world.store.units(write=False) as uow:
        data = read_decisions(uow, world.taxonomy)
    if right is None:
        assert data.judged == ()
        assert data.left_out == {"needed more evidence": 1}
        return
    (one,) = data.judged
    assert one.posterior == one.shown == pytest.approx(row.confidence)
    assert (one.right, one.weight) == (right, 1.0)
    assert (one.kind, one.system, one.person) == ("manager_review", "lms", "E1")


@pytest.mark.parametrize(("own", "right"), [(0, False), (5, True)])
def test_a_judgement_from_before_the_suggestion_was_seen_counts_more_than_the_decision(
    world: World, own: int, right: bool
) -> None:
    world.assess()
    _decide(world, "kubernetes", DecisionKind.REJECT if right else DecisionKind.ACCEPT)
    world.sql("UPDATE review_items SET own_level = :o WHERE decision IS NOT NULL", o=own)
    with world.store.units(write=False) as uow:
        (one,) = read_decisions(uow, world.taxonomy).judged
    assert one.right is right


def test_what_code_accepts_is_drawn_for_a_human_at_the_share_of_the_policy(world: World) -> None:
    world.policy = replace(world.policy, calibration=replace(world.policy.calibration, audit_share=1.0))
    world.assess()
    row = world.assertions()["sql"]
    assert row.state is AssertionState.ACCEPTED, "it stays accepted while it waits"
    with world.store.units(write=False) as uow:
        items = {i.skill_id: i for i in uow.reviews.open(learner_id="E1")}
    assert items["sql"].reasons == (DRAWN,)
    assert drawn([replace(row, id=f"a{i}") for i in range(2000)], 0.05)
    assert 60 < len(drawn([replace(row, id=f"a{i}") for i in range(2000)], 0.05)) < 140
    assert drawn([row], 0.0) == drawn([replace(row, human_reviewed=True)], 1.0) == []
    _decide(world, "sql", DecisionKind.REJECT)
    assert world.assertions()["sql"].state is AssertionState.REJECTED
    with world.store.units(write=False) as uow:
        (one,) = read_decisions(uow, world.taxonomy).judged
    # The archived policy of the run is the shipped one, with a share of 0.05.
    assert (one.drawn, one.right, one.weight) == (True, False, 20.0)


def _crowd(world: World) -> None:
    """Forty analysts of whom little is known; reviewers agree far less often than the posterior says."""
    luck = np.random.default_rng(3)
    with world.store.units() as uow:
        uow.people.upsert(CROWD)
        uow.commit()
    world.policy = replace(
        world.policy, calibration=CalibrationRules(platt_from=30, isotonic_from=1000, least_people=20)
    )
    for i, person in enumerate(CROWD):
        score = 0.55 + 0.4 * (i % 8) / 8
        world.add(
            exam(f"x-{i}", person.id, score=score),
            piece(f"r-{i}", person.id, EvidenceKind.MANAGER_REVIEW, text="Good at Kubernetes.", score=0.7 + i % 8 / 50),
        )
        world.assess(person.id)
        with world.store.units(write=False) as uow:
            waiting = uow.reviews.open(learner_id=person.id)
        for item in waiting:
            kind = DecisionKind.ACCEPT if luck.random() < 0.35 else DecisionKind.REJECT
            _decide(world, item.skill_id, kind, person.id)


def test_a_known_distortion_of_a_whole_organisation_is_found_and_carried_into_the_product(world: World) -> None:
    _crowd(world)
    with world.store.units() as uow:
        report = fit(uow, world.taxonomy, ScikitFitter(), world.policy, actor="ada", clock=world.clock)
        uow.commit()
    assert report.fitted.outcome is FitOutcome.KEPT, report.fitted.why
    assert report.record is not None
    assert report.new
    assert report.fitted.before is not None
    assert report.fitted.after is not None
    assert report.fitted.after.ece < report.fitted.before.ece
    with world.store.units() as uow:
        again = fit(uow, world.taxonomy, ScikitFitter(), world.policy, actor="eve", clock=world.clock)
        assert (again.new, again.record) == (False, report.record)
        approve(uow, "1", reason="ECE halves", actor="grace", policy=world.policy, clock=world.clock)
        apply(uow, "1", reason="ECE halves", actor="grace", clock=world.clock)
        uow.commit()
        assert record_or_raise(uow, report.record.calibration.version).approved
        seen = calibration_report(uow, world.taxonomy, world.policy.calibration)
    assert seen.in_use == report.record.calibration.version
    assert seen.shown is None, "decisions were made on posteriors"
    assert seen.posterior == report.fitted.before
    assert {p.name for p in seen.parts["kind of evidence"]} <= {"manager_review", "assessment"}
    assert any(p.figures for p in seen.parts["skill family"])
    _use(world, report.record.calibration)
    world.add(piece("new", CROWD[0].id, text="Moved the service to Kubernetes."))
    world.assess(CROWD[0].id)
    row = world.assertions(CROWD[0].id)["sql"]
    assert row.raw is not None
    assert row.confidence is not None
    assert row.confidence < row.raw


class _Counting:
    """A fitter that finds nothing worth keeping."""

    def fit(self, judged: Sequence[Judged], rules: CalibrationRules, number: int) -> Fitted:
        return Fitted(FitOutcome.NOT_BETTER, f"number {number}", len(judged), 0)


def test_what_is_not_better_is_not_stored(world: World) -> None:
    _store(world)
    with world.store.units() as uow:
        report = fit(uow, world.taxonomy, _Counting(), world.policy, actor="ada", clock=world.clock)
        assert (report.record, report.new, report.fitted.why) == (None, False, "number 2")
        assert len(uow.calibrations.all()) == 1
        empty = calibration_report(uow, world.taxonomy, world.policy.calibration)
    assert (empty.decisions, empty.posterior, empty.lowest) == (0, None, None)
