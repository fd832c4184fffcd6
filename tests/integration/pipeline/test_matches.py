"""People beside openings, both ways; who may see whom; the bias check."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from ascertain.domain.assertion import AssertionState
from ascertain.domain.consent import Purpose
from ascertain.domain.fairness_access import FairnessAuditor, GroupLabel, LabelImport
from ascertain.domain.matching import MatchCheck
from ascertain.domain.people import Learner
from ascertain.domain.permission import Action, Grant, Principal, Role
from ascertain.domain.talent import TalentRules
from ascertain.domain.wishes import Topic
from ascertain.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from ascertain.pipeline.disputes import contest
from ascertain.pipeline.fairness_matches import check_lists
from ascertain.pipeline.match_words import view
from ascertain.pipeline.matches import ShownList, for_me, must_be_found, refresh, shown_list
from ascertain.pipeline.openings import close_opening, opening_or_raise
from ascertain.pipeline.permit import may, operator, principal_of
from ascertain.pipeline.talent_file import read_talent
from ascertain.pipeline.wishes import state
from ascertain.store.groups import open_groups
from tests.integration.pipeline.test_openings import GOOD, took
from tests.integration.pipeline.world import ANN, BOB, KEY, POLICY, World

ON = TalentRules(mobility=True, listed=25, few_hours=4.0)
HR = Principal("hr@example.org", grants=(Grant(Role.HRBP, frozenset({"all"})),))
BY = operator("test")


def confirmed(world: World, learner: str, skill: str) -> str:
    """As after a review; the assertion's id."""
    with world.store.units() as uow:
        found = next(a for a in uow.assertions.of(learner) if a.skill_id == skill)
        uow.assertions.set_state(found.id, AssertionState.ACCEPTED, level=2, human_reviewed=True)
        uow.commit()
    return found.id


def made(world: World) -> tuple[int, int, int]:
    with world.store.units() as uow:
        done = refresh(uow, ON, POLICY.belief, world.clock)
        uow.commit()
    return done.made, done.unchanged, done.dropped


def seen(world: World, who: Principal = HR, opening: str = "R-1") -> ShownList:
    with world.store.units(write=False) as uow:
        return shown_list(uow, who, opening_or_raise(uow, opening))


def names(found: ShownList) -> list[str]:
    return [p.id for p, _ in found.rows]


def wants(world: World, learner: Learner, topic: Topic, about: str, want: str) -> None:
    with world.store.units() as uow:
        person = uow.people.get(learner.id)
        assert person is not None
        state(uow, world.taxonomy, person, topic, about, want, actor=BY, clock=world.clock)
        uow.commit()


@pytest.fixture
def staffed(world: World) -> World:
    """Ann and Bob want to be found; of both a human confirmed SQL; R-1 asks for it."""
    for person in (ANN, BOB):
        world.assess(person.id)
        confirmed(world, person.id, "sql")
        world.says(person, True, Purpose.MOBILITY)
    took(world, GOOD)
    return world


def test_as_shipped_nothing_is_compared(staffed: World) -> None:
    shipped = read_talent()
    assert not shipped.mobility
    with staffed.store.units() as uow, pytest.raises(ConflictError, match="switched off"):
        refresh(uow, shipped, POLICY.belief, staffed.clock)
    assert seen(staffed).made is None


def test_only_those_who_said_so_themselves_stand_on_a_list(staffed: World) -> None:
    assert made(staffed) == (1, 0, 0)
    assert names(seen(staffed)) == [ANN.id, BOB.id]
    staffed.says(BOB, False, Purpose.MOBILITY)
    after = seen(staffed)
    assert (names(after), after.outdated) == ([ANN.id], 1), "a no works before the next list is made"
    made(staffed)
    assert (names(seen(staffed)), seen(staffed).outdated) == ([ANN.id], 0)


def test_made_again_nothing_changes_and_a_closed_opening_has_no_list(staffed: World) -> None:
    made(staffed)
    before = staffed.actions()
    assert made(staffed) == (0, 1, 0)
    assert staffed.actions() == before
    with staffed.store.units() as uow:
        close_opening(uow, "R-1", reason="filled", actor=BY, clock=staffed.clock)
        uow.commit()
    assert seen(staffed).made is None
    assert made(staffed) == (0, 0, 0)


def test_only_what_a_human_reviewed_counts(world: World) -> None:
    world.assess(ANN.id)
    world.says(ANN, True, Purpose.MOBILITY)
    took(world, GOOD)
    with world.store.units() as uow:
        found = next(a for a in uow.assertions.of(ANN.id) if a.skill_id == "sql")
        uow.assertions.set_state(found.id, AssertionState.ACCEPTED, level=2)
        uow.commit()
    made(world)
    assert names(seen(world)) == [], "accepted by policy alone is not enough"
    confirmed(world, ANN.id, "sql")
    made(world)
    ((_, row),) = seen(world).rows
    assert row.match.met == ("sql",)
    assert row.match.rests_on == (found.id,)


def test_a_dispute_takes_somebody_off_at_once(staffed: World) -> None:
    made(staffed)
    ident = next(p.match.rests_on[0] for who, p in seen(staffed).rows if who.id == ANN.id)
    with staffed.store.units() as uow:
        asked = dict(reason="Not so.", actor=ANN.email, clock=staffed.clock, due_days=30, masker=KEY)
        contest(uow, ident, **asked)  # type: ignore[arg-type]
        uow.commit()
    assert (names(seen(staffed)), seen(staffed).outdated) == ([BOB.id], 1)
    made(staffed)
    assert names(seen(staffed)) == [BOB.id]


def test_each_reader_sees_theirs_and_a_number_for_the_others(staffed: World) -> None:
    made(staffed)
    here = Principal("x", grants=(Grant(Role.HRBP, frozenset({ANN.department})),))
    elsewhere = Principal("y", grants=(Grant(Role.HRBP, frozenset({"Nowhere"})),))
    assert names(seen(staffed, here)) == [ANN.id, BOB.id]
    assert (names(seen(staffed, elsewhere)), seen(staffed, elsewhere).left_out) == ([], 2)
    assert (names(seen(staffed, Principal("z"))), seen(staffed, Principal("z")).left_out) == ([], 2)


def test_who_looks_for_somebody_sees_those_who_said_that_they_are_interested(staffed: World) -> None:
    other = Learner("E9", "Dee Drummer", "dee@example.org", "Sales")
    report = Learner("E10", "Eli Evans", "eli@example.org", "Sales", manager_id="E9")
    with staffed.store.units() as uow:
        uow.people.upsert([other, report])
        uow.commit()
    took(staffed, GOOD | {"manager": "E9"})
    made(staffed)
    with staffed.store.units(write=False) as uow:
        dee = principal_of(uow, "E9", today=staffed.clock.today())
    assert names(seen(staffed, dee)) == []
    wants(staffed, ANN, Topic.OPENING, "R-1", "interested")
    made(staffed)
    assert names(seen(staffed, dee)) == [ANN.id]
    with staffed.store.units(write=False) as uow:
        ann = uow.people.get(ANN.id)
        assert may(uow, dee, Action.MATCH_READ, ann)
        assert not may(uow, dee, Action.SKILLS_READ, ann), "interest opens the match and nothing else"
    wants(staffed, ANN, Topic.OPENING, "R-1", "nothing")
    assert names(seen(staffed, dee)) == []


def test_not_for_me_takes_somebody_off(staffed: World) -> None:
    made(staffed)
    wants(staffed, BOB, Topic.OPENING, "R-1", "not_interested")
    assert names(seen(staffed)) == [ANN.id]


def test_what_there_is_for_a_person_needs_no_yes_for_their_own_eyes(world: World) -> None:
    world.assess(ANN.id)
    confirmed(world, ANN.id, "sql")
    took(world, GOOD, GOOD | {"id": "G-1", "kind": "gig", "requirements": [{"skill": "negotiation", "level": 1}]})
    wants(world, ANN, Topic.SKILL, "negotiation", "learn")
    with world.store.units(write=False) as uow:
        ann = uow.people.get(ANN.id)
        assert ann is not None
        rows = for_me(uow, ann, POLICY.belief, world.clock.today())
        shown = [view(p, o, world.taxonomy, ON.few_hours) for o, p in rows]
        must_be_found(Principal("me", ANN.id), ann)
        with pytest.raises(ForbiddenError, match="want to be found"):
            must_be_found(HR, ann)
    assert {r["opening"] for r in shown} == {"R-1", "G-1"}
    gig = next(r for r in shown if r["opening"] == "G-1")
    assert gig["wishes"] == [{"skill": "negotiation", "label": "Negotiation", "want": "learn"}]
    assert "Wants to learn it: Negotiation." in gig["reasons"]


def test_a_wish_that_cannot_be_said_is_refused(staffed: World) -> None:
    for topic, about, want, error in (
        (Topic.SKILL, "sql", "interested", InputError),
        (Topic.SKILL, "juggling", "use", InputError),
        (Topic.OPENING, "R-9", "interested", NotFoundError),
    ):
        with pytest.raises(error):
            wants(staffed, ANN, topic, about, want)
    with staffed.store.units() as uow:
        close_opening(uow, "R-1", reason="filled", actor=BY, clock=staffed.clock)
        uow.commit()
    with pytest.raises(ConflictError, match="closed"):
        wants(staffed, ANN, Topic.OPENING, "R-1", "interested")
    wants(staffed, ANN, Topic.OPENING, "R-1", "nothing")


class TestBiasCheck:
    AUDITOR = FairnessAuditor("ada")

    def checked(self, world: World, folder: Path, least: int = 10) -> list[MatchCheck]:
        with closing(open_groups(f"sqlite:///{folder / 'groups.sqlite'}", folder / "groups.key")) as groups:
            labels = [GroupLabel(f"P{i:02}", "sex", "F" if i % 2 else "M") for i in range(24)]
            delivery = LabelImport("d1", world.clock.now(), "ada", "test", "to check", ("sex",), len(labels))
            groups.put(self.AUDITOR, delivery, labels)
            found = check_lists(
                world.store.units, groups, self.AUDITOR, ON, POLICY.belief, least_people=least, clock=world.clock
            )
        return [c.check for c in found]

    def crowd(self, world: World, interested: Callable[[int], bool]) -> None:
        """24 people of whom nothing is confirmed; those who are interested stand on the list."""
        people = [Learner(f"P{i:02}", f"Person {i}", f"p{i}@example.org", "Data") for i in range(24)]
        with world.store.units() as uow:
            uow.people.upsert(people)
            uow.commit()
        took(world, GOOD)
        for i, person in enumerate(people):
            world.says(person, True, Purpose.MOBILITY)
            if interested(i):
                wants(world, person, Topic.OPENING, "R-1", "interested")

    def test_groups_that_come_out_differently_are_flagged(self, world: World, tmp_path: Path) -> None:
        self.crowd(world, lambda i: i % 2 == 0)
        (check,) = self.checked(world, tmp_path)
        assert check.outcome == "groups come out differently"
        found = seen(world)
        assert found.check == check
        assert len(found.rows) == 12
        told = world.sql("SELECT * FROM match_checks")
        assert not any("sex" in str(v) for row in told for v in row)
        assert "fairness.labels_read" in world.actions()
        assert world.actions()[-1] == "fairness.matches_checked"

    def test_a_check_is_of_that_very_list(self, world: World, tmp_path: Path) -> None:
        self.crowd(world, lambda i: i < 20)
        (check,) = self.checked(world, tmp_path)
        assert check.outcome == "no difference shown"
        assert seen(world).outcome == "no difference shown"
        wants(world, Learner("P22", "", ""), Topic.OPENING, "R-1", "interested")
        made(world)
        assert seen(world).outcome == "not checked as it stands"

    def test_too_few_is_no_pass(self, world: World, tmp_path: Path) -> None:
        self.crowd(world, lambda i: i < 20)
        (check,) = self.checked(world, tmp_path, least=50)
        assert check.outcome == "too few people to compare"
        assert replace(check, too_few=0) != check
