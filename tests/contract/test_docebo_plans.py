"""An approved path becomes a learning plan in Docebo, once, follows what is approved, and can be taken back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path

import pytest

from ascertain.connectors.docebo import DoceboConnector
from ascertain.domain.assignments import Assignment, AssignmentState, PathItem
from ascertain.domain.casefile import CatalogueItem
from ascertain.domain.onboarding import (
    Given,
    Milestone,
    MilestoneKind,
    MilestoneState,
    OnboardingPlan,
    Owner,
    PlanState,
)
from ascertain.domain.outbox import OutboxState
from ascertain.domain.people import Learner
from ascertain.domain.ports import Content
from ascertain.domain.records import Entity, SourceRef
from ascertain.domain.skills import Level
from ascertain.domain.writeback import ASSIGNING, WriteState
from ascertain.errors import ConfigError
from ascertain.pipeline.learning_plans import ONBOARDING, PATHS, Plans, begin_plans, plans_preview
from ascertain.pipeline.write_back import WriteBack
from ascertain.pipeline.write_back_push import push
from ascertain.pipeline.write_back_undo import begin_undo
from ascertain.store import Store, open_store
from tests.contract.bench import Bench
from tests.contract.specs import SPECS
from tests.integration.pipeline.world import KEY, ShownClock

SPEC = SPECS["docebo"]
AT = datetime(2026, 4, 7, tzinfo=UTC)
NUMBERS = count()
"""Each test has an account of its own: the sandbox goes on."""
ANN = Learner("E1", "Ann Archer", "ann@example.org", "Data")


class Place:
    """One person with an account, two courses of the sandbox, and something that is no course."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        connector = bench.connect(SPEC, options={"learning_plans": True})
        assert isinstance(connector, DoceboConnector)
        self.connector = connector
        company = bench.sandbox(SPEC).company.current
        self.courses = [c.id for c in company.courses[:3]]
        self.user = SourceRef("docebo", Entity.USER, str(company.learners[next(NUMBERS)].docebo_id))
        self.store: Store = open_store(
            f"sqlite:///{folder / 'plans.sqlite'}", pseudonym=KEY.pseudonym, checkpoint_file=None
        )
        self.store.migrate()
        self.clock = ShownClock()
        self.home = WriteBack(self.store.units, [self.connector], self.clock)
        with self.store.units() as uow:
            uow.people.upsert([ANN])
            uow.people.link(str(self.user), "E1")
            uow.contents.upsert([self._content(n) for n in self.courses])
            uow.commit()

    def _content(self, number: int) -> Content:
        item = CatalogueItem(f"c{number}", f"Course {number}", "", Level.FOUNDATION, 2.0)
        return Content(item, "docebo", f"docebo:course:{number}", str(number), "", "", f"h{number}")

    def approve(self, ident: str, *courses: int, state: AssignmentState = AssignmentState.APPROVED) -> None:
        items = tuple(PathItem(f"c{n}", f"Course {n}") for n in courses)
        mentor = PathItem("mentor:sql", "Sessions with a mentor")
        row = Assignment(ident, "E1", "r1", (*items, mentor), "boss", self.clock.now(), state=state)
        with self.store.units() as uow:
            before = uow.assignments.current("E1")
            if before is not None:
                uow.assignments.put(replace(before, state=AssignmentState.WITHDRAWN))
            uow.assignments.add(row)
            uow.commit()

    def onboard(self, state: PlanState, *courses: int, skipped: int | None = None) -> None:
        """An onboarding plan of these courses, and a talk with a colleague."""
        day, off = date(2026, 4, 20), MilestoneState.SKIPPED
        rows = [
            Milestone(
                f"m{n}",
                MilestoneKind.COURSE,
                f"Course {n}",
                day,
                Owner.NEW_HIRE,
                content_id=f"c{n}",
                state=off if n == skipped else MilestoneState.OPEN,
            )
            for n in courses
        ]
        rows.append(Milestone("m0", MilestoneKind.MEET, "Talk to Bo", day, Owner.BUDDY, colleague="E2"))
        plan = OnboardingPlan("o1", "E1", "analyst", AT.date(), Given(), "boss", AT, state, 1, milestones=tuple(rows))
        with self.store.units() as uow:
            uow.onboardings.add(plan)
            uow.onboardings.put(plan)
            uow.commit()

    def sync(self, plans: Plans = PATHS) -> tuple[str, dict[str, int]] | None:
        run = begin_plans(self.home, plans_preview(self.home, [ANN], plans), "test", plans)
        if run is None:
            return None
        return run.id, dict(push(self.home, run.id).totals)

    def plan(self, target: str = "learning_plan") -> str | None:
        return self.connector.read(self.user, [target])[target]


@pytest.fixture
def place(bench: Bench, tmp_path: Path) -> Iterator[Place]:
    found = Place(bench, tmp_path)
    yield found
    found.store.close()


def test_only_what_is_approved_arrives_and_a_repeat_writes_nothing(place: Place) -> None:
    first, second, third = place.courses
    place.approve("p1", first, second, state=AssignmentState.PROPOSED)
    assert place.sync() is None
    assert place.plan() is None
    place.approve("p2", second, first)
    shown = plans_preview(place.home, [ANN])
    assert shown.left_out == {"E1": ("Sessions with a mentor",)}
    assert place.plan() is None  # looking writes nothing
    done = place.sync()
    assert done is not None
    assert done[1] == {OutboxState.WRITTEN.value: 1}
    assert place.plan() == f"{second} {first}"
    assert place.sync() is None
    place.approve("p3", second, third)
    changed = place.sync()
    assert changed is not None
    assert place.plan() == f"{second} {third}"
    assert place.home.preview([ANN]).changes == 0  # a push of skills does not touch it


def test_a_sync_is_taken_back_and_a_yes_that_is_gone_takes_the_plan_away(place: Place) -> None:
    first, second, _ = place.courses
    place.approve("p1", first)
    done = place.sync()
    assert done is not None
    undo = begin_undo(place.home, done[0], "test")
    assert undo is not None
    push(place.home, undo.id)
    assert place.plan() is None
    assert place.sync() is not None
    assert place.plan() == str(first)
    place.approve("p2", second, state=AssignmentState.PROPOSED)
    assert place.sync() is not None
    assert place.plan() is None


def test_a_yes_that_ends_between_planning_and_writing_is_withheld(place: Place) -> None:
    place.approve("p1", place.courses[0])
    run = begin_plans(place.home, plans_preview(place.home, [ANN]), "test")
    assert run is not None
    place.approve("p2", place.courses[1], state=AssignmentState.PROPOSED)
    assert dict(push(place.home, run.id).totals) == {OutboxState.WITHHELD.value: 1}
    assert place.plan() is None


def test_an_interrupted_write_is_finished_by_the_next(place: Place) -> None:
    """The plan was made and nobody enrolled: it does not count, and no second one is made."""
    made = {"code": f"ascertain-{place.user.id}", "name": "x", "courses": [place.courses[0]]}
    place.connector.send("POST", "/learn/v1/lp", body=made)
    assert place.plan() is None
    place.approve("p1", place.courses[1])
    done = place.sync()
    assert done is not None
    assert done[1] == {OutboxState.WRITTEN.value: 1}
    assert place.plan() == str(place.courses[1])
    listed = place.connector.get("/learningplan/v1/learningplans", {"search_text": place.user.id}).data["data"]["items"]
    assert len(listed) == 1


def test_an_approved_onboarding_plan_is_a_plan_of_its_own(place: Place) -> None:
    first, second, third = place.courses
    place.approve("p1", first)
    assert place.sync() is not None
    place.onboard(PlanState.DRAFT, first, second)
    assert place.sync(ONBOARDING) is None
    place.onboard(PlanState.APPROVED, second, third, first, skipped=third)
    shown = plans_preview(place.home, [ANN], ONBOARDING)
    assert (shown.left_out, shown.unreached) == ({}, ())
    assert place.plan("onboarding_plan") is None  # looking writes nothing
    done = place.sync(ONBOARDING)
    assert done is not None
    assert done[1] == {OutboxState.WRITTEN.value: 1}
    assert place.plan("onboarding_plan") == f"{second} {first}"
    assert place.plan() == str(first)  # the path's plan is another one
    assert place.sync(ONBOARDING) is None
    assert place.sync() is None
    assert place.home.preview([ANN]).changes == 0
    undo = begin_undo(place.home, done[0], "test")
    assert undo is not None
    push(place.home, undo.id)
    assert (place.plan("onboarding_plan"), place.plan()) == (None, str(first))
    assert place.sync(ONBOARDING) is not None
    place.onboard(PlanState.WITHDRAWN, second)
    assert place.sync(ONBOARDING) is not None
    assert place.plan("onboarding_plan") is None


def test_an_onboarding_plan_withdrawn_between_planning_and_writing_is_withheld(place: Place) -> None:
    place.onboard(PlanState.APPROVED, place.courses[0])
    run = begin_plans(place.home, plans_preview(place.home, [ANN], ONBOARDING), "test", ONBOARDING)
    assert run is not None
    place.onboard(PlanState.WITHDRAWN, place.courses[0])
    assert dict(push(place.home, run.id).totals) == {OutboxState.WITHHELD.value: 1}
    assert place.plan("onboarding_plan") is None


def test_what_docebo_does_not_know_is_rejected_by_name(place: Place) -> None:
    done = place.connector.write(place.user, "learning_plan", "999999", request_id="x")
    assert done.state is WriteState.REJECTED
    assert done.reason == "docebo: POST /learn/v1/lp: answered 400"


def test_without_the_option_nothing_takes_plans(bench: Bench, place: Place) -> None:
    connector = bench.connect(SPEC, options={"learning_plans": False})
    assert isinstance(connector, DoceboConnector)
    assert not ASSIGNING & {t.kind for t in connector.targets()}
    with pytest.raises(ConfigError, match="takes learning plans"):
        plans_preview(WriteBack(place.store.units, [connector], place.clock), [ANN])
