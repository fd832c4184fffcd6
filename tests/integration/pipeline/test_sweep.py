"""Sweeps: who is due, and that one learner's trouble is not another's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ascertain.domain.casefile import CaseFile
from ascertain.domain.people import Learner
from ascertain.domain.ports import UnitOfWork
from ascertain.domain.skills import JobProfile
from ascertain.domain.sweeps import Sweep, SweepState
from ascertain.errors import BrainError, ConflictError, NotFoundError
from ascertain.pipeline.cases import CaseBuilder, Landscape
from ascertain.pipeline.stop import Stopped
from ascertain.pipeline.sweep import plan_sweep
from ascertain.pipeline.sweep_run import Each, Swept, new_sweep, run_sweep, unfinished
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
    """Plan, as a sweep does, and assess all."""
    world.plan()
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


FENNA = replace(BOB, id="E9", name="Fenna Visser", email="fenna@example.org")


def test_a_joiner_costs_the_cases_of_whoever_wrote_of_them(world: World) -> None:
    world.add(piece("e-x", "E2", text="Pair programming with Fenna Visser in SQL."))
    _everybody(world)
    world.person(FENNA)
    builder = Watched(world)
    assert ids(world.plan_with(builder, "all").due) == ["E2", "E9"]
    assert builder.built == ["E2"]
    assert ids(world.plan_with(builder, "all").due) == ["E2", "E9"], "until they are assessed"


def test_a_joiner_whom_nobody_wrote_of_has_no_case_built(world: World) -> None:
    _everybody(world)
    world.person(FENNA)
    builder = Watched(world)
    assert ids(world.plan_with(builder, "all").due) == ["E9"]
    assert builder.built == []


def test_a_new_account_is_looked_for_as_a_name_is(world: World) -> None:
    world.add(piece("e-x", "E3", text="Reviewed by fvisser88 in the end."))
    _everybody(world)
    with world.store.units() as uow:
        uow.people.link("jira:worker:fvisser88", "E1")
        uow.commit()
    assert world.due() == {"E3"}


def test_a_course_that_bears_a_joiners_name_has_every_case_compared(world: World) -> None:
    world.content(course("sql-900", "SQL after Visser"), course("py-900", "Python after Visser"))
    _everybody(world)
    world.person(FENNA)
    builder = Watched(world)
    assert ids(world.plan_with(builder, "all").due) == ["E1", "E2", "E9"], "whom SQL is offered"
    assert builder.built == ["E1", "E2", "E3"]


def test_names_that_came_during_a_run_are_looked_for_again(world: World) -> None:
    world.add(piece("e-x", "E2", text="Pair programming with Fenna Visser in SQL."))
    world.plan()
    world.assess("E1")
    world.assess("E3")

    def joins() -> None:
        world.crew.meanwhile = lambda: None
        world.person(FENNA)
        assert "E9" in world.due(), "a sweep that comes in between looks for her"

    world.crew.meanwhile = joins
    world.assess("E2")
    assert world.due() == {"E2", "E9"}, "it was masked without knowing her"
    world.assess("E2")
    assert world.due() == {"E9"}


@pytest.mark.parametrize("page", [1, 2, 3, 500])
def test_a_plan_is_the_same_whatever_fits_in_memory(world: World, page: int) -> None:
    _everybody(world)
    world.add(exam("e-bob", "E2", 0.99))
    plan = plan_sweep(world.store.units, world.builder, "all", gate=world.gate, today=world.clock.at.date(), page=page)
    assert (ids(plan.due), plan.unchanged, plan.looked) == (["E2"], 2, 3)


def _run(world: World, sweep: Sweep, each: Each) -> Swept:
    return run_sweep(world.store.units, world.clock, sweep, world.plan_with(world.builder, force=True), each)


def test_a_killed_sweep_goes_on_where_it_was(world: World) -> None:
    sweep = new_sweep(world.clock, "all", "cli", force=True, queued=False)
    done: list[str] = []

    def killed(learner_id: str) -> str:
        if learner_id == "E3":
            raise KeyboardInterrupt
        world.clock.at += timedelta(minutes=1)
        done.append(learner_id)
        return "assessed"

    with pytest.raises(KeyboardInterrupt):
        _run(world, sweep, killed)
    with pytest.raises(ConflictError, match="still worked on"):
        unfinished(world.store.units, world.clock, "all", queued=False)
    world.clock.at += timedelta(minutes=3)
    left = unfinished(world.store.units, world.clock, "all", queued=False)
    assert (left.after, left.state) == ("E2", SweepState.RUNNING)

    def goes_on(learner_id: str) -> str:
        done.append(learner_id)
        return "assessed"

    ended = _run(world, left, goes_on).sweep
    assert done == ["E1", "E2", "E3"]
    assert (ended.state, ended.after, ended.figures["assessed"], ended.figures["due"]) == (SweepState.DONE, "", 3, 3)
    with pytest.raises(NotFoundError, match="left unfinished"):
        unfinished(world.store.units, world.clock, "all", queued=False)


def test_a_job_that_is_tried_again_counts_once(world: World) -> None:
    def sweep() -> Sweep:
        return new_sweep(world.clock, "all", "schedule:hourly", force=True, queued=True, ident="sweep-hourly-1")

    def stopped(learner_id: str) -> str:
        if learner_id == "E2":
            raise Stopped("everything is stopped")
        return "queued"

    assert _run(world, sweep(), stopped).sweep.state is SweepState.STOPPED
    again = _run(world, sweep(), lambda _: "queued").sweep
    assert (again.figures["queued"], again.figures["due"]) == (3, 3)


def test_a_failure_is_named_and_the_others_go_on(world: World) -> None:
    def each(learner_id: str) -> str:
        if learner_id == "E2":
            raise BrainError("no answer")
        return "assessed"

    swept = _run(world, new_sweep(world.clock, "all", "cli", force=True, queued=False), each)
    assert [(f.learner_id, f.error) for f in swept.failures] == [("E2", "no answer")]
    assert (swept.sweep.figures["assessed"], swept.sweep.figures["failed"]) == (2, 1)
