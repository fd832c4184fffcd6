"""At the desk: evidence before any number, one's own judgement first, and items that decide nothing."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest

from ascertain.domain.assertion import AssertionState
from ascertain.domain.canonical import canonical_json
from ascertain.domain.permission import Action, Grant, Principal, Role
from ascertain.domain.reviewing import CheckKind
from ascertain.domain.runs import DecisionKind
from ascertain.domain.skills import Level
from ascertain.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from ascertain.pipeline.permit import operator
from ascertain.pipeline.review_bulk import batch, decide_batch
from ascertain.pipeline.review_checks import Planter
from ascertain.pipeline.review_desk import Decided, Desk, Question, Suggestion, find
from ascertain.pipeline.review_queue import names_of, next_of, reassign, rows, waiting
from ascertain.pipeline.review_sources import Source
from ascertain.pipeline.review_watch import note_alarms, qualities, thresholds
from tests.integration.pipeline.world import World, exam, piece

A, J, R, M = DecisionKind.ACCEPT, DecisionKind.ADJUST, DecisionKind.REJECT, DecisionKind.MORE_EVIDENCE
TODAY = date(2026, 4, 7)
CHI = Principal("E3", "E3", (Grant(Role.LEARNER), Grant(Role.MANAGER)), trained_on=date(2026, 1, 1), today=TODAY)
ANN = Principal("E1", "E1", (Grant(Role.LEARNER),), trained_on=date(2026, 1, 1), today=TODAY)
LEA = Principal("lea@x.org", None, (Grant(Role.L_AND_D, frozenset({"all"})),), trained_on=date(2026, 1, 1), today=TODAY)


@dataclass
class Room:
    """A desk in a unit of work of its own for each step, as commands have it."""

    world: World
    who: Principal = CHI
    planter: Planter | None = None

    def do(self, what: str, *args: Any, **options: Any) -> Any:
        """One step, committed."""
        w = self.world
        with w.store.units() as uow:
            desk = Desk(uow, self.who, w.policy.review, w.clock, w.taxonomy, self.planter)
            done = getattr(desk, what)(*args, **options)
            uow.commit()
        return done

    def show(self, item: str) -> Question:
        """First the evidence."""
        found: Question = self.do("show", item)
        return found

    def judge(self, item: str, level: int) -> Suggestion:
        """Then one's own judgement."""
        found: Suggestion = self.do("judge", item, level)
        return found

    def decide(self, item: str, decision: DecisionKind, **options: Any) -> Decided:
        """Then the decision."""
        found: Decided = self.do("decide", item, decision, **({"reason": "saw it"} | options))
        return found

    def through(self, item: str, own: int, decision: DecisionKind, **options: Any) -> Decided:
        """All three."""
        self.show(item)
        self.judge(item, own)
        return self.decide(item, decision, **options)


@pytest.fixture
def room(world: World) -> Room:
    world.assess()
    return Room(world)


@pytest.fixture
def item(room: Room) -> str:
    return "v" + room.world.assertions()["kubernetes"].id[1:]


def test_the_evidence_comes_without_any_number_of_the_machine_s(room: Room, item: str) -> None:
    row = room.world.assertions()["kubernetes"]
    shown = room.show(item)
    (piece_shown,) = shown.evidence
    assert (piece_shown.kind, piece_shown.system, piece_shown.on) == ("manager_review", "lms", date(2026, 3, 1))
    assert "good at Kubernetes" in piece_shown.quote
    assert (shown.role, shown.asked and shown.asked.level) == ("Data Analyst", Level.FOUNDATION)
    text = canonical_json(shown)
    assert row.confidence is not None
    for number in (f"{row.confidence:.2f}", f"{row.confidence:.3f}", str(row.confidence), row.id):
        assert number not in text
    assert '"level":' not in text.replace(canonical_json(shown.asked), "")
    with room.world.store.units(write=False) as uow:
        listed = canonical_json(rows(uow, room.world.taxonomy, waiting(uow), TODAY))
    assert f"{row.confidence:.2f}" not in listed
    assert "confidence is under the line from which code accepts" in listed
    assert '"level"' not in listed
    assert '"confidence"' not in listed


def test_the_suggestion_comes_after_one_s_own_judgement_which_stands(room: Room, item: str) -> None:
    with pytest.raises(InputError, match="not shown yet"):
        room.judge(item, 2)
    room.show(item)
    with pytest.raises(InputError, match="no level"):
        room.judge(item, 6)
    row = room.world.assertions()["kubernetes"]
    found = room.judge(item, 2)
    assert (found.level, found.confidence, found.own_level) == (row.level, row.confidence, 2)
    assert room.judge(item, 2) == found
    with pytest.raises(ConflictError, match="first judgement"):
        room.judge(item, 3)


def test_nobody_decides_before_they_have_judged(room: Room, item: str) -> None:
    for step in (lambda: None, lambda: room.show(item)):
        step()
        with pytest.raises(InputError, match="your own judgement comes first"):
            room.decide(item, A)
    assert room.world.assertions()["kubernetes"].state is AssertionState.IN_REVIEW


def test_the_decision_keeps_the_judgement_and_the_time(room: Room, item: str) -> None:
    before = room.world.clock.at
    done = room.through(item, 4, A).item
    assert (done.decision, done.own_level, done.decided_by) == (A, 4, "E3")
    assert done.shown_at is not None
    assert done.decided_at is not None
    assert before < done.shown_at < done.decided_at
    room.show(item)  # a later look does not move the first one
    assert room.decide(item, A).item == done
    assert room.world.assertions()["kubernetes"].state is AssertionState.ACCEPTED
    assert [a for a in room.world.actions() if a.startswith("review.")] == [
        "review.shown",
        "review.judged",
        "review.decided",
    ]


def test_asking_for_more_says_what_is_needed_and_comes_back_with_it(room: Room, item: str) -> None:
    room.show(item)
    room.judge(item, 0)
    with pytest.raises(InputError, match="what evidence is needed"):
        room.decide(item, M)
    assert room.decide(item, M, needs="a cluster that she runs").item.needs == "a cluster that she runs"
    with room.world.store.units(write=False) as uow:
        assert waiting(uow, learner_id="E1") == []
    room.world.add(piece("e-k", text="Moved the service to Kubernetes."))
    room.world.assess()
    with room.world.store.units(write=False) as uow:
        (back,) = waiting(uow, learner_id="E1")
        assert "a human asked for more evidence, and there is some now" in back.reasons
        assert back.priority == 2


def test_who_is_not_trained_does_not_decide(room: Room, item: str) -> None:
    for trained_on in (None, TODAY + timedelta(days=1)):
        new = Room(room.world, replace(CHI, trained_on=trained_on))
        new.show(item)
        new.judge(item, 3)
        with pytest.raises(InputError, match="no reviewer training is on record"):
            new.decide(item, A)
    assert Room(room.world, operator("root", today=TODAY)).through(item, 3, A).item.decision is A


@pytest.mark.parametrize("step", ["show", "judge", "decide"])
def test_strangers_and_the_learner_get_one_answer(room: Room, item: str, step: str) -> None:
    arguments: dict[str, tuple[Any, ...]] = {"show": (), "judge": (3,), "decide": (A,)}
    options = {"reason": "x"} if step == "decide" else {}
    for who in (ANN, Principal("stranger", today=TODAY)):
        for ident in (item, "vzzzzzzz"):
            with pytest.raises(ForbiddenError):
                Room(room.world, who).do(step, ident, *arguments[step], **options)
    with pytest.raises(NotFoundError):
        Room(room.world, LEA).do(step, "vzzzzzzz", *arguments[step], **options)


def test_the_next_item_is_the_most_urgent_of_mine(room: Room, item: str) -> None:
    rules = room.world.policy.review
    with room.world.store.units() as uow:
        assert names_of(uow, CHI, rules) == {"E3", "chi@example.org"}
        assert names_of(uow, LEA, rules) == {"lea@x.org", "l-and-d"}
        mine = next_of(uow, CHI, rules)
        assert mine is not None
        assert mine.id == item
        assert next_of(uow, LEA, rules) is None
        with pytest.raises(ForbiddenError):
            next_of(uow, ANN, rules)
        (row,) = rows(uow, room.world.taxonomy, [mine], mine.due_on + timedelta(days=1))
        assert row["overdue"]


def test_giving_it_to_somebody_else(room: Room, item: str) -> None:
    people = {"E3": CHI, "lea@x.org": LEA, "E1": ANN}

    def give(to: str, reason: str = "on leave") -> str:
        with room.world.store.units() as uow:
            found = find(uow, CHI, Action.REVIEW_DECIDE, item)
            assert found is not None
            moved = reassign(
                uow, found, to, reason=reason, by=CHI, rules=room.world.policy.review, principal=people.__getitem__
            )
            uow.commit()
        return moved.assignee

    assert give("L-and-D") == "l-and-d"
    assert give("lea@x.org") == "lea@x.org"
    assert give("lea@x.org") == "lea@x.org"
    assert room.world.actions().count("review.reassigned") == 2
    with pytest.raises(InputError, match="about themselves"):
        give("ann@example.org")
    with pytest.raises(InputError, match="reason"):
        give("E3", " ")
    people["E2"] = Principal("E2", "E2", (Grant(Role.LEARNER),), today=TODAY)
    with pytest.raises(ForbiddenError):
        give("E2")
    assert give("E3") == "E3"


class TestChecks:
    """Items whose answer is known."""

    def planter(self, room: Room, seed: int = 1, **shares: float) -> Planter:
        watch = replace(room.world.policy.review.watch, **({"check_share": 0.0, "second_share": 0.0} | shares))
        rules = replace(room.world.policy.review, watch=watch)
        return Planter(rules, room.world.clock, random.Random(seed))

    def checks(self, room: Room) -> list[Any]:
        with room.world.store.units(write=False) as uow:
            return uow.checks.about({"E1", "E2", "E3"})

    def test_it_follows_a_decision_and_looks_like_any_other(self, room: Room, item: str) -> None:
        room.planter = self.planter(room, check_share=1.0)
        with room.world.store.units(write=False) as uow:
            (real,) = rows(uow, room.world.taxonomy, waiting(uow, learner_id="E1"), TODAY)
        room.through(item, 3, A)
        (check,) = self.checks(room)
        assert (check.kind, check.skill_id, check.assignee) == (CheckKind.KNOWN, "sql", "E3")
        with room.world.store.units(write=False) as uow:
            (listed,) = rows(uow, room.world.taxonomy, waiting(uow, learner_id="E1"), TODAY)
        assert listed.keys() == real.keys()
        assert (len(listed["id"]), listed["id"][0]) == (len(real["id"]), real["id"][0])
        assert (
            json.loads(canonical_json(room.show(check.id))).keys() == json.loads(canonical_json(room.show(item))).keys()
        )
        room.decide(item, A)  # said again: nothing more is planted
        assert len(self.checks(room)) == 1

    @pytest.mark.parametrize("seed", range(4))
    def test_it_decides_nothing_and_is_told_afterwards(self, room: Room, item: str, seed: int) -> None:
        room.planter = self.planter(room, seed, check_share=1.0)
        room.through(item, 3, A)
        (check,) = self.checks(room)
        before = room.world.sql("SELECT * FROM assertions"), room.world.sql("SELECT * FROM review_items")
        room.show(check.id)
        suggested = room.judge(check.id, 0)
        assert suggested.level == check.suggested == check.truth + (2 if check.altered else 0)
        done = room.decide(check.id, R)
        assert (done.was_check, done.altered, done.truth) == (True, check.altered, check.truth)
        assert (room.world.sql("SELECT * FROM assertions"), room.world.sql("SELECT * FROM review_items")) == before
        with room.world.store.units(write=False) as uow:
            assert waiting(uow) == [i for i in waiting(uow) if i.id != check.id]
            assert [i.id for i in uow.reviews.every_decision()] == [item]
            assert thresholds(uow, room.world.policy).sensitive.at_present.n <= 1
            (mine,) = qualities(uow, room.world.policy, room.world.clock, "e3")
        assert (mine.decisions, mine.known.n) == (2, 1)
        with pytest.raises(ConflictError, match="decided before"):
            room.decide(check.id, A)

    def test_a_second_opinion_goes_to_somebody_else(self, room: Room, item: str) -> None:
        room.planter = self.planter(room, second_share=1.0)
        room.through(item, 3, J, level=Level.PRACTITIONER)
        (check,) = self.checks(room)
        assert (check.kind, check.assignee, check.truth, check.skill_id) == (
            CheckKind.SECOND,
            "l-and-d",
            3,
            "kubernetes",
        )
        done = Room(room.world, LEA).through(check.id, 3, A)
        assert done.was_check
        with room.world.store.units(write=False) as uow:
            found = {q.reviewer: q for q in qualities(uow, room.world.policy, room.world.clock)}
        assert (found["lea@x.org"].second.of, found["lea@x.org"].second.n) == (1, 1)

    def test_an_erased_person_s_are_gone(self, room: Room, item: str) -> None:
        room.planter = self.planter(room, check_share=1.0)
        room.through(item, 3, A)
        room.world.sql("PRAGMA foreign_keys = ON")
        assert room.world.sql("SELECT count(*) FROM review_looks")[0][0] == 1
        with room.world.store.units(write=False) as uow:
            held = room.world.store.held_on("E1") if hasattr(room.world.store, "held_on") else None
            assert uow.checks.about({"E1"})
        assert held is None or {"review_checks", "review_looks"} <= held.keys()

    def test_alarms_are_put_on_record_once(self, room: Room) -> None:
        world = room.world
        with world.store.units() as uow:
            found = qualities(uow, world.policy, world.clock)
            loud = [replace(q, alarms=("known items missed: 5 of 5",)) for q in found]
            assert note_alarms(uow, loud, world.clock) == note_alarms(uow, loud, world.clock) + len(loud)


class TestBulk:
    """Many at once."""

    @pytest.fixture
    def busy(self, world: World) -> World:
        world.remove("e-exam", "e-cert", "e-ticket", "e-bob")
        for who in ("E1", "E2"):
            world.add(exam(f"x-{who}", who, 0.7), exam(f"y-{who}", who, 0.72))
            world.assess(who)
        return world

    def test_the_same_skill_and_source_by_one_judgement(self, busy: World) -> None:
        rules = busy.policy.review
        states = {w: busy.assertions(w)["sql"].state for w in ("E1", "E2")}
        assert set(states.values()) == {AssertionState.IN_REVIEW}
        with busy.store.units() as uow:
            shown = batch(uow, CHI, rules, "sql", Source.of("lms:assessment"))
            assert {line.learner_id for line in shown.lines} == {"E1", "E2"}
            text = canonical_json(shown)
            assert '"confidence"' not in text
            assert '"level"' not in text
            level = int(busy.assertions("E1")["sql"].level or 0)
            with pytest.raises(ConflictError, match="not the one that was shown"):
                decide_batch(uow, CHI, rules, busy.clock, shown, token="", own_level=level, reason="x")
            new = replace(CHI, trained_on=None)
            with pytest.raises(InputError, match="training"):
                decide_batch(uow, new, rules, busy.clock, shown, token=shown.token, own_level=level, reason="x")
            done = decide_batch(uow, CHI, rules, busy.clock, shown, token=shown.token, own_level=level, reason="tests")
            uow.commit()
        assert {i.decision for i in done} == {A}
        assert {i.own_level for i in done} == {level}
        assert {i.shown_at for i in done} == {None}
        assert busy.actions().count("review.decided") == 2
        assert busy.assertions("E2")["sql"].state is AssertionState.ACCEPTED

    def test_what_is_not_done_at_once(self, busy: World) -> None:
        busy.add(piece("e-more", "E1", text="Wrote SQL."))
        busy.assess("E1")
        with busy.store.units(write=False) as uow:
            shown = batch(uow, CHI, busy.policy.review, "sql", Source.of("lms:assessment"))
            assert [line.learner_id for line in shown.lines] == ["E2"]
            assert shown.left_out == {"other evidence too": 1}
            one = batch(uow, CHI, replace(busy.policy.review, bulk_limit=0), "sql", Source.of("lms:assessment"))
            assert one.left_out == {"more than 0 at once": 1, "other evidence too": 1}
            with pytest.raises(ForbiddenError):
                batch(uow, ANN, busy.policy.review, "sql", Source("lms", "assessment"))
            opinions = batch(uow, CHI, busy.policy.review, "kubernetes", Source.of("lms:manager_review"))
            assert opinions.left_out == {"a colleague's opinion is among the evidence": 1}
        with pytest.raises(InputError, match="SYSTEM:KIND"):
            Source.of("lms")
