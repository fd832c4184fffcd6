"""Nobody is assessed who was not told."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from ascertain.domain.notice import NoticeRules
from ascertain.domain.people import Learner
from ascertain.domain.runs import RunState
from ascertain.errors import BlockedError, InputError, NotFoundError
from ascertain.jobs.worker import HOPELESS
from ascertain.pipeline.notice import Gate, Recorded, record_notice
from tests.integration.pipeline.world import World

TODAY = date(2026, 4, 7)
"""The world's."""


@pytest.fixture
def world(new_world: Any) -> World:
    """A world without any notice."""
    found: World = new_world()
    found.sql("DELETE FROM notices")
    return found


def told(world: World, on: date, **changes: Any) -> Recorded:
    how: dict[str, Any] = {"cohort": "all", "text_version": "2026-1", "actor": "zoe", "on": on} | changes
    return record_notice(world.store.units, world.clock, **how)


def state_of(world: World, learner: str = "E1") -> str:
    with pytest.raises(BlockedError) as e:
        world.assess(learner)
    assert e.value.remedy
    return e.value.state


def test_without_notice_a_run_ends_by_name_and_no_brain_sees_anything(world: World) -> None:
    assert state_of(world) == RunState.BLOCKED_NO_NOTICE
    assert world.crew.seen == []
    assert world.sql("SELECT state FROM runs") == [("blocked_no_notice",)]
    assert state_of(world) == RunState.BLOCKED_NO_NOTICE
    assert world.sql("SELECT count(*) FROM runs") == [(1,)]
    assert issubclass(BlockedError, HOPELESS), "the worker does not try again"


def test_a_sweep_counts_them_apart(world: World) -> None:
    plan = world.plan()
    assert (plan.due, plan.unchanged, plan.no_notice) == ((), 0, ("E1", "E2", "E3"))
    told(world, TODAY, cohort="", person="E1")
    plan = world.plan()
    assert ([p.id for p in plan.due], plan.no_notice) == (["E1"], ("E2", "E3"))
    assert [p.id for p in world.plan_with(world.builder, force=True).due] == ["E1"]


@pytest.mark.parametrize(
    ("given", "rules", "passes"),
    [
        (TODAY, NoticeRules(), True),
        (TODAY + timedelta(days=1), NoticeRules(), False),
        (TODAY - timedelta(days=9), NoticeRules(10), False),
        (TODAY - timedelta(days=10), NoticeRules(10), True),
        (TODAY - timedelta(days=13), NoticeRules(10, business_days=True), False),
        (TODAY - timedelta(days=14), NoticeRules(10, business_days=True), True),
    ],
    ids=["today", "announced", "nine of ten days", "ten days", "nine business days", "ten business days"],
)
def test_the_date_has_to_have_come_and_be_old_enough(
    world: World, given: date, rules: NoticeRules, passes: bool
) -> None:
    world.gate = Gate(rules=rules)
    told(world, given)
    assert (world.plan().no_notice == ()) is passes
    if passes:
        assert world.assess().new
    else:
        assert state_of(world) == RunState.BLOCKED_NO_NOTICE


def test_the_run_that_was_blocked_goes_on_once_the_person_was_told(world: World) -> None:
    state_of(world)
    told(world, TODAY)
    assert world.assess().run.state is RunState.DONE
    assert "E1" not in world.due()


def test_a_notice_counts_for_who_was_there_and_for_joiners_where_it_says_so(world: World) -> None:
    told(world, TODAY - timedelta(days=30))
    newcomer = Learner("E9", "Dag Dyer", "dag@example.org", "Data", hired_on=TODAY - timedelta(days=1))
    world.person(newcomer)
    assert world.plan().no_notice == ("E9",)
    told(world, TODAY - timedelta(days=30), joiners=True)
    assert world.plan().no_notice == ()
    world.gate = Gate(rules=NoticeRules(7))
    assert world.plan().no_notice == ("E9",), "told on joining, not before"


def test_the_same_notice_again_adds_who_is_new(world: World) -> None:
    first = told(world, TODAY)
    assert (first.people, first.added) == (3, 3)
    records = len(world.actions())
    assert told(world, TODAY).added == 0
    assert len(world.actions()) == records
    world.person(Learner("E9", "Dag Dyer", "dag@example.org", "Data"))
    again = told(world, TODAY)
    assert (again.notice.id, again.added) == (first.notice.id, 1)
    assert world.sql("SELECT count(*) FROM notices") == [(1,)]
    assert world.actions()[-1] == "notice.recorded"


def test_where_no_notice_is_required_none_is_asked_for(world: World) -> None:
    world.gate = Gate(required=False)
    assert world.plan().no_notice == ()
    assert world.assess().new


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"cohort": ""}, InputError, "cohort"),
        ({"person": "E1"}, InputError, "cohort"),
        ({"cohort": "nowhere"}, InputError, "cohort"),
        ({"text_version": " "}, InputError, "text_version"),
        ({"cohort": "", "person": "E1", "joiners": True}, InputError, "joiners"),
        ({"cohort": "", "person": "nobody"}, NotFoundError, "nobody"),
        ({"actor": ""}, InputError, "actor"),
    ],
    ids=["neither", "both", "empty cohort", "no text", "joiners of a person", "unknown", "nobody named"],
)
def test_what_a_notice_must_have(world: World, changes: dict[str, Any], error: type[Exception], field: str) -> None:
    with pytest.raises(error, match=field):
        told(world, TODAY, **changes)
    assert world.sql("SELECT count(*) FROM notices") == [(0,)]


def test_a_sweep_asks_for_everybodys_notice_at_once(world: World) -> None:
    """The number of queries does not grow with the people."""
    told(world, TODAY)

    def asked() -> int:
        seen: list[str] = []
        with world.store.units(write=False) as uow:
            people = uow.people.all()
            event.listen(uow.connection, "before_cursor_execute", lambda *_: seen.append("query"))
            assert world.gate.obstacles(uow, people, TODAY) == {}
        return len(seen)

    few = asked()
    for n in range(20):
        world.person(Learner(f"N{n}", f"Name {n}", f"n{n}@example.org", "Data"))
    told(world, TODAY)
    assert asked() == few
