"""Sweeps: who is due, and that one learner's trouble is not another's."""

from __future__ import annotations

import pytest

from ascertain.domain.casefile import CaseFile
from ascertain.domain.people import Learner
from ascertain.domain.ports import UnitOfWork
from ascertain.domain.skills import JobProfile
from ascertain.errors import BrainError, NotFoundError
from ascertain.pipeline.cases import CaseBuilder, Landscape
from tests.integration.pipeline.world import BOB, World, course, exam, ids, piece


class Watched(CaseBuilder):
    """Remembers whose case it built."""

    def __init__(self, world: World) -> None:
        month = world.builder.as_of
        super().__init__(world.taxonomy, world.tagger, world.versions, world.pseudonyms, month)
        self.built: list[str] = []

    def build(self, uow: UnitOfWork, learner: Learner, role: JobProfile | None, landscape: Landscape) -> CaseFile:
        self.built.append(learner.id)
        return super().build(uow, learner, role, landscape)


def _everybody(world: World) -> None:
    for learner in ("E1", "E2", "E3"):
        world.assess(learner)


def test_everybody_is_due_at_first_and_nobody_afterwards(world: World) -> None:
    assert ids(world.plan().due) == ["E1", "E2", "E3"]
    _everybody(world)
    plan = world.plan()
    assert (plan.due, plan.unchanged) == ((), 3)


def test_due_are_exactly_those_whose_case_changed(world: World) -> None:
    _everybody(world)
    world.add(exam("e-bob", "E2", 0.99))
    assert world.due() == {"E2"}
    world.content(course("py-400", "Python for everybody"))  # nobody's role asks for it
    assert world.due() == {"E2"}
    world.content(course("sql-400", "SQL for everybody"))
    assert world.due() == {"E1", "E2"}
    _everybody(world)
    assert world.due() == set()


def test_a_stamp_that_differed_for_nothing_is_looked_into_once(world: World) -> None:
    _everybody(world)
    world.content(course("py-400", "Python for everybody"))
    builder = Watched(world)
    assert world.plan_with(builder, "all").due == ()
    assert builder.built == ["E1", "E2", "E3"]
    assert world.plan_with(builder, "all").due == ()
    assert builder.built == ["E1", "E2", "E3"]


def test_a_learner_whose_run_failed_stays_due(world: World) -> None:
    world.crew.error = BrainError("no answer")
    with pytest.raises(BrainError):
        world.assess()
    world.crew.error = None
    world.assess("E2")
    assert world.due() == {"E1", "E3"}


def test_cohorts(world: World) -> None:
    assert ids(world.plan("data").due) == ["E1", "E2", "E3"]
    assert ids(world.plan("Analyst").due) == ["E1", "E2"]
    world.person(BOB, active=False)
    assert ids(world.plan("analyst").due) == ["E1"]
    with pytest.raises(NotFoundError, match="'Sales'"):
        world.plan("Sales")


def test_force_means_everybody(world: World) -> None:
    _everybody(world)
    assert ids(world.plan_with(world.builder, "all", force=True).due) == ["E1", "E2", "E3"]


def test_a_plan_builds_no_case_of_who_has_not_changed(world: World) -> None:
    _everybody(world)
    world.add(piece("e-b", "E2", text="Wrote SQL."))
    builder = Watched(world)
    plan = world.plan_with(builder, "all")
    assert (ids(plan.due), plan.unchanged) == (["E2"], 2)
    assert builder.built == ["E2"]
