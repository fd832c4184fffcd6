"""One assessment: stored once, ended in a named state, superseded and reinstated, with human decisions kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from ascertain.domain.assertion import AssertionState
from ascertain.domain.audit import verify
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.findings import Step, Verdict
from ascertain.domain.runs import DecisionKind, RunState
from ascertain.domain.skills import Level
from ascertain.errors import BrainError, BudgetError, ConfigError, PseudonymError, RunError
from ascertain.pipeline.pseudonyms import KeyedPseudonymiser
from ascertain.pipeline.review import decide
from tests.integration.pipeline.world import EVIDENCE, KEY, World, exam, piece


def _decide(world: World, skill: str, decision: DecisionKind, level: Level | None = None) -> None:
    item = "v" + world.assertions()[skill].id[1:]
    with world.store.units() as uow:
        decide(uow, item, decision, reason="saw it", reviewer="E3", clock=world.clock, level=level)
        uow.commit()


def _open(world: World) -> set[str]:
    with world.store.units(write=False) as uow:
        return {i.skill_id for i in uow.reviews.open(learner_id="E1")}


def _state(world: World, run_id: str) -> RunState | None:
    with world.store.units(write=False) as uow:
        run = uow.runs.get(run_id)
    return run.state if run else None


def test_an_assessment_is_stored_whole(world: World) -> None:
    done = world.assess()
    assert done.new
    assert done.run.state is RunState.DONE
    rows = world.assertions()
    assert {s: r.state for s, r in rows.items()} == {
        "sql": AssertionState.ACCEPTED,
        "kubernetes": AssertionState.IN_REVIEW,  # an opinion alone
        "negotiation": AssertionState.INSUFFICIENT,
    }
    assert _open(world) == {"kubernetes"}
    assert done.run.outcome["states"] == {"accepted": 1, "in_review": 1, "not_enough_evidence": 1}
    with world.store.units(write=False) as uow:
        assert uow.runs.document(done.run.id, "path")["id"] == "quick"  # the curator's choice
        assert uow.runs.document(done.run.id, "gaps")
        (item,) = uow.reviews.open(learner_id="E1")
        assert item.assignee == "E3"
        assert (item.due_on - world.clock.today()).days == world.policy.review.due_days[item.priority]
        assert verify(uow.audit.records(), (), uow.audit.ciphertexts()) == ()
    assert world.actions()[-4:] == ["run.started", "agent.answered", "run.concluded", "assignment.proposed"]


def test_the_same_case_again_adds_no_row_to_any_table(world: World) -> None:
    first = world.assess()
    rows, seen = world.counts(), len(world.crew.seen)
    second = world.assess()
    assert (second.new, second.run.id) == (False, first.run.id)
    assert world.counts() == rows
    assert len(world.crew.seen) == seen


def test_two_workers_on_one_case_store_it_once(world: World) -> None:
    other = replace(world.assessor, crew=type(world.crew)())
    world.crew.meanwhile = lambda: other.assess("E1", trigger="second worker")
    late = world.assess()
    assert not late.new
    assert late.run.trigger == "second worker"
    rows = world.counts()
    assert rows["runs"] == 1
    assert rows["assertions"] == 3
    assert world.actions().count("run.concluded") == 1


def test_a_failure_does_not_undo_what_another_worker_finished(world: World) -> None:
    other = replace(world.assessor, crew=type(world.crew)())
    world.crew.meanwhile = lambda: other.assess("E1", trigger="second worker")
    world.crew.error = BrainError("no answer")
    with pytest.raises(BrainError):
        world.assess()
    with world.store.units(write=False) as uow:
        latest = uow.runs.latest("E1")
    assert latest is not None
    assert latest.trigger == "second worker"
    assert not world.assess().new


def test_what_a_newer_run_found_is_not_replaced_by_an_older_one(world: World) -> None:
    other = replace(world.assessor, crew=type(world.crew)())

    def newer() -> None:
        world.add(piece("e-new", text="Wrote Python."))
        other.assess("E1", trigger="second worker")

    world.crew.meanwhile = newer
    late = world.assess()
    assert not late.new
    assert late.run.trigger == "second worker"
    assert "python" in world.assertions()
    assert sorted(world.sql("SELECT state FROM runs")) == [("done",), ("failed",)]
    assert world.due() == {"E2", "E3"}


def test_what_is_stored_last_is_the_latest_though_its_machine_is_two_hours_behind(world: World) -> None:
    world.assess()
    world.add(piece("e-new", text="Wrote Python."))
    world.clock.at -= timedelta(hours=2)
    newer = world.assess()
    assert newer.new
    with world.store.units(write=False) as uow:
        latest = uow.runs.latest("E1")
    assert latest is not None
    assert latest.id == newer.run.id
    assert {a.run_id for a in world.assertions().values()} == {newer.run.id}
    assert "E1" not in world.due()
    world.remove("e-new")
    assert world.assess().run.id != newer.run.id, "the first case again"
    assert "E1" not in world.due()


def test_a_newer_run_stands_though_the_clock_of_its_machine_is_behind(world: World) -> None:
    other = replace(world.assessor, crew=type(world.crew)())

    def newer() -> None:
        world.add(piece("e-new", text="Wrote Python."))
        world.clock.at -= timedelta(hours=2)
        other.assess("E1", trigger="second worker")
        world.clock.at += timedelta(hours=2)

    world.crew.meanwhile = newer
    late = world.assess()
    assert not late.new
    assert late.run.trigger == "second worker"
    assert "E1" not in world.due()


def test_evidence_that_comes_during_a_run_makes_the_learner_due_again(world: World) -> None:
    world.crew.meanwhile = lambda: world.add(piece("e-new", text="Wrote Python."))
    assert world.assess().new
    assert "E1" in world.due()
    world.crew.meanwhile = lambda: None
    world.assess()
    assert "python" in world.assertions()


@pytest.mark.parametrize(
    ("error", "state", "kept"),
    [
        (BrainError("no usable answer"), RunState.BRAIN_FAILED, "no usable answer"),
        (RunError("out of time", state="failed"), RunState.FAILED, "out of time"),
        (RunError("odd", state="no such state"), RunState.FAILED, "odd"),
        (ConfigError("no such brain"), RunState.FAILED, "no such brain"),
        (ZeroDivisionError("Ann Archer / 0"), RunState.FAILED, "ZeroDivisionError"),
    ],
)
def test_a_crew_that_fails_ends_the_run_by_name(world: World, error: Exception, state: RunState, kept: str) -> None:
    world.crew.error = error
    with pytest.raises(type(error)):
        world.assess()
    ((run_id, outcome),) = world.sql("SELECT id, outcome FROM runs")
    assert _state(world, run_id) is state
    assert json.loads(outcome) == {"error": kept}
    assert world.actions()[-2:] == ["run.started", "run.failed"]
    assert world.assertions() == {}
    assert "E1" in world.due()
    world.crew.error = None
    again = world.assess()
    assert (again.new, again.run.id, again.run.state) == (True, run_id, RunState.DONE)


class LeakyMask(KeyedPseudonymiser):
    """A masker that cannot prove a certain text clean."""

    def with_directory(self, directory: object) -> LeakyMask:
        return self

    def mask(self, text: str) -> str:
        if "SQL" in text:
            raise PseudonymError("a person's name survived masking")
        return text


def test_a_text_that_cannot_be_masked_reaches_no_brain(world: World) -> None:
    world.pseudonyms = LeakyMask(b"k" * 32)
    fingerprint = world.fingerprint()
    for _ in range(2):
        with pytest.raises(PseudonymError):
            world.assess()
    assert world.crew.seen == []
    assert world.sql("SELECT learner_id, state, fingerprint FROM runs") == [("E1", "blocked_unmasked", fingerprint)]
    assert world.actions()[-2:] == ["run.started", "run.failed"]
    assert world.due() == {"E1", "E2", "E3"}
    world.pseudonyms = KEY
    assert world.assess().new


def test_new_evidence_supersedes_and_withdraws_what_waits(world: World) -> None:
    first = world.assess().run.id
    world.add(piece("e-k", text="Moved the service to Kubernetes."))
    second = world.assess().run.id
    rows = dict(world.sql("SELECT run_id || skill_id, state FROM assertions"))
    assert {s for r, s in rows.items() if r.startswith(first)} == {"superseded"}
    assert "superseded" not in {s for r, s in rows.items() if r.startswith(second)}
    withdrawn = world.sql("SELECT withdrawn_at IS NOT NULL FROM review_items ORDER BY created_at")
    assert withdrawn == [(1,), (0,)]


@dataclass(frozen=True)
class Said:
    """A decision and what is to be seen of it."""

    decision: DecisionKind
    level: Level | None
    state: AssertionState


@pytest.mark.parametrize(
    "said",
    [
        Said(DecisionKind.ACCEPT, None, AssertionState.ACCEPTED),
        Said(DecisionKind.ADJUST, Level.EXPERT, AssertionState.ACCEPTED),
        Said(DecisionKind.REJECT, None, AssertionState.REJECTED),
        Said(DecisionKind.MORE_EVIDENCE, None, AssertionState.INSUFFICIENT),
    ],
    ids=lambda s: s.decision.value,
)
def test_a_decision_holds_while_the_evidence_behind_it_is_the_same(world: World, said: Said) -> None:
    world.assess()
    computed = world.assertions()["kubernetes"].level
    _decide(world, "kubernetes", said.decision, said.level)
    # Claims get other numbers, verdicts other words, recency other figures: no human judged those.
    world.add(piece("a-first", text="Wrote Python."))
    world.clock.at += timedelta(days=30)
    world.assess()
    kept = world.assertions()["kubernetes"]
    assert (kept.state, kept.human_reviewed) == (said.state, True)
    assert kept.level == (said.level or computed)
    assert "decided by E3" in kept.reasons[0]
    assert _open(world) == set()
    world.add(piece("e-review", text="Bob says she is very good at Kubernetes.", kind=EvidenceKind.MANAGER_REVIEW))
    world.assess()
    asked = world.assertions()["kubernetes"]
    assert (asked.state, asked.human_reviewed) == (AssertionState.IN_REVIEW, False)
    assert asked.level == computed
    assert _open(world) == {"kubernetes"}


def test_a_decision_does_not_hold_for_another_level(world: World) -> None:
    world.assess()
    _decide(world, "kubernetes", DecisionKind.ACCEPT)
    world.clock.at += timedelta(days=365 * 8)
    world.assess()
    row = world.assertions()["kubernetes"]
    assert row.state is AssertionState.INSUFFICIENT
    assert not row.human_reviewed


def test_the_newest_decision_counts(world: World) -> None:
    world.assess()
    _decide(world, "kubernetes", DecisionKind.ACCEPT)
    world.add(piece("e-k", text="Moved the service to Kubernetes."))
    world.assess()
    _decide(world, "kubernetes", DecisionKind.REJECT)
    world.add(piece("e-p", text="Wrote Python."))
    world.assess()
    assert world.assertions()["kubernetes"].state is AssertionState.REJECTED


def test_a_case_that_comes_back_is_the_present_one_again(world: World) -> None:
    first = world.assess().run
    before = world.assertions()
    world.remove("e-review")
    world.assess()
    assert "kubernetes" not in world.assertions()
    assert _open(world) == set()
    world.add(next(e for e in EVIDENCE if e.id == "e-review"))
    seen = len(world.crew.seen)
    back = world.assess()
    assert (back.new, back.run.id) == (False, first.id)
    assert len(world.crew.seen) == seen
    assert world.assertions() == before
    assert _open(world) == {"kubernetes"}
    assert "E1" not in world.due()
    assert world.actions()[-1] == "run.reinstated"
    rows = world.counts()
    world.assess()
    assert world.counts() == rows


@pytest.mark.parametrize("when", ["before", "between"])
def test_a_case_that_comes_back_keeps_the_human_decision(world: World, when: str) -> None:
    world.assess()
    if when == "before":
        _decide(world, "kubernetes", DecisionKind.ADJUST, Level.EXPERT)
    world.add(piece("e-p", text="Wrote Python."))
    world.assess()
    if when == "between":
        _decide(world, "kubernetes", DecisionKind.ADJUST, Level.EXPERT)
    world.remove("e-p")
    world.assess()
    row = world.assertions()["kubernetes"]
    assert (row.state, row.level, row.human_reviewed) == (AssertionState.ACCEPTED, Level.EXPERT, True)
    assert _open(world) == set()


def test_no_verdict_accepts_nothing_and_an_unsupported_one_leaves_results_to_a_human(world: World) -> None:
    world.crew.verdict = None
    world.assess()
    assert world.assertions()["sql"].state is AssertionState.IN_REVIEW
    world.crew.verdict = Verdict.UNSUPPORTED
    world.add(exam("e-again"))
    world.assess()
    assert world.assertions()["sql"].state is AssertionState.IN_REVIEW


def test_what_a_run_used_is_counted_by_day_whatever_comes_of_it(new_world: Callable[[], World]) -> None:
    world = new_world().fill()
    world.assess()
    failed = BrainError("no usable answer")
    failed.steps = (Step("reviewer", "some-llm", "p", "o", "{}", calls=2, tokens=(100, 20), usd=0.25),)
    world.crew.error = failed
    with pytest.raises(BrainError):
        world.assess("E2")
    today = world.clock.today()
    with world.store.units(write=False) as uow:
        rows = {(r.crew, r.usage.agent, r.usage.brain): r.usage for r in uow.usage.between(today, today)}
        run = uow.runs.find("E2", world.crew.seen[-1].fingerprint())
    assert rows["learner", "evidence_collector", "script-1"].calls == 1
    spent = rows["learner", "reviewer", "some-llm"]
    assert (spent.calls, spent.tokens, spent.usd) == (2, 120, 0.25)
    assert run is not None
    assert run.outcome["usage"] == {"calls": 2, "tokens": 120, "usd": 0.25, "unpriced": 0}


def test_a_learner_without_evidence_role_or_catalogue_is_assessed(new_world: Callable[[], World]) -> None:
    world = new_world()
    done = world.assess("E3")
    assert done.new
    assert done.run.outcome == {
        "assertions": 0,
        "states": {},
        "claims": 0,
        "drops": 0,
        "gaps": 0,
        "path_items": 0,
        "usage": {"calls": 1, "tokens": 0, "usd": 0.0, "unpriced": 0},
        "brains": ["script-1"],
    }
    assert not world.assess("E3").new


def test_a_run_without_budget_keeps_what_was_found_and_asserts_nothing(world: World) -> None:
    found = world.crew.run(world.case(), world.assessor.services)
    world.crew.error = BudgetError("3 of 3 usd", partial=replace(found, verdicts=(), path=None, summary=""))
    with pytest.raises(BudgetError):
        world.assess()
    ((run, state, outcome),) = world.sql("SELECT id, state, outcome FROM runs")
    assert state == "budget_exhausted"
    assert json.loads(outcome) == {
        "error": "3 of 3 usd",
        "claims": len(found.claims),
        "picks": len(found.picks),
        "agents": 1,
        "usage": {"calls": 1, "tokens": 0, "usd": 0.0, "unpriced": 0},
    }
    with world.store.units(write=False) as uow:
        assert len(uow.runs.document(run, "claims")) == len(found.claims)
    assert world.counts()["assertions"] == world.counts()["review_items"] == 0
    assert world.actions()[-3:] == ["run.started", "agent.answered", "run.failed"]
    # With a larger budget the same case is assessed as if nothing had happened.
    world.crew.error = None
    assert world.assess().run.state is RunState.DONE
    assert world.counts()["runs"] == 1
