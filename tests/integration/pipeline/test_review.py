"""A human's decision: who may, with what, once."""

from __future__ import annotations

import pytest

from ascertain.domain.assertion import AssertionState
from ascertain.domain.runs import DecisionKind, ReviewItem
from ascertain.domain.skills import Level
from ascertain.errors import ConflictError, InputError, NotFoundError
from ascertain.pipeline.review import decide
from tests.integration.pipeline.world import World, piece

A, J, R, M = DecisionKind.ACCEPT, DecisionKind.ADJUST, DecisionKind.REJECT, DecisionKind.MORE_EVIDENCE


@pytest.fixture
def item(world: World) -> str:
    world.assess()
    return "v" + world.assertions()["kubernetes"].id[1:]


def _decide(
    world: World,
    item: str,
    decision: DecisionKind,
    *,
    level: Level | None = None,
    reason: str = "saw it",
    reviewer: str = "E3",
) -> ReviewItem:
    with world.store.units() as uow:
        done = decide(uow, item, decision, reason=reason, reviewer=reviewer, clock=world.clock, level=level)
        uow.commit()
    return done


@pytest.mark.parametrize(
    ("decision", "level", "state"),
    [
        (A, None, AssertionState.ACCEPTED),
        (J, Level.ADVANCED, AssertionState.ACCEPTED),
        (R, None, AssertionState.REJECTED),
        (M, None, AssertionState.INSUFFICIENT),
    ],
)
def test_a_decision_reaches_item_assertion_and_audit(
    world: World, item: str, decision: DecisionKind, level: Level | None, state: AssertionState
) -> None:
    before = world.assertions()["kubernetes"]
    done = _decide(world, item, decision, level=level, reason="  saw it  ", reviewer=" E3 ")
    assert (done.decision, done.decided_level, done.decided_by, done.decision_reason) == (
        decision,
        level,
        "E3",
        "saw it",
    )
    row = world.assertions()["kubernetes"]
    assert (row.state, row.human_reviewed) == (state, True)
    assert row.level == (level or before.level)
    assert (row.confidence, row.result) == (before.confidence, before.result)
    with world.store.units(write=False) as uow:
        assert uow.reviews.open(learner_id="E1") == []
        record = list(uow.audit.records())[-1]
        assert record.action == "review.decided"
        assert record.header["decision"] == decision.value
        assert "E3" not in repr(record.header)
        assert uow.audit.open_payload(record.seq) == {"reviewer": "E3", "reason": "saw it"}


@pytest.mark.parametrize(
    ("decision", "level", "reason", "reviewer", "field"),
    [
        (A, None, " ", "E3", "reason"),
        (J, None, "x", "E3", "level"),
        (A, Level.EXPERT, "x", "E3", "level"),
        (R, Level.EXPERT, "x", "E3", "level"),
        (M, Level.EXPERT, "x", "E3", "level"),
        (A, None, "x", "  ", "reviewer"),
        (A, None, "x", "E1", "reviewer"),
        (A, None, "x", " E1 ", "reviewer"),
        (A, None, "x", "Ann@Example.org", "reviewer"),
    ],
)
def test_what_a_decision_must_have(
    world: World, item: str, decision: DecisionKind, level: Level | None, reason: str, reviewer: str, field: str
) -> None:
    rows = world.counts()
    with pytest.raises(InputError) as caught:
        _decide(world, item, decision, level=level, reason=reason, reviewer=reviewer)
    assert caught.value.field == field
    assert world.counts() == rows
    assert world.assertions()["kubernetes"].state is AssertionState.IN_REVIEW


def test_saying_it_again_changes_nothing(world: World, item: str) -> None:
    first = _decide(world, item, J, level=Level.EXPERT)
    rows = world.counts()
    assert _decide(world, item, J, level=Level.EXPERT, reason="in other words") == first
    assert world.counts() == rows


@pytest.mark.parametrize(("decision", "level", "reviewer"), [(R, None, "E3"), (J, Level.EXPERT, "E3"), (A, None, "E2")])
def test_another_decision_is_a_conflict(
    world: World, item: str, decision: DecisionKind, level: Level | None, reviewer: str
) -> None:
    _decide(world, item, A)
    with pytest.raises(ConflictError, match="accept by E3"):
        _decide(world, item, decision, level=level, reviewer=reviewer)
    assert world.assertions()["kubernetes"].state is AssertionState.ACCEPTED


def test_nobody_decides_what_was_withdrawn_or_never_was(world: World, item: str) -> None:
    world.add(piece("e-k", text="Moved the service to Kubernetes."))
    world.assess()
    with pytest.raises(ConflictError, match="withdrawn"):
        _decide(world, item, A)
    with pytest.raises(NotFoundError, match="vzzz"):
        _decide(world, "vzzz", A)
