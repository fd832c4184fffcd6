"""What may not leave: contested skills, restricted people, and learning that nobody has approved."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ascertain.domain.assertion import AssertionState
from ascertain.domain.outbox import OutboxItem, OutboxState, RunKind, WritebackRun, row_id
from ascertain.domain.people import Learner
from ascertain.domain.permission import Principal
from ascertain.domain.records import SourceRef
from ascertain.domain.writeback import Intended, SkillClaim, TargetKind
from ascertain.domain.writeback_plan import Action
from ascertain.pipeline import assignments
from ascertain.pipeline.permit import principal_of
from ascertain.pipeline.restrict import restrict, unrestrict
from ascertain.pipeline.write_back import WriteBack
from ascertain.pipeline.write_back_push import push
from ascertain.pipeline.write_back_undo import begin_undo
from tests.integration.pipeline.world import World
from tests.integration.pipeline.writing import NOW, Board, Clock, everything, home, settle, skill, state

ADA = Learner("ADA", "Person ADA", "ada@example.org", "Ops", manager_id="BOSS")


@pytest.fixture
def board() -> Board:
    return Board()


@pytest.fixture
def writing(world: World, board: Board) -> WriteBack:
    settle(world.store, {"ADA": "1"}, skill("ADA", "sql"), skill("ADA", "go"), system="board")
    return home(world.store, board)


def pushed(world: World, writing: WriteBack) -> str | None:
    run = writing.begin(writing.preview(everything(world.store)), "ops")
    if run is None:
        return None
    push(writing, run.id)
    return run.id


def test_what_is_contested_is_taken_out_and_not_written_again(world: World, writing: WriteBack, board: Board) -> None:
    first = pushed(world, writing)
    assert first is not None
    assert board.values == {("1", "text"): "Go 3, Sql 3"}
    planned = writing.begin(writing.preview(everything(world.store)), "ops")
    assert planned is None
    state(world.store, "as-ADA-sql", AssertionState.CONTESTED)
    second = pushed(world, writing)
    assert second is not None
    assert board.values == {("1", "text"): "Go 3"}
    assert pushed(world, writing) is None
    undo = begin_undo(writing, second, "ops")
    assert undo is not None
    push(writing, undo.id)
    assert board.values == {("1", "text"): "Go 3"}, "undoing does not bring it back"
    state(world.store, "as-ADA-sql", AssertionState.ACCEPTED)
    assert pushed(world, writing) is not None
    assert board.values == {("1", "text"): "Go 3, Sql 3"}


def test_contested_between_plan_and_push_does_not_leave(world: World, writing: WriteBack, board: Board) -> None:
    run = writing.begin(writing.preview(everything(world.store)), "ops")
    assert run is not None
    state(world.store, "as-ADA-sql", AssertionState.CONTESTED)
    assert push(writing, run.id).totals == {OutboxState.WITHHELD.value: 1}
    assert board.calls == []


def test_of_a_restricted_person_nothing_is_written_and_nothing_emptied(
    world: World, writing: WriteBack, board: Board
) -> None:
    assert pushed(world, writing) is not None
    before, calls = dict(board.values), len(board.calls)
    state(world.store, "as-ADA-go", AssertionState.REJECTED)
    run = writing.begin(writing.preview(everything(world.store)), "ops")
    assert run is not None
    with world.store.units() as uow:
        restrict(uow, ADA, reason="asked", actor="Dana", clock=Clock())
        uow.commit()
    assert push(writing, run.id).totals == {OutboxState.WITHHELD.value: 1}
    assert writing.preview(everything(world.store)).changes == 0
    assert (board.values, len(board.calls)) == (before, calls)
    with world.store.units() as uow:
        unrestrict(uow, ADA, reason="settled", actor="Dana", clock=Clock())
        uow.commit()
    assert pushed(world, writing) is not None
    assert board.values == {("1", "text"): "Sql 3"}


class Assigner(Board):
    """A system that could take assignments; no connector does yet."""

    def intend(self, user: SourceRef, claims: Sequence[SkillClaim]) -> Sequence[Intended]:
        return [Intended("plan", "skills must not be put here", tuple(c.assertion_id for c in claims))]


def test_learning_leaves_only_with_an_approved_assignment(world: World) -> None:
    board = Assigner(kinds={"plan": TargetKind.LEARNING})
    settle(world.store, {"ADA": "1", "BOSS": "9"}, skill("ADA", "sql"), system="board")
    writing = home(world.store, board)
    shown = writing.preview(everything(world.store))
    assert all(c.action not in (Action.WRITE, Action.REMOVE) for d in shown.diffs for c in d.changes)

    plan = {"steps": [{"content_id": "sql-101", "title": "SQL first steps"}]}
    with world.store.units() as uow:
        assignments.propose(uow, ADA, "r-ADA", plan, NOW, "l-and-d")
        made = uow.assignments.current("ADA")
        assert made is not None
        uow.commit()

    def send(number: int, rests_on: tuple[str, ...]) -> OutboxState:
        ident = f"w{number:016d}"
        row = OutboxItem(
            row_id(ident, "board", "board:user:1", "plan"),
            ident,
            "ADA",
            "board",
            "board:user:1",
            "plan",
            "sql-101",
            board.values.get(("1", "plan")),
            rests_on,
            NOW,
        )
        writing.store(WritebackRun(ident, RunKind.PUSH, "ops", NOW), [row])
        push(writing, ident)
        with world.store.units(write=False) as uow:
            (done,) = uow.outbox.rows(ident)
        return done.state

    assert send(1, (made.id,)) is OutboxState.WITHHELD
    assert send(2, ()) is OutboxState.WITHHELD
    assert send(3, ("as-ADA-sql",)) is OutboxState.WITHHELD
    with world.store.units() as uow:
        boss: Principal = principal_of(uow, "BOSS", today=NOW.date())
        assignments.decide(uow, made.id, approve=True, reason="fits", principal=boss, clock=Clock())
        uow.commit()
    assert send(4, (made.id,)) is OutboxState.WRITTEN
    assert [c[2] for c in board.calls] == ["sql-101"]
    with world.store.units() as uow:
        other = {"steps": [{"content_id": "k8s-101", "title": "Kubernetes first steps"}]}
        assignments.propose(uow, ADA, "r-2", other, NOW, "l-and-d")
        uow.commit()
    board.values.clear()
    assert send(5, (made.id,)) is OutboxState.WITHHELD, "the path has changed since"
