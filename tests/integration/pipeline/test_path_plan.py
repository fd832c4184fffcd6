"""Paths between runs: skips, wishes, what is overdue, who approves; every change says why."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from ascertain.domain.assignments import Assignment, AssignmentState
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.path_wishes import Modality, PathWishes, Share
from ascertain.domain.permission import Action, Grant, Principal, Role
from ascertain.domain.skills import Level
from ascertain.errors import AscertainError, ConflictError, ForbiddenError, InputError, NotFoundError
from ascertain.pipeline import views
from ascertain.pipeline.assignments import about_path, decide
from ascertain.pipeline.path_plan import PathPlanner, behind
from ascertain.pipeline.path_progress import progress
from ascertain.pipeline.permit import operator, permitted_rows, principal_of
from ascertain.planning import CpSatSolver
from tests.integration.pipeline.world import POLICY, World, course, exam

BOSS = operator("test")
MORE = (course("k8s-201", "Kubernetes deep dive", Level.PRACTITIONER), course("neg-1", "Negotiation first steps"))


@pytest.fixture
def planner(world: World) -> PathPlanner:
    """The world's people with a solver that solves, and more to learn."""
    with world.store.units() as uow:
        uow.contents.upsert(MORE)
        uow.commit()
    world.tag()
    world.assess()
    return PathPlanner(world.assessor.builder, CpSatSolver(POLICY.path), POLICY, world.clock, world.assessor.gate)


def _current(world: World) -> Assignment:
    with world.store.units(write=False) as uow:
        found = uow.assignments.current("E1")
    assert found is not None
    return found


def _approved(world: World, planner: PathPlanner) -> Assignment:
    """A path by the real solver that somebody has approved."""
    with world.store.units() as uow:
        learner = uow.people.get("E1")
        assert learner is not None
        planner.replan(uow, learner)
        uow.commit()
    with world.store.units() as uow:
        decide(uow, _current(world).id, approve=True, reason="go", principal=BOSS, clock=world.clock)
        uow.commit()
    return _current(world)


def test_planning_anew_without_news_changes_nothing(world: World, planner: PathPlanner) -> None:
    before = _approved(world, planner)
    assert before.plan["starts"] == "2026-04-07"
    with world.store.units() as uow:
        learner = uow.people.get("E1")
        assert learner is not None
        found = planner.replan(uow, learner)
        uow.commit()
    assert (found.proposed, found.moved) == (None, ())
    assert _current(world) == before


def test_a_skip_leaves_the_rest_approved_or_asks_anew_and_says_why(world: World, planner: PathPlanner) -> None:
    before = _approved(world, planner)
    first = before.items[0]
    with world.store.units() as uow:
        learner = uow.people.get("E1")
        assert learner is not None
        me = principal_of(uow, "E1", today=world.clock.today())
        with pytest.raises(InputError, match="needs a reason"):
            planner.skip(uow, me, learner, first.content_id, "  ")
        with pytest.raises(NotFoundError, match="not on the path"):
            planner.skip(uow, me, learner, "elsewhere", "no")
        found = planner.skip(uow, me, learner, first.content_id, "taught it myself for years")
        uow.commit()
    after = _current(world)
    left = [i.content_id for i in before.items[1:]]
    if found.proposed is None:
        assert (after.id, after.state) == (before.id, AssignmentState.APPROVED)
        assert [s.content_id for s in found.plan.steps] == left
    else:
        assert after.state is AssignmentState.PROPOSED
        assert f"removed: {first.title} (skipped: taught it myself for years)" in after.changes
    with world.store.units() as uow:
        assert first.content_id not in {i.content_id for i in after.items} or found.proposed is None
        shown = progress(uow, learner, views.path(uow, learner, world.taxonomy), world.clock.today())
        states = {s["content_id"]: s["state"] for s in shown["steps"]}
        assert states.get(first.content_id, "skipped") == "skipped"
        planner.take_back(uow, me, learner, first.content_id)
        with pytest.raises(NotFoundError, match="not skipped"):
            planner.take_back(uow, me, learner, first.content_id)


def test_finishing_an_item_keeps_the_yes_to_the_rest(world: World, planner: PathPlanner) -> None:
    before = _approved(world, planner)
    with world.store.units() as uow:
        learner = uow.people.get("E1")
        assert learner is not None
        first = before.items[0].content_id
        done = exam("e-done", content_id=first, kind=EvidenceKind.COMPLETION, occurred_on=date(2026, 4, 6))
        uow.evidence.upsert([done])
        found = planner.replan(uow, learner)
        uow.commit()
        assert first not in {s.content_id for s in found.plan.steps}
        shown = progress(uow, learner, views.path(uow, learner, world.taxonomy), world.clock.today())
        assert (shown["done"], len(shown["steps"])) == (1, len(before.items))
    after = _current(world)
    assert (after.id, after.state) == (before.id, AssignmentState.APPROVED)


def test_what_is_overdue_gets_new_dates_and_says_which(world: World, planner: PathPlanner) -> None:
    before = _approved(world, planner)
    world.clock.at += timedelta(days=120)
    with world.store.units() as uow:
        learner = uow.people.get("E1")
        assert learner is not None
        assert [p.id for p in behind(uow, world.clock.today())] == ["E1"]
        found = planner.replan(uow, learner)
        uow.commit()
    after = _current(world)
    assert found.proposed is None
    assert found.moved == after.changes
    assert (after.id, after.state) == (before.id, AssignmentState.APPROVED)
    assert after.changes[0].startswith("by 2026-08-")
    with world.store.units(write=False) as uow:
        shown = progress(uow, learner, views.path(uow, learner, world.taxonomy), world.clock.today())
        assert {s["state"] for s in shown["steps"]} == {"approved"}
        assert behind(uow, world.clock.today()) == []


def test_a_wish_is_kept_to_and_waits_for_a_yes(world: World, planner: PathPlanner) -> None:
    before = _approved(world, planner)
    assert len(before.items) > 1
    with world.store.units() as uow:
        learner = uow.people.get("E1")
        assert learner is not None
        wishes = PathWishes(hours_per_week=0.5, by=date(2026, 7, 7), mix={Modality.EXTERNAL: Share(0, 0.2)})
        found = planner.wish(uow, BOSS, learner, wishes, "a short quarter")
        uow.commit()
        assert uow.paths.wishes("E1") == wishes
    assert found.plan.hours <= 0.5 * 13
    assert found.proposed is not None
    assert found.proposed.changes[0] == "asked for: a short quarter"
    assert found.plan.reliefs
    with world.store.units(write=False) as uow:
        sealed = [r.action for r in uow.audit.records() if r.action.startswith(("path.", "assignment."))]
    assert sealed[-2:] == ["path.wished", "assignment.proposed"]


@pytest.mark.parametrize(
    ("wishes", "field"),
    [
        (PathWishes(hours_per_week=0), "hours"),
        (PathWishes(hours_per_week=99), "hours"),
        (PathWishes(max_cost=-1), "cost"),
        (PathWishes(by=date(2026, 4, 7)), "by"),
        (PathWishes(by=date(2099, 1, 1)), "by"),
        (PathWishes(mix={Modality.EXTERNAL: Share(0.8, 0.2)}), "mix"),
        (PathWishes(mix={Modality.EXTERNAL: Share(0.6), Modality.PROJECT: Share(0.6)}), "mix"),
    ],
)
def test_a_wish_that_cannot_be_kept_names_its_field(
    world: World, planner: PathPlanner, wishes: PathWishes, field: str
) -> None:
    with world.store.units() as uow:
        learner = uow.people.get("E1")
        assert learner is not None
        with pytest.raises(InputError) as caught:
            planner.wish(uow, BOSS, learner, wishes, "why not")
        assert caught.value.field == field


def test_who_may_plan_and_who_may_approve(world: World, planner: PathPlanner) -> None:
    with world.store.units() as uow:
        learner = uow.people.get("E1")
        assert learner is not None
        planner.replan(uow, learner)
        uow.commit()
    standing = _current(world)
    skill = standing.plan["steps"][0]["closes"][0]
    owner = Principal("sme", grants=(Grant(Role.SKILL_OWNER, skills=frozenset({skill})),))
    other = Principal("other", grants=(Grant(Role.SKILL_OWNER, skills=frozenset({"welding"})),))
    stranger = Principal("bob", "E2", (Grant(Role.LEARNER),))
    me = Principal("ann", "E1", (Grant(Role.LEARNER),))
    with world.store.units() as uow:
        for who in (other, stranger, owner):
            with pytest.raises(ForbiddenError):
                planner.wish(uow, who, learner, PathWishes(), "mine now")
    for who in (other, stranger, me):
        with world.store.units() as uow, pytest.raises(ForbiddenError):
            decide(uow, standing.id, approve=True, reason="yes", principal=who, clock=world.clock)
    with world.store.units() as uow:
        seen, left_out = permitted_rows(uow, owner, Action.ASSIGNMENT_READ, [standing], about_path(owner))
        assert (len(seen), left_out) == (1, 0)
        done = decide(uow, standing.id, approve=True, reason="fits", principal=owner, clock=world.clock)
        assert (done.state, done.decided_by) == (AssignmentState.APPROVED, "sme")


def test_mandatory_and_finished_items_are_not_skipped(world: World, planner: PathPlanner) -> None:
    with world.store.units() as uow:
        law = course("law-1", "SQL by law", mandatory=True)
        uow.contents.upsert([law])
        uow.commit()
    world.tag()
    before = _approved(world, planner)
    assert "law-1" in {i.content_id for i in before.items}
    with world.store.units() as uow:
        learner = uow.people.get("E1")
        assert learner is not None
        with pytest.raises(ConflictError, match="is mandatory"):
            planner.skip(uow, BOSS, learner, "law-1", "no time")


def test_who_is_restricted_or_was_not_assessed_is_not_planned_for(world: World, planner: PathPlanner) -> None:
    with world.store.units() as uow:
        bob = uow.people.get("E2")
        assert bob is not None
        with pytest.raises(ConflictError, match="no gaps"):
            planner.replan(uow, bob)
        gone = replace(bob, id="nobody")
        with pytest.raises(AscertainError):
            planner.replan(uow, gone)
